"""RabbitMQ with its management plugin, from Debian: one queue, bound to the usual topic exchange."""

from processes import Child, free_port
from web import demand

CONFIGURATION = """
listeners.tcp.1 = 127.0.0.1:{amqp}
management.tcp.ip = 127.0.0.1
management.tcp.port = {port}
"""


class RabbitMQ:
    queue = "responses"

    def __init__(self, directory):
        directory.mkdir()
        amqp, self.port, names, distribution = (free_port() for _ in range(4))
        self.url = f"http://127.0.0.1:{self.port}"
        (directory / "rabbitmq.conf").write_text(CONFIGURATION.format(amqp=amqp, port=self.port))
        (directory / "plugins").write_text("[rabbitmq_management].\n")
        environment = {
            "HOME": str(directory), "ERL_EPMD_ADDRESS": "127.0.0.1", "ERL_EPMD_PORT": str(names),
            "RABBITMQ_NODENAME": f"integration-{names}@localhost", "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null", "RABBITMQ_CONFIG_FILE": str(directory / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(directory / "plugins"), "RABBITMQ_MNESIA_BASE": str(directory / "data"),
            "RABBITMQ_LOG_BASE": str(directory), "RABBITMQ_LOGS": "-", "RABBITMQ_PID_FILE": str(directory / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-start_epmd false -kernel inet_dist_use_interface {127,0,0,1}",
        }
        # Erlang would start its name server by itself and leave it behind.
        self._names = Child("epmd", ["epmd", "-address", "127.0.0.1", "-port", names], directory)
        # The script beside it asks for another user and a home of its own.
        self.process = Child("rabbitmq", ["/usr/lib/rabbitmq/bin/rabbitmq-server"], directory, environment)
        self.process.ready(lambda: demand("GET", f"{self.url}/api/overview", headers=self._user).status == 200)
        demand("PUT", f"{self.url}/api/queues/%2F/{self.queue}", {}, self._user)
        demand("POST", f"{self.url}/api/bindings/%2F/e/amq.topic/q/{self.queue}", {"routing_key": "response.#"}, self._user)

    # guest:guest, whom RabbitMQ lets in from loopback only.
    _user = {"Authorization": "Basic Z3Vlc3Q6Z3Vlc3Q="}

    def take(self):
        """Takes all messages out of the queue, oldest first."""
        body = {"count": 100, "ackmode": "ack_requeue_false", "encoding": "auto"}
        return demand("POST", f"{self.url}/api/queues/%2F/{self.queue}/get", body, self._user).json

    def end(self):
        self.process.end()
        self._names.end()
