# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The bench of growth: both sides move every byte, and what grows or falls behind is shown."""

import socket
import sys
import threading

import pytest
from repository import ROOT

sys.path.append(str(ROOT / "tools"))

from bench import bare, growth
from bench.bare import BareSocket
from bench.growth import Cost, Measures, by_number, by_window, flat_row, payload_rows
from bench.program import Program

SMALL = Measures(1, (5, 20), (1, 4), (16, 2048), 20, 1 << 16)


def cost(cpu, wall=None):
    """A cost in microseconds."""
    return Cost(cpu / 1e6, (wall or cpu) / 1e6)


# --- both sides move every byte ------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 16, 200, 700, 20_000])
def test_what_the_bare_socket_publishes_arrives(port, size):
    payload = bytes(number % 251 for number in range(size))
    program = Program(port, "program", queue=65_536)
    program.subscribe(b"a/b")
    sender = BareSocket(port, "bare")
    sender.publish("a/b", payload, 30, 4)
    sender.close()
    program.receive(30)
    assert bytes(program.message[:size]) == payload
    assert program.statistics()["received"] == 30
    assert program.statistics()["unread"] == 0
    program.close()


@pytest.mark.parametrize("size", [0, 16, 200, 700, 20_000])
def test_the_bare_socket_takes_what_a_program_publishes(port, size):
    receiver = BareSocket(port, "bare")
    receiver.subscribe("a/b")
    program = Program(port, "program", size + 64, depth=8)
    program.publish(b"a/b", bytes(size), 30)
    receiver.receive("a/b", 30)
    assert program.statistics()["acknowledged"] == 30
    program.close()
    # All is acknowledged and nothing is left over: the next that it takes is a new one.
    sender = BareSocket(port, "other")
    sender.publish("a/b", b"last", 1, 1)
    receiver.receive("a/b", 1)
    sender.close()
    receiver.close()


class Dribble(threading.Thread):
    """A broker's end of a connection that sends a stream in small pieces, and keeps the answers."""

    def __init__(self, stream, piece, answers):
        super().__init__(daemon=True)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._stream = stream
        self._piece = piece
        self._answers = answers
        self.answer = b""
        self.start()

    def run(self):
        """Accept one connection and play the stream."""
        with self._listener, self._listener.accept()[0] as end:
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            end.recv(100)
            end.sendall(b"\x20\x02\x00\x00")
            for at in range(0, len(self._stream), self._piece):
                end.sendall(self._stream[at : at + self._piece])
            while len(self.answer) < self._answers:
                self.answer += end.recv(1000)


@pytest.mark.parametrize("piece", [1, 3, 50, 1000])
@pytest.mark.parametrize("size", [0, 1, 5, 130])
def test_the_bare_socket_reads_headers_wherever_the_stream_is_cut(piece, size):
    stream = b"".join(
        bare.packet(0x32, bare.text("t"), number.to_bytes(2, "big"), bytes(size))
        for number in range(1, 9)
    )
    peer = Dribble(stream, piece, 8 * 4)
    receiver = BareSocket(peer.port, "bare")
    receiver.receive("t", 8)
    peer.join(10)
    assert peer.answer == b"".join(b"\x40\x02\x00" + bytes([number]) for number in range(1, 9))


def test_a_bare_socket_that_is_refused_says_so(port):
    with pytest.raises(RuntimeError, match="the broker answers"):
        BareSocket(port, "")._ask(b"\xc0\x00", b"\xd1\x00")


# --- the rows ------------------------------------------------------------------------------------


def test_flat_costs_meet_their_target():
    row = flat_row("publish", [{"10": 20.0, "1,000": 14.0, "100,000": 15.0}], "of fewer")
    assert row.targets[0].met
    assert row.targets[0].found == pytest.approx(15 / 14)


def test_a_cost_that_grows_misses_its_target():
    assert not flat_row("publish", [{"1": 30.0, "16": 14.0, "64": 28.0}], "of fewer").targets[0].met


def test_each_number_is_reached_in_as_many_runs_as_it_takes():
    runs = []

    def run(port, payload, count, times):
        runs.append((port, len(payload), count, times))
        return cost(10.0 * count)

    row = by_number("move", run, 7, Measures(1, (10, 1000, 100_000), (), (), 5000, 0))
    assert runs == [(7, 64, 10, 500), (7, 64, 1000, 5), (7, 64, 100_000, 1)]
    assert row.figures == pytest.approx({"10": 100.0, "1,000": 10_000.0, "100,000": 1_000_000.0})
    assert not row.targets[0].met


@pytest.mark.parametrize(
    ("ours", "theirs", "met"),
    [
        (cost(30, 40), cost(20, 35), [True, True]),
        (cost(41, 60), cost(20, 35), [False, True]),
        (cost(39, 71), cost(20, 35), [True, False]),
    ],
)
def test_the_longest_payload_stands_beside_the_bare_socket(ours, theirs, met):
    rounds = [{"16 bytes": cost(10), "64 KB": ours, "bare socket, 64 KB": theirs}]
    by_cpu, by_wall = payload_rows("move", rounds, 65_536)
    assert [by_cpu.targets[0].met, by_wall.targets[0].met] == met
    assert list(by_cpu.figures) == ["16 bytes", "64 KB", "bare socket, 64 KB"]
    assert by_wall.figures["bare socket"] == pytest.approx(65_536 / 35)


# --- the measurements ----------------------------------------------------------------------------


def test_every_kind_of_row_is_measured(port):
    found = [
        by_number("publish", growth.publish_ours, port, SMALL),
        by_number("receive", growth.receive_ours, port, SMALL),
        by_window(port, SMALL),
        *growth.by_payload("publish", (growth.publish_ours, growth.publish_bare), port, SMALL),
        *growth.by_payload("receive", (growth.receive_ours, growth.receive_bare), port, SMALL),
    ]
    assert [list(row.figures) for row in found] == [
        ["5", "20"],
        ["5", "20"],
        ["1", "4"],
        ["16 bytes", "2 KB", "bare socket, 2 KB"],
        ["nxd_mqtt", "bare socket"],
        ["16 bytes", "2 KB", "bare socket, 2 KB"],
        ["nxd_mqtt", "bare socket"],
    ]
    assert all(row.part == "growth" for row in found)
    assert all(figure > 0 for row in found for figure in row.figures.values())


@pytest.mark.long
def test_the_quick_part_runs():
    found = growth.measure(quick=True)
    assert len(found) == 7
    # One short round on a shared machine: a cost that grew would be ten times as high.
    flat = [target for row in found[:3] for target in row.targets]
    assert len(flat) == 3
    assert all(target.found < 2 * target.limit for target in flat)
