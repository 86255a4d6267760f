# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT

"""The scripted broker: byte exact, patient, and clear about where a client strayed."""

import errno

import pytest
from doubles import dialects, script
from doubles.clock import Clock
from doubles.script import Script, ScriptError
from doubles.sockets import READ, WRITE, SocketPool
from doubles.trials import PORT, outcome


def scripted(steps, dialect=dialects.CPYTHON_TCP):
    """A pool that plays the script, a connector, and both."""
    pool = SocketPool(steps.clock, dialect)
    pool.listen(PORT, steps)

    def connect():
        sock = pool.socket()
        sock.connect(("broker.test", PORT))
        sock.settimeout(0)
        return sock

    return pool, connect


def test_script_matches_however_the_bytes_are_cut():
    clock = Clock()
    steps = Script(clock).expect("10 02 61 62").send("20 02 00 00").expect(b"\xc0\x00")
    steps.send(script.PINGRESP, pieces=1)
    _, connect = scripted(steps)
    sock = connect()
    sock.send(b"\x10\x02a")
    assert outcome(sock.recv_into, bytearray(4)) == (BlockingIOError, errno.EAGAIN)
    sock.send(b"b\xc0")
    assert sock.recv(64) == script.CONNACK
    assert not steps.done
    sock.send(b"\x00")
    assert [sock.recv(64), sock.recv(64)] == [b"\xd0", b"\x00"]
    assert steps.done
    steps.check()


def test_script_mismatch_tells_where():
    steps = Script(Clock()).expect("c0 00").expect("40 02 ?? 07").send("d0 00")
    _, connect = scripted(steps)
    connect().send(bytes.fromhex("c0 00 40 02 99 08"))
    with pytest.raises(ScriptError) as caught:
        steps.check()
    assert str(caught.value) == (
        "connection 1: mismatch at offset 5 (byte 3 of this step): "
        "wanted 40 02 ?? 07, got 40 02 99 08"
    )


def test_script_leftovers():
    steps = Script(Clock()).expect("c0 00").send("d0 00").accept().expect("e0 00")
    _, connect = scripted(steps)
    with pytest.raises(ScriptError, match="connection 1 never came\nconnection 2 never came"):
        steps.check()
    sock = connect()
    sock.send(b"\xc0")
    with pytest.raises(ScriptError) as caught:
        steps.check()
    assert str(caught.value) == (
        "connection 1: steps left over: expect c0 00, send\n"
        "connection 1: unread from offset 0: c0\n"
        "connection 2 never came"
    )
    sock.send(b"\x00")
    connect().send(b"\xe0\x00\x01")
    with pytest.raises(ScriptError, match="connection 2: unread from offset 2: 01"):
        steps.check()


def test_script_of_several_connections():
    clock = Clock()
    steps = Script(clock).accept().send("01").close().accept().send("02").reset()
    _, connect = scripted(steps)
    first = connect()
    assert [first.recv(8), first.recv(8)] == [b"\x01", b""]
    second = connect()
    assert second.recv(8) == b"\x02"
    assert outcome(second.recv, 8) == (ConnectionResetError, errno.ECONNRESET)
    assert steps.connection is steps.connections[1]
    steps.check()
    third = connect()
    assert outcome(third.recv, 8) == (ConnectionResetError, errno.ECONNRESET)
    with pytest.raises(ScriptError, match="connection 3 is not in the script"):
        steps.check()


def test_script_waits_on_the_clock():
    clock = Clock()
    steps = Script(clock).expect("01").wait(250).send("02").wait(50).send("03")
    pool, connect = scripted(steps)
    sock = connect()
    sock.send(b"\x01")
    assert pool.wait(sock, True, False, 1000) == READ
    assert (clock(), sock.recv(8)) == (250, b"\x02")
    assert pool.wait(sock, True, False, 1000) == READ
    assert clock() == 300
    steps.check()


def test_script_stalls_and_resumes():
    clock = Clock()
    steps = Script(clock).expect("01").stall().wait(100).resume().expect("02").expect_close()
    pool, connect = scripted(steps)
    sock = connect()
    sock.send(b"\x01")
    assert outcome(sock.send, b"\x02") == (BlockingIOError, errno.EAGAIN)
    assert pool.wait(sock, False, True, 500) == WRITE
    assert clock() == 100
    sock.send(b"\x02")
    assert not steps.done
    sock.close()
    steps.check()


def test_script_vanishes():
    steps = Script(Clock()).expect("01").vanish()
    _, connect = scripted(steps)
    sock = connect()
    sock.send(b"\x01")
    sock.send(b"\x02")
    assert outcome(sock.recv_into, bytearray(1)) == (BlockingIOError, errno.EAGAIN)
    steps.check()


def test_script_grows_while_it_plays():
    called = []
    steps = Script(Clock()).expect("01")
    _, connect = scripted(steps)
    sock = connect()
    sock.send(b"\x01\x02")
    steps.expect("02").send("aa").call(called.append)
    assert sock.recv(8) == b"\xaa"
    assert called == [steps.connection]
    steps.accept().send("bb")
    assert connect().recv(8) == b"\xbb"
    steps.check()


def test_script_packets():
    assert script.puback(0x1234) == bytes.fromhex("40 02 12 34")
    assert script.suback(1, 0, 0x80) == bytes.fromhex("90 04 00 01 00 80")
    assert script.unsuback(1) == bytes.fromhex("b0 02 00 01")
    assert script.publish("ab", b"x") == bytes.fromhex("30 05 00 02 61 62 78")
    assert script.publish(b"a", b"x", 5) == bytes.fromhex("32 06 00 01 61 00 05 78")
    assert script.publish("a", b"x", 5, 0xB)[0] == 0x3B
    assert script.publish("a", bytes(200))[1:3] == bytes.fromhex("cb 01")
    assert script.connect("dev", 60) == bytes.fromhex(
        "10 0f 00 04 4d 51 54 54 04 02 00 3c 00 03 64 65 76"
    )
    with pytest.raises(ValueError):
        Script(Clock()).send("123")


def test_script_step_may_make_the_client_answer():
    steps = Script(Clock())
    _, connect = scripted(steps)
    clients = []
    steps.expect("01").call(lambda connection: clients[0].send(b"\x02")).expect("02").send("03")
    clients.append(connect())
    clients[0].send(b"\x01")
    assert clients[0].recv(8) == b"\x03"
    steps.check()
