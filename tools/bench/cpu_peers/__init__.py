# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The clients whose CPU is measured, each driven the cheapest way that its documentation offers.

A module of a client has one class ``Peer``. A peer is a connection with ``TOPIC`` and ``PAYLOAD``:

- ``Peer(port)`` connects;
- ``publish(quality, count)`` returns when all are with the system, at QoS 1 when all are
  acknowledged, at most ``WINDOW`` of them not being so at any moment;
- ``subscribe(quality)`` returns when that is granted;
- ``receive(total)`` returns when ``received`` has come to that, and all are acknowledged;
- ``round_trips(count)`` publishes at QoS 1 what it is subscribed to, and waits for each to be back;
- ``fileno()`` is the number of its socket, ``close()`` its end.
"""

TOPIC = "bench/line/0042x"
PAYLOAD = bytes(range(64))
WINDOW = 16

PATIENCE_SECONDS = 20
