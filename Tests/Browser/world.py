"""A vendor, the bridge and a receiver around the dashboard: the real program, with a receiver that can be told to refuse."""

import http.server
import json
import os
import pathlib
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

TOKENS = {"ops": "ops-token-0123456789", "desk": "desk-token-0123456789", "eye": "eye-token-0123456789"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Receiver:
    """An application that gets callbacks. What it answers can be changed."""

    def __init__(self):
        self.status = 204
        self.body = b""
        self.received = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                receiver.received.append((receiver.status, json.loads(body)))
                self.send_response(receiver.status)
                self.send_header("Content-Length", str(len(receiver.body)))
                self.end_headers()
                self.wfile.write(receiver.body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class World:
    def __init__(self, binary, directory, tokens=True):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.receiver = Receiver()
        self.vendor_port, self.port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        lines = [f"  - {{ name: {name}, token: {token}, scopes: [{scope}] }}" for (name, token), scope in zip(TOKENS.items(), ["admin", "submit", "read"])]
        self.configuration = self.directory / "ringback.yaml"
        self.configuration.write_text(
            f"""
listen: 127.0.0.1:{self.port}
store: sqlite:{self.directory}/data/ringback.db
{"tokens:" if tokens else ""}
{chr(10).join(lines) if tokens else ""}
upstreams:
  - {{ name: default, base_url: "http://127.0.0.1:{self.vendor_port}/v1", requests_per_second: 500 }}
endpoints:
  - name: my-app
    url: {self.receiver.url}
    secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
    retry: {{ schedule: [200ms], jitter: 0 }}
  - name: scripts
    inbox: {self.directory}/inbox
    events: [response.failed]
"""
        )
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.directory)}
        self.log = open(self.directory / "log", "ab")
        start = lambda *arguments: subprocess.Popen([binary, *arguments], env=environment, cwd=self.directory, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        self.processes = [start("sandbox", "--listen", f"127.0.0.1:{self.vendor_port}")]
        self.processes.append(start("serve", "--config", str(self.configuration)))
        self.until("the bridge is ready", lambda: self.status("/readyz") == 200)

    def end(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(30)

    def status(self, path):
        try:
            return urllib.request.urlopen(self.url + path, timeout=5).status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def api(self, method, path, body=None, token="ops", headers=None):
        request = urllib.request.Request(self.url + path, method=method, data=None if body is None else json.dumps(body).encode())
        request.add_header("Authorization", f"Bearer {TOKENS[token]}")
        request.add_header("Content-Type", "application/json")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        return json.load(urllib.request.urlopen(request, timeout=30))

    def create(self, model="demo-model", outcome="completed", duration="1s", metadata=None):
        """Has the vendor make a background response, through the bridge."""
        script = {"sandbox.outcome": outcome, "sandbox.duration": duration, "sandbox.delta_interval": "200ms"}
        return self.api("POST", "/v1/responses", {"model": model, "input": "hi", "background": True, "metadata": {**script, **(metadata or {})}})["id"]

    def until(self, what, condition, seconds=60):
        """Waits for something that has to come true; there is no other signal of it."""
        end = time.monotonic() + seconds
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > end:
                raise AssertionError(f"not within {seconds} s: {what}")
            time.sleep(0.05)


def binary(argument):
    return os.path.abspath(argument)
