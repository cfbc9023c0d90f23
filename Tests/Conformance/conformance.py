"""Asks the running server what its own description promises, with requests made from it (schemathesis): no 5xx, nothing undescribed.

    python conformance.py RINGBACK DIRECTORY [EXAMPLES]
"""

import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "Browser"))
from world import TOKENS, World, binary  # noqa: E402

DESCRIBED = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance"
PROXY = "^(/upstreams/\\{upstream\\})?/v1/responses"


def things(world):
    """Something of everything, so that there is something to find; by path, what its parameters may be."""
    for outcome in ["completed", "failed"]:
        world.create(outcome=outcome, duration="200ms")
    world.receiver.status = 500
    for _ in range(3):
        world.create(duration="200ms")
    letters = world.until("there are dead letters", lambda: (lambda found: found if len(found) >= 3 else None)(world.api("GET", "/v1/dead-letters")["data"]))
    world.receiver.status = 204
    running = world.create(duration="1h")
    world.until("it is followed", lambda: world.api("GET", f"/v1/watches?response_id={running}")["data"])
    open_watch = world.api("GET", f"/v1/watches?response_id={running}")["data"][0]
    ended = world.api("GET", "/v1/watches?status=completed")["data"][0]
    event = world.api("GET", "/v1/events")["data"][0]
    return running, {
        "/v1/watches/{id}": {"id": ended["id"]},
        "/v1/watches/{id}/response": {"id": ended["id"]},
        "/v1/watches/{id}/cancel": {"id": open_watch["id"]},
        "/v1/events/{id}": {"id": event["id"]},
        "/v1/events/{id}/resend": {"id": event["id"]},
        "/v1/deliveries/{id}": {"id": letters[0]["id"]},
        "/v1/deliveries/{id}/retry": {"id": letters[0]["id"]},
        "/v1/dead-letters/{id}": {"id": letters[1]["id"]},
        "/v1/dead-letters/{id}/redrive": {"id": letters[2]["id"]},
        "/v1/ingest/{upstream}": {"upstream": "default"},
        **{f"/v1/endpoints/{{name}}{rest}": {"name": "my-app"} for rest in ["", "/test", "/enable", "/disable", "/rotate-secret", "/public-key", "/replay"]},
    }


def configuration(directory, parameters):
    """Has every request of an operation be about something that is there."""
    lines = []
    for path, values in parameters.items():
        lines += ["[[operations]]", f"include-path = {json.dumps(path)}", "parameters = { " + ", ".join(f'"path.{name}" = {json.dumps(value)}' for name, value in values.items()) + " }"]
    file = pathlib.Path(directory) / "schemathesis.toml"
    file.write_text("\n".join(lines) + "\n")
    return file


def ask(world, checks, examples, *options, configuration=None):
    program = [str(pathlib.Path(sys.executable).parent / "schemathesis")]
    if configuration:
        program += ["--config-file", str(configuration)]
    return subprocess.run(
        [*program, "run", f"{world.url}/openapi.json", "--header", f"Authorization: Bearer {TOKENS['ops']}", "--checks", checks,
         "--max-examples", examples, "--workers", "1", "--request-timeout", "20", "--generation-database", "none", "--warnings", "off", *options],
        cwd=world.directory,
    ).returncode


def main():
    examples = sys.argv[3] if len(sys.argv) > 3 else "30"
    world = World(binary(sys.argv[1]), sys.argv[2])
    try:
        running, parameters = things(world)
        # Once with made-up names, once with those of what is there. The feed does not end, and has tests of its own.
        left_out = ["--exclude-path-regex", PROXY + "|^/v1/stream$"]
        made_up = ask(world, DESCRIBED, examples, *left_out)
        existing = ask(world, DESCRIBED, examples, *left_out, "--phases", "examples,coverage,fuzzing", configuration=configuration(sys.argv[2], parameters))
        # The proxy's answers are the upstream's; that Ringback never makes a mistake of its own is to be seen all the same.
        relayed = ask(world, "not_a_server_error", examples, "--include-path-regex", PROXY, "--phases", "examples,coverage,fuzzing")
        return made_up or existing or relayed
    finally:
        world.end()


if __name__ == "__main__":
    sys.exit(main())
