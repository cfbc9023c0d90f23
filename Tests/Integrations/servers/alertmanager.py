"""Prometheus Alertmanager, from Debian."""

from processes import Child, free_port
from web import demand


class Alertmanager:
    def __init__(self, directory):
        directory.mkdir()
        port = free_port()
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        configuration = directory / "alertmanager.yml"
        configuration.write_text("route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n")
        self.process = Child(
            "alertmanager",
            [
                "prometheus-alertmanager", f"--config.file={configuration}", f"--storage.path={directory / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
            ],
            directory,
        )
        self.process.ready(lambda: demand("GET", f"{self.url}/-/ready"))

    def alerts(self):
        """Those that fire."""
        return demand("GET", f"{self.url}/api/v2/alerts").json

    def end(self):
        self.process.end()
