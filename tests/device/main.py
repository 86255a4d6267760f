# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The device kit: asks this board's own network for what the client expects, and prints a verdict.

Copy it to a board as code.py, with contract.py beside it; README.md says how. The last line of what
it prints is JSON.
"""

import gc
import json
import os
import sys

from contract import CHECKS, Line, judge

import boards
from nxd_mqtt.nxd import (
    NX_IP,
    NX_PACKET_POOL,
    NXD_MQTT_CLIENT,
    nx_ip_create,
    nx_packet_pool_create,
    nxd_mqtt_client_create,
)

_LINES = ("tcp", "tls", "ws", "wss")
_NEEDED = ("refused", "silent", "mute")

_HELP = """\
settings.toml needs NXD_PEER_HOST and NXD_PEER_PORTS: run peer.py on a computer in this network and
copy what it prints"""


def _number(text):
    """A number above 0, or 0 for what is none."""
    try:
        return max(int(text), 0)
    except ValueError:
        return 0


def _ports(text):
    ports = {}
    for pair in text.split():
        name, _, port = pair.partition("=")
        ports[name] = _number(port)
        if name not in _LINES + _NEEDED or not 0 < ports[name] < 65536:
            raise ValueError("NXD_PEER_PORTS: %r is not a name and a port, as tcp=18830 is" % pair)
    return ports


def read_settings(get):
    """What the settings say.

    :param get: ``os.getenv``, or another function from a name to text or None
    :raises ValueError: with what is missing, or the name of the setting that cannot be used
    """
    host = get("NXD_PEER_HOST")
    ports = _ports(str(get("NXD_PEER_PORTS") or ""))
    if not host or [name for name in _NEEDED if name not in ports]:
        raise ValueError(_HELP)
    if not [name for name in _LINES if name in ports]:
        raise ValueError("NXD_PEER_PORTS: nothing to test without tcp, tls, ws or wss")
    patience = get("NXD_PEER_PATIENCE") or 100
    if not _number(patience):
        raise ValueError("NXD_PEER_PATIENCE: %r is not a number of percent" % patience)
    return {
        "host": host,
        "ports": ports,
        "root": get("NXD_PEER_CA"),
        "name": get("NXD_PEER_NAME"),
        "patience": _number(patience),
    }


def _secure(ip, settings):
    """What makes a link secure: as a program's setup callback would."""
    from nxd_mqtt.tls import (
        NX_SECURE_X509_DNS_NAME,
        _Secure,
        nx_secure_tls_session_sni_extension_set,
        nx_secure_tls_trusted_certificate_add,
        nx_secure_x509_certificate_initialize,
        nx_secure_x509_dns_name_initialize,
    )

    def tls_setup(client, session, certificate, trusted_certificate):
        status = 0
        if settings["root"]:
            status = nx_secure_x509_certificate_initialize(trusted_certificate, settings["root"])
            status = status or nx_secure_tls_trusted_certificate_add(session, trusted_certificate)
        if settings["name"] and not status:
            name = NX_SECURE_X509_DNS_NAME()
            nx_secure_x509_dns_name_initialize(name, settings["name"])
            status = nx_secure_tls_session_sni_extension_set(session, name)
        return status

    client = NXD_MQTT_CLIENT()
    packets = NX_PACKET_POOL()
    nx_packet_pool_create(packets, "packets", 64, None, 64)
    nxd_mqtt_client_create(client, "kit", "kit", ip, packets, memory_size=64)
    return _Secure(client, tls_setup)


def _websocket(settings):
    from nxd_mqtt.websocket import _WebSocket

    return _WebSocket(settings["host"].encode(), b"/mqtt")


def _line(ip, settings, name):
    secure = _secure(ip, settings) if name in ("tls", "wss") else None
    websocket = _websocket(settings) if name in ("ws", "wss") else None
    line = Line(ip, settings["host"], settings["ports"], name, secure, websocket)
    for attribute in ("hold", "silence", "short_limit"):
        patient = getattr(line, attribute) * settings["patience"] // 100
        setattr(line, attribute, patient)
    return line


def _board():
    if sys.implementation.name == "cpython":
        return "desktop"
    try:
        from board import board_id

        return board_id
    except ImportError:
        return sys.platform


def run(radio, settings, tell):
    """Run all checks on all lines.

    :param radio: what ``boards.connect`` returned
    :param settings: from ``read_settings``
    :param tell: takes a line of text for each check
    :return: the verdict, a dict
    """
    version = ".".join([str(number) for number in sys.implementation.version[:3]])
    verdict = {
        "interpreter": "%s %s" % (sys.implementation.name, version),
        "board": _board(),
        "stack": type(radio).__name__,
        "passed": 0,
        "failed": [],
        "skipped": [],
    }
    ip = NX_IP()
    nx_ip_create(ip, "kit", radio=radio)
    for name in _LINES:
        if name not in settings["ports"]:
            continue
        line = _line(ip, settings, name)
        for title, check in CHECKS:
            boards.connected(radio)
            result, text = judge(line, check)
            tell("%s %s: %s %s" % (name, title, result, text))
            if result == "passed":
                verdict["passed"] += 1
            else:
                verdict[result].append({"check": "%s %s" % (name, title), "text": text})
        line = None
        gc.collect()
    return verdict


def main():
    """Run the kit with this board's settings.

    :return: whether all went well
    """
    try:
        settings = read_settings(os.getenv)
    except ValueError as error:
        print(error)
        return False
    verdict = run(boards.connect(), settings, print)
    print(json.dumps(verdict))
    return not verdict["failed"]


if __name__ == "__main__":
    good = main()
    # A board has nobody to tell.
    if not good and sys.implementation.name == "cpython":
        sys.exit(1)
