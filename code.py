# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What a board does when it is switched on: it reports to an MQTT broker and takes commands.

Each second it publishes a report at QoS 1 to ``<MQTT_TOPIC>/telemetry``, and it prints what comes
to ``<MQTT_TOPIC>/command``. When the link is lost the client connects again by itself; reports that
are published meanwhile wait, as many as there is room for, and what was not acknowledged is sent
again. The settings are in ``settings.toml``, see ``settings.toml.example``.

On the desktop this file runs unchanged: ``MQTT_BROKER=127.0.0.1 .venv/bin/python code.py``.
"""

import os
import sys

from adafruit_ticks import ticks_add, ticks_diff, ticks_ms
from micropython import const

import boards
from nxd_mqtt.nxd import (
    NX_FALSE,
    NX_IN_PROGRESS,
    NX_IP,
    NX_IP_PERIODIC_RATE,
    NX_NO_WAIT,
    NX_PACKET_POOL,
    NX_SUCCESS,
    NXD_MQTT_CLIENT,
    NXD_MQTT_ERROR_BAD_USERNAME_PASSWORD,
    NXD_MQTT_ERROR_IDENTIFYIER_REJECTED,
    NXD_MQTT_ERROR_NOT_AUTHORIZED,
    NXD_MQTT_ERROR_UNACCEPTABLE_PROTOCOL,
    NXD_MQTT_NO_MESSAGE,
    NXD_MQTT_NOT_CONNECTED,
    NXD_MQTT_PACKET_POOL_FAILURE,
    NXD_MQTT_SUCCESS,
    nx_ip_create,
    nx_packet_pool_create,
    nxd_mqtt_client_connect,
    nxd_mqtt_client_create,
    nxd_mqtt_client_delete,
    nxd_mqtt_client_login_set,
    nxd_mqtt_client_message_get,
    nxd_mqtt_client_publish,
    nxd_mqtt_client_subscribe,
)
from nxd_mqtt.nxd_extensions import (
    nxd_mqtt_client_deadline_get,
    nxd_mqtt_client_message_discard,
    nxd_mqtt_client_poll,
    nxd_mqtt_client_reconnect_set,
    nxd_mqtt_client_statistics_get,
    nxd_mqtt_client_store_set,
)

_QOS_1 = const(1)
# Seconds.
_KEEPALIVE = const(60)

# Up to eight packets of 512 bytes wait for their acknowledgement; 2 KB of commands wait to be read.
_PACKET_BYTES = const(512)
_STORE_BYTES = const(4096)
_QUEUE_BYTES = const(2048)
_LONGEST_TOPIC = const(200)
_TOPIC_BYTES = const(256)
_MESSAGE_BYTES = const(1024)

# Milliseconds.
_INTERVAL = const(1000)
_QUIET = const(1000)

# Ticks of 10 ms: how long to wait for the broker when there is nothing to publish, and between two
# attempts to connect.
_IDLE_TICKS = const(20)
_SHORTEST_PAUSE = const(100)
_LONGEST_PAUSE = const(6000)
_MILLISECONDS_PER_TICK = const(10)

# The packet type SUBACK, as the acknowledgement callback tells it, and the code that says no.
_SUBACK = const(9)
_REFUSED = const(0x80)

# What to say of refusals that only a person mends.
_REFUSALS = {
    NXD_MQTT_ERROR_UNACCEPTABLE_PROTOCOL: "the broker does not speak MQTT 3.1.1",
    NXD_MQTT_ERROR_IDENTIFYIER_REJECTED: "the broker rejects MQTT_CLIENT_ID",
    NXD_MQTT_ERROR_BAD_USERNAME_PASSWORD: "the broker rejects MQTT_USERNAME or MQTT_PASSWORD",
    NXD_MQTT_ERROR_NOT_AUTHORIZED: "the broker does not admit this board",
}
_KEYS = ("BROKER", "PORT", "USERNAME", "PASSWORD", "CLIENT_ID", "TOPIC", "OUTBOX") + (
    ("TLS", "ROOTS", "CERTIFICATE", "KEY", "WEBSOCKET")
)

# The port where MQTT is expected, by whether there is TLS and whether there is WebSocket.
_PORTS = {(False, False): 1883, (True, False): 8883, (False, True): 80, (True, True): 443}

# What a person wants to know of the time before, when the link is there again.
_FIGURES = ("reconnects", "unacknowledged", "resent", "dropped", "oversize")

_NO_BROKER = """\
No broker to report to: put at least these lines into settings.toml.

    CIRCUITPY_WIFI_SSID = "the name of your network"
    CIRCUITPY_WIFI_PASSWORD = "its password"
    MQTT_BROKER = "the broker's name or address"

