# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Lines between a program of Microsoft's SDKs and the test that tells it what to do.

A test writes one JSON object a line, ``{"do": name, ...arguments}``. The program answers each with
``{"did": name, "result": ...}`` or ``{"did": name, "error": its class, "text": ...}``; what it is
told by the hub in between are lines ``{"told": kind, ...}``.
"""

import json
import sys
import threading

_one_line_at_a_time = threading.Lock()


def say(**line) -> None:
    """One line to the test; what JSON lacks becomes text."""
    with _one_line_at_a_time:
        sys.stdout.write(json.dumps(line, default=str) + "\n")
        sys.stdout.flush()


def error_of(error: BaseException) -> dict:
    """What a test may ask about an exception."""
    answer = getattr(error, "response", None)
    return {
        "error": type(error).__name__,
        "text": str(error),
        "cause": type(error.__cause__).__name__ if error.__cause__ else None,
        "status": getattr(answer, "status_code", None),
        "body": getattr(answer, "text", None),
    }


def obey(actor) -> None:
    """Does what the lines say, by the actor's methods, until there are no more lines.

    :param actor: has a method for each name
    """
    for line in sys.stdin:
        wish = json.loads(line)
        name = wish.pop("do")
        try:
            result = getattr(actor, name)(**wish)
        except Exception as error:  # every way in which the SDK fails is for the test to judge
            say(did=name, **error_of(error))
        else:
            say(did=name, result=result)
