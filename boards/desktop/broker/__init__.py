# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""An MQTT 3.1.1 broker that lives inside a program.

For demonstrations and tests on the desktop: standard library only (WebSocket needs wsproto), no
configuration file, and nothing shared with the client, so that each of the two checks the other.

    from boards.desktop.broker import Broker

    with Broker(port=0) as broker:
        print(broker.host, broker.port)
"""

from .server import Broker

__all__ = ("Broker",)
