"""Reads mails with Python's own parser, which is told to overlook nothing.

Usage: read.py < MAILS, a JSON list of mails in base 64. Prints a JSON list of what is in them.
"""

import base64
import email
import email.policy
import json
import sys

policy = email.policy.strict


def read(raw):
    message = email.message_from_bytes(raw, policy=policy)
    parts = {}
    for part in message.walk():
        if part.defects:
            raise ValueError(f"{part.get_content_type()}: {part.defects}")
        if not part.is_multipart():
            parts[part.get_content_type()] = part.get_payload(decode=True).decode(part.get_content_charset())
    for name, value in message.items():
        if value.defects:
            raise ValueError(f"{name}: {value.defects}")
    return {
        "headers": [[name, str(value)] for name, value in message.items()],
        "from": [[a.display_name, a.addr_spec] for a in message["from"].addresses],
        "to": [[a.display_name, a.addr_spec] for a in message["to"].addresses],
        "date": message["date"].datetime.isoformat(),
        "type": message.get_content_type(),
        "parts": parts,
    }


print(json.dumps([read(base64.b64decode(raw)) for raw in json.load(sys.stdin)]))
