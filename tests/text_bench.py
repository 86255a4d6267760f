# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Where the code of the documents runs: whatever broker it names is the embedded one.

The code lies in ``tests/texts/``, a file for each block, as it is printed. A test runs it with
``run_text``, and hands in what the block takes for granted.
"""

import runpy
import socket
from pathlib import Path

from loopback import new_client

import nxd_mqtt.nxd
import nxd_mqtt.nxd_extensions
from boards.desktop.broker import Broker
from boards.desktop.broker.secure import server_context
from nxd_mqtt import tls_context
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_poll, nxd_mqtt_client_statistics_get

TEXTS = Path(__file__).resolve().parent / "texts"


def run_text(name: str, **names) -> dict:
    """Run a block; returns the names that it leaves.

    :param str name: of the file in ``tests/texts/``
    :param names: what the block takes for granted besides the names of the two main headers
    """
    given = dict(vars(nxd_mqtt.nxd), **vars(nxd_mqtt.nxd_extensions))
    given = {key: value for key, value in given.items() if not key.startswith("_")}
    return runpy.run_path(str(TEXTS / (name + ".py")), init_globals=dict(given, **names))


class Network:
    """A network in which every name is this machine, and every port that of a broker.

    :param monkeypatch: undoes it after the test
    """

    def __init__(self, monkeypatch):
        self._patch = monkeypatch
        self._brokers = {}
        self.asked = []
        """Which hosts somebody has connected to."""
        network = self

        def connect(sock, address):
            network.asked.append(address[0])
            port = network.port(address[1])
            return super(socket.socket, sock).connect(("127.0.0.1", port))

        def look_up(host, port, *rest, **named):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]

        monkeypatch.setattr(socket.socket, "connect", connect, raising=False)
        monkeypatch.setattr(socket, "getaddrinfo", look_up)

    def port(self, port: int) -> int:
        """Where somebody really arrives who connects to a port."""
        return self._brokers[port].port if port in self._brokers else port

    def serve(self, port: int, **named) -> Broker:
        """Start a broker at a port; it stops with the network."""
        self._brokers[port] = Broker(0, **named)
        self._brokers[port].start()
        return self._brokers[port]

    def serve_tls(self, port: int, files, client_authority=None) -> Broker:
        """The same, with TLS."""
        context = server_context(files.certificate, files.key, client_authority)
        return self.serve(port, ssl_context=context)

    def files(self, **paths) -> None:
        """Let TLS find files under other paths than they have, said as ``roots_pem`` of a root."""
        found = {"/" + name.replace("_", "."): path for name, path in paths.items()}

        def open_found(path, mode):
            return Path(found[path]).open(mode)

        self._patch.setattr(tls_context, "open", open_found, raising=False)

    def stop(self) -> None:
        """Stop all brokers."""
        for broker in self._brokers.values():
            broker.stop()


def statistics(client) -> dict:
    """What a client has counted."""
    return nxd_mqtt_client_statistics_get(client)[1]


def poll_until(client, done, polls=500) -> None:
    """Let a client work until something is so."""
    for _ in range(polls):
        if done():
            return
        assert nxd_mqtt_client_poll(client, 1) == NXD_MQTT_SUCCESS, client.reason
    raise AssertionError("it never came to that")


def connected(client, host="broker.example", port=1883):
    """A client with a link; its pool is the network's."""
    assert nxd_mqtt_client_connect(client, host, port, 60, NX_TRUE, 500) == NXD_MQTT_SUCCESS
    return client


def subscribed(client, topic):
    """A client that hears what it says."""
    assert nxd_mqtt_client_subscribe(client, topic, 1) == NXD_MQTT_SUCCESS
    poll_until(client, lambda: not statistics(client)["unacknowledged"])
    return client


__all__ = (
    "TEXTS",
    "Network",
    "connected",
    "new_client",
    "poll_until",
    "run_text",
    "statistics",
    "subscribed",
)
