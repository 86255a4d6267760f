# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What the monitor draws: it fits, it says what is so, and no stranger can steer it."""

import threading
import time
from dataclasses import replace

import pytest
from monitor_bench import Watched, drawn
from rich.cells import cell_len
from rich.console import Console

from boards.desktop.broker.packets import Publish
from boards.desktop.monitor.screen import Screen
from nxd_mqtt.nxd import *

SIZES = [(80, 24), (120, 40), (60, 24), (72, 24), (71, 16), (200, 60), (40, 12), (30, 8), (12, 4)]
HOSTILE = "\x1b]0;owned\x07\x1b[2J[bold red]:smile:\r\n\u202e\x9b31m"


def busy(**named):
    """A client of which everything can be seen: a loss, a full window, a queue, round trips."""
    app = Watched(**named).up()
    app.monitor.subscribe(app.client, "room/#", 1)
    for milliseconds in (4, 8, 2, 40):
        app.publish_and_wait(milliseconds)
    app.lose()
    app.turn(2000).turn()
    app.broker.mute = (Publish,)
    while app.send() == NXD_MQTT_SUCCESS:
        pass
    for _ in range(4):
        app.broker.deliver(b"x" * 80, "room/1")
    return app.turn()


def line_with(lines, text):
    """The only line that has a text."""
    (found,) = [line for line in lines if text in line]
    return found


# --- it fits -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_the_picture_fills_the_terminal_and_no_more(columns, rows):
    app = busy(title="a name that is longer than many a terminal is wide, and goes on and on")
    lines = app.picture(columns, rows, footer="a footer that is quite long as well " * 4)
    widths = {cell_len(line) for line in lines}
    assert widths == {columns}
    # Where not even the link and the bars have room, the terminal cuts what is below.
    assert len(lines) == max(rows, 9)


@pytest.mark.parametrize(("columns", "rows"), SIZES[:6])
def test_what_matters_is_to_be_seen_at_every_size(columns, rows):
    text = "\n".join(busy().picture(columns, rows))
    for words in ("CONNECTED (3)", "session kept", "4 messages", "8 of 8", "worst 40.0 ms"):
        assert words in text
    assert "╰" in text.splitlines()[-1]


def test_wide_letters_do_not_move_the_border():
    app = busy(title="部屋" * 60)
    app.take()
    app.broker.deliver(b"", "部屋/気温" * 20)
    while app.turn().take() == NXD_MQTT_SUCCESS:
        pass
    lines = app.picture(79, 24)
    assert {cell_len(line) for line in lines} == {79}
    assert any("部屋/気温" in line and "…" in line for line in lines)


def test_a_terminal_that_has_no_such_letters_gets_plain_ones():
    app = busy()
    lines = app.picture(80, 24, encoding="ascii")
    assert "".join(lines).isascii()
    assert line_with(lines, "window").count("#") >= 6
    assert {len(line) for line in lines} == {80}


# --- it says what is so --------------------------------------------------------------------------


def bar_of(lines, name):
    """How many cells of a bar are full, and how many it has."""
    line = line_with(lines, f"│ {name} ")
    full = line.count("█")
    return full, full + line.count("░")


def test_bars_are_as_full_as_what_they_stand_for():
    app = Watched(depth=8).up()
    app.broker.mute = (Publish,)
    assert bar_of(app.picture(), "window")[0] == 0
    for count in range(1, 9):
        app.send()
        full, cells = bar_of(app.turn().picture(), "window")
        assert full == pytest.approx(cells * count / 8, abs=0.51)
        assert (full == cells) == (count == 8)
    assert "8 of 8 unacknowledged" in "\n".join(app.picture())


def test_a_bar_is_not_empty_while_there_is_something_nor_full_while_there_is_room():
    app = Watched().up()
    snapshot = app.monitor.snapshot()
    for unacknowledged, cells in ((1, 1), (999, -1)):
        figures = snapshot.figures | {"unacknowledged": unacknowledged, "depth": 1000}
        full, all_cells = bar_of(drawn(replace(snapshot, figures=figures)), "window")
        assert full == cells % all_cells


