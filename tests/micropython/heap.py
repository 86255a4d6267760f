# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Heap bytes that a call takes, with the collector off."""

import gc


def _nothing() -> None:
    pass


def _taken(call, rounds: int) -> int:
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for _ in range(rounds):
        call()
    after = gc.mem_alloc()
    gc.enable()
    return after - before


def bytes_per_call(call, rounds: int = 100) -> float:
    """Heap bytes that one call takes, on average, what the counting itself takes left out.

    :param call: a function without arguments
    :param int rounds: how often it is called; what all rounds take together must fit the heap
    """
    # The first call may grow a list or fill a cache once and for all.
    call()
    return (_taken(call, rounds) - _taken(_nothing, rounds)) / rounds


def bytes_held(make) -> int:
    """Heap bytes that stay taken while the result of a call is kept.

    :param make: a function without arguments: an import, a constructor
    """
    gc.collect()
    before = gc.mem_alloc()
    kept = [make()]
    gc.collect()
    return gc.mem_alloc() - before if kept else 0
