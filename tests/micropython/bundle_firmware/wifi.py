# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The firmware's ``wifi``: a radio that has not joined, and joins the one network that there is."""

NETWORK = ("the name of your network", "its password")


class Radio:
    """A radio; ConnectionManager takes it for native Wi-Fi by its class's name."""

    connected = False
    enabled = True

    def connect(self, name, password, timeout=None):
        """Join."""
        if (name, password) != NETWORK:
            raise OSError("no network %s" % name)
        print("joined", name)
        self.connected = True


radio = Radio()
