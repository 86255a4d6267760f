# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The rules of the house hold for every file, and each rule can be seen to fail."""

import importlib.util
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import house_rules
import pytest
from repository import ROOT, board_files, every_file, package_files, python_files, relative
from tables.house import HOUSE, PURE

MODULE_RULES = (house_rules.arrows, house_rules.outside_imports)
BOARD_RULES = (house_rules.not_on_boards, house_rules.syntax)
CODE_RULES = (house_rules.sizes, house_rules.docstrings)


def complaints(rule, path: Path, *arguments) -> list[str]:
    """What a rule says about a file, ready to be read."""
    found = rule(path.read_text(encoding="utf-8"), *arguments)
    return [f"{relative(path)}:{line}: {text}" for line, text in found]


def pairs(rules, files):
    """Parameters: every rule with every file."""
    return [
        pytest.param(rule, path, id=f"{rule.__name__}-{relative(path)}")
        for rule in rules
        for path in files
    ]


@pytest.mark.parametrize(("rule", "path"), pairs(MODULE_RULES, package_files()))
def test_module_of_the_library(rule, path):
    assert complaints(rule, path, path.stem) == []


@pytest.mark.parametrize(("rule", "path"), pairs(BOARD_RULES, board_files()))
def test_file_that_goes_to_a_board(rule, path):
    assert complaints(rule, path) == []


@pytest.mark.parametrize(
    ("rule", "path"),
    pairs(CODE_RULES, python_files("nxd_mqtt", "boards", "code.py", "examples", "tools")),
)
def test_file_of_ours(rule, path):
    assert complaints(rule, path) == []


@pytest.mark.parametrize("path", python_files("."), ids=relative)
def test_every_python_file_has_its_licence_head(path):
    assert complaints(house_rules.heads, path) == []


def text_files() -> list[Path]:
    """Every file that can be read as text."""
    return [path for path in every_file() if b"\0" not in path.read_bytes()[:1024]]


def test_no_file_names_a_path_of_one_machine():
    found = []
    for path in text_files():
        found += complaints(house_rules.machine_paths, path)
    assert found == []


def test_the_library_is_looked_at():
    names = {relative(path) for path in package_files()}
    assert "nxd_mqtt/status.py" in names
    assert names <= {relative(path) for path in board_files()}


def rank(floor: str) -> int:
    """Floors 0 to 3, and the roof above them."""
    return 4 if floor == "roof" else int(floor.split()[1])


def test_the_plan_itself_leads_downwards_only():
    floors = {module: rank(floor) for floor, module, *_ in HOUSE}
    order = [module for _, module, *_ in HOUSE]
    for floor, module, _, arrows, late in HOUSE:
        for target in arrows.split():
            # On one floor only later modules use earlier ones: the client uses the link.
            assert floors[target] <= rank(floor), module
            assert floors[target] < rank(floor) or order.index(target) < order.index(module), module
        assert set(late.split()) <= set(floors)
    assert set(PURE) <= set(floors)


def test_the_roof_is_not_needed_below():
    roof = {module for floor, module, *_ in HOUSE if floor == "roof"}
    for floor, _, _, arrows, late in HOUSE:
        if floor != "roof":
            assert roof.isdisjoint(arrows.split() + late.split())


# --- the module `code` ---------------------------------------------------------------------------


def is_of_the_standard_library(origin: str) -> bool:
    """Whether a file lies in the interpreter's own library."""
    return Path(origin).resolve().parent == Path(sysconfig.get_path("stdlib")).resolve()


def test_import_code_is_the_standard_library_s():
    assert is_of_the_standard_library(importlib.util.find_spec("code").origin)


def test_import_code_is_the_standard_library_s_for_a_test_run_in_the_root(tmp_path):
    probe = tmp_path / "test_probe.py"
    probe.write_text("import code\n\ndef test_it():\n    print('code is', code.__file__)\n")
    command = Path(sys.executable).with_name("pytest")
    done = subprocess.run(
        [str(command), "-s", "-q", "-p", "no:cacheprovider", str(probe)],
        cwd=ROOT,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=True,
    )
    origin = next(line for line in done.stdout.splitlines() if line.startswith("code is "))
    assert is_of_the_standard_library(origin.removeprefix("code is "))


# --- each rule can fail --------------------------------------------------------------------------

HEAD = "\n".join(house_rules.SPDX_HEAD) + "\n"
LONG_FUNCTION = "def f():\n" + "    x = 1\n" * house_rules.FUNCTION_LIMIT
LONG_FILE = "x = 1\n" * (house_rules.FILE_LIMIT + 1)
PADDED_FUNCTION = 'def f():\n    """Text.\n\n    More.\n    """\n' + "    # why\n\n    x = 1\n" * 39