def test_the_queue_is_told_in_messages_and_to_the_byte():
    lines = busy(queue=512).picture()
    assert "4 messages, 380 of 508 B" in line_with(lines, "│ queue")
    full, cells = bar_of(lines, "queue")
    assert full == pytest.approx(cells * 380 / 508, abs=0.51)


def test_round_trips_are_columns_as_high_as_they_took_long():
    app = Watched().up()
    assert "nothing acknowledged yet" in line_with(app.picture(), "│ round trip")
    for milliseconds in (10, 20, 40, 80):
        app.publish_and_wait(milliseconds)
    line = line_with(app.picture(), "│ round trip")
    assert " ▂▃▅█  80.0 ms, median 30.0 ms, worst 80.0 ms" in line


def test_the_state_is_told_by_name_and_number_at_each_stage():
    app = Watched()
    assert "○ IDLE (1)  no link 0:00:00" in app.picture()[1]
    app.up()
    app.turn(3_725_000)
    assert "● CONNECTED (3)  link 1:02:05  new session" in app.picture()[1]
    app.lose()
    assert "○ CONNECTING (2)  no link 0:00:00  next try in " in app.picture()[1]
    assert "13:02:05  lost: closed by the peer (session, 0x10007)" in app.picture()[2]


def test_an_event_says_status_and_reason_in_words():
    text = "\n".join(busy().picture(120, 40))
    assert "session: closed by the peer, NXD_MQTT_COMMUNICATION_FAILURE (0x10007)" in text
    assert "subscribed    room/# at QoS 1" in text
    assert "the broker has kept the session, attempt 2" in text
    assert "acknowledged  ×4  packet 5 after 40.0 ms" in text  # noqa: RUF001 - the sign
    assert "publish: NXD_MQTT_PACKET_POOL_FAILURE (0x10006)" in text


def test_a_rare_event_that_is_long_goes_on_in_the_next_lines():
    lines = Watched().up().lose().picture(60, 24)
    place = next(number for number, line in enumerate(lines) if "  lost   " in line)
    assert "NXD_MQTT_COMMUNICATION_FAILURE" in lines[place + 1]
    assert lines[place + 1].startswith("│" + " " * 20)


def test_the_newest_events_are_the_last_ones_to_be_seen():
    app = Watched().up()
    for number in range(16):
        app.monitor.subscribe(app.client, f"topic/{number}", 1)
        app.turn()
    lines = app.picture(80, 24)
    assert "topic/15 at QoS 1" in lines[-2]
    assert "topic/14 at QoS 1" in lines[-3]
    assert "topic/4 " not in "\n".join(lines)


@pytest.mark.parametrize("rows", range(19, 26))
def test_of_events_with_several_lines_the_newest_is_seen_whole(rows):
    app = Watched().up()
    for _ in range(6):
        app.lose()
        app.turn(16_000).turn()
    lines = app.lose().picture(60, rows)
    shown = [line.strip("│ ") for line in lines[-3:-1]]
    assert shown == ["NXD_MQTT_COMMUNICATION_FAILURE", "(0x10007)"]


def test_a_loss_is_to_be_seen_for_longer_than_the_messages_after_it():
    app = Watched().up().lose()
    app.turn(2000).turn()
    for _ in range(200):
        app.publish_and_wait(1001)
    kinds = [line.split()[2] for line in app.picture(80, 24)[14:-1] if line[2:4] == "12"]
    assert kinds == ["connected", "lost", "connected"] + ["acknowledged"] * 5
    app.monitor.subscribe(app.client, "t", 1)
    app.turn()
    last = app.picture(80, 24)[-2]
    assert "subscribed    t at QoS 1" in last


def test_counters_are_the_client_s():
    app = busy()
    lines = app.picture(80, 24)
    statistics = app.statistics
    assert statistics["published"] == 12
    row = line_with(lines, " published ").split()
    for name in ("published", "acknowledged", "resent", "received"):
        assert row[row.index(name) + 1] == str(statistics[name])
    row = line_with(lines, " dropped ").split()
    for name in ("dropped", "oversize", "attempts", "reconnects"):
        assert row[row.index(name) + 1] == str(statistics[name])


