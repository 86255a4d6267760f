# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The drawings of the documents show what is in their tables, and change when a table does."""

import importlib
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from doubles.script import CONNACK
from netx_frame import HOST, PORT, SECOND, Frame
from repository import ROOT, package_files
from tables.house import HOUSE

from nxd_mqtt.nxd import *
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_poll, nxd_mqtt_client_reconnect_set

DOCS = ROOT / "docs"
SVG = "{http://www.w3.org/2000/svg}"
SESSION = (ROOT / "nxd_mqtt" / "session.py").read_text(encoding="utf-8")
CLIENT = (ROOT / "nxd_mqtt" / "client.py").read_text(encoding="utf-8")
NAMES = {0: "INITIALIZE", 1: "IDLE", 2: "CONNECTING", 3: "CONNECTED"}


def load(name):
    """A module that draws; docs/ is on nobody's path."""
    sys.path.insert(0, str(DOCS))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(DOCS))


states = load("state_diagram")
flow = load("flow_diagram")
plan = load("picture")
FLOW = flow.FILE.read_text(encoding="utf-8")

DRAWINGS = {
    "states": states.draw_states(SESSION, CLIENT),
    "flow": flow.draw_flow(FLOW),
    "house": plan.draw_house(HOUSE, {path.stem for path in package_files()}),
}
EVERY = pytest.mark.parametrize("name", DRAWINGS)


def words_of(drawing):
    """Every line of words in a drawing, as it is seen."""
    return [each.text for each in ElementTree.fromstring(drawing).iter(SVG + "text")]


# --- every drawing -------------------------------------------------------------------------------


@EVERY
def test_it_says_what_it_is(name):
    root = ElementTree.fromstring(DRAWINGS[name])
    assert root.get("role") == "img"
    assert root.find(SVG + "title").text
    assert len(root.find(SVG + "desc").text) > 100


@EVERY
def test_it_has_a_ground_and_colours_for_light_and_dark(name):
    drawing = DRAWINGS[name]
    assert '<rect class="ground" width="100%" height="100%"' in drawing
    light, dark = re.findall(r"svg \{(.*?)\}", drawing, re.DOTALL)
    assert re.findall(r"--\w+", light) == re.findall(r"--\w+", dark)
    # No part has a colour of its own, which only one of the two grounds would suit.
    assert re.findall(r"#[0-9a-f]{3,6}\b", drawing.partition("</style>")[2]) == []
    used = set(re.findall(r"var\((--\w+)\)", drawing))
    assert used <= set(re.findall(r"--\w+", light))


@EVERY
def test_nothing_is_outside(name):
    root = ElementTree.fromstring(DRAWINGS[name])
    width, height = float(root.get("width")), float(root.get("height"))
    for each in root.iter(SVG + "rect"):
        if each.get("x"):
            right = float(each.get("x")) + float(each.get("width"))
            below = float(each.get("y")) + float(each.get("height"))
            assert right <= width
            assert below <= height
    drawing = load("drawing")
    for each in root.iter(SVG + "text"):
        half = 0.9 * drawing.width_of(each.text, int(each.get("font-size")))
        x = float(each.get("x"))
        left, right = (x - half / 2, x + half / 2) if each.get("text-anchor") else (x, x + half)
        assert left >= 0
        assert right <= width
        assert 0 < float(each.get("y")) < height


@EVERY
def test_a_page_shows_it_and_tells_it_to_who_does_not_see_it(name):
    pages = [path.read_text(encoding="utf-8") for path in DOCS.glob("*.rst")]
    shown = [page for page in pages if f".. image:: _generated/{name}.svg\n" in page]
    assert len(shown) == 1
    assert re.search(rf"_generated/{name}\.svg\n   :alt: \w", shown[0])


# --- states --------------------------------------------------------------------------------------


def test_the_states_and_packets_are_those_of_the_table():
    numbers, legal = states.states_and_packets(SESSION, CLIENT)
    assert numbers == NAMES
    assert legal == {
        "INITIALIZE": [],
        "IDLE": [],
        "CONNECTING": ["CONNACK"],
        "CONNECTED": ["PUBLISH", "PUBACK", "SUBACK", "UNSUBACK", "PINGRESP"],
    }


def test_the_drawing_changes_when_the_table_does():
    changed = SESSION.replace("_LEGAL = (0, 0, 0x0004, 0x2A18)", "_LEGAL = (0, 0, 0x000C, 0x8A10)")
    assert changed != SESSION
    drawing = states.draw_states(changed, CLIENT)
    words = " ".join(words_of(drawing))
    assert "CONNACK, PUBLISH" in words
    assert "PINGRESP" not in words.replace("PUBLISH", "")
    # A packet without a name is drawn all the same.
    assert "packet type 15" in words
    renamed = SESSION.replace("_STATE_CONNECTING", "_STATE_ON_THE_WAY")
    with pytest.raises(KeyError):
        states.draw_states(renamed, CLIENT.replace("_STATE_CONNECTING", "_STATE_ON_THE_WAY"))


