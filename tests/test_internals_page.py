# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The page on the inside says what is so: its tables add up, and what it names is there."""

import re

import pytest
from doubles.script import puback, publish
from repository import ROOT, package_files
from test_growth_counts import (
    CEILINGS,
    Calls,
    Story,
    idle,
    one_message,
    one_publish_at_quality_0,
    one_round_trip,
)
from test_micropython import MESSAGE_CEILINGS

from nxd_mqtt.nxd import *

PAGE = (ROOT / "docs" / "internals.rst").read_text(encoding="utf-8")
TOTAL = "In all"
COLUMNS = 5
NOTHING = Calls(0, 0)


def sections():
    """The text of each section, by its title."""
    parts = re.split(r"^(.+)\n-{3,}\n", PAGE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def rows_of(text):
    """The rows of the one list-table in a text, without its head."""
    rows = []
    for line in text.splitlines():
        cell = re.match(r" {3}([* ]) -(?: (.*))?$", line)
        if cell and cell[1] == "*":
            rows.append([cell[2]])
        elif cell:
            rows[-1].append(cell[2] or "")
    return rows[1:]


def calls_of(cell):
    """What a cell says of the system's calls: "1 send, 2 reads"."""
    found = NOTHING
    for number, what in re.findall(r"(\d+) (send|read)", cell):
        found = found._replace(**{what + "s": getattr(found, what + "s") + int(number)})
    return found


class Path:
    """One message's way, as its table tells it."""

    def __init__(self, title):
        *steps, total = rows_of(sections()[title])
        assert all(len(row) == COLUMNS for row in (*steps, total))
        assert total[0] == TOTAL
        self.functions = [row[0] for row in steps]
        self.sums = self._measures(steps)
        self.total = self._measures([total])

    def _measures(self, rows):
        calls = [calls_of(row[4]) for row in rows]
        return (
            sum(int(row[2]) for row in rows),
            sum(int(row[3]) for row in rows),
            Calls(*map(sum, zip(*calls, strict=True))),
        )


# Title, the figure of the script on MicroPython, the story of the counts that is the same.
PATHS = {
    "Out, at QoS 0": ("publish_0", one_publish_at_quality_0),
    "Out, at QoS 1": ("publish_1", one_round_trip),
    "In, at QoS 0": ("receive_0", None),
    "In, at QoS 1": ("receive_1", one_message),
    "Nothing to do": ("poll", idle),
}


@pytest.mark.parametrize("title", PATHS)
def test_the_steps_come_to_the_sum_below_them(title):
    path = Path(title)
    assert path.sums == path.total


@pytest.mark.parametrize("title", PATHS)
def test_the_heap_is_what_is_measured_on_micropython(title):
    assert Path(title).sums[1] == MESSAGE_CEILINGS[PATHS[title][0]]


def test_every_measured_message_has_its_table():
    measured = {name for name, _ in PATHS.values()}
    assert measured == set(MESSAGE_CEILINGS) - {"socket_alone"}


@pytest.mark.parametrize("title", [title for title, row in PATHS.items() if row[1]])
def test_the_calls_are_the_ceilings_of_the_counts(title):
    ceiling = CEILINGS[PATHS[title][1]]
    assert Path(title).sums[2] == ceiling._replace(waits=0)  # the page's polls do not sleep


# --- what is counted, not only promised ----------------------------------------------------------


def publish_at_quality_1(story):
    """A message goes out, and its PUBACK is there when the next poll comes."""
    assert story.app.publish() == NXD_MQTT_SUCCESS
    story.app.peer.send(puback(1))
    story.app.poll()
    assert story.app.statistics["acknowledged"] == 1


def _receive(story, quality):
    got = []
    story.app.doing["receive"] = lambda: got.append(story.app.get())
    story.app.peer.send(publish("t", b"hello", 7 if quality else None))
    story.app.poll()
    assert got == [b"hello"]
    assert story.app.peer.take() == (puback(7) if quality else b"")


def receive_at_quality_0(story):
    """A message is there, and is got in the receive notify."""
    _receive(story, 0)


def receive_at_quality_1(story):
    """The same, and it is acknowledged."""
    _receive(story, 1)


PLAYS = {
    "Out, at QoS 0": one_publish_at_quality_0,
    "Out, at QoS 1": publish_at_quality_1,
    "In, at QoS 0": receive_at_quality_0,
    "In, at QoS 1": receive_at_quality_1,
    "Nothing to do": idle,
}


@pytest.mark.parametrize("title", PLAYS)
def test_the_calls_are_those_that_the_socket_counts(title):
    story = Story()
    PLAYS[title](story)
    assert story.calls() == Path(title).sums[2]


def test_the_buffers_have_the_sizes_of_the_table():
    slot, depth, queue = 256, 4, 2048
    known = {"payload_size": slot, "depth × payload_size": slot * depth, "memory_size": queue}  # noqa: RUF001
    ip, pool, client = NX_IP(), NX_PACKET_POOL(), NXD_MQTT_CLIENT()
    nx_ip_create(ip, "ip", socket_pool=_NoNetwork(), clock=lambda: 0)
    nx_packet_pool_create(pool, "pool", slot, None, slot * depth)
    nxd_mqtt_client_create(client, "client", "me", ip, pool)
    session = client._session
    found = {
        "Staging buffer": len(client._reader._data),
        "Receive queue": len(client._inbox._ring),
        "Store": sum(len(packet) for packet in session.store.packets),
        "Output buffer": len(session._output),
    }
    text = sections()["Buffers"]
    told = {name: size.replace("`", "") for name, size, _ in rows_of(text)}
    assert {name: known.get(size) or int(size) for name, size in told.items()} == found
    assert queue - client._inbox._size == 4
    assert "the last four are slack" in text
    assert f"{len(client._teller._events)} events" in text
    assert f"the last {len(client.reasons)} reasons" in text


class _NoNetwork:
    def getaddrinfo(self, *arguments):
        return []


def test_what_the_page_names_is_in_the_sources():
    sources = "\n".join(path.read_text(encoding="utf-8") for path in package_files())
    words = set(re.findall(r"\w+", sources))
    names = re.findall(r"``([A-Za-z_]+(?:\.[A-Za-z_]+)*)``", PAGE)
    assert len(names) > 50
    unknown = {name for name in names if not set(name.split(".")) <= words}
    assert unknown == set()


def test_every_step_is_a_function_of_the_library():
    sources = "\n".join(path.read_text(encoding="utf-8") for path in package_files())
    defined = set(re.findall(r"def (\w+)\(", sources))
    for title in PATHS:
        last = {name.strip("`").rpartition(".")[2] for name in Path(title).functions}
        assert last <= defined
