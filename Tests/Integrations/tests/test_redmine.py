"""Redmine: one issue for each response, and texts that do nothing in either of its markups."""

from hostile import HOSTILE
from losing import LosingProxy
from scene import IntegrationCase, server, vendor
from servers.redmine import Redmine


class RedmineTests(IntegrationCase):
    def setUp(self):
        self.redmine = server(Redmine)
        self.proxy = self.proxy(LosingProxy(self.redmine.port))

    def endpoint(self, **more):
        parameters = {
            "base_url": self.proxy.url, "token": self.redmine.token, "project": self.redmine.project, "custom_field": str(self.redmine.field),
        }
        return {"name": "issues", "preset": "redmine", "with": {**parameters, **more}}

    def test_outcomes(self):
        """each outcome makes one issue that says so"""
        bridge = self.bridge(self.endpoint())
        for outcome in ("completed", "failed", "incomplete", "cancelled"):
            response = bridge.create("issues", outcome)
            bridge.delivered(response)
            [issue] = self.redmine.issues_about(response)
            self.assertIn(outcome, issue["subject"])

    def test_lost_answer(self):
        """an issue whose creation was not answered is found and not made again"""
        bridge = self.bridge(self.endpoint())
        self.proxy.lose("POST", "/issues.json")
        response = bridge.create("issues", "failed")
        bridge.delivered(response)
        self.assertTrue(self.proxy.all_lost)
        [issue] = self.redmine.issues_about(response)
        self.assertEqual(issue["journals"], [])

    def test_lost_note(self):
        """a note whose answer was lost is looked for and not made again"""
        bridge = self.bridge(self.endpoint())
        vendor().set("resp_redmine_note", "failed", error={"code": "server_error", "message": "The model fell over."})
        bridge.watch("issues", "resp_redmine_note")
        bridge.delivered("resp_redmine_note")
        self.proxy.lose("PUT", "/issues/")
        vendor().set("resp_redmine_note", "completed")
        bridge.run_again("issues", "resp_redmine_note")
        bridge.delivered("resp_redmine_note", 2)
        self.assertTrue(self.proxy.all_lost)
        [issue] = self.redmine.issues_about("resp_redmine_note")
        self.assertEqual(len(issue["journals"]), 1)

    def test_wrong_field(self):
        """a search that Redmine answers with all issues finds none of them"""
        bridge = self.bridge(self.endpoint(), {**self.endpoint(custom_field="999"), "name": "wrong"})
        bridge.delivered(bridge.create("issues", "completed"))
        response = bridge.create("wrong", "failed")
        bridge.delivered(response)
        self.assertEqual(len(self.redmine.issues_about(response)), 1)

    def test_rerun(self):
        """a response that failed and completed later is one issue with a note"""
        bridge = self.bridge(self.endpoint())
        vendor().set("resp_redmine_rerun", "failed", error={"code": "server_error", "message": "The model fell over."})
        bridge.watch("issues", "resp_redmine_rerun")
        bridge.delivered("resp_redmine_rerun")
        vendor().set("resp_redmine_rerun", "completed")
        bridge.run_again("issues", "resp_redmine_rerun")
        bridge.delivered("resp_redmine_rerun", 2)
        [issue] = self.redmine.issues_about("resp_redmine_rerun")
        [note] = [journal["notes"] for journal in issue["journals"]]
        self.assertIn("completed", note)

    def test_gone(self):
        """an issue that was deleted meanwhile is made anew"""
        bridge = self.bridge(self.endpoint())
        vendor().set("resp_redmine_gone", "failed", error={"code": "server_error", "message": "The model fell over."})
        bridge.watch("issues", "resp_redmine_gone")
        bridge.delivered("resp_redmine_gone")
        [issue] = self.redmine.issues_about("resp_redmine_gone")
        self.redmine.delete(issue)
        vendor().set("resp_redmine_gone", "completed")
        bridge.run_again("issues", "resp_redmine_gone")
        bridge.delivered("resp_redmine_gone", 2)
        [anew] = self.redmine.issues_about("resp_redmine_gone")
        # SQLite gives the number of what was deleted last to the next one.
        self.assertIn("completed", anew["subject"])
        self.assertEqual(anew["journals"], [])

    def hostile(self, response, formatting, **more):
        """Lets a hostile error and a hostile output arrive; returns the issue and its page without the text that is shown as it is."""
        bridge = self.bridge(self.endpoint(include_output="true", **more))
        self.redmine.set_formatting(formatting)
        vendor().set(response, "failed", text=HOSTILE, error={"code": "@admin", "message": HOSTILE})
        bridge.watch("issues", response)
        bridge.delivered(response)
        [issue] = self.redmine.issues_about(response)
        self.assertEqual(self.redmine.mentioned(issue, formatting), [])
        page = self.redmine.description(issue)
        for forbidden in ("<script", "onerror=alert(1)>", "<b>bold", 'href="https://evil', 'href="/issues/1', 'class="user', "<h1", "<img"):
            self.assertNotIn(forbidden, page)
        self.assertIn("alert(1)", page)
        return page

    def test_hostile_markdown(self):
        """a hostile text mentions, links and formats nothing in Markdown"""
        self.hostile("resp_redmine_markdown", "common_mark")

    def test_hostile_textile(self):
        """a hostile text mentions, links and formats nothing in Textile"""
        self.addCleanup(self.redmine.set_formatting, "common_mark")
        self.hostile("resp_redmine_textile", "textile", textile="true")
