# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The soak: its wires break as they say, its verdict can be bad, and a run of it loses nothing."""

import queue
import socket
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing

import peers
import pytest
from repository import ROOT, load_tool

sys.path.append(str(ROOT / "tests" / "integration"))

from fault_proxy import TO_BROKER, TO_CLIENT, FaultProxy, Frames
from soak_clients import Publisher, Sockets, Subscriber

soak = load_tool("soak")

PATIENCE_SECONDS = 10
# Long enough for a byte that comes, short enough to wait for one that must not.
SILENCE_SECONDS = 0.15
# Of a fault that a test ends itself.
LONG = 60

PACKET = b"\x30\x08\x00\x01tabcde"
PINGREQ = b"\xc0\x00"
GOOD = {
    "sent": 9,
    "delivered": 9,
    "duplicates": 2,
    "reordered": 0,
    "damaged": 0,
    "faults": 3,
    "publisher_reconnects": 1,
    "subscriber_reconnects": 1,
    "resent": 2,
    "acknowledged": 9,
    "heap_growth": 0,
    "sockets": 0,
    "lost": 0,
}


class Listener:
    """The broker's end: accepts, and hands the connections out."""

    host = "127.0.0.1"

    def __init__(self) -> None:
        self._socket = socket.create_server((self.host, 0))
        self.port = self._socket.getsockname()[1]
        self._socket.settimeout(PATIENCE_SECONDS)

    def accept(self) -> socket.socket:
        sock = self._socket.accept()[0]
        sock.settimeout(PATIENCE_SECONDS)
        return sock

    def nobody_came(self) -> bool:
        self._socket.settimeout(SILENCE_SECONDS)
        try:
            self._socket.accept()[0].close()
        except TimeoutError:
            return True
        finally:
            self._socket.settimeout(PATIENCE_SECONDS)
        return False

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def listener():
    with closing(Listener()) as listener:
        yield listener


@pytest.fixture
def proxy(listener):
    with FaultProxy(listener) as proxy:
        yield proxy


def knock(proxy) -> socket.socket:
    return socket.create_connection((proxy.host, proxy.port), timeout=PATIENCE_SECONDS)


@pytest.fixture
def link(proxy, listener):
    """Both ends of a connection through the proxy."""
    with knock(proxy) as near, listener.accept() as far:
        yield near, far


def rest(sock: socket.socket) -> bytes:
    """All that comes until the connection ends, however it ends."""
    found = b""
    try:
        while data := sock.recv(4096):
            found += data
    except ConnectionResetError:
        pass
    return found


