"""Alertmanager: an alert fires while a response has failed, once, and is resolved when it completes after all."""

from losing import LosingProxy
from processes import eventually
from scene import IntegrationCase, server, vendor
from servers.alertmanager import Alertmanager


class AlertmanagerTests(IntegrationCase):
    def setUp(self):
        self.alertmanager = server(Alertmanager)
        self.proxy = self.proxy(LosingProxy(self.alertmanager.port))

    def endpoint(self):
        return {"name": "alerts", "preset": "alertmanager", "with": {"base_url": self.proxy.url}}

    def about(self, response):
        return [alert for alert in self.alertmanager.alerts() if alert["labels"].get("response_id") == response]

    def test_outcomes(self):
        """failed and incomplete responses fire, others send nothing"""
        bridge = self.bridge(self.endpoint())
        for outcome, count in (("failed", 1), ("incomplete", 1), ("completed", 0), ("cancelled", 0)):
            response = bridge.create("alerts", outcome)
            bridge.delivered(response)
            alerts = self.about(response)
            self.assertEqual(len(alerts), count, outcome)
            for alert in alerts:
                self.assertIn(outcome, alert["annotations"]["summary"])
                self.assertEqual(alert["status"]["state"], "active")
        self.assertEqual(len(self.proxy.requests("POST")), 2)

    def test_lost_answer(self):
        """a repeat is the same alert"""
        bridge = self.bridge(self.endpoint())
        self.proxy.lose("POST", "/api/v2/alerts")
        response = bridge.create("alerts", "failed")
        bridge.delivered(response)
        self.assertTrue(self.proxy.all_lost)
        self.assertEqual(len(self.proxy.requests("POST")), 2)
        self.assertEqual(len(self.about(response)), 1)

    def test_resolved(self):
        """a failed response that completes later is resolved"""
        bridge = self.bridge(self.endpoint())
        vendor().set("resp_alert_rerun", "failed", error={"code": "server_error", "message": "The model fell over."})
        bridge.watch("alerts", "resp_alert_rerun")
        bridge.delivered("resp_alert_rerun")
        [alert] = self.about("resp_alert_rerun")
        self.assertEqual(alert["annotations"]["description"], "The model fell over.")
        vendor().set("resp_alert_rerun", "completed")
        bridge.run_again("alerts", "resp_alert_rerun")
        bridge.delivered("resp_alert_rerun", 2)
        eventually(lambda: not self.about("resp_alert_rerun"), 10, "the alert is resolved")
