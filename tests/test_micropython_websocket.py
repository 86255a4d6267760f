# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""WebSocket on MicroPython: a session frame by frame, a real server, and what the heap pays."""

import pytest
from test_micropython import figures_of

from boards.desktop.broker import Broker

# What the others have, and what WebSocket takes of it.
HEAP = "144k"
# Heap bytes that the module, a client's WebSocket, and one message of 64 bytes may take. Without
# WebSocket a message takes 64 out and 192 in.
CEILINGS = {
    "import": 9_000,
    "object": 2_000,
    "publish_0": 128,
    "publish_1": 192,
    "receive_0": 192,
    "receive_1": 320,
    "ping": 192,
    "poll": 0,
}


def test_a_session_on_a_scripted_socket(micropython):
    assert micropython.run("websocket_session.py", heap=HEAP) == "websocket: as scripted\n"


@pytest.mark.parametrize("frame_size", [0, 1, 100])
def test_a_session_with_the_embedded_broker(micropython, frame_size):
    with Broker(websocket="/mqtt", frame_size=frame_size) as broker:
        output = micropython.run("websocket_broker.py", broker.host, broker.port, heap=HEAP)
        assert broker.violations() == []
    assert output.startswith("received 40,")


def test_heap_bytes_of_websocket(micropython):
    output = micropython.run("websocket_heap.py")
    print(output)
    figures = figures_of(output)
    assert set(figures) == set(CEILINGS)
    over = {name: size for name, size in figures.items() if size > CEILINGS[name]}
    assert over == {}