def exactly(sock: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        found += sock.recv(count - len(found)) or pytest.fail(f"ended after {found!r}")
    return found


def is_silent(sock: socket.socket) -> bool:
    """Whether nothing comes, not even an end."""
    sock.settimeout(SILENCE_SECONDS)
    try:
        sock.recv(1)
    except TimeoutError:
        return True
    finally:
        sock.settimeout(PATIENCE_SECONDS)
    return False


# --- the wire ------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_frames_are_found_however_the_bytes_come(step):
    packets = [PACKET, PINGREQ, b"\x30\xc8\x01" + bytes(200), PINGREQ, PACKET]
    data = b"".join(packets)
    wanted = {sum(map(len, packets[: count + 1])) for count in range(len(packets))}
    frames = Frames()
    found = set()
    for at in range(0, len(data), step):
        found |= {at + end for end in frames.ends(data[at : at + step])}
    assert found == wanted


def test_a_wire_without_a_fault_passes_everything(proxy, link):
    near, far = link
    near.sendall(PACKET * 1000)
    assert exactly(far, len(PACKET) * 1000) == PACKET * 1000
    far.sendall(PINGREQ)
    assert exactly(near, 2) == PINGREQ
    assert proxy.connections == 1
    near.close()
    assert rest(far) == b""
    assert proxy.faults == Counter()


@pytest.mark.parametrize(("skip", "passed"), [(0, 1), (len(PACKET), 1), (len(PACKET) + 1, 2)])
def test_a_cut_falls_between_two_packets(proxy, link, skip, passed):
    near, far = link
    proxy.strike("cut", skip=skip)
    near.sendall(PACKET * 3)
    assert rest(far) == PACKET * passed
    assert rest(near) == b""
    assert proxy.faults == {"cut": 1}


def test_bytes_count_over_several_reads(proxy, link):
    near, far = link
    proxy.strike("cut", skip=len(PACKET) + 1)
    near.sendall(PACKET)
    assert exactly(far, len(PACKET)) == PACKET
    near.sendall(PACKET)
    assert rest(far) == PACKET
    assert proxy.faults == {"cut": 1}


@pytest.mark.parametrize("skip", range(2 * len(PACKET)))
def test_a_cut_in_the_middle_leaves_part_of_a_packet(proxy, link, skip):
    near, far = link
    proxy.strike("middle", skip=skip)
    near.sendall(PACKET * 3)
    came = rest(far)
    assert (PACKET * 3).startswith(came)
    assert len(came) % len(PACKET)
    assert skip <= len(came) <= skip + 1
    assert proxy.faults == {"middle": 1}


def test_a_reset_is_one_at_both_ends(proxy, link):
    proxy.strike("reset")
    link[1].sendall(PINGREQ)
    for end in link:
        with pytest.raises(ConnectionResetError):
            while end.recv(100):
                pass
    assert proxy.faults == {"reset": 1}


def test_a_cut_waits_for_a_connection_and_cuts_only_one(proxy, listener):
    proxy.strike("cut")
    assert proxy.faults == Counter()
    for passed in (PACKET, PACKET * 2):
        with knock(proxy) as near, listener.accept() as far:
            near.sendall(PACKET * 2)
            assert exactly(far, len(passed)) == passed
    assert proxy.faults == {"cut": 1}


def test_a_wire_that_is_healed_forgets_what_waited(proxy, listener):
    proxy.strike("cut")
    proxy.heal()
    with knock(proxy) as near, listener.accept() as far:
        near.sendall(PACKET * 2)
        assert exactly(far, 2 * len(PACKET)) == PACKET * 2
        assert is_silent(far)
    assert proxy.faults == Counter()


@pytest.mark.parametrize("direction", [TO_BROKER, TO_CLIENT])
def test_a_stall_holds_one_direction_and_gives_it_back_later(proxy, link, direction):
    source, sink = link if direction == TO_BROKER else reversed(link)
    proxy.strike("stall", LONG, direction)
    source.sendall(PACKET)
    assert is_silent(sink)
    source.sendall(PINGREQ)
    sink.sendall(PINGREQ)
    assert exactly(source, 2) == PINGREQ
    proxy.heal()
    assert exactly(sink, len(PACKET) + 2) == PACKET + PINGREQ
    assert proxy.faults == {"stall": 1}


def test_a_stall_ends_by_itself(proxy, link):
    near, far = link
    begun = time.monotonic()
    proxy.strike("stall", 0.2)
    near.sendall(PACKET)
    assert exactly(far, len(PACKET)) == PACKET
    assert time.monotonic() - begun >= 0.2


def test_what_a_black_hole_has_swallowed_stays_away_and_nobody_learns(proxy, link):
    near, far = link
    proxy.strike("blackhole", LONG)
    proxy.heal()
    near.sendall(PACKET)
    far.sendall(PACKET)
    assert is_silent(near)
    near.close()
    assert is_silent(far)
    assert proxy.faults == {"blackhole": 1}


@pytest.mark.parametrize("kind", ["refuse", "cut"])
def test_no_other_fault_rescues_from_a_black_hole(proxy, link, kind):
    proxy.strike("blackhole", LONG)
    proxy.strike(kind, LONG)
    link[0].sendall(PACKET)
    assert is_silent(link[0])
    assert is_silent(link[1])


def test_a_black_hole_accepts_who_comes_and_passes_nothing(proxy, listener):
    proxy.strike("blackhole", LONG)
    with knock(proxy) as swallowed:
        swallowed.sendall(PACKET)
        assert listener.nobody_came()
        assert is_silent(swallowed)
        proxy.heal()
        assert is_silent(swallowed)
    with knock(proxy) as near, listener.accept() as far:
        near.sendall(PACKET)
        assert exactly(far, len(PACKET)) == PACKET
    assert proxy.faults == {"blackhole": 1}


def test_what_dribbles_comes_a_byte_at_a_time(proxy, link):
    near, far = link
    proxy.strike("dribble", LONG)
    near.sendall(bytes(range(100)))
    pieces = [far.recv(100) for _ in range(10)]
    assert b"".join(pieces) == bytes(range(len(b"".join(pieces))))
    assert min(map(len, pieces)) == 1
    proxy.heal()
    came = len(b"".join(pieces))
    assert exactly(far, 100 - came) == bytes(range(came, 100))
    assert proxy.faults == {"dribble": 1}


def test_a_refusal_ends_what_there_is_and_closes_who_comes(proxy, link, listener):
    near, far = link
    proxy.strike("refuse", LONG)
    assert rest(near) == rest(far) == b""
    assert proxy.faults == Counter(), "nobody was refused so far"
    for _ in range(2):
        with knock(proxy) as refused:
            assert rest(refused) == b""
    assert listener.nobody_came()
    proxy.heal()
    with knock(proxy) as near, listener.accept() as far:
        near.sendall(PACKET)
        assert exactly(far, len(PACKET)) == PACKET
    assert proxy.faults == {"refuse": 1}


def test_a_wire_to_no_broker_closes(listener):
    with FaultProxy(listener) as proxy:
        listener.close()
        with knock(proxy) as near:
            assert rest(near) == b""


# --- the plan ------------------------------------------------------------------------------------


def test_a_seed_is_a_plan():
    assert soak.draw_plan(7, 120) == soak.draw_plan(7, 120)
    assert soak.draw_plan(7, 120) != soak.draw_plan(8, 120)


def test_no_kind_comes_again_before_every_kind_has_come():
    for seed in range(20):
        kinds = [fault.kind for fault in soak.draw_plan(seed, 60)]
        size = len(soak.KINDS)
        for at in range(0, len(kinds) - size, size):
            assert set(kinds[at : at + size]) == set(soak.KINDS)


def test_a_plan_strikes_where_the_table_says_and_ends_in_time():
    plan = soak.draw_plan(5, 300)
    assert {fault.where for fault in plan} == {*soak.WIRES, "broker"}
    assert all(fault.at < 300 for fault in plan)
    assert [fault.at for fault in plan] == sorted(fault.at for fault in plan)
    for fault in plan:
        where, shortest, longest = soak.KINDS[fault.kind]
        assert (fault.where == "broker") == (where == "broker")
        assert shortest <= fault.seconds <= longest


def test_the_table_and_the_proxy_name_the_same_kinds():
    kinds = [kind for kind, (where, *_) in soak.KINDS.items() if where == "wire"]
    assert kinds == [*FaultProxy.ENDS, *FaultProxy.LASTING]


# --- counting ------------------------------------------------------------------------------------


def number(value: int) -> bytes:
    return Publisher.text(value)


def test_the_subscriber_counts_what_is_new_again_late_or_damaged():
    subscriber = Subscriber("counts", Sockets(), 10)
    for message in (number(0), number(1), number(0), number(4), number(3), number(4)):
        subscriber.take(message)
    assert (subscriber.delivered, subscriber.duplicates, subscriber.reordered) == (4, 2, 1)
    for message in (b"", b"x", number(2) + b"x", number(9)[:-1], number(10), b"-0000001"):
        subscriber.take(message)
    assert subscriber.damaged == 6
    assert subscriber.delivered == 4


def test_sockets_are_open_until_they_are_closed():
    sockets = Sockets()
    first, second = (sockets.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(2))
    assert sockets.open == 2
    first.close()
    assert sockets.open == 1
    second.close()
    assert sockets.open == 0


def test_the_heap_of_the_library_is_what_the_library_has_allocated():
    soak.tracemalloc.start()
    try:
        before = soak.heap_of_library()
        kept = Subscriber("weighs", Sockets(), 10)
        weight = soak.heap_of_library() - before
        del kept
        assert weight > 4000
        assert soak.heap_of_library() - before < weight / 4
    finally:
        soak.tracemalloc.stop()


# --- the verdict ---------------------------------------------------------------------------------


def test_a_good_run_is_0():
    assert soak.faults_found(GOOD, ()) == []
    assert soak.verdict(GOOD) == 0


@pytest.mark.parametrize(
    ("figure", "value"),
    [
        ("lost", 1),
        ("reordered", 1),
        ("damaged", 1),
        ("sockets", 1),
        ("heap_growth", 20000),
        ("sent", 0),
        ("acknowledged", 8),
    ],
)
def test_a_bad_figure_is_1(figure, value):
    assert soak.verdict({**GOOD, figure: value}) == 1


def test_a_complaint_is_1_and_is_printed_before_the_figures(capsys):
    soak.report(GOOD, Counter(cut=3), {"it hung"})
    lines = capsys.readouterr().out.splitlines()
    assert soak.verdict(GOOD, {"it hung"}) == 1
    assert lines[0].startswith("faults: cut 3, reset 0, ")
    assert lines[1].startswith("did not happen: reset, ")
    assert lines[2:] == [
        "WRONG: it hung",
        "sent=9 delivered=9 duplicates=2 reordered=0 damaged=0 faults=3 publisher_reconnects=1 "
        "subscriber_reconnects=1 resent=2 acknowledged=9 heap_growth=0 sockets=0 lost=0",
    ]


def test_without_mosquitto_it_is_2_and_says_so(monkeypatch, capsys):
    monkeypatch.setattr(peers, "find_mosquitto", lambda: None)
    assert soak.main([]) == 2
    assert capsys.readouterr().out == "soak: mosquitto is missing, so nothing was tried\n"


def test_the_watchdog_says_what_hangs_and_where():
    heard = queue.Queue()
    watchdog = soak.Watchdog(lambda: "the state of affairs", heard.put, 0.05)
    watchdog.start()
    text = heard.get(timeout=PATIENCE_SECONDS)
    assert "the state of affairs" in text
    assert "test_the_watchdog_says_what_hangs_and_where" in text


def test_the_watchdog_is_quiet_while_there_are_beats_and_after_the_end():
    heard = queue.Queue()
    watchdog = soak.Watchdog(lambda: "", heard.put, 0.3)
    watchdog.start()
    for _ in range(60):
        watchdog.beat()
        time.sleep(0.01)
    watchdog.stop()
    watchdog.join(PATIENCE_SECONDS)
    assert heard.empty()
    assert not watchdog.is_alive()


# --- runs ----------------------------------------------------------------------------------------


def run(*arguments: str):
    """The command, as a user gives it: its exit code, its lines and the figures of the last."""
    peers.need("mosquitto")
    command = [sys.executable, str(ROOT / "tools" / "soak.py"), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert lines, done.stderr
    figures = {key: int(value) for key, value in (it.split("=") for it in lines[-1].split())}
    return done.returncode, lines, figures


def test_a_short_soak_loses_nothing():
    code, lines, figures = run("--seconds", "9", "--seed", "4")
    assert code == 0, "\n".join(lines)
    assert "seed 4" in lines[0]
    assert figures["lost"] == 0
    assert figures["delivered"] == figures["sent"] > 500
    assert figures["publisher_reconnects"] + figures["subscriber_reconnects"] > 0
    assert list(figures) == list(GOOD)


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_long_soak_has_every_fault_and_loses_nothing():
    code, lines, figures = run("--seconds", "110", "--seed", "31101")
    assert code == 0, "\n".join(lines)
    assert not [line for line in lines if line.startswith("did not happen")]
    assert figures["lost"] == 0
    assert figures["duplicates"] and figures["resent"]


def test_a_broker_that_forgets_what_it_acknowledged_is_a_loss_and_1(monkeypatch, capsys):
    peers.need("mosquitto")
    # The subscriber is away when the broker forgets what it holds for it.
    plan = [
        soak.Fault(0.3, "blackhole", "subscriber", 1.5, TO_BROKER, 0),
        soak.Fault(0.6, "restart", "broker", 0.0, TO_BROKER, 0),
    ]
    monkeypatch.setattr(soak, "draw_plan", lambda seed, seconds: plan)
    monkeypatch.setattr(soak.Broker, "restart", soak.Broker.forget)
    monkeypatch.setattr(soak, "_DRAIN_SECONDS", 2)
    assert soak.soak(2, 0) == 1
    lines = capsys.readouterr().out.splitlines()
    assert not lines[-1].endswith(" lost=0")
    told = "\n".join(lines)
    assert "WRONG: not drained in time" in told
    assert "messages were accepted and never delivered" in told
