# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""How it is recorded: one JSON object for each event, a line each, in the file before it goes on.

The fields are described in ``docs/monitor.rst``.
"""

import json
import os


class RecordError(Exception):
    """The log cannot be written; the text says which and why."""


class Recorder:
    """A log that is added to; give ``take`` to a monitor's ``listeners``.

    :param path: the file, which is made where there is none
    :raises RecordError: it cannot be written
    """

    def __init__(self, path):
        self._path = path
        try:
            # Without a buffer: what a full disk did not take is not tried again at the end.
            self._file = open(path, "ab", buffering=0)  # noqa: SIM115 - closed by close
        except OSError as error:
            raise self._error(error)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def take(self, event) -> None:
        """Write an event.

        :raises RecordError: it could not be written
        """
        if self._file.closed:  # the error has been told
            return
        head = {
            "seconds": event.seconds,
            "time": event.wall.isoformat(timespec="milliseconds"),
            "kind": event.kind,
        }
        fields = {name: _rounded(value) for name, value in (head | event.fields).items()}
        line = memoryview(json.dumps(fields).encode() + b"\n")
        try:
            while line:
                line = line[self._file.write(line) :]
        except OSError as error:
            self.close()
            raise self._error(error)

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def _error(self, error: OSError) -> RecordError:
        reason = os.strerror(error.errno) if error.errno else str(error)
        return RecordError(f"cannot record to {self._path}: {reason}")


def _rounded(value):
    """A microsecond is as exact as the clocks are."""
    return round(value, 6) if isinstance(value, float) else value