# --- what a stranger sends -----------------------------------------------------------------------


def test_nothing_that_a_peer_or_a_user_names_reaches_the_terminal_raw():
    app = Watched(payloads=True, title=HOSTILE).up()
    app.take()
    app.monitor.subscribe(app.client, "#", 1)
    app.broker.deliver(HOSTILE.encode(), HOSTILE)
    app.turn().take()
    lines = app.picture(200, 40, footer=HOSTILE)
    assert len(lines) == 40
    assert not [letter for line in lines for letter in line if not letter.isprintable()]
    line = line_with(lines, "message  ")
    harmless = "\\x1b]0;owned\\x07\\x1b[2J[bold red]:smile:\\r\\n\\u202e\\x9b31m"
    assert harmless + ", 41 B, QoS 1: " + harmless in line
    assert harmless in lines[0]


def test_markup_of_a_topic_has_no_colour():
    app = Watched().up()
    app.take()
    for topic in ("[red]a[/red]", "plain/topic1"):
        app.broker.deliver(b"", topic)
        app.turn().take()
    lines = drawn(app.monitor.snapshot(), color_system="standard")
    pieces = [line_with(lines, topic) for topic in ("[red]a[/red]", "plain/topic1")]
    codes = [[part.split("m")[0] for part in piece.split("\x1b[")[1:]] for piece in pieces]
    assert codes[0] == codes[1]


# --- when it is drawn ----------------------------------------------------------------------------


class Stuck:
    """An output that takes nothing until it is told to."""

    encoding = "utf-8"

    def __init__(self):
        self.asked = threading.Event()
        self.go_on = threading.Event()
        self.written = ""

    def isatty(self):
        return True

    def write(self, text):
        self.asked.set()
        self.go_on.wait()
        self.written += text

    def flush(self):
        pass


def test_an_output_that_is_stuck_does_not_hold_the_client_up():
    app = Watched().up()
    output = Stuck()
    output.go_on.set()
    console = Console(file=output, force_terminal=True, width=80, height=24, _environ={})
    with Screen(app.monitor, console=console) as screen:
        output.asked.clear()
        output.go_on.clear()
        assert output.asked.wait(5)
        for number in range(20):
            app.publish_and_wait(10)
            screen.draw()
            assert app.statistics["acknowledged"] == number + 1
        assert not output.go_on.is_set()
        output.go_on.set()
    assert "\x1b[?25l" in output.written
    assert output.written.endswith("\x1b[?25h\x1b[?1049l")


class Counting(Stuck):
    """An output that counts the pictures that it gets."""

    pictures = 0

    def write(self, text):
        self.pictures += text.count("CONNECTED (3)")


def test_pictures_are_drawn_ten_times_a_second_at_most():
    app = Watched().up()
    taken = []
    snapshot = app.monitor.snapshot
    app.monitor.snapshot = lambda: taken.append(1) or snapshot()
    output = Counting()
    console = Console(file=output, force_terminal=True, width=80, height=24, _environ={})
    with Screen(app.monitor, console=console) as screen:
        end = time.monotonic() + 1
        while time.monotonic() < end:
            screen.draw()
    assert 1 <= output.pictures <= 11
    assert 1 <= len(taken) <= 11


class Gone(Stuck):
    """An output whose reader has gone."""

    def isatty(self):
        return False

    def write(self, text):
        self.asked.set()
        raise BrokenPipeError


def test_an_output_that_is_gone_is_told_to_who_draws():
    app = Watched().up()
    output = Gone()
    with (
        pytest.raises(BrokenPipeError),
        Screen(app.monitor, console=Console(file=output)) as screen,
    ):
        app.lose()
        screen.draw()
        assert output.asked.wait(5)
        end = time.monotonic() + 5
        while time.monotonic() < end:
            screen.draw()
