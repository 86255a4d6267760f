# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What a device costs while a test runs it: memory that the library holds, time that polls take."""

import gc
import statistics
import time
import tracemalloc
from array import array
from pathlib import Path

from devices import Device

import nxd_mqtt
from nxd_mqtt.nxd import NXD_MQTT_SUCCESS
from nxd_mqtt.nxd_extensions import nxd_mqtt_client_poll

_LIBRARY = str(Path(nxd_mqtt.__file__).parent / "*")


class MemoryWatch:
    """What the library holds at several moments, traced within a ``with`` statement.

    Looking takes a fraction of a second and counting takes long, with a broker in this process that
    keeps tens of thousands of messages; so counting waits until no link can suffer from it.
    """

    def __init__(self) -> None:
        self._snapshots: list[tracemalloc.Snapshot] = []

    def __enter__(self):
        tracemalloc.start()
        return self

    def __exit__(self, *exception):
        tracemalloc.stop()

    def look(self) -> None:
        """Note what is allocated now."""
        gc.collect()
        self._snapshots.append(tracemalloc.take_snapshot())

    def held(self) -> list[int]:
        """Bytes that lines of the library had allocated, and not given back, at each look."""
        ours = [tracemalloc.Filter(True, _LIBRARY)]
        return [
            sum(trace.size for trace in snapshot.filter_traces(ours).traces)
            for snapshot in self._snapshots
        ]


class PollWatch:
    """Polls a device without a wait, and keeps how long that took.

    :param Device device: whose messages are left where they are
    """

    def __init__(self, device: Device) -> None:
        self._client = device.client
        self._spent = array("d")

    @property
    def longest(self) -> float:
        """Seconds of the poll that took longest."""
        return max(self._spent)

    @property
    def typical(self) -> float:
        """Seconds that one half of the polls stayed below, whatever else the machine does."""
        return statistics.median(self._spent)

    def poll(self) -> None:
        """One poll, which must find its link alive."""
        begun = time.monotonic()
        status = nxd_mqtt_client_poll(self._client)
        self._spent.append(time.monotonic() - begun)
        assert status == NXD_MQTT_SUCCESS, (hex(status), self._client.reason)
