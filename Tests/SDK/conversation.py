"""Everything a program does with the Responses API, by the official SDK, which is told nothing but a base URL.

Usage: conversation.py BASE_URL

Prints one JSON object: "results" holds what each step brought, without what differs from one run to the next (ids and times), so that
two servers that behave the same bring the same; "responses" holds the ids of the background responses by how they ended.
"""

import json
import sys
import time

import openai
from openai import OpenAI

client = OpenAI(base_url=sys.argv[1], api_key="sk-test", max_retries=0, timeout=30)
results = {}
responses = {}
names = {}


def script(**steps):
    return {f"sandbox.{name}": value for name, value in steps.items()}


def plain(value):
    """The value without ids and times."""
    if isinstance(value, dict):
        return {key: "(time)" if key.endswith("_at") and item is not None else plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, str):
        for identifier, name in names.items():
            value = value.replace(identifier, name)
    return value


def name_ids(value):
    """Gives every id in the value a name by its order."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key in ("id", "item_id", "response_id", "first_id", "last_id") and isinstance(item, str):
                names.setdefault(item, f"(id {len(names)})")
            name_ids(item)
    elif isinstance(value, list):
        for item in value:
            name_ids(item)


def shown(model):
    value = model.to_dict(mode="json")
    name_ids(value)
    return plain(value)


def step(name):
    def run(body):
        try:
            results[name] = body()
        except openai.APIStatusError as error:
            name_ids(error.body)
            results[name] = {"error": type(error).__name__, "status": error.status_code, "body": plain(error.body)}
        return body

    return run


def created(outcome="completed", duration="300ms", **more):
    response = client.responses.create(
        model="sandbox-1", input="Say it.", background=True, metadata=script(outcome=outcome, duration=duration, **more)
    )
    responses[response.id] = outcome
    return response


def ended(response):
    while response.status in ("queued", "in_progress"):
        time.sleep(0.02)
        response = client.responses.retrieve(response.id)
    return response


for outcome in ("completed", "failed", "incomplete"):

    @step(f"create in the background and retrieve: {outcome}")
    def background(outcome=outcome):
        response = created(outcome)
        return [response.status, shown(ended(response))]


def opened(**more):
    return client.responses.create(
        model="sandbox-1", input="Say it.", background=True, stream=True,
        metadata=script(duration="400ms", delta_interval="20ms", output_bytes="300", **more),
    )


@step("create in the background and stream")
def background_stream():
    events = [event for event in opened()]
    responses[events[0].response.id] = "completed"
    return [shown(event) for event in events]


@step("leave a background stream and resume it")
def resumed():
    seen = []
    with opened() as stream:
        for event in stream:
            seen.append(event)
            if len(seen) == 6:
                break
    response = seen[0].response.id
    responses[response] = "completed"
    after = seen[-1].sequence_number
    seen += client.responses.retrieve(response, stream=True, starting_after=after)
    return [shown(event) for event in seen]


@step("stream a finished response")
def finished_stream():
    response = ended(created())
    return [shown(event) for event in client.responses.retrieve(response.id, stream=True)]


@step("cancel")
def cancelled():
    response = created(duration="60s")
    responses[response.id] = "cancelled"
    answer = client.responses.cancel(response.id)
    return [shown(answer), shown(ended(answer))]


@step("cancel what is finished")
def cancelled_late():
    response = ended(created())
    return shown(client.responses.cancel(response.id))


@step("list the input items")
def input_items():
    response = ended(created())
    return [shown(item) for item in client.responses.input_items.list(response.id)]


@step("delete")
def deleted():
    response = ended(created())
    # Whoever deletes a response at once may be faster than whoever wants to hear of its end.
    del responses[response.id]
    names[response.id] = "(deleted)"
    client.responses.delete(response.id)
    return [client.responses.retrieve(response.id)]


@step("retrieve what never was")
def unknown():
    return shown(client.responses.retrieve("resp_neverwas"))


@step("create in the foreground")
def foreground():
    response = client.responses.create(model="sandbox-1", input="Say it.", metadata=script(duration="200ms"))
    return shown(response)


@step("create in the foreground and stream")
def foreground_stream():
    stream = client.responses.create(
        model="sandbox-1", input="Say it.", stream=True,
        metadata=script(duration="300ms", delta_interval="20ms", output_bytes="300"),
    )
    return [shown(event) for event in stream]


@step("create what is refused")
def refused():
    return shown(client.responses.create(model="sandbox-1", input="Say it.", background=True, metadata=script(outcome="nonsense")))


@step("read the raw answer")
def raw():
    answer = client.responses.with_raw_response.create(model="sandbox-1", input="Say it.", metadata=script(duration="50ms"))
    return [answer.status_code, answer.headers.get("content-type"), shown(answer.parse())]


json.dump({"results": results, "responses": responses}, sys.stdout, indent=1, sort_keys=True)