def test_every_state_and_every_move_is_drawn():
    words = " ".join(words_of(DRAWINGS["states"]))
    for number, name in NAMES.items():
        assert f"{number} {name}" in words
    for _, _, move, _ in states.MOVES:
        assert move in words


class Player:
    """A client at its moves; notes each change of its state."""

    def __init__(self):
        self.frame = Frame()
        self.client = self.frame.client

    def state(self):
        """The name of its state."""
        return NAMES[self.client.state]

    def connected(self):
        """Bring a link up."""
        self.frame.connected()
        return self

    def connecting(self):
        """Begin to connect, and leave the broker silent."""
        status = nxd_mqtt_client_connect(self.client, HOST, PORT, 0, NX_FALSE, NX_NO_WAIT)
        assert status == NX_IN_PROGRESS
        return self


def created():
    """Between INITIALIZE and IDLE."""
    player = Player()
    assert nxd_mqtt_client_delete(player.client) == NXD_MQTT_SUCCESS
    before = player.state()
    player.frame.create()
    return before, player.state()


def deleted():
    """Back again."""
    player = Player()
    before = player.state()
    assert nxd_mqtt_client_delete(player.client) == NXD_MQTT_SUCCESS
    return before, player.state()


def begun():
    """A connect without a wait."""
    player = Player()
    before = player.state()
    return before, player.connecting().state()


def given_up():
    """No answer, seen by a disconnect."""
    player = Player().connecting()
    before = player.state()
    assert nxd_mqtt_client_disconnect(player.client) == NXD_MQTT_SUCCESS
    return before, player.state()


def ended():
    """A link that the program ends."""
    player = Player().connected()
    before = player.state()
    assert nxd_mqtt_client_disconnect(player.client) == NXD_MQTT_SUCCESS
    return before, player.state()


def lost():
    """A packet that is not in the table, where the client connects again by itself."""
    player = Player()
    assert nxd_mqtt_client_reconnect_set(player.client, 100, 100) == NXD_MQTT_SUCCESS
    player.connected()
    before = player.state()
    player.frame.script.send(CONNACK)
    assert nxd_mqtt_client_poll(player.client, SECOND // 10) == NXD_MQTT_SUCCESS
    return before, player.state()


PLAYS = {
    "create": created,
    "delete, from every state": deleted,
    "connect": begun,
    "a refusal, no answer, disconnect": given_up,
    "disconnect, a lost link, any other packet": ended,
    "a lost link, if it connects again by itself": lost,
}


@pytest.mark.parametrize("row", states.MOVES, ids=lambda row: row[2])
def test_a_client_moves_as_the_drawing_says(row):
    start, end, words, _ = row
    assert PLAYS[words]() == (start, end)


# --- the way of a message ------------------------------------------------------------------------


def test_every_step_is_drawn_with_its_number():
    words = " ".join(words_of(DRAWINGS["flow"]))
    places, ways = flow.read_flow(FLOW)
    assert all(place in words for place in places)
    for title, steps in ways:
        assert title in words
        for number, (_, _, said) in enumerate(steps, 1):
            assert f"{number}. {said}" in words


def test_an_arrow_leads_from_its_place_to_the_other():
    drawing = flow.draw_flow("places: A | B\nway: There\nA > B : goes\nway: Back\nB > A : comes\n")
    there, back = re.findall(r'class="line" d="M([\d.]+) [\d.]+H([\d.]+)"', drawing)
    assert float(there[0]) < float(there[1])
    assert float(back[0]) > float(back[1])


def test_a_line_that_is_none_ends_the_build():
    for line in ("A > C : goes", "A goes to B", "way without a colon"):
        with pytest.raises(flow.FlowError, match=re.escape(line)):
            flow.read_flow(f"places: A | B\nway: There\n{line}\n")


def test_what_the_steps_name_is_in_the_library():
    sources = "\n".join(path.read_text(encoding="utf-8") for path in package_files())
    known = set(re.findall(r"\w+", sources))
    named = re.findall(r"\b\w+\.\w+\b|\b\w+_\w+\b", FLOW.partition("way:")[2])
    assert len(named) > 6
    for name in named:
        assert set(name.split(".")) <= known


def test_the_drawings_are_written_where_the_pages_look(tmp_path):
    states.write_states(tmp_path)
    flow.write_flow(tmp_path)
    for name in ("states", "flow"):
        assert Path(tmp_path, name + ".svg").read_text(encoding="utf-8") == DRAWINGS[name]