settings.toml.example has them all."""


def read_settings(getenv=os.getenv) -> dict:
    """The settings, complete: what is missing gets its default.

    :param getenv: looks a setting up; a board's ``os.getenv`` reads settings.toml
    :raises ValueError: a setting that cannot be used
    """
    settings = {}
    for key in _KEYS:
        value = getenv("MQTT_" + key)
        settings["MQTT_" + key] = None if value is None or value == "" else str(value)
    if settings["MQTT_TLS"] not in (None, "0", "1"):
        raise ValueError("MQTT_TLS must be 0 or 1")
    settings["MQTT_TLS"] = settings["MQTT_TLS"] == "1"
    _check_security(settings)
    kind = (settings["MQTT_TLS"], settings["MQTT_WEBSOCKET"] is not None)
    port = settings["MQTT_PORT"] or str(_PORTS[kind])
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError("MQTT_PORT must be a number from 1 to 65535")
    settings["MQTT_PORT"] = int(port)
    if settings["MQTT_CLIENT_ID"] is None:
        settings["MQTT_CLIENT_ID"] = boards.client_id()
    topic = settings["MQTT_TOPIC"] or "nxd_mqtt/" + settings["MQTT_CLIENT_ID"]
    if any(mark in topic for mark in "+#\0") or len(topic.encode()) > _LONGEST_TOPIC:
        raise ValueError("MQTT_TOPIC must have no +, #, NUL and at most %d bytes" % _LONGEST_TOPIC)
    settings["MQTT_TOPIC"] = topic
    return settings


def _check_security(settings: dict) -> None:
    """Refuse what would look secure and is not, or what could never connect."""
    for key in ("MQTT_ROOTS", "MQTT_CERTIFICATE", "MQTT_KEY"):
        if settings[key] and not settings["MQTT_TLS"]:
            raise ValueError(key + ' is of no use without MQTT_TLS = "1"')
    if (settings["MQTT_CERTIFICATE"] is None) != (settings["MQTT_KEY"] is None):
        raise ValueError("MQTT_CERTIFICATE and MQTT_KEY go together; both may name the same file")
    if settings["MQTT_WEBSOCKET"] and settings["MQTT_WEBSOCKET"][0] != "/":
        raise ValueError("MQTT_WEBSOCKET must be a path that begins with /")


def network(radio) -> NX_IP:
    """The network behind a radio; each attempt to connect first asks whether it is there."""
    ip = NX_IP()
    status = nx_ip_create(ip, "network", radio=radio, link_up=lambda: boards.connected(radio))
    _expect(NX_SUCCESS, "nx_ip_create", status)
    return ip


def tls_setup(settings: dict):
    """The callback that says, before each attempt, what to trust and what to show.

    :param dict settings: as ``read_settings`` makes them; without MQTT_ROOTS the board's own roots
        are trusted
    """
    from nxd_mqtt.tls import (
        nx_secure_tls_local_certificate_add,
        nx_secure_tls_session_create,
        nx_secure_tls_trusted_certificate_add,
        nx_secure_x509_certificate_initialize,
    )

    def setup(client, session, certificate, trusted_certificate) -> int:
        status = nx_secure_tls_session_create(session)
        if settings["MQTT_ROOTS"] and not status:
            status = nx_secure_x509_certificate_initialize(
                trusted_certificate, settings["MQTT_ROOTS"]
            ) or nx_secure_tls_trusted_certificate_add(session, trusted_certificate)
        if settings["MQTT_CERTIFICATE"] and not status:
            status = nx_secure_x509_certificate_initialize(
                certificate, settings["MQTT_CERTIFICATE"], None, settings["MQTT_KEY"]
            ) or nx_secure_tls_local_certificate_add(session, certificate)
        return status

    return setup


def _expect(wanted: int, function: str, status: int, reason=None) -> None:
    """End the program when a call is refused that a right program never sees refused."""
    if status != wanted:
        raise RuntimeError("%s: status 0x%X, %s" % (function, status, reason))


def _readable(data):
    """Bytes as text, where they are text."""
    try:
        return str(data, "utf-8")
    except UnicodeError:
        return bytes(data)


class Job:
    """One client at its work.

    :param NX_IP ip: the network
    :param dict settings: as ``read_settings`` makes them; "interval" may say how many milliseconds
        lie between two reports
    :param count: how many reports to publish, None for no end
    :param tell: called with each line that a person might want to read
    """

    def __init__(self, ip, settings: dict, count, tell):
        self._settings = settings
        self._interval = settings.get("interval", _INTERVAL)
        self._count = count
        self._tell = tell
        self._telemetry = settings["MQTT_TOPIC"] + "/telemetry"
        self._commands = settings["MQTT_TOPIC"] + "/command"
        self._topic = bytearray(_TOPIC_BYTES)
        self._message = bytearray(_MESSAGE_BYTES)
        self._published = self._received = self._uptime = 0
        self._now = self._next_report = self._next_call = self._heard = ticks_ms()
        self._client = NXD_MQTT_CLIENT()
        self._create(ip)
        if settings["MQTT_OUTBOX"]:
            self._open_outbox(settings["MQTT_OUTBOX"])
        if settings["MQTT_WEBSOCKET"]:
            self._use_websocket(settings["MQTT_BROKER"], settings["MQTT_WEBSOCKET"])
        self._full = False
        self._explained = self._client.reason
        self._connect()

    def _create(self, ip) -> None:
        client = self._client
        settings = self._settings
        pool = NX_PACKET_POOL()
        status = nx_packet_pool_create(pool, "store", _PACKET_BYTES, None, _STORE_BYTES)
        _expect(NX_SUCCESS, "nx_packet_pool_create", status)
        name = settings["MQTT_CLIENT_ID"]
        queue = bytearray(_QUEUE_BYTES)
        status = nxd_mqtt_client_create(client, "job", name, ip, pool, None, 0, 0, queue)
        _expect(NXD_MQTT_SUCCESS, "nxd_mqtt_client_create", status, client.reason)
        username = settings["MQTT_USERNAME"]
        status = nxd_mqtt_client_login_set(client, username, settings["MQTT_PASSWORD"])
        _expect(NXD_MQTT_SUCCESS, "nxd_mqtt_client_login_set", status, client.reason)
        status = nxd_mqtt_client_reconnect_set(client, _SHORTEST_PAUSE, _LONGEST_PAUSE)
        _expect(NXD_MQTT_SUCCESS, "nxd_mqtt_client_reconnect_set", status, client.reason)
        client.nxd_mqtt_connect_notify = self._on_connect
        client.nxd_mqtt_ack_receive_notify = self._on_acknowledgement

    def _open_outbox(self, path: str) -> None:
        """Keep accepted reports on the drive; in memory only, if the drive does not take them."""
        from nxd_mqtt.file_store import FileStore

        store = FileStore(path)
        if nxd_mqtt_client_store_set(self._client, store) == NXD_MQTT_SUCCESS:
            self._tell("outbox %s: %d reports from before" % (path, store.restored))
        else:
            cause = self._client.reason[2]
            self._tell("no outbox %s: %s; reports wait in memory only" % (path, cause))

    def _use_websocket(self, host: str, path: str) -> None:
        from nxd_mqtt.websocket import nxd_mqtt_client_websocket_set

        status = nxd_mqtt_client_websocket_set(self._client, host, path)
        _expect(NXD_MQTT_SUCCESS, "nxd_mqtt_client_websocket_set", status, self._client.reason)

    def _connect(self) -> None:
        """Ask for a link; the client keeps to that, unless it is refused for good."""
        client = self._client
        settings = self._settings
        host, port = settings["MQTT_BROKER"], settings["MQTT_PORT"]
        way = " with TLS" if settings["MQTT_TLS"] else ""
        if settings["MQTT_WEBSOCKET"]:
            way += " by WebSocket " + settings["MQTT_WEBSOCKET"]
        name = settings["MQTT_CLIENT_ID"]
        self._tell("connecting to %s port %d%s as %s" % (host, port, way, name))
        # Not a clean session: what is not acknowledged is sent again on the next link.
        how = (_KEEPALIVE, NX_FALSE, NX_NO_WAIT)
        if settings["MQTT_TLS"]:
            from nxd_mqtt.tls import nxd_mqtt_client_secure_connect

            setup = tls_setup(settings)
            status = nxd_mqtt_client_secure_connect(client, host, port, setup, *how)
        else:
            status = nxd_mqtt_client_connect(client, host, port, *how)
        _expect(NX_IN_PROGRESS, "nxd_mqtt_client_connect", status, client.reason)
        self._asked = False

    # -- the loop -----------------------------------------------------------------------------

    def turn(self) -> None:
        """Publish what is due, run the client, say why it has no link, print what came."""
        now = ticks_ms()
        self._uptime += ticks_diff(now, self._now)
        self._now = now
        status = nxd_mqtt_client_poll(self._client, self._work())
        if self._client.reason is not self._explained:
            self._explain(status)
        if status == NXD_MQTT_NOT_CONNECTED and ticks_diff(now, self._next_call) >= 0:
            self._connect()
        self._take_messages()

    def done(self) -> bool:
        """Whether all is acknowledged and the broker silent since then; never without a count."""
        if self._published != self._count or self._statistics()["unacknowledged"]:
            return False
        return ticks_diff(ticks_ms(), self._heard) >= _QUIET

    def figures(self) -> dict:
        """What was done so far, in messages."""
        statistics = self._statistics()
        return {
            "published": self._published,
            "acked": statistics["acknowledged"],
            "received": self._received,
            "resent": statistics["resent"],
        }

    def _statistics(self) -> dict:
        return nxd_mqtt_client_statistics_get(self._client)[1]

    def end(self) -> None:
        """Say goodbye to the broker and give the client up."""
        nxd_mqtt_client_delete(self._client)

    # -- what it asks for and publishes -------------------------------------------------------

    def _work(self) -> int:
        """Do what is due; returns how many ticks to wait for the broker after it."""
        client = self._client
        if not self._asked:  # before any report; a full outbox has no room for it yet
            status = nxd_mqtt_client_subscribe(client, self._commands, _QOS_1)
            self._asked = status == NXD_MQTT_SUCCESS
        if self._published != self._count and ticks_diff(self._next_report, self._now) <= 0:
            self._publish()
        left = ticks_diff(self._next_report, self._now) // _MILLISECONDS_PER_TICK + 1
        return left if 0 < left < _IDLE_TICKS else _IDLE_TICKS

    def _publish(self) -> None:
        """Publish a report; for one that finds no room the next one stands in."""
        client = self._client
        topic = self._telemetry
        report = self._report(self._published + 1)
        status = nxd_mqtt_client_publish(client, topic, report, NX_FALSE, _QOS_1, NX_NO_WAIT)
        if status == NXD_MQTT_SUCCESS:
            self._published += 1
            self._tell("published %s" % report)
        elif status == NXD_MQTT_PACKET_POOL_FAILURE and not self._full:
            self._tell("no room for more: reports are left out until some are acknowledged")
        self._full = status == NXD_MQTT_PACKET_POOL_FAILURE
        self._next_report = ticks_add(self._now, self._interval)

    def _report(self, number: int) -> str:
        report = '{"number": %d, "uptime": %d' % (number, self._uptime // 1000)
        degrees = boards.temperature()
        if degrees is not None:
            report += ', "temperature": %.1f' % degrees
        return report + "}"

    # -- the link comes and goes --------------------------------------------------------------

    def _explain(self, status: int) -> None:
        """Something has ended: say why, and when the next attempt to connect will be.

        The client makes it. Only after a refusal for good it is ours: somebody may have helped.
        """
        stage, _, cause = self._explained = self._client.reason
        if stage == "store":
            self._tell("the outbox takes no report: %s" % cause)
            return
        what = "link lost" if stage == "session" else "no link"
        _, ticks = nxd_mqtt_client_deadline_get(self._client)
        if status != NXD_MQTT_SUCCESS:
            what = "needs your help"
            cause = _REFUSALS.get(status, cause)
            ticks = _LONGEST_PAUSE
            self._next_call = ticks_add(ticks_ms(), ticks * _MILLISECONDS_PER_TICK)
        seconds = ticks / NX_IP_PERIODIC_RATE
        self._tell("%s (%s): %s; next try in %.1f s" % (what, stage, cause, seconds))

    def _on_connect(self, client, status: int, context) -> None:
        if status != NXD_MQTT_SUCCESS:
            return  # poll returns it, too
        kept = client.session_present
        self._tell("connected, %s session" % ("the broker has kept the" if kept else "a new"))
        statistics = self._statistics()
        if statistics["connects"] > 1:
            figures = ["%s=%d" % (name, statistics[name]) for name in _FIGURES]
            self._tell("so far " + " ".join(figures))

    def _on_acknowledgement(self, client, kind: int, packet_id: int, code, context) -> None:
        self._heard = ticks_ms()
        if kind == _SUBACK:
            answer = "the broker refuses" if code == _REFUSED else "subscribed to"
            self._tell("%s %s" % (answer, self._commands))

    # -- what arrives -------------------------------------------------------------------------

    def _take_messages(self) -> None:
        client = self._client
        while True:
            status, topic_length, message_length = nxd_mqtt_client_message_get(
                client, self._topic, self._message
            )
            if status == NXD_MQTT_NO_MESSAGE:
                return
            self._heard = ticks_ms()
            if status == NXD_MQTT_SUCCESS:
                self._received += 1
                message = _readable(self._message[:message_length])
                self._tell("received %s: %r" % (_readable(self._topic[:topic_length]), message))
            else:
                self._tell("left unread: a message of %d bytes" % message_length)
                nxd_mqtt_client_message_discard(client)


def run(radio, settings: dict, count=None, tell=print):
    """Do the job: for ever, or until so many reports are acknowledged.

    :param radio: what ``boards.connect`` returned
    :param dict settings: as ``read_settings`` makes them
    :param count: how many reports to publish, None for no end
    :param tell: called with each line that a person might want to read
    :return: dict of published, acked, received, resent: messages
    """
    job = Job(network(radio), settings, count, tell)
    try:
        while not job.done():
            job.turn()
        return job.figures()
    finally:
        job.end()


def main() -> None:
    """Run on the board's radio, or say what is missing; the desktop then plays a demo instead."""
    if os.getenv("MQTT_BROKER"):
        try:
            settings = read_settings()
        except ValueError as error:
            print(error)
            return
        try:
            run(boards.connect(), settings)
        except KeyboardInterrupt:
            print("stopped")
    elif sys.implementation.name == "cpython":
        from boards.desktop.demo import main as demo

        sys.exit(demo())
    else:
        print(_NO_BROKER)


if __name__ == "__main__":
    main()
