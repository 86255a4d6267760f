# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A thousand links, each with a fault at another step: what was opened is closed, nothing grows.

``FAULTS`` is the table of what each fault at each stage is told as, and whether it is tried again.
"""

import gc
import random
import tracemalloc
from dataclasses import dataclass

import pytest
from client_bench import CONNECTED, CONNECTING, IDLE, App
from doubles.client_end import KINDS, FullSocket
from doubles.dialects import CPYTHON_TCP, ESPRESSIF, RP2, StackError, gaierror, replace
from doubles.played_broker import PlayedBroker
from doubles.trials import PORT
from test_fixed_memory import sizes_of, taken

from boards.desktop.broker.packets import Connect
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

MINIMUM, MAXIMUM = 10, 40
NO_LINK = NXD_MQTT_CONNECT_FAILURE
LOST = NXD_MQTT_COMMUNICATION_FAILURE
WRONG = NXD_MQTT_SERVER_MESSAGE_FAILURE


class ShutSocket(FullSocket):
    """A socket that can be shut down, as a desktop's can."""

    def shutdown(self, how, /):
        """Fail, where a test wants it to."""
        self._enter("shutdown", how)


KINDS["shut"] = ShutSocket
DIALECTS = [replace(row, kind="shut") for row in (CPYTHON_TCP, ESPRESSIF, RP2)]


def anew(error):
    """The same exception again: one that was raised remembers where."""
    return type(error)(*error.args)


@dataclass(frozen=True)
class Fault:
    """What goes wrong at one step, and what is told of it.

    ``status`` 0 stands for a fault that ends nothing; ``passes`` is an exception that poll lets
    through. ``live`` is a fault of a link that the broker has accepted.
    """

    name: str
    status: int
    stage: str
    cause: type
    again: bool = True
    verb: str | None = None
    error: object = None
    after: int = 0
    setting: object = None
    passes: bool = False
    live: bool = False

    def arm(self, app):
        """Let it go wrong from now on."""
        if self.verb:
            app.sockets.fail(self.verb, lambda: anew(self.error), self.after)
        if self.setting:
            self.setting(app)


def mend(app):
    """Everything works again."""
    app.sockets._faults.clear()
    app.sockets.listen(PORT, app.broker)
    app.broker.code, app.broker.mute, app.ip.link_up = 0, (), None
    nxd_mqtt_client_login_set(app.client, None, None)


def login(value):
    """A login that is asked for, and is none, or raises."""

    def ask():
        if isinstance(value, Exception):
            raise anew(value)
        return value

    return lambda app: nxd_mqtt_client_login_set(app.client, ask, None)


def answering(data):
    """A broker that answers whatever comes with these bytes, or with None ends the link."""

    def accept(connection):
        connection.on_data = lambda: connection.send(data) if data else connection.close()

    return lambda app: app.sockets.listen(PORT, accept)


def of_code(code, again=True):
    """A broker that answers CONNECT with a return code."""
    status = NXD_MQTT_ERROR_CONNECT_RETURN_CODE + code if code < 6 else WRONG

    def refuse(app):
        app.broker.code = code

    return Fault(f"CONNACK {code}", status, "connack", str, again, setting=refuse)


def network_down(app):
    """The radio has no network."""
    app.ip.link_up = lambda: False


def silent(app):
    """The broker does not answer CONNECT."""
    app.broker.mute = (Connect,)


def end(how):
    """The broker ends the link that is there."""
    return lambda app: getattr(app.broker.peer, how)()


STACK = RuntimeError("pystack exhausted")
FULL = MemoryError("no room")
ODD = RuntimeError("All sockets in use.")
BROKEN = StackError(104, "reset")
NOT_NOW = StackError(11, "again")
BY_HAND = ValueError("the application's own")


def opening(verb, *errors, stage="tcp", after=0, cause=None):
    """Faults of a verb that opens a link."""
    return [
        Fault(
            f"{verb} {after} {error!r}",
            NO_LINK,
            stage,
            cause or type(error),
            verb=verb,
            error=error,
            after=after,
        )
        for error in errors
    ]


