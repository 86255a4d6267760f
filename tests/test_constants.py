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

from nxd_mqtt import nxd_extensions, status

LIBRARY = ROOT / "nxd_mqtt"
MODULES = sorted(path.stem for path in LIBRARY.glob("*.py") if path.stem != "status")

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


def test_a_name_is_the_same_number_everywhere():
    seen = {}
    for module in MODULES:
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
