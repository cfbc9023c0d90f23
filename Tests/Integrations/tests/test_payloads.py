"""What the ticket presets would send to systems that cannot be installed here, held against the vendors' own schemas and limits.

The requests are those that `ringback presets render --json` prints.
"""

import datetime
import json
import re
import subprocess
import unittest
from pathlib import Path

import graphql
import jsonschema
import scene
from hostile import HOSTILE
from markdown_it import MarkdownIt

schemas = Path(__file__).parent.parent / "schemas"
WORD_JOINER = "\u2060"
OUTCOMES = ("completed", "failed", "incomplete", "cancelled")


def response(status, text="The answer.", message="The model fell over.", code="server_error", identifier="resp_68a1"):
    return {
        "id": identifier, "object": "response", "created_at": 1790000000, "completed_at": 1790000042, "status": status, "model": "gpt-5.5",
        "error": {"code": code, "message": message} if status == "failed" else None,
        "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
        "output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text, "annotations": []}]}],
        "usage": {"input_tokens": 12, "output_tokens": 345, "total_tokens": 357}, "metadata": {},
    }


ORDINARY = [response(outcome) for outcome in OUTCOMES]
HOSTILE_ONE = response("failed", text=HOSTILE, message=HOSTILE, code="@admin #1 <b>", identifier="resp_@admin")
# Longer than any limit, in characters that have one, two and many code points.
LONG = response("failed", text="é👩‍👩‍👧‍👦" * 10000, message="🇩🇪x" * 20000, code="c" * 5000, identifier="r" * 500)


def rendered(preset, event, **parameters):
    """The requests that a preset makes of a response object, by their kind."""
    arguments = [f"--with={name}={value}" for name, value in {"include_output": "true", **parameters}.items()]
    done = subprocess.run(
        [scene.program(), "presets", "render", preset, "--event=-", "--json", *arguments], input=json.dumps(event, ensure_ascii=False).encode(), capture_output=True,
        timeout=60,
    )
    if done.returncode != 0:
        raise AssertionError(f"{preset}: {done.stderr.decode()}")
    return {request["request"]: request for request in json.loads(done.stdout)["requests"]}


def schema(name):
    return json.loads((schemas / name).read_text())


