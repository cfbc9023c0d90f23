"""Request Tracker: one ticket for each response, whatever happens to answers."""

from hostile import HOSTILE
from losing import LosingProxy
from scene import IntegrationCase, server, vendor
from servers.request_tracker import RequestTracker


class RequestTrackerTests(IntegrationCase):
    def setUp(self):
        self.rt = server(RequestTracker)
        self.proxy = self.proxy(LosingProxy(self.rt.port))

    def endpoint(self, name="tickets"):
        return {
            "name": name, "preset": "request-tracker",
            "with": {"base_url": self.proxy.url, "token": self.rt.token, "queue": self.rt.queue},
        }

    def test_outcomes(self):
        """each outcome makes one ticket that says so"""
        bridge = self.bridge(self.endpoint())
        for outcome in ("completed", "failed", "incomplete", "cancelled"):
            response = bridge.create("tickets", outcome)
            bridge.delivered(response)
            [ticket] = self.rt.tickets_about(response)
            self.assertIn(outcome, ticket["Subject"])
            [(kind, text)] = self.rt.texts(ticket)
            self.assertEqual(kind, "Create")
            self.assertIn(f"Response {response} {outcome}", text)
            self.assertIn("sandbox-1", text)

    def test_lost_answer(self):
        """a ticket whose creation was not answered is found and not made again"""
        bridge = self.bridge(self.endpoint())
        self.proxy.lose("POST", "/ticket")
        response = bridge.create("tickets", "failed")
        [delivery] = bridge.delivered(response)
        self.assertTrue(self.proxy.all_lost)
        self.assertEqual([attempt["outcome"] for attempt in delivery["attempt_log"]], ["failed", "succeeded"])
        [ticket] = self.rt.tickets_about(response)
        self.assertEqual([kind for kind, _ in self.rt.texts(ticket)], ["Create"])
        self.assertEqual(len(self.proxy.requests("POST", "/REST/2.0/ticket")), 1)

    def test_lost_comment(self):
        """a comment whose answer was lost is looked for and not made again"""
        bridge = self.bridge(self.endpoint())
        vendor().set("resp_rt_comment", "failed", error={"code": "server_error", "message": "The model fell over."})
        bridge.watch("tickets", "resp_rt_comment")
        bridge.delivered("resp_rt_comment")
        self.proxy.lose("POST", "/comment")
        vendor().set("resp_rt_comment", "completed")
        bridge.run_again("tickets", "resp_rt_comment")
        bridge.delivered("resp_rt_comment", 2)
        self.assertTrue(self.proxy.all_lost)
        [ticket] = self.rt.tickets_about("resp_rt_comment")
        self.assertEqual([kind for kind, _ in self.rt.texts(ticket)], ["Create", "Comment"])

    def test_killed_between(self):
        """a bridge that is killed between the ticket and its answer makes no second one"""
        bridge = self.bridge(self.endpoint())
        self.proxy.hold("POST", "/REST/2.0/ticket")
        response = bridge.create("tickets", "failed")
        self.proxy.held()
        bridge.process.kill()
        self.proxy.release()
        bridge.start()
        bridge.delivered(response)
        self.assertEqual(len(self.rt.tickets_about(response)), 1)

    def test_rerun(self):
        """a response that failed and completed later is one ticket with a comment"""
        bridge = self.bridge(self.endpoint())
        vendor().set("resp_rt_rerun", "failed", error={"code": "server_error", "message": "The model fell over."})
        bridge.watch("tickets", "resp_rt_rerun")
        bridge.delivered("resp_rt_rerun")
        vendor().set("resp_rt_rerun", "completed", text="All is well.")
        bridge.run_again("tickets", "resp_rt_rerun")
        bridge.delivered("resp_rt_rerun", 2)
        [ticket] = self.rt.tickets_about("resp_rt_rerun")
        [(created, failure), (commented, success)] = self.rt.texts(ticket)
        self.assertEqual((created, commented), ("Create", "Comment"))
        self.assertIn("The model fell over.", failure)
        self.assertIn("completed", success)
        self.assertNotIn("All is well.", success, "the output is shown only on demand")

    def test_new_store(self):
        """a bridge that lost its store finds the ticket and comments it"""
        bridge = self.bridge(self.endpoint())
        vendor().set("resp_rt_moved", "failed", error={"code": "server_error", "message": "The model fell over."})
        bridge.watch("tickets", "resp_rt_moved")
        bridge.delivered("resp_rt_moved")
        bridge.forget()
        vendor().set("resp_rt_moved", "completed")
        bridge.watch("tickets", "resp_rt_moved")
        bridge.delivered("resp_rt_moved")
        [ticket] = self.rt.tickets_about("resp_rt_moved")
        self.assertEqual([kind for kind, _ in self.rt.texts(ticket)], ["Create", "Comment"])

    def test_hostile_text(self):
        """an error's text arrives as it was written, as plain text"""
        bridge = self.bridge(self.endpoint())
        vendor().set("resp_rt_hostile", "failed", error={"code": "@admin <b>", "message": HOSTILE})
        bridge.watch("tickets", "resp_rt_hostile")
        bridge.delivered("resp_rt_hostile")
        [ticket] = self.rt.tickets_about("resp_rt_hostile")
        [(_, text)] = self.rt.texts(ticket)
        self.assertIn(HOSTILE, text.replace("\r\n", "\n"))

    def test_unknown_queue(self):
        """a queue that does not exist disables the endpoint, and says why"""
        endpoint = self.endpoint()
        endpoint["with"]["queue"] = "No such queue"
        bridge = self.bridge(endpoint)
        response = bridge.create("tickets", "failed")
        shown = bridge.disabled("tickets")
        self.assertIn("queue", shown["disabled_reason"])
        self.assertEqual(bridge.deliveries(response)[0]["status"], "pending")
