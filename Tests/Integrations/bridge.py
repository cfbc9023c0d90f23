"""The real `ringback` binary: its sandbox as the vendor, its bridge, and what its API says."""

import contextlib
import json
import sqlite3
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from processes import Child, eventually, free_port
from web import answers, demand

# Short waits, and enough of them that no delivery dies while a test looks.
RETRY = {"schedule": ["300ms"] * 50, "jitter": 0}
STOPPED = 8  # StatusCodes.swift


class Sandbox:
    """`ringback sandbox`, whose responses end as their metadata says."""

    def __init__(self, program, directory):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/v1"
        self.process = Child("sandbox", [program, "sandbox", "--listen", f"127.0.0.1:{port}"], directory)
        self.process.ready(lambda: answers(self.url))

    def end(self):
        self.process.end()


class ScriptedVendor:
    """A vendor whose responses are what a test says they are, and can become something else: what failed may be run again under its id."""

    def __init__(self):
        self.responses = {}
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                identifier = urllib.parse.unquote(urllib.parse.urlparse(self.path).path.rsplit("/", 1)[-1])
                response = vendor.responses.get(identifier)
                body = json.dumps(response or {"error": {"message": "there is no such response"}}).encode()
                self.send_response(200 if response else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def set(self, identifier, status, text="", error=None, metadata=None):
        self.responses[identifier] = {
            "id": identifier, "object": "response", "created_at": 1790000000, "completed_at": 1790000042, "status": status, "background": True,
            "model": "gpt-5.5", "error": error, "metadata": metadata or {},
            "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
            "output": [{
                "id": "msg_1", "type": "message", "role": "assistant", "status": "completed",
                "content": [{"type": "output_text", "text": text, "annotations": []}],
            }] if text else [],
            "usage": {"input_tokens": 12, "output_tokens": 345, "total_tokens": 357},
        }

    def end(self):
        self._server.shutdown()
        self._server.server_close()


class Bridge:
    """`ringback serve` with the given endpoints, which get their retry schedule here."""

    def __init__(self, program, directory, upstreams, endpoints, settings=None):
        directory.mkdir(exist_ok=True)
        self._program = program
        self._directory = directory
        self._store = directory / "ringback.db"
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        # JSON is YAML too.
        configuration = {
            "listen": f"127.0.0.1:{port}", "store": f"sqlite:{self._store}",
            "upstreams": [{"name": name, "base_url": url, "poll": {"interval": "200ms", "max_interval": "1s"}} for name, url in upstreams.items()],
            "endpoints": [{"retry": RETRY, **endpoint} for endpoint in endpoints], **(settings or {}),
        }
        self._configuration = directory / "ringback.yaml"
        self._configuration.write_text(json.dumps(configuration, indent=1))
        self.process = None
        self.start()

    def start(self):
        self.process = Child("ringback", [self._program, "serve", "--config", self._configuration], self._directory)
        self.process.ready(lambda: demand("GET", f"{self.url}/readyz"))

    def end(self):
        self.process.end()

    def create(self, endpoint, outcome, upstream="sandbox", **script):
        """Creates a background response that ends as `outcome`, and names the endpoint that hears of it. Returns its id."""
        metadata = {f"sandbox.{key}": value for key, value in {"outcome": outcome, "duration": "200ms", **script}.items()}
        body = {"model": "sandbox-1", "input": "Say it.", "background": True, "metadata": metadata}
        call = f"{self.url}/upstreams/{upstream}/v1/responses"
        return demand("POST", call, body, {"Ringback-Endpoints": endpoint}).json["id"]

    def watch(self, endpoint, response, upstream="scripted"):
        demand("POST", f"{self.url}/v1/watches", {"response_id": response, "upstream": upstream, "endpoints": [endpoint]})

    def deliveries(self, response):
        query = urllib.parse.urlencode({"response_id": response})
        found = demand("GET", f"{self.url}/v1/deliveries?{query}").json["data"]
        return [demand("GET", f"{self.url}/v1/deliveries/{delivery['id']}").json for delivery in found]

    def delivered(self, response, count=1, seconds=30):
        """Waits until so many deliveries about the response have ended well, and returns them, newest first."""

        def done():
            found = self.deliveries(response)
            return found if len([one for one in found if one["status"] == "delivered"]) == count == len(found) else None

        return eventually(done, seconds, f"{count} deliveries about {response} are done", lambda: self._report(response))

    def disabled(self, endpoint, seconds=30):
        """Waits until an endpoint is disabled, and returns what is told of it."""

        def done():
            found = demand("GET", f"{self.url}/v1/endpoints/{endpoint}").json
            return found if not found["enabled"] else None

        return eventually(done, seconds, f"{endpoint} is disabled", self.process.tail)

    def _report(self, response):
        return f"{json.dumps(self.deliveries(response), indent=1)[:6000]}\n{self.process.tail()}"

    def run_again(self, endpoint, response, upstream="scripted"):
        """Lets a response that has ended be followed anew, as after a vendor's rerun under the same id. Restarts the bridge on its way.

        The bridge itself takes an end for final, so its record of the watch is put back by hand. Events and deliveries stay.
        """
        self.end()
        with contextlib.closing(sqlite3.connect(self._store)) as store, store:
            changed = store.execute("UPDATE watches SET status = ? WHERE response_id = ?", (STOPPED, response)).rowcount
        assert changed == 1, f"{changed} watches of {response}"
        self.start()
        self.watch(endpoint, response, upstream)

    def forget(self):
        """Loses the store, as when a bridge is set up anew on another machine."""
        self.end()
        for file in self._directory.glob("ringback.db*"):
            file.unlink()
        self.start()
