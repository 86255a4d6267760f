# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""No call of the library lacks a row in the porting guide, and no row says what is not so.

The rows are data (``tables/porting*.py``). They are held to the modules: every public function has
exactly one, with its own signature, its statuses, and a test that exists and plays it.
"""

import ast
import importlib
import importlib.util
import inspect
import re
import sys
from functools import cache

import pytest
from repository import ROOT, tree_of
from tables import (
    porting,
    porting_azure,
    porting_azure_features,
    porting_tls,
    porting_tx,
    porting_tx_objects,
)

from nxd_mqtt import (
    azure_iot,
    azure_iot_status,
    nxd,
    nxd_extensions,
    status,
    tls,
    tls_reasons,
    websocket,
)

# What ThreadX's rows are held to, from the day on that it is there.
HAS_TX = (ROOT / "nxd_mqtt" / "tx.py").exists()
tx = importlib.import_module("nxd_mqtt.tx") if HAS_TX else None

FACES = [nxd, nxd_extensions, tls, websocket, azure_iot] + [tx] * HAS_TX
NUMBERS = [status, tls_reasons, websocket, azure_iot_status] + [tx] * HAS_TX
PARTS = porting.PARTS + porting_tls.PARTS + (porting_tx.PARTS + porting_tx_objects.PARTS) * HAS_TX
PARTS += porting_azure.PARTS + porting_azure_features.PARTS
ROWS = [row for _, _, rows in PARTS for row in rows]

PROTOTYPE = re.compile(r"(UINT|ULONG|VOID|TX_THREAD \*) ?(\w+)\((.*)\)")
CALL = re.compile(r"(await )?(\w+)\((.*)\)")
STATUS = re.compile(r"\b(?:NXD?|TX)_[A-Z0-9_]+\b|\b0x[0-9A-F]+\b")
# What looks like a status and is none; 0x10080 stands for the five that the rows name.
NO_STATUS = {
    "NX_WAIT_FOREVER",
    "NXD_MQTT_WANTS_READ",
    "NXD_MQTT_WANTS_WRITE",
    "TX_TRUE",
    "0x10080",
}


def name_of(row):
    """The function of a row."""
    return CALL.fullmatch(row[1])[2]


BY_NAME = pytest.mark.parametrize("row", ROWS, ids=name_of)


@cache
def public_functions():
    """Every function of NetX's and ThreadX's names, by name."""
    return {
        name: function
        for face in FACES
        for name, function in vars(face).items()
        if re.match(r"(nxd?|tx)_", name) and callable(function)
    }


def test_every_function_has_one_row():
    names = [name_of(row) for row in ROWS]
    assert len(names) == len(set(names))
    assert set(names) == set(public_functions())


def call_of(name, function):
    """How a function is called, with its defaults, as the rows write it."""
    words = []
    for parameter in inspect.signature(function).parameters.values():
        star = "*" if parameter.kind is parameter.VAR_POSITIONAL else ""
        default = "" if parameter.default is parameter.empty else f"={parameter.default!r}"
        words.append(star + parameter.name + default)
    waits = "await " if inspect.iscoroutinefunction(function) else ""
    return f"{waits}{name}({', '.join(words)})"


@BY_NAME
def test_the_call_is_the_real_one(row):
    name = name_of(row)
    assert row[1] == call_of(name, public_functions()[name])


@BY_NAME
def test_the_prototype_is_one_of_the_same_function(row):
    if row[0]:
        assert PROTOTYPE.fullmatch(row[0])[2] == name_of(row)
    else:
        # What NetX lacks: nothing of C's has such a name.
        assert name_of(row).startswith(("nxd_mqtt_client_", "nx_azure_iot_", "tx_"))


@BY_NAME
def test_the_statuses_are_numbers_of_ours(row):
    for word in row[3].split():
        assert word.startswith("0x") or any(hasattr(module, word) for module in NUMBERS)


@BY_NAME
def test_no_status_of_the_docstring_is_missing(row):
    """A docstring may say less, where it points to another one."""
    text = inspect.getdoc(public_functions()[name_of(row)])
    told = text.partition(":return")[2]
    assert set(STATUS.findall(told)) - NO_STATUS <= set(row[3].split())


@BY_NAME
def test_a_tuple_begins_with_the_status(row):
    returns = row[2]
    assert returns
    if row[3]:
        assert returns.split(",")[0] == "status"
    if row[0].startswith("UINT"):
        assert row[3].split()[0].endswith("_SUCCESS")


@BY_NAME
def test_the_difference_is_said_in_a_few_sentences(row):
    assert row[4].endswith(".")
    assert len(row[4]) <= 300


# --- tests ---------------------------------------------------------------------------------------


@cache
def played_by(file, test):
    """The text of a test, and of what it may call: in its file all but other tests, and helpers."""
    path = ROOT / "tests" / file
    lines = path.read_text(encoding="utf-8").splitlines()
    texts = []
    for node in tree_of(path).body:
        name = getattr(node, "name", "")
        if name == test or not name.startswith("test_"):
            first = min([node, *getattr(node, "decorator_list", [])], key=lambda each: each.lineno)
            texts += lines[first.lineno - 1 : node.end_lineno]
        if isinstance(node, ast.ImportFrom) and node.module:
            name = node.module.replace(".", "/") + ".py"
            helpers = {folder / name for folder in (ROOT / "tests", path.parent)}
            texts += [each.read_text(encoding="utf-8") for each in helpers if each.exists()]
    return "\n".join(texts)


@BY_NAME
def test_the_test_is_there_and_plays_the_function(row):
    file, _, test = row[5].partition("::")
    names = {node.name for node in tree_of(ROOT / "tests" / file).body if hasattr(node, "name")}
    assert test in names
    assert re.search(rf"\b{name_of(row)}\b", played_by(file, test))


# --- the page ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def generator():
    """The module that writes the page's blocks; docs/ is on nobody's path."""
    path = ROOT / "docs" / "porting_table.py"
    specification = importlib.util.spec_from_file_location("porting_table", path)
    module = importlib.util.module_from_spec(specification)
    before = list(sys.path)
    sys.path.insert(0, str(path.parent))
    specification.loader.exec_module(module)
    sys.path[:] = before
    return module


@pytest.fixture(scope="module")
def texts(generator):
    """The blocks of all calls, and the links to them."""
    return generator.calls_text(), generator.index_text()


@BY_NAME
def test_the_page_shows_every_row(texts, row):
    text, index = texts
    assert f".. _call-{name_of(row)}:\n" in text
    assert f":ref:`call-{name_of(row)}`" in index
    assert f"``{row[5]}``" in text
    for word in row[3].split():
        assert f"``{word}``" in text


def test_the_page_shows_what_is_gone(generator):
    text = generator.gone_text()
    for calls, words in porting.GONE:
        for call in calls.split(", "):
            assert f"``{call}``" in text
        assert words in text


def test_the_page_has_the_blocks():
    page = (ROOT / "docs" / "porting.rst").read_text(encoding="utf-8")
    for name in ("application", "index", "calls", "gone"):
        assert f".. include:: _generated/porting_{name}.txt\n" in page


# --- the worked port -----------------------------------------------------------------------------


def code_of(text, language):
    """All code of a language in the worked port, one part after the other, without indents."""
    parts = text.split(f"      .. code-block:: {language}\n\n")[1:]
    lines = []
    for part in parts:
        for line in part.splitlines():
            if line and not line.startswith(" " * 9):
                break
            lines.append(line.strip())
    return [line for line in lines if line]


@pytest.mark.parametrize("language", ["c", "python"])
def test_the_worked_port_is_the_whole_of_both_files(generator, language):
    file = generator.BEFORE if language == "c" else generator.AFTER
    lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    head = [line for line in lines if line].index(
        "#include <stdio.h>" if language == "c" else "import os"
    )
    assert (
        code_of(generator.application_text(), language) == [line for line in lines if line][head:]
    )


def calls_in(text):
    """The calls of NetX and ThreadX in a program, in their order."""
    return re.findall(r"\b((?:nxd?|tx)_\w+)\(", text)


def test_the_port_makes_the_calls_of_the_original_in_its_order(generator):
    before = calls_in(generator.BEFORE.read_text(encoding="utf-8"))
    after = generator.AFTER.read_text(encoding="utf-8")
    after = calls_in(re.sub(r"tx_wait\((\w+), ", r"\1(", after[after.index("def message_came") :]))
    waits = {"nxd_mqtt_client_connect", "nxd_mqtt_client_publish"}
    gone = {word for calls, _ in porting.GONE for word in calls.split(", ")}
    assert waits <= set(before)
    assert [call for call in before if call not in gone] == after


def test_pairs_that_do_not_fit_end_the_build(generator, tmp_path):
    other = tmp_path / "other.py"
    other.write_text("import os\n", encoding="utf-8")
    with pytest.raises(generator.PairsError, match=r"other\.py has no line with 'BROKER ='"):
        generator.application_text(after=other)


# --- the reference -------------------------------------------------------------------------------


@BY_NAME
def test_the_reference_takes_its_docstring(row):
    module = public_functions()[name_of(row)].__module__
    page = (ROOT / "docs" / "reference.rst").read_text(encoding="utf-8")
    found = re.search(rf"^\.\. automodule:: {module}\n   :members:(.*)$", page, re.MULTILINE)
    assert found
    assert not found[1] or name_of(row) in found[1].split(", ")[0].split()
