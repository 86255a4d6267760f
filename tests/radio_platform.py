# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The doubles' platform with a radio: its sockets come from the real ConnectionManager."""

import adafruit_connection_manager as connection_manager
from doubles.platform import Platform

from nxd_mqtt.nxd import NX_SUCCESS, nx_ip_create


class Radio:
    """A radio whose pool ConnectionManager knows already, so that it asks for no hardware."""


class RadioPlatform(Platform):
    """A platform as ``Platform``, made with ``radio=`` instead of ``socket_pool=``.

    :param ssl_context: called with the pool for the radio's TLS context; None for one without use
    """

    def __init__(self, *arguments, ssl_context=None, **named):
        super().__init__(*arguments, **named)
        radio = Radio()
        key = hash(radio)
        context = ssl_context(self.sockets) if ssl_context else object()
        connection_manager._global_socketpools[key] = self.sockets
        connection_manager._global_key_by_socketpool[self.sockets] = key
        connection_manager._global_ssl_contexts[key] = context
        status = nx_ip_create(self, "radio", radio=radio, clock=self.time)
        assert status == NX_SUCCESS
        assert self.manager is connection_manager.get_connection_manager(self.sockets)

    def close_all(self, forget=False):
        """What another program does when it wants all sockets closed."""
        connection_manager.connection_manager_close_all(self.sockets, forget)
