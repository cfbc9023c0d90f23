"""Matrix, by Synapse: one message for each event, whatever happens to answers."""

import urllib.parse

from hostile import HOSTILE
from losing import LosingProxy
from scene import IntegrationCase, server, vendor
from servers.synapse import Synapse


class MatrixTests(IntegrationCase):
    def setUp(self):
        self.synapse = server(Synapse)
        self.proxy = self.proxy(LosingProxy(self.synapse.port))

    def endpoint(self):
        return {
            "name": "room", "preset": "matrix",
            "with": {"base_url": self.proxy.url, "token": self.synapse.token, "room": self.synapse.room},
        }

    def about(self, response):
        return [event for event in self.synapse.events() if response in event["content"].get("body", "")]

    def test_outcomes(self):
        """each outcome is one notice that mentions nobody"""
        bridge = self.bridge(self.endpoint())
        for outcome in ("completed", "failed", "incomplete", "cancelled"):
            response = bridge.create("room", outcome)
            bridge.delivered(response)
            [event] = self.about(response)
            self.assertEqual(event["content"]["msgtype"], "m.notice")
            self.assertIn(outcome, event["content"]["body"])
            self.assertEqual(event["content"]["m.mentions"], {})

    def test_lost_answer(self):
        """a message whose answer was lost is sent again and is there once"""
        bridge = self.bridge(self.endpoint())
        self.proxy.lose("PUT", "/send/m.room.message/", times=2)
        response = bridge.create("room", "failed")
        bridge.delivered(response)
        self.assertTrue(self.proxy.all_lost)
        sent = self.proxy.requests("PUT")
        self.assertEqual(len(sent), 3)
        self.assertEqual(len({request.path for request in sent}), 1)
        self.assertEqual(len(self.about(response)), 1)

    def test_rerun(self):
        """a response that failed and completed later belongs together"""
        bridge = self.bridge(self.endpoint())
        vendor().set("resp_matrix_rerun", "failed", error={"code": "server_error", "message": "The model fell over."})
        bridge.watch("room", "resp_matrix_rerun")
        bridge.delivered("resp_matrix_rerun")
        vendor().set("resp_matrix_rerun", "completed")
        bridge.run_again("room", "resp_matrix_rerun")
        bridge.delivered("resp_matrix_rerun", 2)
        first, second = self.about("resp_matrix_rerun")
        self.assertEqual(second["content"]["m.relates_to"]["event_id"], first["event_id"])

    def test_hostile_text(self):
        """a hostile text has no markup and mentions nobody"""
        bridge = self.bridge(self.endpoint())
        vendor().set("resp_matrix_hostile", "failed", error={"code": "@room:integration.example", "message": HOSTILE})
        bridge.watch("room", "resp_matrix_hostile")
        bridge.delivered("resp_matrix_hostile")
        [event] = self.about("resp_matrix_hostile")
        self.assertEqual(event["content"]["m.mentions"], {})
        for forbidden in ("<script", "<img", "</pre><b>"):
            self.assertNotIn(forbidden, event["content"]["formatted_body"])
