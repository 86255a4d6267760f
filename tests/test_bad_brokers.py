# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Bad brokers: what goes wrong while connecting has its status, its reason, and leaves no trace.

Each row is played with a connect that waits and with one that does not.
"""

import pytest
from doubles.script import CONNACK, publish
from netx_frame import CLEAN_CONNECT, CONNECT_TOLD, PORT, SECOND, STANDARD_CONNECT, Frame

from nxd_mqtt.nxd import *

FAILED = NXD_MQTT_CONNECT_FAILURE
SILENT = NXD_MQTT_COMMUNICATION_FAILURE
BAD_ANSWER = NXD_MQTT_SERVER_MESSAGE_FAILURE
CODE = NXD_MQTT_ERROR_CONNECT_RETURN_CODE
HTTP = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"

# What the broker answers to a CONNECT; the status; words of the cause.
ANSWERS = {
    "code 1": (b"\x20\x02\x00\x01", CODE + 1, "code 1"),
    "code 2": (b"\x20\x02\x00\x02", CODE + 2, "code 2"),
    "code 3": (b"\x20\x02\x00\x03", CODE + 3, "code 3"),
    "code 4": (b"\x20\x02\x00\x04", CODE + 4, "code 4"),
    "code 5": (b"\x20\x02\x00\x05", CODE + 5, "code 5"),
    "code 6": (b"\x20\x02\x00\x06", BAD_ANSWER, "code 6"),
    "code 255": (b"\x20\x02\x00\xff", BAD_ANSWER, "code 255"),
    "a reserved bit": (b"\x20\x02\x02\x00", BAD_ANSWER, "flags 2"),
    "the highest reserved bit": (b"\x20\x02\x80\x00", BAD_ANSWER, "flags 128"),
    "a reserved bit beside session present": (b"\x20\x02\x03\x00", BAD_ANSWER, "flags 3"),
    "session present and a refusal": (b"\x20\x02\x01\x05", BAD_ANSWER, "code 5"),
    "header flags": (b"\x21\x02\x00\x00", BAD_ANSWER, "flags 1"),
    "too short": (b"\x20\x01\x00", BAD_ANSWER, "1 bytes"),
    "empty": (b"\x20\x00", BAD_ANSWER, "0 bytes"),
    "too long": (b"\x20\x03\x00\x00\x00", BAD_ANSWER, "3 bytes"),
    "as long as can be": (b"\x20\xff\xff\xff\x7f", BAD_ANSWER, "268435455 bytes"),
    "a length of five bytes": (b"\x20\x82\x80\x80\x80\x00", BAD_ANSWER, "five bytes"),
    "HTTP": (HTTP, BAD_ANSWER, "HTTP"),
    "another banner": (b"SSH-2.0-OpenSSH_9.6\r\n", BAD_ANSWER, "type 5"),
    "FTP": (b"220 ready\r\n", BAD_ANSWER, "PUBLISH"),
    "TLS": (b"\x15\x03\x01\x00\x02\x02\x46", BAD_ANSWER, "type 1"),
    "zeroes": (bytes(64), BAD_ANSWER, "type 0"),
    "ones": (b"\xff" * 64, BAD_ANSWER, ""),
    "its own CONNECT": (STANDARD_CONNECT, BAD_ANSWER, "type 1"),
    "a message": (publish("t", b"m"), BAD_ANSWER, "PUBLISH"),
    "a PUBACK": (b"\x40\x02\x00\x01", BAD_ANSWER, "type 4"),
    "a PINGRESP": (b"\xd0\x00", BAD_ANSWER, "type 13"),
    "a SUBACK": (b"\x90\x03\x00\x01\x00", BAD_ANSWER, "type 9"),
    "an UNSUBACK": (b"\xb0\x02\x00\x01", BAD_ANSWER, "type 11"),
    "a DISCONNECT": (b"\xe0\x00", BAD_ANSWER, "type 14"),
}

both = pytest.mark.parametrize(
    "wait", [pytest.param(0, id="poll"), pytest.param(SECOND, id="wait")]
)
every_answer = pytest.mark.parametrize("answer, status, cause", ANSWERS.values(), ids=ANSWERS)


def attempt(frame, wait, clean=NX_FALSE):
    """Connect one way or the other; the status that it ended with."""
    status = frame.connect(wait=wait, clean=clean)
    if wait:
        return status
    assert status == NX_IN_PROGRESS
    return frame.run(15_000)


def seen(frame, wait, status, told=None, stage="connack"):
    """What every failed attempt has in common."""
    assert frame.client.state == 1
    assert frame.client.reason[:2] == (stage, status)
    if told is not None:
        assert frame.told == [(CONNECT_TOLD, told)]
    elif wait:
        assert frame.told == []
    assert frame.poll() == NXD_MQTT_NOT_CONNECTED
    frame.check()
    frame.works()
    frame.no_leak()


@both
@every_answer
def test_a_bad_answer(answer, status, cause, wait):
    frame = Frame()
    frame.script.accept().expect(STANDARD_CONNECT).send(answer).expect_close()
    assert attempt(frame, wait) == status
    assert cause in frame.client.reason[2]
    seen(frame, wait, status, told=status)


@every_answer
def test_a_bad_answer_byte_by_byte(answer, status, cause):
    frame = Frame()
    frame.script.accept().expect(STANDARD_CONNECT).send(answer, pieces=1).expect_close()
    assert attempt(frame, SECOND) == status
    assert cause in frame.client.reason[2]
    seen(frame, SECOND, status, told=status)


@both
def test_session_present_after_a_clean_start(wait):
    frame = Frame()
    frame.script.accept().expect(CLEAN_CONNECT).send(b"\x20\x02\x01\x00").expect_close()
    assert attempt(frame, wait, NX_TRUE) == BAD_ANSWER
    assert "flags 1" in frame.client.reason[2]
    seen(frame, wait, BAD_ANSWER, told=BAD_ANSWER)


@both
def test_a_peer_that_says_nothing(wait):
    frame = Frame()
    frame.script.accept().expect(STANDARD_CONNECT).expect_close()
    assert attempt(frame, wait) == SILENT
    seen(frame, wait, SILENT, told=None if wait else FAILED)


@both
@pytest.mark.parametrize("some", [b"", b"\x20", b"\x20\x02\x00"])
@pytest.mark.parametrize("end", ["close", "reset"])
def test_a_peer_that_leaves_before_its_answer_is_whole(wait, some, end):
    frame = Frame()
    frame.script.accept().expect(STANDARD_CONNECT).send(some)
    getattr(frame.script, end)()
    assert attempt(frame, wait) == SILENT
    seen(frame, wait, SILENT, told=None if wait else FAILED)


@both
def test_a_peer_that_dribbles(wait):
    frame = Frame()
    frame.script.accept().expect(STANDARD_CONNECT)
    for byte in (b"\x20", b"\x02", b"\x00"):
        frame.script.send(byte).wait(400)
    frame.script.expect_close()
    assert attempt(frame, wait) == SILENT
    frame.time.advance(SECOND * 10)
    seen(frame, wait, SILENT, told=None if wait else FAILED)


@both
def test_a_peer_that_takes_nothing(wait):
    frame = Frame()
    frame.script.accept().stall().expect_close()
    assert attempt(frame, wait) == SILENT
    seen(frame, wait, SILENT, told=None if wait else FAILED)


# --- no peer at all --------------------------------------------------------------------------


def unknown(frame):
    frame.ip.sockets.hosts.clear()


def refused(frame):
    frame.ip.sockets.refuse(PORT)


def unanswered(frame):
    frame.ip.sockets.listen(PORT, None)


def link_down(frame):
    frame.ip.link_up = lambda: False


def no_sockets(frame):
    frame.ip.sockets.fail("socket", OSError(23, "too many open files"), times=None)


def lost_name_server(frame):
    frame.ip.sockets.fail("getaddrinfo", OSError(-3, "try again"), times=None)


ABSENT = [(unknown, "dns"), (refused, "tcp"), (unanswered, "tcp"), (link_down, "dns")]
ABSENT += [(no_sockets, "tcp"), (lost_name_server, "dns")]


@both
@pytest.mark.parametrize("arrange, stage", ABSENT)
def test_nobody_there(arrange, stage, wait):
    frame = Frame()
    arrange(frame)
    assert attempt(frame, wait) == FAILED
    assert frame.client.reason[:2] == (stage, FAILED)
    assert frame.client.reason[2]
    assert frame.told == ([] if wait else [(CONNECT_TOLD, FAILED)])
    assert frame.poll() == NXD_MQTT_NOT_CONNECTED
    frame.no_leak()
    # And again: a hundred failures leave as much behind as one.
    for _ in range(100):
        assert attempt(frame, wait) == FAILED
    frame.no_leak()


def test_everything_is_well_afterwards():
    for arrange, _ in ABSENT[:4]:
        frame = Frame()
        hosts = dict(frame.ip.sockets.hosts)
        arrange(frame)
        assert attempt(frame, SECOND) == FAILED
        frame.ip.sockets.hosts.update(hosts)
        frame.ip.link_up = None
        frame.works()
        frame.no_leak()


def test_a_bad_name():
    frame = Frame()
    for host in ("no such host", "", ".", "a" * 300, "\u00fc", "a\0b", "\ud800"):
        status = frame.connect(host)
        assert status == (FAILED if host else NXD_MQTT_INVALID_PARAMETER)
    frame.works()
    frame.no_leak()


def test_secrets_are_in_no_reason():
    frame = Frame()
    nxd_mqtt_client_login_set(frame.client, "somebody", "a secret")
    for answer, _, _ in ANSWERS.values():
        frame.script.accept().expect("10 ??").call(lambda connection, a=answer: connection.send(a))
        frame.connect()
        assert "secret" not in repr(frame.client.reason) + repr(frame.client)
        frame.script.connection.received.clear()


def test_a_long_answer_is_not_read_for_ever():
    frame = Frame()
    frame.script.accept().expect(STANDARD_CONNECT).send(HTTP * 1000).expect_close()
    assert frame.connect() == BAD_ANSWER
    assert frame.script.connection.waiting > len(HTTP) * 900
    frame.check()


def test_an_answer_that_is_followed_by_a_violation():
    frame = Frame()
    frame.script.accept().expect(STANDARD_CONNECT).send(CONNACK + b"\xff\x00").expect_close()
    # The connect was accepted; the link that it brought has ended.
    assert frame.connect() == NXD_MQTT_SUCCESS
    frame.poll()
    assert frame.client.state == 1
    assert frame.client.reason[:2] == ("session", NXD_MQTT_INVALID_PACKET)
    frame.check()
