"""HTTP as the tests speak it to the servers: one request, one answer, no surprises."""

import json
import urllib.error
import urllib.request


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)


def request(method, url, body=None, headers=None, seconds=30):
    """Sends a request, its body as JSON unless it is bytes, and returns the answer whatever its status."""
    headers = dict(headers or {})
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        headers.setdefault("Content-Type", "application/json")
    call = urllib.request.Request(url, data=body, method=method, headers=headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(call, timeout=seconds) as response:
            return Answer(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers, error.read())


def demand(method, url, body=None, headers=None, statuses=(200, 201, 204)):
    """Like `request`, and fails unless the answer has one of these statuses."""
    answer = request(method, url, body, headers)
    if answer.status not in statuses:
        raise AssertionError(f"{method} {url} was answered with {answer.status}: {answer.body[:2000].decode(errors='replace')}")
    return answer


def answers(url):
    """Whether anything speaks HTTP there."""
    try:
        return request("GET", url, seconds=5).status > 0
    except (OSError, urllib.error.URLError):
        return False
