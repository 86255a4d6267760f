# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Whatever a peer sends, a client takes no more memory than it took when it was created."""

import gc
import tracemalloc
from pathlib import Path

from client_bench import App
from doubles.script import CONNACK_PRESENT, puback, publish
from loopback import Listener, real_client

import nxd_mqtt
from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import *

LIBRARY = str(Path(nxd_mqtt.__file__).parent / "*")


def sizes_of(client):
    """The lengths of every buffer and container that the client holds on to, sorted."""
    sizes = []
    waiting = [client]
    seen = set()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        name = type(one).__name__
        if type(one).__module__.startswith("nxd_mqtt.") and name != "Link":
            sizes.append((name, len(vars(one))))
            waiting += vars(one).values()
        elif isinstance(one, list):
            sizes.append((name, len(one)))
            waiting += one
        elif isinstance(one, dict | bytearray | memoryview):
            sizes.append((name, len(one)))
    return sorted(sizes)


def test_the_sizes_that_are_compared_are_those_of_the_buffers():
    app = App(payload_size=77, depth=3, queue=333)
    sizes = sizes_of(app.client)
    assert ("memoryview", 333) in sizes
    assert sizes.count(("memoryview", 77)) >= 4  # three packets and the output
    assert ("bytearray", 512) in sizes


def take_all(app):
    """Let everything in that the peer has sent."""
    while app.peer.waiting:
        app.poll()
        app.messages()


def test_nothing_that_a_peer_sends_makes_anything_grow():
    app = App(queue=128)
    app.connect(clean=0)
    app.peer.send(publish("t", b"the first message of a client"))
    take_all(app)
    before = sizes_of(app.client)
    for number in range(1, 30):
        app.publish(b"x" * 40)
        app.publish(b"x" * 40, 0)
        nxd_mqtt_client_subscribe(app.client, "a/b/c", 1)
        app.peer.send(publish("t" * 40, bytes(50), number) * 5)
        app.peer.send(publish("t" * 300, bytes(5000 * number), number))
        app.peer.send(puback(number) + b"\xd0\x00" * 50)
        take_all(app)
        if number % 5 == 0:
            app.peer.send(b"\x32\xff\xff\x7f\xff\xff" + bytes(range(256)))
            take_all(app)
            app.peer.close()
            app.polls(3)
            app.connect(clean=0, answer=CONNACK_PRESENT)
    app.peer.send(b"\x30\xff\xff\xff\x7f")
    app.polls(10)
    assert sizes_of(app.client) == before


def exchange(client, peer, first, count):
    """Messages at QoS 1 both ways, each acknowledged."""
    topic, payload = bytearray(16), bytearray(64)
    for number in range(first, first + count):
        packet_id = number % 65535 + 1
        assert nxd_mqtt_client_publish(client, "t", b"message", 0, 1, NX_NO_WAIT) == 0
        # The id that was used, and the peer's own message behind its acknowledgement.
        used = client.packet_identifier
        peer.sendall(puback(used) + publish("t", b"0123456789", packet_id))
        while nxd_mqtt_client_message_get(client, topic, payload)[0]:
            assert nxd_mqtt_client_poll(client, 100) == NXD_MQTT_SUCCESS
        nxd_mqtt_client_poll(client)
        if number % 16 == 0:
            peer.recv(65536)


def test_ten_thousand_messages_leave_no_memory_behind():
    with Listener() as listener:
        client, peer = real_client(listener)
        with peer:
            exchange(client, peer, 1, 300)
            gc.collect()
            tracemalloc.start()
            try:
                exchange(client, peer, 301, 100)
                before = taken()
                exchange(client, peer, 401, 10_000)
                after = taken()
            finally:
                tracemalloc.stop()
            # A few counters have outgrown the small numbers that Python keeps ready.
            assert after - before < 1024
            assert nxd_mqtt_client_statistics_get(client)[1]["received"] == 10_400
            nxd_mqtt_client_disconnect(client)


def taken():
    """Bytes that lines of the library have allocated and that are still there."""
    gc.collect()
    snapshot = tracemalloc.take_snapshot()
    snapshot = snapshot.filter_traces([tracemalloc.Filter(True, LIBRARY)])
    return sum(trace.size for trace in snapshot.traces)
