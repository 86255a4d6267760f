# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The main job played on this machine, with a broker that cuts the link in the worst moment.

Run it in the root of the project: ``python -m boards.desktop.demo``. The board is ``run`` of
``code.py``, unchanged, in a thread of its own. The broker first stops to acknowledge, so that
several reports are sent and unacknowledged, then drops the connection. The client connects again by
itself a second or two later; what the board reports meanwhile waits. The last line counts: what the
board published, had acknowledged, received and sent again, and what a second, independent
subscriber missed.
"""

import importlib.util
import threading
from collections import Counter
from pathlib import Path

import boards

from .broker import Broker
from .witness import Witness

_PROGRAM = Path(__file__).resolve().parents[2] / "code.py"

_REPORTS = 200
_INTERVAL_MILLISECONDS = 10
_UNACKNOWLEDGED = 5
_CLIENT_ID = "demo-board"
_TOPIC = "demo"
# It takes a few seconds. What takes longer than this will not come any more.
_STEP_SECONDS = 10
_BOARD_SECONDS = 30

# Lines of which there are many: the first ones are shown, then one in so many.
_FREQUENT = ("published", "received")
_SHOWN_FIRST = 2
_SHOWN_EACH = 50


def load_program():
    """The board's ``code.py`` as a module.

    It is loaded by its path: ``import code`` may be this file or the standard library's, depending
    on how Python was started, and whoever imports the latter must not get ours.
    """
    specification = importlib.util.spec_from_file_location("main_job", _PROGRAM)
    program = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(program)
    return program


def _say(who: str, text: str) -> None:
    print(f"{who:>7}: {text}", flush=True)


class _Board(threading.Thread):
    """The board: the program, its settings, and a console that leaves out lines of a kind."""

    def __init__(self, broker: Broker):
        super().__init__(name="board", daemon=True)
        self._program = load_program()
        settings = {
            "MQTT_BROKER": broker.host,
            "MQTT_PORT": broker.port,
            "MQTT_CLIENT_ID": _CLIENT_ID,
            "MQTT_TOPIC": _TOPIC,
        }
        self._settings = self._program.read_settings(settings.get)
        self._settings["interval"] = _INTERVAL_MILLISECONDS
        self._lines = Counter()
        self.figures = dict.fromkeys(("published", "acked", "received", "resent"), 0)

    def run(self) -> None:
        radio = boards.connect()
        self.figures = self._program.run(radio, self._settings, _REPORTS, self._tell)

    def _tell(self, line: str) -> None:
        kind = line.split(maxsplit=1)[0]
        self._lines[kind] += 1
        number = self._lines[kind]
        if kind in _FREQUENT and number > _SHOWN_FIRST and number % _SHOWN_EACH:
            return
        _say("board", line)


def _cut_in_the_middle(broker: Broker, witness: Witness) -> None:
    """Cut the link while reports are sent and not acknowledged."""
    if not witness.wait_for(_REPORTS // 2, _STEP_SECONDS):
        _say("broker", "half of the reports never came")
        return
    broker.hold_acknowledgements = True
    _say("broker", "I stop acknowledging")
    before = len(witness.seen)
    witness.wait_for(before + _UNACKNOWLEDGED, _STEP_SECONDS)
    held = len(witness.seen) - before
    _say("broker", f"{held} reports came and are not acknowledged: I cut the link")
    broker.cut(_CLIENT_ID)
    broker.hold_acknowledgements = False


def play() -> dict[str, int]:
    """Play it once.

    :return: published, acked, received, resent, lost: messages
    """
    with Broker(port=0) as broker, Witness(broker.host, broker.port, _TOPIC) as witness:
        board = _Board(broker)
        board.start()
        _cut_in_the_middle(broker, witness)
        board.join(_BOARD_SECONDS)
        witness.wait_for(_REPORTS, _STEP_SECONDS)
        lost = set(range(1, _REPORTS + 1)) - witness.seen
        _say("witness", f"{len(witness.seen)} different reports came, {witness.repeated} twice")
        return board.figures | {"lost": len(lost)}


def verdict(totals: dict[str, int]) -> int:
    """The exit code: 0 when nothing was lost, all was acknowledged, and the loss was a loss."""
    complete = totals["published"] == totals["acked"] == _REPORTS
    return 0 if complete and totals["resent"] and totals["received"] and not totals["lost"] else 1


def main() -> int:
    """Play it and print the totals, as the last line."""
    totals = play()
    print(" ".join(f"{name}={number}" for name, number in totals.items()), flush=True)
    return verdict(totals)


if __name__ == "__main__":
    raise SystemExit(main())
