# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A number that several modules know is the same number in each.

A public name costs a board memory in every module that imports it, an underscored constant costs
none. So the modules repeat the numbers they need, and this is what keeps them together.
"""

import ast

import pytest
from repository import ROOT

from nxd_mqtt import nxd_extensions, status, tx_status

LIBRARY = ROOT / "nxd_mqtt"
ALL = sorted(path.stem for path in LIBRARY.glob("*.py"))
MODULES = [name for name in ALL if name != "status" and not name.startswith("tx")]
# Where ThreadX's numbers count; many of NetX's have the same name and another value.
TX_MODULES = [name for name in ALL if name.startswith("tx_") and name != "tx_status"]
# What the clients' threads know of NetX.
OF_NETX = {"_IN_PROGRESS", "_AGAIN"}

# Names that mean something else in each module that has them.
OF_THEIR_OWN = {"_PUBLISH", "_CLEAN"}


def constants(module: str) -> dict[str, int]:
    """The underscored constants of a module, by name."""
    tree = ast.parse((LIBRARY / (module + ".py")).read_text())
    found = {}
    for node in tree.body:
        is_const = isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        if is_const and getattr(node.value.func, "id", "") == "const":
            expression = ast.Expression(node.value.args[0])
            value = eval(compile(expression, module, "eval"), dict(found))
            found[node.targets[0].id] = value
    return found


def public_number(name: str):
    """What NetX calls this number in public, or None."""
    for prefix in ("NXD_MQTT", "NX"):
        if hasattr(status, prefix + name):
            return getattr(status, prefix + name)
    return None


@pytest.mark.parametrize("module", MODULES)
def test_an_underscored_status_has_netx_s_number(module):
    for name, value in constants(module).items():
        public = public_number(name)
        assert public is None or public == value, f"{module}.{name}"


def test_statuses_are_really_compared():
    compared = [name for name in constants("client") if public_number(name) is not None]
    assert len(compared) > 10


@pytest.mark.parametrize("module", TX_MODULES)
def test_an_underscored_number_of_threadx_is_its_own(module):
    for name, value in constants(module).items():
        if name in OF_NETX:
            assert public_number(name) in (None, value), f"{module}.{name}"
        else:
            public = getattr(tx_status, "TX" + name, None)
            assert public is None or public == value, f"{module}.{name}"


@pytest.mark.parametrize("module", sorted(set(TX_MODULES) - {"tx_object", "tx_port_cpython"}))
def test_numbers_of_threadx_are_really_compared(module):
    known = [name for name in constants(module) if hasattr(tx_status, "TX" + name)]
    assert len(known) >= {"tx_port": 0, "tx_client": 2, "tx_kernel": 6}.get(module, 5)


def test_the_status_of_a_call_that_would_wait_is_netx_s():
    assert constants("tx_client")["_NX_WAIT_ERROR"] == tx_status.NX_WAIT_ERROR


def test_ticks_are_ten_milliseconds():
    ticks = tx_status.TX_TIMER_TICKS_PER_SECOND
    found = [constants(module).get("_MILLISECONDS_PER_TICK") for module in TX_MODULES]
    assert set(found) - {None} == {1000 // ticks}
    assert ticks == status.NX_IP_PERIODIC_RATE


@pytest.mark.parametrize("modules", [MODULES, TX_MODULES], ids=["NetX", "ThreadX"])
def test_a_name_is_the_same_number_everywhere(modules):
    seen = {}
    for module in modules:
        for name, value in constants(module).items():
            if name not in OF_THEIR_OWN:
                assert seen.setdefault(name, value) == value, f"{module}.{name}"


def test_states_of_a_link_are_those_of_its_client():
    of_link = constants("link")
    for name, value in constants("client").items():
        if name.startswith("_LINK_"):
            short = name[len("_LINK") :]
            assert of_link.get(short, value) == value, name


def test_policies_and_answers_are_those_of_the_extensions():
    assert constants("inbox")["_DROP_OLD"] == nxd_extensions.NXD_MQTT_QUEUE_DROP_OLD
    session = constants("session")
    for answer in ("CONNACK", "PUBACK", "SUBACK", "UNSUBACK", "PINGRESP"):
        assert session["_" + answer] == getattr(nxd_extensions, "NXD_MQTT_TIMEOUT_" + answer)
