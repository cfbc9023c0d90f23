"""Verifies callbacks with the SDK's own verifier.

Reads {"secret", "callbacks": [{"headers": {...}, "body": "..."}]} as JSON from standard input and prints a JSON list of [type, response id].
"""

import json
import sys

from openai import OpenAI

given = json.load(sys.stdin)
client = OpenAI(api_key="sk-test", webhook_secret=given["secret"])
events = [client.webhooks.unwrap(callback["body"], callback["headers"]) for callback in given["callbacks"]]
json.dump([[event.type, event.data.id] for event in events], sys.stdout)
