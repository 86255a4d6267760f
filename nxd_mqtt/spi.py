# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The dialects of sockets that live in a co-processor, imported when such a socket is opened."""

from micropython import const

from .transport import _closed, _later, failure, receive

# A co-processor takes no more in one transfer. It would give more, but a driver takes heap for as
# much as it asks for, and a message that is read straight into a long queue may be long.
_LIMIT = const(1024)


def receive_spi(sock, buffer):
    """Read as from any socket, a bounded number of bytes."""
    return receive(sock, buffer if len(buffer) <= _LIMIT else buffer[:_LIMIT])


def receive_airlift(sock, buffer) -> int:
    """Read where "nothing yet" and "closed" both are 0, and a timeout of 0 may mean for ever."""
    try:
        if sock._available():
            return sock.recv_into(buffer, min(len(buffer), _LIMIT))
        return 0 if sock._connected() else _closed()
    except (OSError, RuntimeError) as error:
        return _later(error)


def send_spi(sock, view) -> int:
    """Offer bytes to a co-processor, which does not say how much has gone when it fails.

    All of them count as sent then, so that what they carried is repeated with DUP. And nothing may
    follow them: the socket is closed, if the driver has not done so, and the next read tells.
    """
    view = view[:_LIMIT]
    try:
        return sock.send(view)
    except (OSError, RuntimeError) as error:
        failure(error)
    try:
        if _alive(sock):
            sock.close()
            # An AirLift's driver so forgets the number, which may be somebody else's next.
            _alive(sock)
    except (OSError, RuntimeError) as error:
        failure(error)
    return len(view)


def _alive(sock) -> bool:
    """Whether a driver thinks that its socket is connected; it is a method or a property."""
    connected = sock._connected
    return connected() if callable(connected) else connected
