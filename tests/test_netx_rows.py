# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""No row is missing: each of NetX's test programs has a twin, or a reason in the documents."""

import ast
import re

from repository import ROOT, python_files, tree_of
from tables.netx_rows import GONE, TWINS, WITHOUT

# The files of NetX's folders regression/mqtt_test and regression/interoperability_test/mqtt_test.
FILES = """
    api branch connack_error connect connect_auth connect_auth_empty connect_non_block
    connect_non_block_2 connect_packet_send_failure connect_v6 connect_will_message
    connect_will_topic_only connect_with_auth_will double_subscribers keepalive keepalive_timeout
    multiple_receive not_connected null_password packet_leak publish_non_zero_packet_id
    publish_packet_chain publish_qos0 publish_qos1 publish_qos2 receive_qos0 receive_qos1
    receive_qos2 receive_span remaining_length subscribe subscribe_non_zero_packet_id
    subscribe_packet_chain subscriber subscriber_empty_message tls_subscriber tls_subscriber_twice
    transmit_queue_depth unsubscribe websocket_block websocket_non_block
"""

PAGE = (ROOT / "docs" / "regression.rst").read_text(encoding="utf-8")


def functions():
    """Where each twin is: {name of the row: name of the file}."""
    found = {}
    for path in python_files("tests"):
        for node in tree_of(path).body:
            named = isinstance(node, ast.FunctionDef) and re.fullmatch(
                r"test_netx_mqtt_(\w+)_test", node.name
            )
            if named:
                assert named[1] not in found, "two twins of " + named[1]
                found[named[1]] = path.name
    return found


def plain(text):
    """Without line breaks and indentation."""
    return " ".join(text.split())


def table(title):
    """The rows of the table below a title of the page, its heading left out."""
    text = PAGE.split("\n" + title + "\n-", 1)[1].split("   * - ", 1)[1]
    text = re.split(r"\n\n(?=\S)", text, maxsplit=1)[0]
    return [plain(row) for row in text.split("   * - ")][1:]


def test_every_file_of_netx_is_a_row():
    names = [name for name, _ in TWINS + WITHOUT]
    assert len(names) == len(set(names))
    assert set(names) == set(FILES.split())


def test_every_row_has_a_twin_or_a_reason():
    assert set(functions()) == {name for name, _ in TWINS}
    assert all(reason for _, reason in WITHOUT + GONE)


def test_the_page_shows_the_twins():
    files = functions()
    wanted = [f"``{name}`` - ``{files[name]}`` - {text or 'nothing'}" for name, text in TWINS]
    assert table("Twins") == wanted


def test_the_page_shows_what_has_no_twin_and_why():
    assert table("Rows without a twin") == [f"``{name}`` - {why}" for name, why in WITHOUT]
    assert table("Parts of rows") == [f"{part} - {why}" for part, why in GONE]
