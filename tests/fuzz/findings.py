# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Stories that are played first: those that have found something, and one of each kind.

Each is (what it is, bytes in hex); a new finding of the fuzzer goes in as it was printed.
"""

STORIES = (
    ("nothing at all", ""),
    ("a stream for the parser alone", "03000000001000010203040506070809"),
    (
        "a goodbye behind a message that is held, on a link that takes nothing",
        "01390d17275e293f8256ac00bdf527dc342f96413ed9c97fd63460494f42690cbb1890e12d"
        "44a7f523c2754eb24c1619e1c73263e2",
    ),
    (
        "a callback that connects inside a blocking connect",
        "01b4effe81e6da6d9b39e0ecf752b1faeddd03745cf698cca92d517c0ef9f987a9c116b327"
        "818116bfa513966e3521caf3076cee6d3e67402171775cfcb5f728255a2c60e7c3559b2da4"
        "38f647d3445707d094ec",
    ),
)
