# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""MQTT packets as plain rows that two clients can be compared by.

What differs from run to run becomes a placeholder in braces: the host, the device's id, the times,
the signature, the request id, and the client's own name for itself. A packet identifier is left
out. Payloads and passwords have to be text.
"""

import re
from dataclasses import asdict

_PLACEHOLDERS = (
    (r"(DeviceClientType=)[^&]*", r"\1{agent}"),
    (r"(\bsig=)[^&]*", r"\1{signature}"),
    (r"(\bse=)[0-9]+", r"\1{expiry}"),
    (r"(\$rid=)[^&]*", r"\1{request}"),
)


def plain(packet, host: str, device_id: str) -> tuple[str, dict]:
    """A packet as its name and its fields.

    :param packet: from `boards.desktop.broker.packets`
    """
    fields = asdict(packet)
    fields.pop("packet_id", None)
    return type(packet).__name__.upper(), {
        name: _plain(value, host, device_id) for name, value in fields.items()
    }


def _plain(value, host: str, device_id: str):
    if isinstance(value, tuple):
        return tuple(_plain(one, host, device_id) for one in value)
    if isinstance(value, dict):
        return {name: _plain(one, host, device_id) for name, one in value.items()}
    if isinstance(value, bytes):
        value = value.decode()
    return _plain_text(value, host, device_id) if isinstance(value, str) else value


def _plain_text(text: str, host: str, device_id: str) -> str:
    text = text.replace(host, "{host}").replace(device_id, "{device}")
    for pattern, placeholder in _PLACEHOLDERS:
        text = re.sub(pattern, placeholder, text)
    return text
