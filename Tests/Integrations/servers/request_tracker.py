"""Request Tracker 5 on SQLite, from Debian: one queue, one custom field for Ringback's key, one token."""

import base64
import urllib.parse

from processes import Child, free_port, run
from web import answers, demand

CONFIGURATION = """
Set($rtname, 'integration');
Set($Organization, 'integration');
Set($DatabaseType, 'SQLite');
Set($DatabaseName, '{directory}/rt.db');
Set($WebDomain, '127.0.0.1');
Set($WebPort, {port});
Set($WebPath, '');
Set($MailCommand, 'testfile');
Set($LogToSyslog, undef);
Set($LogToSTDERR, 'warning');
1;
"""

# What an administrator does once by the web interface.
PREPARATION = """
use lib '/usr/share/request-tracker5/lib';
use RT -init;
my $field = RT::CustomField->new(RT->SystemUser);
my ($done, $message) = $field->Create(Name => 'Ringback', Type => 'FreeformSingle', LookupType => 'RT::Queue-RT::Ticket');
die $message unless $done;
($done, $message) = $field->AddToObject(RT::Queue->new(RT->SystemUser));
die $message unless $done;
my $root = RT::CurrentUser->new(RT->SystemUser);
$root->LoadByName('root');
my ($id, $reason, $token) = RT::AuthToken->new($root)->Create(Owner => $root->id, Description => 'Ringback');
die $reason unless $id;
print $token;
"""


class RequestTracker:
    queue = "General"

    def __init__(self, directory):
        directory.mkdir()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        settings = directory / "RT_SiteConfig.pm"
        settings.write_text(CONFIGURATION.format(directory=directory, port=self.port))
        # The second variable keeps the machine's own settings out.
        environment = {"RT_SITE_CONFIG": str(settings), "RT_SITE_CONFIG_DIR": "/dev/null", "TMPDIR": str(directory)}
        run(["rt-setup-database-5", "--action", "init", "--skip-create"], directory, environment)
        preparation = directory / "prepare.pl"
        preparation.write_text(PREPARATION)
        self.token = run(["perl", preparation], directory, environment)
        # The server of one process: no workers to be found and ended afterwards.
        self.process = Child(
            "request-tracker",
            ["/usr/share/request-tracker5/libexec/rt-server", "--server", "Standalone", "--host", "127.0.0.1", "--port", self.port],
            directory, environment,
        )
        self.process.ready(lambda: answers(f"{self.url}/REST/2.0/rt"))

    def _get(self, path):
        url = path if path.startswith("http") else f"{self.url}/REST/2.0/{path}"
        return demand("GET", url, headers={"Authorization": f"token {self.token}"}).json

    def tickets(self):
        """All tickets, with what they hold."""
        query = urllib.parse.urlencode({"query": "id > 0", "per_page": 100})
        return [self._get(f"ticket/{item['id']}") for item in self._get(f"tickets?{query}")["items"]]

    def tickets_about(self, response):
        return [ticket for ticket in self.tickets() if response in ticket["Subject"]]

    def texts(self, ticket):
        """What was written in the ticket, oldest first: pairs of the transaction's type and its text."""
        written = []
        page = self._get(f"ticket/{ticket['id']}/history?per_page=100&fields=Type,_hyperlinks")
        for item in page["items"]:
            if item["Type"] in ("Create", "Comment", "Correspond"):
                transaction = self._get(f"transaction/{item['id']}")
                content = [link["_url"] for link in transaction["_hyperlinks"] if link["ref"] == "attachment"]
                written.append((item["Type"], self._text(content)))
        return written

    def _text(self, attachments):
        parts = []
        for url in attachments:
            attachment = self._get(url)
            parts.append(base64.b64decode(attachment.get("Content") or "").decode())
        return "\n".join(parts)

    def end(self):
        self.process.end()
