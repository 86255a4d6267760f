# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A string of bytes, read as choices: whoever mutates the bytes mutates the story.

Every string is a story, and each choice takes as few bytes as it can, so that a small change of
the string is a small change of the story. Behind the end every choice is the first one.
"""


class Choices:
    """Choices in their order.

    :param bytes data: what a fuzzer made up
    """

    def __init__(self, data):
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        """Bytes that were not read yet."""
        return len(self._data) - self._at

    def byte(self) -> int:
        """A number from 0 to 255."""
        if not self.left:
            return 0
        self._at += 1
        return self._data[self._at - 1]

    def below(self, limit: int) -> int:
        """A number from 0 up to the limit without it."""
        if limit <= 256:
            return self.byte() % limit
        high = self.byte()
        return (high << 8 | self.byte()) % limit

    def one_of(self, row):
        """An item of a row."""
        return row[self.below(len(row))]

    def octets(self, count: int) -> bytes:
        """So many bytes as they are, or fewer at the end."""
        start = self._at
        self._at = min(start + count, len(self._data))
        return bytes(self._data[start : self._at])
