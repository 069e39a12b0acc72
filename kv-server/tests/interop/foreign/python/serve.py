"""Loop of an adapter: operations come as lines of JSON on stdin, their outcomes go to stdout."""

import base64
import json
import sys


class Shown(Exception):
    """A failure that the client tells in a way of its own, not by an exception."""

    def __init__(self, shown):
        super().__init__(str(shown))
        self.shown = shown


def serve(client):
    """Answers operations, each of which is a method of `client`, until stdin ends."""
    outcomes = sys.stdout
    # Clients print; stdout is for outcomes.
    sys.stdout = sys.stderr
    for line in sys.stdin:
        given = json.loads(line)
        operation = getattr(client, given.pop("operation"))
        print(json.dumps(run(client, operation, given)), file=outcomes, flush=True)


def run(client, operation, given):
    try:
        return {"value": operation(**given)}
    except Shown as failure:
        return {"error": failure.shown}
    except Exception as error:  # Clients raise all kinds; each is looked at.
        shown = client.describe(error) if hasattr(client, "describe") else None
        return {"error": shown or {"class": type(error).__name__, "message": str(error)}}


def first_error(envelope):
    """Code, message and the codes behind it of a failure, from an envelope of the API."""
    if not isinstance(envelope, dict) or not envelope.get("errors"):
        return {}
    error = envelope["errors"][0]
    shown = {"code": error["code"], "message": error["message"]}
    if "error_chain" in error:
        shown["chain"] = [cause["code"] for cause in error["error_chain"]]
    return shown


def raw(value):
    return base64.b64decode(value)


def text(value):
    return raw(value).decode()


def shown_bytes(value):
    return base64.b64encode(value.encode() if isinstance(value, str) else value).decode()