def passing(verb, *errors, after=0):
    """Exceptions of opening that are not the network's."""
    return [
        Fault(
            f"{verb} {after} {error!r}", NO_LINK, "call", str, True, verb, error, after, None, True
        )
        for error in errors
    ]


OPENING = [
    Fault("no network", NO_LINK, "dns", str, setting=network_down),
    *opening(
        "getaddrinfo",
        StackError(-2, "no name"),
        StackError(-3, "busy"),
        gaierror(7),
        ValueError("label"),
        stage="dns",
    ),
    *opening("getaddrinfo", StackError(5), ODD),
    *passing("getaddrinfo", FULL, STACK),
    *opening("socket", StackError(24), ODD),
    *passing("socket", FULL, STACK),
    *opening("settimeout", StackError(9), ODD),
    *opening("settimeout", StackError(9), ODD, after=1),
    *passing("settimeout", FULL, STACK),
    *passing("settimeout", FULL, STACK, after=1),
    Fault("setsockopt", 0, "", str, verb="setsockopt", error=StackError(92)),
    *opening("setsockopt", ODD),
    *passing("setsockopt", FULL, STACK),
    *opening("connect", StackError(111), StackError(110), StackError(113)),
    *opening("connect", ODD, cause=OSError),
    *passing("connect", FULL, STACK),
    Fault("nobody listens", NO_LINK, "tcp", OSError, setting=lambda app: app.sockets.refuse(PORT)),
    Fault(
        "nobody answers",
        NO_LINK,
        "tcp",
        OSError,
        setting=lambda app: app.sockets.listen(PORT, None),
    ),
    Fault("login raises", NO_LINK, "call", str, setting=login(BY_HAND), passes=True),
    Fault("login without memory", NO_LINK, "call", str, setting=login(FULL), passes=True),
    Fault("login is none", NXD_MQTT_INVALID_PARAMETER, "call", str, False, setting=login(17)),
    Fault(
        "login too long",
        NXD_MQTT_PACKET_POOL_FAILURE,
        "connack",
        str,
        False,
        setting=login("x" * 64),
    ),
    Fault("CONNECT not now", 0, "", str, verb="send", error=NOT_NOW),
    Fault("CONNECT lost", LOST, "connack", str, verb="send", error=BROKEN),
    Fault("CONNECT stopped", LOST, "connack", RuntimeError, verb="send", error=ODD),
    Fault("CONNACK not yet", 0, "", str, verb="recv_into", error=NOT_NOW),
    Fault("CONNACK lost", LOST, "connack", str, verb="recv_into", error=BROKEN),
    Fault("CONNACK stopped", LOST, "connack", RuntimeError, verb="recv_into", error=ODD),
    Fault("hung up", LOST, "connack", object, setting=answering(None)),
    Fault("half a CONNACK", LOST, "connack", str, setting=answering(b"\x20\x02\x00")),
    Fault("no CONNACK", LOST, "connack", str, setting=silent),
    Fault("HTTP", WRONG, "connack", str, setting=answering(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
    Fault("PUBLISH first", WRONG, "connack", str, setting=answering(b"\x30\x03\x00\x01t")),
    Fault("CONNACK of 3 bytes", WRONG, "connack", str, setting=answering(b"\x20\x03\x00\x00\x00")),
    Fault("reserved flags", WRONG, "connack", str, setting=answering(b"\x20\x02\x02\x00")),
    *[of_code(code, code in (3, 6)) for code in range(1, 7)],
]


def live(name, cause, status=LOST, **named):
    """A fault of a link that the broker has accepted."""
    return Fault(name, status, "session", cause, live=True, **named)


def junk(data):
    """The broker sends what it must not."""
    return lambda app: app.broker.peer.send(data)


LIVE = [
    live("closed", object, setting=end("close")),
    live("reset", OSError, setting=end("reset")),
    live("send fails", OSError, verb="send", error=BROKEN),
    live("send stops", RuntimeError, verb="send", error=ODD),
    live("read fails", OSError, verb="recv_into", error=BROKEN),
    live("read stops", RuntimeError, verb="recv_into", error=ODD),
    live("gone", str, setting=end("vanish")),
    live("QoS 2", str, NXD_MQTT_INVALID_PACKET, setting=junk(b"\x34\x06\x00\x01t\x00\x01m")),
    live("server packets only", str, NXD_MQTT_INVALID_PACKET, setting=junk(b"\x82\x00")),
    Fault("send not now", 0, "", str, verb="send", error=NOT_NOW, live=True),
    Fault("read not now", 0, "", str, verb="recv_into", error=NOT_NOW, live=True),
]
# Closing goes wrong besides; what is told is the ending before it.
CLOSING = [
    Fault("close fails", 0, "", str, verb="close", error=StackError(9)),
    Fault("close stops", 0, "", str, verb="close", error=ODD),
    Fault("shutdown fails", 0, "", str, verb="shutdown", error=StackError(107)),
    Fault("shutdown stops", 0, "", str, verb="shutdown", error=ODD),
]
FAULTS = OPENING + LIVE


def device(dialect=DIALECTS[0], again=True):
    """An application, with reconnection set or not."""
    app = App(payload_size=60, depth=4, queue=128, dialect=dialect)
    app.broker = PlayedBroker()
    app.sockets.listen(PORT, app.broker)
    if again:
        assert nxd_mqtt_client_reconnect_set(app.client, MINIMUM, MAXIMUM) == NXD_MQTT_SUCCESS
    return app


def turn(app):
    """One poll with a wait; returns (its status, the exception that passed through it)."""
    try:
        return app.poll(50), None
    except (MemoryError, RuntimeError, ValueError) as error:
        return None, error


def connected(app):
    """Have a link, within the time that an attempt and the longest pause may take."""
    mend(app)
    began = app.clock.elapsed
    while app.state != CONNECTED:
        assert app.clock.elapsed - began < 20_000, app.client.reason
        if app.state == IDLE:
            app.start(keepalive=5, clean=0)
        app.poll(50)
    return app


def without_link(app):
    """Lose the link that is there."""
    app.broker.peer.close()
    while app.state == CONNECTED:
        app.poll()
    app.polls(2)


def suffer(app, fault):
    """Let a fault happen to a client with a link; returns (statuses, exceptions) of the polls."""
    if not fault.live:
        without_link(app)
    fault.arm(app)
    if app.state == IDLE:
        app.start(keepalive=5, clean=0)
    before = app.client.reasons[-1]
    statuses, errors = [], []
    for _ in range(60):
        if fault.live and app.state == CONNECTED:
            app.publish(b"m", 0)
        status, error = turn(app)
        statuses.append(status)
        errors += [error] if error else []
        assert app.sockets.open_now <= 1
        if app.client.reasons[-1] is not before:
            break
        if not fault.status and app.state == CONNECTED and not app.sockets._faults.get(fault.verb):
            break
    return statuses, errors


# --- the table -----------------------------------------------------------------------------------


def check_row(app, fault, statuses, errors):
    """What the table says of a fault has happened."""
    if not fault.status:
        assert (app.state, errors, app.sockets.open_now) == (CONNECTED, [], 1)
        return
    stage, status, cause = app.client.reason
    assert (stage, status) == (fault.stage, fault.status)
    assert isinstance(cause, fault.cause)
    assert bool(errors) == fault.passes
    assert app.all_closed()
    again = fault.again and app.client.backoff is not None
    assert app.state == (CONNECTING if again else IDLE)
    if not again and not errors:
        assert statuses[-1] == fault.status
    assert set(statuses[:-1]) <= {NXD_MQTT_SUCCESS}


@pytest.mark.parametrize("again", [True, False], ids=["again", "once"])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_what_a_fault_is_told_as_and_whether_it_is_tried_again(fault, again):
    app = connected(device(again=again))
    app.told.clear()
    check_row(app, fault, *suffer(app, fault))
    app.poll()  # what an exception has kept back is told
    endings = len(app.heard("disconnect"))
    assert endings == (not fault.live or fault.status != 0)
    failures = [status for (status,) in app.heard("connect") if status]
    given_up = fault.status and not fault.live and not (again and fault.again)
    told = NO_LINK if fault.status in (NO_LINK, LOST) else fault.status
    assert failures == ([told] if given_up else [])
    connected(app)
    assert app.sockets.open_now == 1


@pytest.mark.parametrize("again", [True, False], ids=["again", "once"])
@pytest.mark.parametrize("fault", CLOSING, ids=lambda fault: fault.name)
@pytest.mark.parametrize("ending", [LIVE[0], LIVE[6], LIVE[7]], ids=lambda fault: fault.name)
def test_a_close_that_fails_hides_nothing(ending, fault, again):
    app = connected(device(again=again))
    fault.arm(app)
    check_row(app, ending, *suffer(app, ending))
    assert app.sockets._faults[fault.verb] == []


def test_a_blocking_connect_returns_what_the_table_says():
    for fault in OPENING:
        app = device(again=False)
        fault.arm(app)
        if fault.passes:
            with pytest.raises((MemoryError, RuntimeError, ValueError)):
                app.start(1500, clean=0)
        else:
            assert app.start(1500, clean=0) == fault.status, fault.name
        assert (app.state, app.sockets.open_now) == ((IDLE, 0) if fault.status else (CONNECTED, 1))


# --- a thousand of them --------------------------------------------------------------------------


def cycle(app, fault, number):
    """A link with traffic both ways, a fault, and a link again; nothing is left of the first."""
    if number % 3 == 0:
        CLOSING[number // 3 % len(CLOSING)].arm(app)
    app.publish(b"%d" % number)
    nxd_mqtt_client_subscribe(app.client, "a/%d" % (number % 4), 1)
    app.broker.deliver(b"%d" % number)
    _, errors = suffer(app, fault)
    assert bool(errors) == fault.passes
    if app.state == IDLE:
        assert app.sockets.open_now == 0
        assert app.polls(2)[-1] == NXD_MQTT_NOT_CONNECTED
    connected(app)
    app.polls(3)
    app.messages()
    app.polls(2)
    assert (app.sockets.open_now, app.sockets.most_open) == (1, 1)
    assert app.sockets.double_closes == []
    assert app.statistics["unacknowledged"] == 0


def forget(app):
    """Empty the books of the doubles, whose entries the library has made."""
    sockets, broker = app.sockets, app.broker
    for book in (app.told, sockets.calls, sockets.waits, sockets.blocked, broker.published):
        book.clear()
    broker.packets.clear()
    app.broker.packets.append([])
    app.sockets.sockets[:] = [None] * (app.sockets.opened - 1) + app.sockets.sockets[-1:]


def many_cycles(app, count, first=0):
    """Cycles with one fault after the other, in another order in each round."""
    chance = random.Random(first)
    faults = []
    for number in range(first, first + count):
        faults = faults or chance.sample(FAULTS, len(FAULTS))
        cycle(app, faults.pop(), number)
        forget(app)


def grown(app, count):
    """Bytes that the library has taken in so many cycles and not given back."""
    many_cycles(app, 100)
    gc.collect()
    tracemalloc.start()
    try:
        many_cycles(app, 50, 100)
        before = taken()
        many_cycles(app, count, 150)
        return taken() - before
    finally:
        tracemalloc.stop()


def check_cycles(app, count):
    """So many cycles leave no socket and no memory behind, and the last one works."""
    sizes = sizes_of(app.client)
    assert grown(app, count) < 1024
    assert [size for size in sizes_of(app.client) if size not in sizes] == []
    nxd_mqtt_client_disconnect(app.client)
    assert app.all_closed()
    assert app.sockets.opened > count // 2
    assert app.statistics["attempts"] >= app.statistics["connects"] > count // 2


@pytest.mark.parametrize("again", [True, False], ids=["again", "once"])
def test_a_thousand_cycles(again):
    check_cycles(connected(device(again=again)), 850)


@pytest.mark.long
@pytest.mark.parametrize("again", [True, False], ids=["again", "once"])
@pytest.mark.parametrize("dialect", DIALECTS, ids=str)
def test_ten_thousand_cycles(dialect, again):
    check_cycles(connected(device(dialect, again)), 9850)
