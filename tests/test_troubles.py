# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The page on troubles knows every status and every cause of the library, and invents none."""

import ast
import importlib.util
import re
import sys

import pytest
from repository import ROOT, package_files, tree_of
from tables import trouble_reasons, troubles

from nxd_mqtt import azure_iot_status, status, tls_reasons, websocket

HAS_TX = (ROOT / "nxd_mqtt" / "tx_status.py").exists()
MODULES = [status, tls_reasons, websocket, azure_iot_status]
if HAS_TX:
    from nxd_mqtt import tx_status

    MODULES.append(tx_status)

ENTRIES = [
    row for _, _, rows in troubles.PARTS for row in rows if HAS_TX or not row[0].startswith("TX_")
]
ROWS = [(stage, *row) for stage, _, rows in trouble_reasons.STAGES for row in rows]
QUOTES = [quote for _, quotes, _ in ROWS for quote in quotes]

# Names that look like a status and are none: what a program passes in, and what a thread is doing.
NO_STATUS = """
NX_NULL NX_FALSE NX_TRUE NX_NO_WAIT NX_WAIT_FOREVER NX_IP_PERIODIC_RATE NXD_MQTT_PORT
NXD_MQTT_OVER_WEBSOCKET_TLS_PORT TX_NULL TX_FALSE TX_TRUE TX_NO_WAIT TX_WAIT_FOREVER
TX_TIMER_TICKS_PER_SECOND TX_OR TX_OR_CLEAR TX_AND TX_AND_CLEAR TX_1_ULONG TX_2_ULONG TX_4_ULONG
TX_8_ULONG TX_16_ULONG TX_DONT_START TX_AUTO_START TX_NO_TIME_SLICE TX_NO_ACTIVATE TX_AUTO_ACTIVATE
TX_NO_INHERIT TX_INHERIT TX_READY TX_COMPLETED TX_TERMINATED TX_SUSPENDED TX_SLEEP TX_QUEUE_SUSP
TX_SEMAPHORE_SUSP TX_EVENT_FLAG TX_TCP_IP TX_MUTEX_SUSP NX_AZURE_IOT_HUB_CLOUD_TO_DEVICE_MESSAGE
NX_AZURE_IOT_HUB_COMMAND NX_AZURE_IOT_HUB_DIRECT_METHOD NX_AZURE_IOT_HUB_PROPERTIES
NX_AZURE_IOT_HUB_DEVICE_TWIN_PROPERTIES NX_AZURE_IOT_HUB_WRITABLE_PROPERTIES
NX_AZURE_IOT_HUB_DEVICE_TWIN_DESIRED_PROPERTIES
"""

# What ends a link or refuses a call, by the functions that say so.
SAYERS = {"_refuse", "_fail", "violation", "_violation", "MQTTError", "_end"}
# Files whose errors become causes, word for word.
SAYING = ("azure_iot_text.py", "azure_iot_sas.py")


def statuses():
    """Every public status of the library, by name."""
    return {
        name: value
        for module in MODULES
        for name, value in vars(module).items()
        if re.match(r"(NXD?|TX)_[A-Z0-9_]+$", name) and name not in NO_STATUS.split()
    }


def test_every_status_has_one_entry_and_its_own_number():
    found = {name: value for name, value in statuses().items() if isinstance(value, int)}
    assert {row[0]: row[1] for row in ENTRIES} == found
    assert len(ENTRIES) == len(found)


def test_every_entry_says_when_it_comes_and_what_to_do():
    for row in ENTRIES:
        assert len(row) == 4
        assert all(words.endswith((".", "?")) for words in row[2:]), row[0]


# --- reasons -------------------------------------------------------------------------------------


def strings_of(node):
    """The texts inside a piece of code, as the interpreter sees them."""
    return [
        inner.value
        for inner in ast.walk(node)
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str)
    ]


PATHS = package_files()
TREES = [tree_of(path) for path in PATHS]
SOURCES = [text for tree in TREES for text in strings_of(tree)]


def causes():
    """Every text of a cause in the sources; an identifier or a stage is none."""
    found = set()
    for path, tree in zip(PATHS, TREES, strict=True):
        sayers = SAYERS | ({"ValueError"} if path.name in SAYING else set())
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if name in sayers:
                    found |= {text for each in node.args for text in strings_of(each)}
    # What TLS says is a table of rows, and two texts beside it.
    found |= {row[2] for row in tls_reasons._ROWS}
    found |= {tls_reasons._HUNG_UP, tls_reasons._HUNG_UP_LATE, tls_reasons._NOT_SET}
    return {text for text in found if " " in text and len(text) > 9}


@pytest.mark.parametrize("quote", QUOTES)
def test_the_words_occur_in_the_sources(quote):
    assert any(quote in text for text in SOURCES)


@pytest.mark.parametrize("cause", sorted(causes()))
def test_every_cause_has_an_entry(cause):
    assert any(quote in cause for quote in QUOTES)


def test_there_are_causes_at_all():
    assert len(causes()) > 90


def test_no_words_are_quoted_twice_at_a_stage():
    quoted = [(stage, quote) for stage, quotes, _ in ROWS for quote in quotes]
    assert len(quoted) == len(set(quoted))


def test_the_stages_are_those_of_the_error():
    told = re.search(r"stage: where it happened: (.*?)\n    :param", status.MQTTError.__doc__, re.S)
    stages = [stage for stage, _, _ in trouble_reasons.STAGES]
    assert re.findall(r"``(\w+)``", told[1]) == stages


# --- the page ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def generator():
    """The module that writes the page's entries; docs/ is on nobody's path."""
    path = ROOT / "docs" / "troubles_table.py"
    specification = importlib.util.spec_from_file_location("troubles_table", path)
    module = importlib.util.module_from_spec(specification)
    before = list(sys.path)
    specification.loader.exec_module(module)
    sys.path[:] = before
    return module


def test_the_page_shows_every_entry(generator):
    text = generator.statuses_text()
    for name, number, comes, mend in ENTRIES:
        assert f"``{name}``, 0x{number:X}\n    {comes}\n\n    *What to do:* {mend}\n" in text
    text = generator.reasons_text()
    for _, quotes, advice in ROWS:
        last = quotes[-1].replace("%d", "n").replace("%s", "...").strip()
        assert f"*{last}*\n    {advice}\n" in text
    page = (ROOT / "docs" / "troubleshooting.rst").read_text(encoding="utf-8")
    for name in ("statuses", "reasons"):
        assert f".. include:: _generated/troubles_{name}.txt\n" in page
