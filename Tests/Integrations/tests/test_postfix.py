"""Postfix: mail by STARTTLS, read back from the Maildir as a mail program would read it."""

from hostile import HOSTILE
from losing import LosingMailProxy
from processes import eventually
from scene import IntegrationCase, server, vendor
from servers.postfix import Postfix

# What Postfix itself puts before a mail that it delivers.
ADDED_ON_THE_WAY = {"Return-Path", "X-Original-To", "Delivered-To", "Received"}
OURS = {
    "Date", "From", "To", "Subject", "Message-ID", "In-Reply-To", "References", "Auto-Submitted", "X-Auto-Response-Suppress", "MIME-Version",
    "Content-Type",
}


class PostfixTests(IntegrationCase):
    def setUp(self):
        self.postfix = server(Postfix)

    def endpoint(self, **more):
        parameters = {
            "host": "localhost", "port": self.postfix.port, "ca_path": str(self.postfix.certificate),
            "from": "Ringback <ringback@integration.example>", "to": '"Jörg Müller" <joerg@integration.example>', **more,
        }
        return {"name": "mail", "preset": "email", "with": {name: value for name, value in parameters.items() if value is not None}}

    def mails(self, response, count=1):
        """So many mails about the response, waited for: Postfix says that it took a mail before that is in the mailbox."""

        def arrived():
            found = self.postfix.messages_about(response)
            return found if len(found) == count else None

        return eventually(arrived, 20, f"{count} mails about {response} are in the mailbox", self.postfix.process.tail)

    def test_outcomes(self):
        """each outcome is a mail by STARTTLS that a mail program reads as it was meant"""
        bridge = self.bridge(self.endpoint())
        for outcome, symbol in (("completed", "✓"), ("failed", "✗"), ("incomplete", "…"), ("cancelled", "–")):
            response = bridge.create("mail", outcome)
            bridge.delivered(response)
            [mail] = self.mails(response)
            self.assertIn("using TLSv1", mail["Received"])
            self.assertTrue(mail["Subject"].startswith(f"{symbol} Response {response} {outcome}"), mail["Subject"])
            [sender], [recipient] = mail["From"].addresses, mail["To"].addresses
            self.assertEqual((sender.display_name, sender.addr_spec), ("Ringback", "ringback@integration.example"))
            self.assertEqual((recipient.display_name, recipient.addr_spec), ("Jörg Müller", "joerg@integration.example"))
            self.assertEqual(mail["Auto-Submitted"], "auto-generated")
            self.assertRegex(mail["Message-ID"], rf"^<{response}\.{outcome}\.[0-9a-f]+@integration\.example>$")
            self.assertEqual(mail["References"], f"<{response}@integration.example>")
            self.assertEqual(mail["Date"].datetime.utcoffset().total_seconds(), 0)
            self.assertEqual(mail.get_content_type(), "multipart/alternative")
            self.assertEqual([part.get_content_type() for part in mail.iter_parts()], ["text/plain", "text/html"])
            for part in mail.iter_parts():
                self.assertIn(f"Response {response} {outcome}", part.get_content())
                self.assertIn("sandbox-1", part.get_content())

    def test_lost_answer(self):
        """a mail whose answer was lost comes again, the same to the byte, under the same Message-ID"""
        proxy = self.proxy(LosingMailProxy(self.postfix.port))
        bridge = self.bridge(self.endpoint(port=proxy.port, tls="none", ca_path=None))
        proxy.lose()
        response = bridge.create("mail", "failed")
        [delivery] = bridge.delivered(response)
        self.assertEqual([attempt["outcome"] for attempt in delivery["attempt_log"]], ["failed", "succeeded"])
        first, second = self.mails(response, 2)
        for mail in (first, second):
            for name in ADDED_ON_THE_WAY:
                del mail[name]
        self.assertEqual(first.as_bytes(), second.as_bytes())

    def test_hostile(self):
        """what somebody else wrote stays text: no header, no end of the mail, no markup"""
        bridge = self.bridge(self.endpoint())
        text = f"{HOSTILE}\r\n.\r\nQUIT\r\nBcc: evil@integration.example\r\n\r\nX-Evil: 1"
        vendor().set("resp_mail_hostile", "failed", error={"code": "a\r\nBcc: evil@integration.example", "message": text})
        bridge.watch("mail", "resp_mail_hostile")
        bridge.delivered("resp_mail_hostile")
        [mail] = self.mails("resp_mail_hostile")
        self.assertLessEqual(set(mail.keys()) - ADDED_ON_THE_WAY, OURS)
        self.assertEqual(len(mail["To"].addresses), 1)
        plain, html = (part.get_content() for part in mail.iter_parts())
        for line in (*HOSTILE.splitlines(), ".", "QUIT", "X-Evil: 1"):
            self.assertIn(line, plain.splitlines())
        self.assertNotIn("<script", html)
        self.assertNotIn("<img", html)
        self.assertIn("&lt;script&gt;", html)

    def test_untrusted_certificate(self):
        """a server whose certificate nobody vouches for gets nothing"""
        bridge = self.bridge(self.endpoint(ca_path=None))
        response = bridge.create("mail", "completed")

        def tried():
            return [attempt for delivery in bridge.deliveries(response) for attempt in delivery["attempt_log"]]

        attempts = eventually(tried, 30, "an attempt is on record", bridge.process.tail)
        self.assertEqual({attempt["error"] for attempt in attempts}, {"tls"})
        self.assertEqual(self.postfix.messages_about(response), [])
