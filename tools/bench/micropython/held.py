# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Heap bytes that stay taken by the modules of a client, and by the client with its buffers.

Arguments: whose client, how often to import a spare module first, and the names of the modules of
the client, joined by commas: first those that are aside, then, after a slash, those measured.

An import leaves garbage that stale pointers on the stack keep for a while. How much is luck, up to
2 KB; with another import before it the luck is another. The interpreter's table of names grows in
steps, each twice as large as the last: who brings the name that is too many has the step. Prints
two figures.
"""

import sys

import heap
from stream import StreamPool

CLIENT, SPARES, MODULES = sys.argv[1:]
pool = StreamPool()


def load(names: str) -> None:
    """Import modules by names that are text, so that not we have interned their parts."""
    for name in names.split(","):
        if name:
            __import__(name)


def main() -> None:
    """Measure the import, then the client."""
    for _ in range(1 + int(SPARES)):
        __import__("spare")
        del sys.modules["spare"]
    aside, measured = MODULES.split("/")
    load(aside)
    imported = heap.bytes_held(lambda: load(measured))
    import makers

    make = getattr(makers, CLIENT)
    print(imported, heap.bytes_held(lambda: make(pool)))


main()
