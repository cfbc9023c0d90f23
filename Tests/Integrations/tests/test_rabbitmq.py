"""RabbitMQ: a message is delivered when a queue has it, and not before."""

import json

from losing import LosingProxy
from processes import eventually
from scene import IntegrationCase, server
from servers.rabbitmq import RabbitMQ


class RabbitMQTests(IntegrationCase):
    def setUp(self):
        self.rabbitmq = server(RabbitMQ)
        self.proxy = self.proxy(LosingProxy(self.rabbitmq.port))

    def endpoint(self, name="broker", **more):
        parameters = {"base_url": self.proxy.url, "username": "guest", "password": "guest"}
        return {"name": name, "preset": "rabbitmq", "with": {**parameters, **more}}

    def test_outcomes(self):
        """each outcome is one message under its event's type"""
        bridge = self.bridge(self.endpoint())
        responses = {outcome: bridge.create("broker", outcome) for outcome in ("completed", "failed", "incomplete", "cancelled")}
        for response in responses.values():
            bridge.delivered(response)
        messages = {json.loads(message["payload"])["data"]["id"]: message for message in self.rabbitmq.take()}
        for outcome, response in responses.items():
            message = messages[response]
            self.assertEqual(message["routing_key"], f"response.{outcome}")
            self.assertEqual(message["properties"]["message_id"], json.loads(message["payload"])["id"])
            self.assertEqual(message["properties"]["delivery_mode"], 2)

    def test_lost_answer(self):
        """a message whose answer was lost comes again with the same message_id"""
        bridge = self.bridge(self.endpoint())
        self.proxy.lose("POST", "/publish")
        bridge.delivered(bridge.create("broker", "failed"))
        first, second = self.rabbitmq.take()
        self.assertEqual(first["properties"]["message_id"], second["properties"]["message_id"])

    def test_no_queue(self):
        """a message that no queue got is not delivered, though RabbitMQ answers 200"""
        bridge = self.bridge(self.endpoint(routing_key="nobody.listens"))
        response = bridge.create("broker", "failed")
        attempts = eventually(lambda: [d["attempt_log"] for d in bridge.deliveries(response) if d["attempts"] > 1], 30, "it is tried again")[0]
        self.assertEqual({attempt["http_status"] for attempt in attempts}, {200})
        self.assertEqual({attempt["outcome"] for attempt in attempts}, {"failed"})
        self.assertEqual(self.rabbitmq.take(), [])