class Payloads(unittest.TestCase):
    def test_linear(self):
        """Linear's own schema takes the queries and their variables"""
        linear = graphql.build_schema((schemas / "linear.graphql").read_text())
        for event in [*ORDINARY, HOSTILE_ONE, LONG]:
            requests = rendered("linear", event)
            self.assertEqual(set(requests), {"search", "create", "comment"})
            for request in requests.values():
                document = graphql.parse(request["body"]["query"])
                self.assertEqual(graphql.validate(linear, document), [])
                [operation] = document.definitions
                values = graphql.execution.values.get_variable_values(linear, operation.variable_definitions, request["body"]["variables"])
                self.assertFalse(isinstance(values, list) and values, values)
            identifier = requests["create"]["body"]["variables"]["input"]["id"]
            self.assertRegex(identifier, r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
            self.assertEqual(requests["search"]["body"]["variables"]["id"], identifier)

    def test_linear_schema_bites(self):
        """a misspelt query would be found"""
        linear = graphql.build_schema((schemas / "linear.graphql").read_text())
        wrong = graphql.parse("mutation($input: IssueCreateInput!) { issueCreate(input: $input) { sucess } }")
        self.assertEqual(len(graphql.validate(linear, wrong)), 1)

    def test_alertmanager(self):
        """Alertmanager's schema takes the alerts, their end comes after their beginning, and labels do not tell outcomes apart"""
        labels = []
        for event in [*ORDINARY, HOSTILE_ONE, LONG]:
            requests = rendered("alertmanager", event, base_url="http://alertmanager:9093")
            for request in requests.values():
                jsonschema.validate(request["body"], schema("alertmanager.json"))
            [alert] = requests["create"]["body"]
            times = [datetime.datetime.fromisoformat(alert[name]) for name in ("startsAt", "endsAt")]
            self.assertEqual(times[1] - times[0], datetime.timedelta(days=1))
            [end] = requests["close"]["body"]
            self.assertEqual(end["labels"], alert["labels"])
            if event in ORDINARY:
                labels.append(alert["labels"])
        self.assertTrue(all(other == labels[0] for other in labels), labels)

    def test_jira(self):
        """Jira's documents are well-formed and none of their texts is empty"""
        for event in [*ORDINARY, HOSTILE_ONE, LONG]:
            requests = rendered("jira", event)
            fields = requests["create"]["body"]["fields"]
            for document in (fields["description"], requests["comment"]["body"]["body"]):
                jsonschema.validate(document, schema("adf.json"))
            self.assertLessEqual(len(fields["summary"].encode("utf-16-le")) // 2, 255)
            self.assertNotIn("\n", fields["summary"])
            for label in fields["labels"]:
                self.assertRegex(label, r"^\S{1,255}$")
            self.assertIn(fields["labels"][1], requests["search"]["body"]["jql"])

    def test_limits(self):
        """a text longer than anything is cut to what each system takes"""
        cases = {
            "github-issue": ({"title": 256, "body": 65536}, {"body": 65536}),
            "gitlab-issue": ({"title": 255, "description": 1048576}, {"body": 1000000}),
            "gitea-issue": ({"title": 255, "body": 65535}, {"body": 65535}),
            "jira-server": ({"fields.summary": 255, "fields.description": 32767}, {"body": 32767}),
            "servicenow": ({"short_description": 160, "description": 4000}, {"work_notes": 4000}),
            "zendesk": ({"ticket.subject": 150, "ticket.comment.html_body": 65535}, {"ticket.comment.html_body": 65535}),
            "redmine": ({"issue.subject": 255, "issue.description": 65535}, {"issue.notes": 65535}),
            "request-tracker": ({"Subject": 200, "Content": 65535}, {"Content": 65535}),
        }
        for preset, (create, comment) in cases.items():
            requests = rendered(preset, LONG)
            for kind, limits in (("create", create), ("comment", comment)):
                for path, limit in limits.items():
                    value = requests[kind]["body"]
                    for part in path.split("."):
                        value = value[part]
                    with self.subTest(preset=preset, field=path):
                        self.assertLessEqual(len(value), limit)
                        self.assertGreater(len(value), min(limit // 2, 500))

    def test_markdown(self):
        """in Markdown a hostile text is code, or has lost what would call somebody, link or act"""
        for preset in ("github-issue", "gitlab-issue", "gitea-issue", "linear", "redmine"):
            body = rendered(preset, HOSTILE_ONE)["create"]["body"]
            for name in ("issue", "variables", "input"):
                body = body.get(name, body)
            with self.subTest(preset=preset):
                self._check_title(body.get("title") or body["subject"])
                self._check_markdown(body.get("body") or body["description"], preset)

    def _check_title(self, title):
        self.assertIsNone(re.search(r"@\w|#\d|https?://", title), title)

    def _check_markdown(self, text, preset):
        tokens = MarkdownIt("commonmark", {"html": True}).parse(text)
        code = [token.content.rstrip("\n") for token in tokens if token.type == "fence"]
        self.assertEqual([content.replace(WORD_JOINER, "") for content in code], [HOSTILE, HOSTILE])
        if preset in ("gitlab-issue", "redmine"):
            # These look for names and commands by regular expressions, in code too.
            self.assertIsNone(re.search(r"^\s*/\w|@\w", "\n".join(code), re.MULTILINE))
        for token in tokens:
            if token.type in ("html_block", "html_inline"):
                self.assertRegex(token.content, r"^\s*<sub>rb[0-9a-f]{20}</sub>\s*$")
            for child in token.children or []:
                if child.type == "html_inline":
                    self.assertIn(child.content, ("<sub>", "</sub>"))
                elif child.type == "text":
                    self.assertIsNone(re.search(r"@\w|#\d|https?://|^/", child.content), child.content)
                elif child.type == "link_open":
                    self.assertFalse(child.attrs["href"].startswith("https://evil"), text)

    def test_wiki(self):
        """in Jira's wiki text a hostile text stays within its block and calls nobody"""
        text = rendered("jira-server", HOSTILE_ONE)["create"]["body"]["fields"]["description"]
        self.assertEqual(text.count("{noformat}"), 4)
        self.assertNotIn("[~", text)

    def test_html(self):
        """in Zendesk's HTML a hostile text has no tags"""
        text = rendered("zendesk", HOSTILE_ONE)["create"]["body"]["ticket"]["comment"]["html_body"]
        self.assertEqual(set(re.findall(r"</?([a-z]+)", text)), {"p", "b", "pre"})

    def test_secrets(self):
        """no secret is shown, and what stands for it is only where it has to be"""
        for preset in ("github-issue", "gitlab-issue", "gitea-issue", "jira", "jira-server", "linear", "servicenow", "zendesk", "redmine",
                       "request-tracker", "rabbitmq"):
            secret = "s3cr3t-that-nobody-may-see"
            name = "password" if preset in ("servicenow", "rabbitmq") else "token"
            with self.subTest(preset=preset):
                self.assertNotIn(secret, json.dumps(rendered(preset, ORDINARY[0], **{name: secret})))
