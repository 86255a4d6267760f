# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Azure IoT Hub's texts, hashes and JSON on MicroPython, in a small heap, and what it pays."""

import peers
import pytest
from micropython_lane import SCRIPTS, compile_to
from repository import ROOT
from tables import azure_vectors as vectors
from test_micropython import figures_of

PROGRAM = "azure_pure"
# All tables and the program itself lie in it, too.
TABLES_HEAP = "96k"
# The modules, and nothing beside them but the table of checks.
HEAP = "40k"
# Heap bytes, of a 64-bit interpreter, that a module holds and that a call takes.
CEILINGS = {
    "azure_iot_text": 6_400,
    "azure_iot_sas": 2_200,
    "azure_iot_json": 3_400,
    "azure_iot_sha256": 3_900,
    "token": 2_500,
    "expiry": 1_300,
    "encode": 384,
    "property": 2_200,
    "query": 896,
    "json_1k": 128,
    "json_4k": 128,
}


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """The path of a script that starts the compiled program."""
    folder = tmp_path_factory.mktemp(PROGRAM)
    compiler = peers.need("mpy-cross")
    compile_to(compiler, SCRIPTS / (PROGRAM + ".py"), folder / (PROGRAM + ".mpy"))
    for name in ("azure_vectors", "checks"):
        source = ROOT / "tests" / "tables" / (name + ".py")
        compile_to(compiler, source, folder / "tables" / (name + ".mpy"))
    script = folder / "start.py"
    script.write_text("import " + PROGRAM, encoding="utf-8")
    return str(script)


ROWS = {
    "check_text": vectors.ENCODED
    + vectors.DECODED
    + vectors.BAGS
    + vectors.VALUES
    + vectors.QUERIES
    + vectors.NUMBERS
    + vectors.USER_NAMES
    + vectors.PLACES
    + vectors.IDS
    + vectors.NO_IDS,
    "check_connection_strings": vectors.CONNECTION_STRINGS + vectors.NO_CONNECTION_STRINGS,
    "check_keys": vectors.KEYS + vectors.NO_KEYS + vectors.TOKENS + vectors.EXPIRIES,
    "check_json": vectors.MEMBERS + vectors.NO_OBJECTS,
    "check_hashes": vectors.HMAC * 4,
    "check_sha256": vectors.SHA256,
}


def test_the_tables(micropython, start):
    output = micropython.run(start, heap=TABLES_HEAP)
    assert figures_of(output) == {name: len(table) for name, table in ROWS.items()}


def test_heap_bytes(micropython):
    output = micropython.run("azure_heap.py", heap=HEAP)
    print(output)
    figures = figures_of(output)
    assert set(figures) == {"wire", *CEILINGS}
    over = {name: size for name, ceiling in CEILINGS.items() if (size := figures[name]) > ceiling}
    assert over == {}
    # How long a document is does not matter.
    assert figures["json_1k"] == figures["json_4k"]
