"""Redmine 5 on SQLite, from Debian: one project, one custom field that keeps Ringback's key, one API key."""

import json
import secrets

from processes import Child, free_port, run
from web import answers, demand

# What an administrator does once by the web interface.
PREPARATION = """
Setting.rest_api_enabled = '1'
Setting.text_formatting = 'common_mark'
field = IssueCustomField.create!(name: 'Ringback', field_format: 'string', is_for_all: true, is_filter: true, trackers: Tracker.all)
Project.create!(name: 'Batch jobs', identifier: 'batch-jobs', trackers: Tracker.all, enabled_module_names: ['issue_tracking'])
admin = User.find_by_login('admin')
admin.update_columns(must_change_passwd: false)
puts JSON.generate(token: admin.api_key, field: field.id)
"""

# How Redmine itself finds whom the texts of an issue and its journals mention.
MENTIONS = """
Setting.text_formatting = ARGV[0]
issue = Issue.find(ARGV[1])
texts = [issue.description] + issue.journals.map(&:notes)
puts JSON.generate(texts.flat_map { |text| issue.send(:scan_for_mentioned_users, text).flatten })
"""


class Redmine:
    project = "batch-jobs"

    def __init__(self, directory):
        directory.mkdir()
        self._directory = directory
        for name in ("config", "files", "log", "tmp", "public"):
            (directory / name).mkdir()
        (directory / "config" / "database.yml").write_text(f"production: {{ adapter: sqlite3, database: {directory}/redmine.db }}\n")
        (directory / "config" / "secret_key.txt").write_text(secrets.token_hex(64))
        # A list of libraries of its own: Redmine's, and the server.
        (directory / "Gemfile").write_text('eval_gemfile "/usr/share/redmine/Gemfile"\ngem "sqlite3", "~> 1.4.0"\ngem "webrick"\n')
        self._environment = {
            "RAILS_ENV": "production", "BUNDLE_GEMFILE": str(directory / "Gemfile"), "REDMINE_LANG": "en", "RUBYOPT": "-W0",
            "SCHEMA": str(directory / "schema.rb"),
            # An instance is a directory below Redmine's own; this one is not, whichever way the path is read.
            "REDMINE_INSTANCE": "../" * 12 + str(directory).lstrip("/"),
        }
        self._run("bundle", "install", "--local", "--quiet")
        self._run("bundle", "exec", "rake", "db:migrate")
        # In a process of its own: what has migrated does not see all of what it has made.
        self._run("bundle", "exec", "rake", "redmine:load_default_data")
        prepared = json.loads(self._script(PREPARATION).splitlines()[-1])
        self.token = prepared["token"]
        self.field = prepared["field"]
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = Child(
            "redmine",
            ["bundle", "exec", "rails", "server", "-u", "webrick", "-b", "127.0.0.1", "-p", self.port, "-P", directory / "pid"],
            "/usr/share/redmine", self._environment, logs=directory,
        )
        self.process.ready(lambda: answers(f"{self.url}/issues.json"))

    def _run(self, *arguments):
        return run(arguments, "/usr/share/redmine", self._environment)

    def _script(self, text, *arguments):
        script = self._directory / "script.rb"
        script.write_text(text)
        return self._run("bundle", "exec", "rails", "runner", script, *arguments)

    def _get(self, path):
        return demand("GET", f"{self.url}/{path}", headers={"X-Redmine-API-Key": self.token}).json

    def issues(self):
        """All issues with their journals, oldest first."""
        found = self._get("issues.json?status_id=*&limit=100&sort=id")["issues"]
        return [self._get(f"issues/{issue['id']}.json?include=journals")["issue"] for issue in found]

    def issues_about(self, response):
        return [issue for issue in self.issues() if response in issue["subject"]]

    def set_formatting(self, formatting):
        """Lets texts be `common_mark` or `textile`."""
        self._script("Setting.text_formatting = ARGV[0]", formatting)

    def mentioned(self, issue, formatting):
        """Whom Redmine would notify because a text of the issue names them."""
        return json.loads(self._script(MENTIONS, formatting, issue["id"]).splitlines()[-1])

    def description(self, issue):
        """The issue's text as a browser gets it."""
        page = demand("GET", f"{self.url}/issues/{issue['id']}").body.decode()
        return page.split('<div class="wiki">', 1)[1].split('<div id="history">', 1)[0]

    def delete(self, issue):
        demand("DELETE", f"{self.url}/issues/{issue['id']}.json", headers={"X-Redmine-API-Key": self.token})

    def end(self):
        self.process.end()