BAD_MODULES = (
    (house_rules.arrows, "status", "from .wire import scan_text"),
    (house_rules.arrows, "wire", "from .store import Store"),
    (house_rules.arrows, "session", "def f():\n    from .client import NXD_MQTT_CLIENT"),
    (house_rules.arrows, "azure_iot", "from .nxd import nxd_mqtt_client_publish"),
    (house_rules.arrows, "client", "from . import status"),
    (house_rules.arrows, "client", "from .deep.status import NX_SUCCESS"),
    (house_rules.arrows, "client", "from ..boards import connect"),
    (house_rules.arrows, "client", "import nxd_mqtt.status"),
    (house_rules.arrows, "client", "from nxd_mqtt.status import NX_SUCCESS"),
    (house_rules.arrows, "client", "from .status import *"),
    (house_rules.arrows, "nxd", "from .client import *"),
    (house_rules.arrows, "tx", "from .tx_kernel import *"),
    (house_rules.arrows, "tx_queue", "from .tx_semaphore import TX_SEMAPHORE"),
    (house_rules.arrows, "client", '__import__("nxd", globals(), None, (), 1)'),
    (house_rules.arrows, "attic", "x = 1"),
    (house_rules.outside_imports, "session", "import time"),
    (house_rules.outside_imports, "reader", "from select import poll"),
    (house_rules.outside_imports, "store", "def f():\n    import os"),
    (house_rules.outside_imports, "client", "import requests"),
    (house_rules.outside_imports, "client", "import asyncio"),
    (house_rules.outside_imports, "nxd", "from adafruit_minimqtt import adafruit_minimqtt"),
    (house_rules.outside_imports, "transport", "import socket"),
)

BAD_FILES = (
    (house_rules.not_on_boards, "from typing import Any"),
    (house_rules.not_on_boards, "import collections.abc"),
    (house_rules.not_on_boards, "def f():\n    import logging"),
    (house_rules.not_on_boards, "from __future__ import annotations"),
    (house_rules.not_on_boards, "import enum, sys"),
    (house_rules.syntax, "match x:\n    case 1:\n        pass"),
    (house_rules.syntax, "assert x"),
    (house_rules.syntax, "try:\n    x\nexcept:\n    pass"),
    (house_rules.syntax, "try:\n    x\nexcept OSError as e:\n    raise ValueError from e"),
    (house_rules.syntax, "raise ValueError from None"),
    (house_rules.syntax, "x = {**a}"),
    (house_rules.syntax, "x = [*a, 1]"),
    (house_rules.syntax, "x = *a, 1"),
    (house_rules.syntax, "x = {*a}"),
    (house_rules.syntax, "def f(a, /, b): pass"),
    (house_rules.syntax, "x = lambda a, /: a"),
    (house_rules.syntax, "class A(metaclass=B): pass"),
    (house_rules.syntax, "async def f():\n    yield 1"),
    (house_rules.sizes, LONG_FUNCTION),
    (house_rules.sizes, LONG_FILE),
    (house_rules.heads, "x = 1"),
    (house_rules.heads, "#!/usr/bin/env python3\nx = 1"),
    (house_rules.heads, ""),
    (house_rules.docstrings, "x = 1"),
    (house_rules.docstrings, '"""M."""\ndef f(): pass'),
    (house_rules.docstrings, '"""M."""\nasync def f(): pass'),
    (house_rules.docstrings, '"""M."""\nclass A: pass'),
    (house_rules.machine_paths, "see " + "/home" + "/somebody/notes"),
    (house_rules.machine_paths, '"' + "/work" + '/x"'),
    (house_rules.machine_paths, "cd " + "/tmp" + "/x"),
)

GOOD_MODULES = (
    (house_rules.arrows, "wire", "from .status import MQTTError"),
    (house_rules.arrows, "azure_iot_access", "def f():\n    from .tls import NX_SECURE_X509_CERT"),
    (house_rules.arrows, "nxd", "from .status import *"),
    (house_rules.arrows, "tx", "from .tx_status import *"),
    (house_rules.outside_imports, "tx_kernel", "import asyncio"),
    (house_rules.outside_imports, "minimqtt", "from adafruit_minimqtt import adafruit_minimqtt"),
    (house_rules.outside_imports, "transport", "def f():\n    import adafruit_connection_manager"),
    (house_rules.outside_imports, "session", "from micropython import const"),
)

GOOD_FILES = (
    (house_rules.not_on_boards, "import json, time\nfrom micropython import const"),
    (house_rules.syntax, "try:\n    f(*a, **b)\nexcept OSError as e:\n    raise E(f'{e}')"),
    (house_rules.syntax, "a, *b = c\nx = {'a': 1}\nasync def f():\n    await g()"),
    (house_rules.sizes, PADDED_FUNCTION),
    (house_rules.heads, HEAD + "x = 1"),
    (house_rules.heads, "#!/usr/bin/env python3\n" + HEAD),
    (house_rules.docstrings, '"""M."""\ndef _f(): pass\ndef g():\n    """G."""'),
    (house_rules.machine_paths, "https://host/home/x and tests/tmp/x and /usr/sbin/mosquitto"),
)


@pytest.mark.parametrize(("rule", "module", "source"), BAD_MODULES)
def test_a_rule_for_modules_can_fail(rule, module, source):
    assert rule(source, module)


@pytest.mark.parametrize(("rule", "source"), BAD_FILES)
def test_a_rule_can_fail(rule, source):
    assert rule(source)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 cannot read except*")
def test_the_rule_for_syntax_knows_exception_groups():
    assert house_rules.syntax("try:\n    x\nexcept* OSError:\n    pass")


@pytest.mark.parametrize(("rule", "module", "source"), GOOD_MODULES)
def test_a_rule_for_modules_can_pass(rule, module, source):
    assert rule(source, module) == []


@pytest.mark.parametrize(("rule", "source"), GOOD_FILES)
def test_a_rule_can_pass(rule, source):
    assert rule(source) == []


def test_every_rule_is_seen_to_fail():
    shown = {rule for rule, *_ in BAD_MODULES + BAD_FILES}
    rules = {*MODULE_RULES, *BOARD_RULES, *CODE_RULES, house_rules.heads, house_rules.machine_paths}
    assert shown == rules
