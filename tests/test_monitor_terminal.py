# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The monitor in a terminal: what stands on the screen, and that the terminal is given back."""

import os
import re
import signal

import peers
import pytest
from monitor_bench import QUICK, Terminal, totals

SHOWN = "\x1b[?25h"


def test_one_command_shows_a_client_at_work_until_ctrl_c():
    with Terminal(*QUICK) as terminal:
        terminal.until_shown("● CONNECTED (3)", "acknowledged  ×", "message       ×")  # noqa: RUF001
        assert terminal.screen.cursor.hidden
        assert "monitor at embedded broker 127.0.0.1 port " in terminal.lines[0]
        assert "last events" in terminal.text
        assert terminal.lines[23].startswith("╰")
        assert "Ctrl-C ends" in terminal.lines[23]
        assert re.search(r"round trip +.*[▁▂▃▄▅▆▇█]  [\d.]+ ms, median ", terminal.text)
        terminal.until(lambda shown: re.search(r"[3-9] messages, \d+ of 1,020 B", shown.text))
        terminal.press(b"\x03")
        assert terminal.end() == 0
        assert not terminal.screen.cursor.hidden
    text = terminal.raw.decode()
    assert text.index("\x1b[?1049h") < text.index("\x1b[?1049l")
    assert "Traceback" not in text
    figures = totals(text)
    assert figures["published"] > 0
    assert figures["connects"] == 1


def test_a_link_that_is_cut_is_seen_to_be_lost_and_replaced():
    with Terminal("--every", "0.05", "--faults", "0.6", columns=100, rows=40) as terminal:
        terminal.until_shown("CONNECTING (2)", "next try in ", "NXD_MQTT_COMMUNICATION_FAILURE")
        assert re.search(r"[1-9]\d* of 16 unacknowledged", terminal.text)
        terminal.until_shown("the broker has kept the session, attempt 2")
        terminal.press(b"\x03")
        assert terminal.end() == 0
    assert totals(terminal.raw.decode())["reconnects"] >= 1


def test_a_terminal_of_another_size_gets_another_picture():
    with Terminal(*QUICK, columns=60) as terminal:
        terminal.until(lambda shown: all(line[-1] in "╮│╯" for line in shown.lines))
        terminal.until_shown("CONNECTED (3)", "trip ")
        terminal.resize(110, 30)
        terminal.until(lambda shown: shown.lines[29].rstrip().endswith("Ctrl-C ends ─╯"))
        terminal.until(lambda shown: shown.lines[0].endswith("─╮"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_gives_the_terminal_back(number):
    with Terminal(*QUICK) as terminal:
        terminal.until_shown("CONNECTED (3)")
        terminal.process.send_signal(number)
        assert terminal.end() == 0
        assert SHOWN in terminal.raw.decode()


def test_no_colour_is_no_colour():
    with Terminal(*QUICK, environment={"NO_COLOR": "1"}) as terminal:
        terminal.until_shown("● CONNECTED (3)", "█")
        colours = {cell.fg for row in terminal.screen.buffer.values() for cell in row.values()}
    assert colours == {"default"}


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [((), {"TERM": "dumb"}), (("--plain",), {})],
    ids=("dumb", "plain"),
)
def test_a_terminal_on_which_no_cursor_is_to_move_gets_lines(arguments, environment):
    with Terminal(*QUICK, *arguments, environment=environment) as terminal:
        terminal.until_shown("subscribed: monitor/demo at QoS 1", "figures: CONNECTED")
        terminal.press(b"\x03")
        assert terminal.end() == 0
    assert b"\x1b" not in terminal.raw


def test_a_topic_that_is_an_escape_sequence_is_shown_and_not_obeyed():
    topic = "\x1b[2J\x1b]0;owned\x07[red]x"
    with Terminal(*QUICK, "--publish", topic) as terminal:
        terminal.until_shown("CONNECTED (3)", "\\x1b[2J\\x1b]0;owned\\x07[red]x, ")
    assert b"\x1b]0" not in terminal.raw
    assert b"\x1b[2J" not in terminal.raw.partition(b"CONNECTED")[2]


def test_a_disk_that_is_full_ends_it_and_gives_the_terminal_back():
    if not os.path.exists("/dev/full"):
        peers.miss("/dev/full")
    with Terminal(*QUICK, "--record", "/dev/full") as terminal:
        assert terminal.end() == 2
    text = terminal.raw.decode()
    assert "cannot record to /dev/full: No space left on device" in text
    assert "Traceback" not in text
    assert text.count("\x1b[?25l") == text.count(SHOWN)
