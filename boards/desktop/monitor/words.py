# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Words for what was observed: names of numbers, sentences for events, text fit for a terminal."""

from nxd_mqtt import status as _status
from nxd_mqtt import tls_reasons as _tls
from nxd_mqtt import tx_status as _tx
from nxd_mqtt import websocket as _websocket

_STATES = ("INITIALIZE", "IDLE", "CONNECTING", "CONNECTED")

# Names in these modules that are no statuses.
_NO_STATUS = (
    "NX_FALSE",
    "NX_TRUE",
    "NX_NO_WAIT",
    "NX_WAIT_FOREVER",
    "NX_IP_PERIODIC_RATE",
    "NX_SUCCESS",
    "NXD_MQTT_PORT",
)
_STATUSES = {
    number: name
    for module in (_tls, _websocket, _tx, _status)
    for name, number in vars(module).items()
    if name.startswith("NX") and type(number) is int and name not in _NO_STATUS
}

# Of a stranger's text so much is shown; a topic may have 65,535 bytes.
_MOST = 200


def state_name(state: int) -> str:
    """NetX's name of a client's state."""
    return _STATES[state]


def state_words(state: int) -> str:
    """NetX's name of a client's state, with its number."""
    return f"{_STATES[state]} ({state})"


def status_name(status: int) -> str:
    """NetX's name of a status, or its number where it has none here."""
    return _STATUSES.get(status, f"status {status:#x}")


def status_words(status: int) -> str:
    """NetX's name of a status, with its number."""
    return f"{status_name(status)} ({status:#x})" if status in _STATUSES else status_name(status)


def printable(text: str, most: int = _MOST) -> str:
    """Text that does nothing to a terminal but stand there.

    What controls a terminal, turns the direction of writing or cannot be seen is written as an
    escape sequence of Python's.

    :param int most: characters of the text that are shown
    """
    shown = "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in text[:most]
    )
    return shown + ("..." if len(text) > most else "")


def milliseconds(value: float) -> str:
    """A time in milliseconds, as exact as it is of interest."""
    if value < 10:
        return f"{value:.2f} ms"
    return f"{value:.1f} ms" if value < 1000 else f"{value / 1000:.2f} s"


def duration(seconds: float) -> str:
    """A time in hours, minutes and seconds."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def _plural(count: int, word: str) -> str:
    return f"{count:,} {word}{'s' * (count != 1)}"


def ending_words(fields: dict) -> str:
    """Why a link or an attempt has ended, or a call was refused."""
    return f"{fields['stage']}: {printable(fields['cause'])}, {status_words(fields['status'])}"


def _ended(fields: dict) -> str:
    return f"{fields['stage']}: {printable(fields['cause'])}"


def _failed(fields: dict) -> str:
    retry = fields.get("retry_seconds")
    return ending_words(fields) + ("" if retry is None else f"; next try in {retry:.1f} s")


def _connected(fields: dict) -> str:
    session = "the broker has kept the session" if fields["session_present"] else "new session"
    return f"{session}, attempt {fields['attempt']}"


def _message(fields: dict) -> str:
    text = f"{printable(fields['topic'])}, {fields['bytes']:,} B, QoS {fields['qos']}"
    if fields["retain"]:
        text += ", retained"
    return text + (f": {printable(fields['payload'])}" if "payload" in fields else "")


def _acknowledged(fields: dict) -> str:
    text = f"packet {fields['packet']}"
    if fields["milliseconds"] is None:
        return text
    text += f" after {milliseconds(fields['milliseconds'])}"
    return text if fields["round_trip"] else text + ", waited for a link"


def _refused(fields: dict) -> str:
    if "call" in fields:
        return f"{fields['call']}: {status_words(fields['status'])}"
    return _failed(fields)


def _subscription(fields: dict) -> str:
    wanted = fields["filter"]
    return f"packet {fields['packet']}" if wanted is None else printable(wanted)


_SENTENCES = {
    "connected": _connected,
    "lost": ending_words,
    "ended": _ended,
    "failed": _failed,
    "refused": _refused,
    "subscribed": lambda fields: f"{_subscription(fields)} at QoS {fields['qos']}",
    "not granted": _subscription,
    "unsubscribed": _subscription,
    "arrived": lambda fields: _plural(fields["unread"], "unread message"),
    "message": _message,
    "acknowledged": _acknowledged,
}


def sentence(event) -> str:
    """What happened, in one line that a terminal may have."""
    return _SENTENCES[event.kind](event.fields)


def figures_line(fields: dict) -> str:
    """The figures of a second in one line, for an output that is no terminal."""
    round_trip = fields["round_trip_median"]
    parts = [
        fields["state"],
        queue_words(fields),
        window_words(fields),
        "round trip " + ("-" if round_trip is None else milliseconds(round_trip)),
    ]
    names = ("published", "acknowledged", "resent", "received", "dropped", "reconnects")
    return ", ".join(parts + [f"{name} {fields[name]}" for name in names])


def queue_words(fields: dict) -> str:
    """How full the receive queue is."""
    messages = _plural(fields["unread"], "message")
    return f"{messages}, {fields['queue_bytes']:,} of {fields['queue_size']:,} B"


def window_words(fields: dict) -> str:
    """How much of what was published waits for its acknowledgement."""
    return f"{fields['unacknowledged']:,} of {fields['depth']:,} unacknowledged"
