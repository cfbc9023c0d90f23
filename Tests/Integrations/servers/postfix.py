"""Postfix, from Debian, with a configuration and a queue of its own. It listens on loopback, offers STARTTLS with a certificate that it made
for itself, and keeps all mail in one Maildir.
"""

import email
import email.policy
import pwd
import shutil

from processes import Child, as_root, free_port, run
import smtplib

MAIN = """
compatibility_level = 3.6
queue_directory = {directory}/queue
data_directory = {directory}/data
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.integration.example
mydestination =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = reject_unlisted_recipient, permit_mynetworks, reject
virtual_mailbox_domains = integration.example
virtual_mailbox_base = {directory}/mail
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
virtual_mailbox_limit = 0
alias_maps =
local_recipient_maps =
default_transport = error:this server delivers no mail outside
smtpd_tls_security_level = may
smtpd_tls_cert_file = {directory}/etc/certificate.pem
smtpd_tls_key_file = {directory}/etc/key.pem
smtpd_tls_received_header = yes
maillog_file = /dev/stdout
maillog_file_prefixes = /dev
"""

# Nothing is chrooted, so that nothing has to be copied into the queue's directory.
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
virtual unix - n n - - virtual
"""


class Postfix:
    domain = "integration.example"

    def __init__(self, directory):
        directory.mkdir()
        self.port = free_port()
        self.mail = directory / "mail"
        owner = pwd.getpwnam("postfix")
        for name in ("etc", "queue", "data", "mail"):
            (directory / name).mkdir()
        for name in ("data", "mail"):
            shutil.chown(directory / name, owner.pw_uid, owner.pw_gid)
        # Postfix' own users have to get through.
        for name in (directory, directory.parent):
            name.chmod(0o755)
        self.certificate = directory / "etc" / "certificate.pem"
        run([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
            "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", directory / "etc" / "key.pem", "-out", self.certificate,
        ], directory)
        (directory / "etc" / "main.cf").write_text(MAIN.format(directory=directory, uid=owner.pw_uid, gid=owner.pw_gid))
        (directory / "etc" / "master.cf").write_text(MASTER.format(port=self.port))
        # `postfix start-fg` would leave its daemon behind when it is ended; so the daemon itself is run, after what comes before it.
        run([*as_root(), "postfix", "-c", directory / "etc", "check"], directory)
        self.process = Child("postfix", [*as_root(), "/usr/lib/postfix/sbin/master", "-c", directory / "etc", "-d"], directory)
        self.process.ready(self._greets)

    def _greets(self):
        with smtplib.SMTP("127.0.0.1", self.port, timeout=5) as connection:
            return connection.noop()[0] == 250

    def messages_about(self, response):
        """What was delivered about a response, in the order of its arrival."""
        return [message for message in self.messages() if response in message["Message-ID"]]

    def messages(self):
        """All that was delivered, in the order of their arrival."""
        files = sorted(self.mail.glob("all/new/*"), key=lambda file: file.stat().st_mtime_ns)
        return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]

    def end(self):
        self.process.end()
