# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What our hub client has to send: what Microsoft's SDK sends, with the listed differences."""

from typing import NamedTuple

from tables.azure_sdk_packets import SENT
from tables.azure_wire import FIELDS, PACKETS


class Expectation(NamedTuple):
    """The packets of a step, as rows, and the differences that made them."""

    rows: list
    differences: list


def expected(step: str, fields=FIELDS, packets=PACKETS) -> Expectation:
    """What our client has to send for a step.

    :param str step: one of ``SENT``
    :param fields: rows as those of ``FIELDS``
    :param packets: rows as those of ``PACKETS``
    """
    rows = []
    found = []
    for name, fields_of_theirs in SENT[step]:
        values = dict(fields_of_theirs)
        for row in fields:
            if _applies(row, name, values):
                _, _, field, theirs, ours, _ = row
                values[field] = _changed(values[field], theirs, ours)
                found.append(row)
        rows.append((name, values))
    for row in packets:
        where, place, packet, whose, _ = row
        if where == step:
            _move(rows, place, packet, whose)
            found.append(row)
    return Expectation(rows, [row for row in (*packets, *fields) if row in found])


def _applies(row: tuple, name: str, values: dict) -> bool:
    packet, words, field, theirs, _, _ = row
    if packet != name or words not in values.get("topic", ""):
        return False
    value = values[field]
    return theirs in value if isinstance(theirs, str) and value else theirs == value


def _changed(value, theirs, ours):
    return value.replace(theirs, ours) if isinstance(theirs, str) else ours


def _move(rows: list, place: int, packet: tuple, whose: str) -> None:
    if whose == "ours":
        rows.insert(place, packet)
    elif rows[place : place + 1] == [packet]:
        del rows[place]
