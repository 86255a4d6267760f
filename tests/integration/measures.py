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
from nxd_mqtt.inbox import Inbox
from nxd_mqtt.nxd import NXD_MQTT_SUCCESS
from nxd_mqtt.nxd_extensions import NXD_MQTT_QUEUE_DROP_OLD, nxd_mqtt_client_poll
from nxd_mqtt.reader import Reader
from nxd_mqtt.wire import put_publish

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


class Yardstick:
    """A fixed piece of the library's work: as many messages as one poll takes, into a full queue.

    What slows the library down on this machine just now (a busy core, a debugger, the tracing of
    memory and branches) slows this down, too.
    """

    MESSAGES = 16

    def __init__(self) -> None:
        self._packet = bytearray(128)
        self._packet = self._packet[: put_publish(self._packet, 0, 0, b"stream", 0, bytes(100))]
        inbox = Inbox(bytearray(512))
        inbox.policy = NXD_MQTT_QUEUE_DROP_OLD
        self._reader = Reader(bytearray(512), inbox)
        self._reader.connected = True

    def measure(self) -> float:
        """Seconds of the processor that it takes now."""
        begun = time.thread_time()
        for _ in range(self.MESSAGES):
            size = len(self._packet)
            self._reader.space()[:size] = self._packet
            self._reader.filled(size)
            self._reader.next_packet()
        return time.thread_time() - begun


class PollWatch:
    """Polls a device without a wait, and keeps how long that took.

    :param Device device: whose messages are left where they are
    """

    def __init__(self, device: Device) -> None:
        self._client = device.client
        self._yardstick = Yardstick()
        self._lasted = array("d")
        self._worked = array("d")
        self._measured = array("d")

    @property
    def longest(self) -> float:
        """Seconds of the poll that took longest."""
        return max(self._lasted)

    @property
    def typical(self) -> float:
        """The work that one half of the polls stayed below, in yardsticks measured beside them.

        It is the processor's time in this thread: how long a poll lasts also depends on who else
        wants the processor, and on the interpreter's lock where a broker runs in this process.
        """
        return statistics.median(self._worked) / statistics.median(self._measured)

    def poll(self) -> None:
        """One poll, which must find its link alive."""
        begun, worked = time.monotonic(), time.thread_time()
        status = nxd_mqtt_client_poll(self._client)
        self._worked.append(time.thread_time() - worked)
        self._lasted.append(time.monotonic() - begun)
        assert status == NXD_MQTT_SUCCESS, (hex(status), self._client.reason)
        self._measured.append(self._yardstick.measure())
