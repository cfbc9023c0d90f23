#!/usr/bin/env python3
"""Turns the last stage of a Dockerfile into shell functions that do the same in a directory: dockerfile.py DOCKERFILE ROOT.

Only what Ringback's Dockerfile uses is understood; anything else is an error, so that no step is passed over in silence.
"""

import json
import re
import shlex
import sys

path, root = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    text = file.read()
lines = [line for line in text.splitlines() if not re.match(r"\s*#", line)]
instructions = [line.strip() for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines() if line.strip()]
last = max(index for index, line in enumerate(instructions) if line.startswith("FROM "))

environment, entrypoint, command, steps, user = [], [], [], [], "0:0"
for line in instructions[last + 1 :]:
    name, _, rest = line.partition(" ")
    rest = rest.strip()
    if name == "RUN":
        steps.append(f"inside /bin/sh -c {shlex.quote(rest)} || return 1")
    elif name == "COPY":
        source, target = rest.split()[-2:]
        if source != "/out/ringback":
            sys.exit(f"not understood: {line}")
        steps.append(f"install -D -m 0755 {shlex.quote(root)}/tmp/usr/bin/ringback {shlex.quote(root + target)} || return 1")
    elif name == "ENV":
        environment += shlex.split(rest)
    elif name == "USER":
        user = rest
    elif name == "ENTRYPOINT":
        entrypoint = json.loads(rest)
    elif name == "CMD":
        command = json.loads(rest)
    elif name not in ("WORKDIR", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK"):
        sys.exit(f"not understood: {line}")


def array(name, values):
    print(f"{name}=({' '.join(shlex.quote(value) for value in values)})")


array("image_environment", environment)
array("image_command", entrypoint + command)
print(f"image_user={shlex.quote(user)}")
print("run_steps() {", *(f"    {step}" for step in steps), "}", sep="\n")
