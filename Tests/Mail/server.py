"""A mail server that keeps what it gets, and answers as the recipient's name says.

Usage: server.py DIRECTORY [OPTIONS as JSON]

Prints "port N" and serves until it is ended. Each mail it took, or made believe it did not, becomes DIRECTORY/N.eml, its envelope DIRECTORY/N.json.

Options: "tls" (none, starttls, implicit), "certificate" and "key" (PEM files), "login" ([name, password]), "offers_login", "size" (SIZE in
bytes), "greeting" (an answer instead of 220), "slow_quit" (never answers QUIT).
"""

import asyncio
import json
import ssl
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult

directory = Path(sys.argv[1])
options = json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}
tls = options.get("tls", "none")

# By the recipient's name: what is answered to RCPT, and what to the mail itself.
RECIPIENTS = {
    "unknown": "550 5.1.1 No such mailbox here",
    "full": "452 4.2.2 Mailbox full",
    "greylisted": "450 4.7.1 Try again later",
    "relay": "454 4.7.1 Relay access denied",
    "too-large": "552 5.3.4 Message size exceeds fixed limit",
}
MAILS = {"rejected": "554 5.7.1 We do not like it", "deferred": "451 4.3.0 No room in the queue"}


class Handler:
    def __init__(self):
        self.count = 0
        self.refused_once = set()

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        name = address.partition("@")[0]
        if name.startswith("once-") and address not in self.refused_once:
            self.refused_once.add(address)
            return "450 4.3.2 Not now"
        if name in RECIPIENTS:
            return RECIPIENTS[name]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        name = envelope.rcpt_tos[0].partition("@")[0]
        if name in MAILS:
            return MAILS[name]
        self.keep(session, envelope)
        if name == "lost":
            server.transport.abort()
        if name == "silent" or (name == "first-silent" and self.count == 1):
            await asyncio.sleep(3600)
        return "250 2.0.0 Queued"

    def keep(self, session, envelope):
        self.count += 1
        login = session.auth_data
        described = {
            "sender": envelope.mail_from,
            "recipients": envelope.rcpt_tos,
            "client": session.host_name,
            "tls": session.ssl is not None or tls == "implicit",
            "login": login.login.decode() if session.authenticated and login else None,
        }
        (directory / f"{self.count}.eml").write_bytes(envelope.content)
        # Last, by a rename: whoever sees it finds all of it.
        unfinished = directory / f"{self.count}.part"
        unfinished.write_text(json.dumps(described))
        unfinished.rename(directory / f"{self.count}.json")


class Server(SMTP):
    async def smtp_QUIT(self, argument):
        if options.get("slow_quit"):
            await asyncio.sleep(3600)
        await super().smtp_QUIT(argument)

    async def push(self, status):
        if options.get("greeting") and status.startswith("220 ") and "ready" not in status.lower():
            status = options["greeting"]
        await super().push(status)


def authenticated(server, session, envelope, mechanism, data):
    expected = options.get("login")
    isRight = expected is not None and [data.login.decode(), data.password.decode()] == expected
    return AuthResult(success=isRight, handled=isRight, auth_data=data)


async def main():
    context = None
    if tls != "none":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options["certificate"], options["key"])
    handler = Handler()

    def session():
        return Server(
            handler,
            data_size_limit=options.get("size", 33554432),
            tls_context=context if tls == "starttls" else None,
            require_starttls=tls == "starttls",
            auth_required=options.get("login") is not None,
            auth_require_tls=tls == "starttls",
            auth_exclude_mechanism=None if options.get("offers_login", True) else ["LOGIN", "PLAIN"],
            authenticator=authenticated,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(session, "127.0.0.1", 0, ssl=context if tls == "implicit" else None)
    print("port", server.sockets[0].getsockname()[1], flush=True)
    # Nobody is left behind: the test holds the other end of standard input.
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


asyncio.run(main())
