"""Loop of an adapter: reads operations from stdin, writes their outcomes to stdout, each as a line of JSON."""

import base64
import json
import sys


class ReportedError(Exception):
    """Error that a client reports without an exception."""

    def __init__(self, reported):
        super().__init__(str(reported))
        self.reported = reported


def serve(client):
    """Performs operations, each a method of `client`, until stdin ends."""
    outcomes = sys.stdout
    # Some clients print, but stdout is for outcomes.
    sys.stdout = sys.stderr
    for line in sys.stdin:
        given = json.loads(line)
        operation = getattr(client, given.pop("operation"))
        print(json.dumps(run(client, operation, given)), file=outcomes, flush=True)


def run(client, operation, given):
    try:
        return {"value": operation(**given)}
    except ReportedError as error:
        return {"error": error.reported}
    except Exception as error:  # Clients raise exceptions of any class.
        reported = client.describe(error) if hasattr(client, "describe") else None
        return {"error": reported or {"class": type(error).__name__, "message": str(error)}}


def first_error(envelope):
    """Returns code, message and chain of codes of the first error in an envelope."""
    if not isinstance(envelope, dict) or not envelope.get("errors"):
        return {}
    error = envelope["errors"][0]
    reported = {"code": error["code"], "message": error["message"]}
    if "error_chain" in error:
        reported["chain"] = [cause["code"] for cause in error["error_chain"]]
    return reported


def raw(value):
    """Returns the bytes of a value in base64."""
    return base64.b64decode(value)


def text(value):
    """Returns the text of a value in base64."""
    return raw(value).decode()


def to_base64(value):
    """Returns bytes or a text in base64."""
    return base64.b64encode(value.encode() if isinstance(value, str) else value).decode()
