# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Bad packets: whatever a broker must not send ends the link, once, with a reason that names it."""

import pytest
from doubles.script import CONNACK, DISCONNECT, puback, publish, suback, unsuback
from hypothesis import given
from hypothesis import strategies as st
from netx_frame import ACKNOWLEDGE_TOLD, DISCONNECT_TOLD, RECEIVE_TOLD, Frame

from nxd_mqtt.nxd import *

# What the broker sends on a living link, and words of the cause.
BAD = {
    "CONNACK again": (CONNACK, "type 2"),
    "CONNACK that refuses": (b"\x20\x02\x00\x05", "type 2"),
    "CONNACK too long": (b"\x20\x03\x00\x00\x00", "type 2"),
    "type 0": (b"\x00\x00", "type 0"),
    "CONNECT": (b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x00\x00\x00", "type 1"),
    "PUBREC": (b"\x50\x02\x00\x01", "type 5"),
    "PUBREL": (b"\x62\x02\x00\x01", "type 6"),
    "PUBCOMP": (b"\x70\x02\x00\x01", "type 7"),
    "SUBSCRIBE": (b"\x82\x06\x00\x01\x00\x01t\x00", "type 8"),
    "UNSUBSCRIBE": (b"\xa2\x05\x00\x01\x00\x01t", "type 10"),
    "PINGREQ": (b"\xc0\x00", "type 12"),
    "DISCONNECT": (b"\xe0\x00", "type 14"),
    "type 15": (b"\xf0\x00", "type 15"),
    "PUBACK with flags": (b"\x42\x02\x00\x01", "flags 2"),
    "PUBACK too short": (b"\x40\x01\x00", "1 bytes"),
    "PUBACK too long": (b"\x40\x03\x00\x01\x00", "3 bytes"),
    "PUBACK for 0": (puback(0), "identifier 0"),
    "SUBACK with flags": (b"\x91\x03\x00\x01\x00", "flags 1"),
    "SUBACK without a code": (b"\x90\x02\x00\x01", "2 bytes"),
    "SUBACK with two codes": (suback(1, 0, 0), "4 bytes"),
    "SUBACK for 0": (suback(0, 0), "identifier 0"),
    "SUBACK unasked": (suback(1, 0), "SUBACK unasked"),
    "UNSUBACK with flags": (b"\xb8\x02\x00\x01", "flags 8"),
    "UNSUBACK too long": (b"\xb0\x03\x00\x01\x00", "3 bytes"),
    "UNSUBACK for 0": (unsuback(0), "identifier 0"),
    "PINGRESP with flags": (b"\xd1\x00", "flags 1"),
    "PINGRESP with a body": (b"\xd0\x01\x00", "1 bytes"),
    "PUBLISH QoS 2": (publish("t", b"m", 1, flags=4), "QoS 2"),
    "PUBLISH QoS 3": (publish("t", b"m", 1, flags=6), "QoS 3"),
    "PUBLISH QoS 0 with DUP": (publish("t", b"m", flags=8), "DUP"),
    "PUBLISH for 0": (publish("t", b"m", 0), "identifier 0"),
    "PUBLISH of nothing": (b"\x30\x00", "0 bytes"),
    "PUBLISH of one byte": (b"\x30\x01\x00", "1 bytes"),
    "PUBLISH without a topic": (publish("", b"m"), "empty topic"),
    "PUBLISH QoS 1 without a topic": (publish("", b"m", 1), "empty topic"),
    "PUBLISH QoS 1 without an identifier": (b"\x32\x03\x00\x01t", "3 bytes"),
    "PUBLISH with half an identifier": (b"\x32\x04\x00\x01t\x00", "4 bytes"),
    "PUBLISH with a topic too long": (b"\x30\x04\x00\x03tt", "longer than"),
    "PUBLISH with a topic where the identifier is": (b"\x32\x05\x00\x02tt\x01", "longer than"),
    "PUBLISH to a wildcard": (publish("a/#", b"m"), "wildcard"),
    "PUBLISH to +": (publish("+", b"m", 1), "wildcard"),
    "topic with NUL": (publish(b"a\0b", b"m"), "NUL"),
    "topic that is no UTF-8": (publish(b"\xff", b"m"), "UTF-8"),
    "topic with a surrogate": (publish(b"\xed\xa0\x80", b"m"), "UTF-8"),
    "topic encoded too long": (publish(b"\xc0\x80", b"m"), "UTF-8"),
    "topic beyond Unicode": (publish(b"\xf4\x90\x80\x80", b"m"), "UTF-8"),
    "topic cut in a character": (publish(b"a\xe2\x82", b"m"), "UTF-8"),
    "topic cut in a character at QoS 1": (publish(b"a\xe2\x82", b"m", 1), "UTF-8"),
    "topic that continues nothing": (publish(b"\x80", b"m"), "UTF-8"),
    "a length of five bytes": (b"\x30\x80\x80\x80\x80\x01", "five bytes"),
    "a PUBACK's length of five bytes": (b"\x40\x82\x80\x80\x80\x00", "five bytes"),
    "HTTP": (b"HTTP/1.1 200 OK\r\n\r\n", "HTTP"),
}


def ended(frame, cause):
    """The link has ended because of what the peer sent, and that was told once."""
    assert frame.client.state == 1
    stage, status, said = frame.client.reason
    assert (stage, status) == ("session", NXD_MQTT_INVALID_PACKET)
    assert cause in said
    assert frame.told == [(DISCONNECT_TOLD,)]
    assert frame.poll() == NXD_MQTT_NOT_CONNECTED
    assert frame.told == [(DISCONNECT_TOLD,)]
    assert frame.get()[0] == NXD_MQTT_NO_MESSAGE
    frame.check()


@pytest.mark.parametrize("packet, cause", BAD.values(), ids=BAD)
def test_a_bad_packet_ends_the_link(packet, cause):
    frame = Frame().connected()
    frame.script.send(packet).expect_close()
    assert frame.poll() == NXD_MQTT_INVALID_PACKET
    ended(frame, cause)
    frame.works()
    frame.no_leak()


@pytest.mark.parametrize("packet, cause", BAD.values(), ids=BAD)
def test_a_bad_packet_byte_by_byte_and_behind_good_ones(packet, cause):
    frame = Frame().connected()
    message = publish("t", b"m")
    frame.script.send(message + packet, pieces=1)
    for _ in range(len(message + packet) + 1):
        if frame.poll() == NXD_MQTT_INVALID_PACKET:
            break
    assert frame.forget() == [(RECEIVE_TOLD, 1), (DISCONNECT_TOLD,)]
    assert cause in frame.client.reason[2]
    # What came before it stays.
    assert frame.get() == (NXD_MQTT_SUCCESS, b"t", b"m")
    frame.check()


@pytest.mark.parametrize("packet, cause", BAD.values(), ids=BAD)
def test_a_bad_packet_during_another_call(packet, cause):
    frame = Frame(depth=1).connected()
    frame.script.expect(publish("t", b"m", 1)).send(packet).expect_close()
    assert nxd_mqtt_client_publish(frame.client, "t", "m", 0, 1, 0) == NXD_MQTT_SUCCESS
    # The store is full: this call waits, and learns that the link has ended.
    status = nxd_mqtt_client_publish(frame.client, "t", "m", 0, 1, 100)
    assert status == NXD_MQTT_NOT_CONNECTED
    assert frame.told[-1] == (DISCONNECT_TOLD,)
    frame.check()


@pytest.mark.parametrize("code", [3, 4, 0x7F, 0x81, 0xFF])
def test_a_suback_with_a_code_that_is_none(code):
    frame = Frame().connected()
    frame.script.expect(b"\x82\x06\x00\x01\x00\x01t\x01").send(suback(1, code)).expect_close()
    assert nxd_mqtt_client_subscribe(frame.client, "t", 1) == NXD_MQTT_SUCCESS
    assert frame.poll() == NXD_MQTT_INVALID_PACKET
    ended(frame, "SUBACK")


def test_a_suback_for_a_publish():
    frame = Frame().connected()
    frame.script.expect(publish("t", b"m", 1)).send(suback(1, 0)).expect_close()
    assert nxd_mqtt_client_publish(frame.client, "t", "m", 0, 1, 0) == NXD_MQTT_SUCCESS
    assert frame.poll() == NXD_MQTT_INVALID_PACKET
    ended(frame, "SUBACK")


@pytest.mark.parametrize("packet", [puback(1), puback(0xFFFF), unsuback(1), unsuback(0xFFFF)])
def test_an_acknowledgement_that_nobody_waits_for_is_ignored(packet):
    frame = Frame().connected()
    frame.script.send(packet * 50)
    assert frame.run(100) == NXD_MQTT_SUCCESS
    assert frame.told == []
    frame.script.expect(publish("t", b"m", 1)).send(puback(1)).expect(DISCONNECT)
    assert nxd_mqtt_client_publish(frame.client, "t", "m", 0, 1, 0) == NXD_MQTT_SUCCESS
    frame.poll()
    assert frame.told == [(ACKNOWLEDGE_TOLD, 4, 1, None)]
    frame.finish()


def test_a_puback_for_a_subscribe_is_ignored():
    frame = Frame().connected()
    frame.script.expect(b"\x82\x06\x00\x01\x00\x01t\x01").send(puback(1) + suback(1, 1))
    assert nxd_mqtt_client_subscribe(frame.client, "t", 1) == NXD_MQTT_SUCCESS
    assert frame.poll() == NXD_MQTT_SUCCESS
    assert frame.told == [(ACKNOWLEDGE_TOLD, 9, 1, 1)]
    frame.script.expect(DISCONNECT)
    frame.finish()


@given(st.binary(max_size=200), st.integers(1, 50))
def test_any_bytes_at_all(data, piece):
    """Nothing that a peer says raises, grows or hangs."""
    frame = Frame(memory_size=64).connected()
    frame.script.send(data, pieces=piece)
    for _ in range(300):
        status = frame.poll()
        assert isinstance(status, int)
        while frame.get()[0] == NXD_MQTT_SUCCESS:
            pass
    assert frame.told.count((DISCONNECT_TOLD,)) == (frame.client.state == 1)
    assert nxd_mqtt_client_delete(frame.client) == NXD_MQTT_SUCCESS
    frame.no_leak()


@given(st.binary(max_size=60), st.integers(1, 20))
def test_any_bytes_instead_of_a_connack(data, piece):
    frame = Frame()
    frame.script.accept().expect("10").call(lambda connection: connection.send(data, piece))
    status = frame.connect()
    assert isinstance(status, int)
    assert (status == NXD_MQTT_SUCCESS) == (data[:4] in (b"\x20\x02\x00\x00", b"\x20\x02\x01\x00"))
    assert nxd_mqtt_client_delete(frame.client) == NXD_MQTT_SUCCESS
    frame.no_leak()
