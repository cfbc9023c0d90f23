"""Synapse, a Matrix homeserver, from PyPI: one user for Ringback, one room, limits of its own choice."""

import hashlib
import hmac
import sys
import urllib.parse
from pathlib import Path

from processes import Child, free_port, run
from web import demand

CONFIGURATION = """
server_name: integration.example
pid_file: {directory}/pid
listeners: [{{ port: {port}, bind_addresses: [127.0.0.1], type: http, resources: [{{ names: [client] }}] }}]
database: {{ name: sqlite3, args: {{ database: {directory}/synapse.db }} }}
media_store_path: {directory}/media
log_config: {directory}/log.yaml
signing_key_path: {directory}/signing.key
registration_shared_secret: integration
report_stats: false
trusted_key_servers: []
# Enough for the tests that are not about limits; the room that is asked too much of is another story.
rc_message: {{ per_second: 1000, burst_count: 1000 }}
rc_login: {{ address: {{ per_second: 100, burst_count: 100 }}, account: {{ per_second: 100, burst_count: 100 }} }}
"""

LOGGING = """
version: 1
formatters: { plain: { format: '%(asctime)s %(levelname)s %(name)s %(message)s' } }
handlers: { console: { class: logging.StreamHandler, formatter: plain } }
root: { level: WARNING, handlers: [console] }
"""


class Synapse:
    def __init__(self, directory):
        directory.mkdir()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        configuration = directory / "homeserver.yaml"
        configuration.write_text(CONFIGURATION.format(directory=directory, port=self.port))
        (directory / "log.yaml").write_text(LOGGING)
        tools = Path(sys.executable).parent
        run([tools / "generate_signing_key", "-o", directory / "signing.key"], directory)
        self.process = Child("synapse", [sys.executable, "-m", "synapse.app.homeserver", "-c", configuration], directory)
        self.process.ready(lambda: demand("GET", f"{self.url}/_matrix/client/versions"), seconds=120)
        self.token = self._register("ringback")
        self.room = self._call("POST", "createRoom", {"preset": "private_chat", "name": "Responses"})["room_id"]

    def _register(self, user):
        """Registers a user by the shared secret; returns an access token."""
        register = f"{self.url}/_synapse/admin/v1/register"
        nonce = demand("GET", register).json["nonce"]
        code = hmac.new(b"integration", "\0".join([nonce, user, "a password", "notadmin"]).encode(), hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": user, "password": "a password", "admin": False, "mac": code}
        return demand("POST", register, body).json["access_token"]

    def _call(self, method, path, body=None):
        headers = {"Authorization": f"Bearer {self.token}"}
        return demand(method, f"{self.url}/_matrix/client/v3/{path}", body, headers).json

    def events(self):
        """The room's messages, oldest first, with the edits that replace them."""
        room = urllib.parse.quote(self.room, safe="")
        found = self._call("GET", f"rooms/{room}/messages?dir=f&limit=500")["chunk"]
        return [event for event in found if event["type"] == "m.room.message"]

    def end(self):
        self.process.end()
