# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Draws the states of a client from the protocol's own table of which packet is legal when.

The states and the packets are read from the sources: the names of the constants, and ``_LEGAL``.
What is written here is only what is no packet: which call, and which ending, leads from state to
state. A test plays each of those with a client.
"""

import ast
from pathlib import Path

from drawing import BOLD, MIDDLE, SOFT, arrow, box, picture, text, wrapped

_LIBRARY = Path(__file__).resolve().parent.parent / "nxd_mqtt"

_STATE = "_STATE_"
# Only the names of packets that come have such a neighbour: the table of answers names the others.
_PACKETS = ("CONNACK", "PUBLISH", "PUBACK", "SUBACK", "UNSUBACK", "PINGRESP")

# (from, to, what does it); dashed where the client connects again by itself.
MOVES = (
    ("INITIALIZE", "IDLE", "create", "line"),
    ("IDLE", "INITIALIZE", "delete, from every state", "line"),
    ("IDLE", "CONNECTING", "connect", "line"),
    ("CONNECTING", "IDLE", "a refusal, no answer, disconnect", "line"),
    ("CONNECTED", "IDLE", "disconnect, a lost link, any other packet", "line"),
    ("CONNECTED", "CONNECTING", "a lost link, if it connects again by itself", "dashed"),
)
# The state that every legal packet leads to, as the words above the table say.
_LEADS_TO = "CONNECTED"

_SIZE = (168, 74)
_GAP = 92
_LEFT = 16
_TOP = 118
_BOTTOM = _TOP + _SIZE[1]
_FILLS = {"INITIALIZE": "four", "IDLE": "four", "CONNECTING": "three", "CONNECTED": "two"}
_WORDS = 12


def constants(source: str) -> dict:
    """The numbers that a module names with ``const``, and ``_LEGAL``."""
    found = {}
    for node in ast.parse(source).body:
        if not (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)):
            continue
        value = node.value
        if isinstance(value, ast.Call) and getattr(value.func, "id", "") == "const":
            value = value.args[0]
        try:
            found[node.targets[0].id] = ast.literal_eval(value)
        except ValueError:
            pass  # made from others, so it is neither a state nor a packet
    return found


def states_and_packets(session: str, client: str) -> tuple[dict, dict]:
    """What the sources say: the states by number, and by state the packets that may come.

    :param str session: the source of the protocol engine
    :param str client: the source of the client, which knows one state more
    """
    numbers = constants(session)
    named = constants(client) | numbers
    states = {
        number: name[len(_STATE) :] for name, number in named.items() if name.startswith(_STATE)
    }
    packets = {numbers["_" + name]: name for name in _PACKETS}
    legal = {}
    for state, bits in enumerate(numbers["_LEGAL"]):
        kinds = [kind for kind in range(bits.bit_length()) if bits >> kind & 1]
        legal[states[state]] = [packets.get(kind, f"packet type {kind}") for kind in kinds]
    return states, legal


def _curve(start: float, end: float, level: float, depth: float, style: str) -> str:
    return arrow(
        f"M{start:g} {level:g}C{start:g} {depth:g} {end:g} {depth:g} {end:g} {level:g}", style
    )


def _words(x: float, y: float, words: str, width: float) -> list[str]:
    """Words in lines, the last of which stands at y."""
    lines = wrapped(words, width, _WORDS)
    top = y - 15 * (len(lines) - 1)
    return [text(x, top + 15 * at, line, _WORDS, MIDDLE) for at, line in enumerate(lines)]


def _move(places: dict, row: tuple) -> list[str]:
    """One arrow between two states: straight to the next one, else round the boxes."""
    start, end, words, style = row
    left, right = places[start], places[end]
    if left < right:
        y = _TOP + _SIZE[1] / 2
        across = arrow(f"M{left + _SIZE[0]:g} {y:g}H{right:g}", style)
        return [across, *_words((left + _SIZE[0] + right) / 2, y - 8, words, _GAP - 14)]
    middle = _SIZE[0] / 2
    if style == "dashed":
        a, b = left + 34, right + middle + 20
        return [
            _curve(a, b, _TOP, _TOP - 62, style),
            *_words((a + b) / 2 - 14, _TOP - 52, words, 200),
        ]
    far = left - right > _SIZE[0] + _GAP
    a, b = left + middle, right + middle + (28 if far else 0)
    if not far and end == "IDLE":
        b += 56
    down = 128 if far else 70
    words_at = _BOTTOM + 0.75 * down - 14  # inside the curve, which goes down to three quarters
    return [
        _curve(a, b, _BOTTOM, _BOTTOM + down, style),
        *_words((a + b) / 2, words_at, words, 330 if far else 140),
    ]


def _box(x: float, number: int, name: str, packets: list[str]) -> list[str]:
    come = "may come: " + (", ".join(packets) if packets else "nothing")
    parts = [
        box(x, _TOP, _SIZE, _FILLS.get(name, "four")),
        text(x + _SIZE[0] / 2, _TOP + 22, f"{number} {name}", 14, f"{MIDDLE} {BOLD}"),
    ]
    for at, line in enumerate(wrapped(come, _SIZE[0] - 12, 11)):
        parts.append(text(x + _SIZE[0] / 2, _TOP + 39 + 14 * at, line, 11, f"{MIDDLE} {SOFT}"))
    return parts


def draw_states(session: str, client: str) -> str:
    """The SVG of the states of a client."""
    states, legal = states_and_packets(session, client)
    places = {}
    parts = []
    for at, number in enumerate(sorted(states)):
        name = states[number]
        places[name] = _LEFT + at * (_SIZE[0] + _GAP)
        parts += _box(places[name], number, name, legal.get(name, []))
    for row in MOVES:
        parts += _move(places, row)
    for name, packets in legal.items():
        if packets and name != _LEADS_TO:
            parts += _move(places, (name, _LEADS_TO, ", ".join(packets), "line"))
        elif packets:
            x = places[name] + _SIZE[0] - 40
            top = _TOP - 52
            loop = f"M{x - 28:g} {_TOP}C{x - 40:g} {top} {x + 40:g} {top} {x + 20:g} {_TOP}"
            parts += [arrow(loop), *_words(x - 28, top + 4, ", ".join(packets), 176)]
    width = 2 * _LEFT + len(states) * (_SIZE[0] + _GAP) - _GAP
    told = [f"In {name} may come: {', '.join(row) or 'nothing'}." for name, row in legal.items()]
    told += [f"{start} to {end}: {words}." for start, end, words, _ in MOVES]
    return picture((width, _BOTTOM + 112), "The states of a client", " ".join(told), parts)


def write_states(folder: Path) -> None:
    """Write the drawing where the page shows it."""
    sources = [
        (_LIBRARY / name).read_text(encoding="utf-8") for name in ("session.py", "client.py")
    ]
    folder.mkdir(exist_ok=True)
    (folder / "states.svg").write_text(draw_states(*sources), encoding="utf-8")
