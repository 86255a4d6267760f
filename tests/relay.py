# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A stretch of wire to any broker, which a test can make fail in the middle of anything."""

import socket
import threading

_READ_BYTES = 65536


class Relay:
    """Passes bytes on in both directions, for one connection after the other or several at once.

    :param str host: where to pass them
    :param int port: where to pass them
    """

    host = "127.0.0.1"

    def __init__(self, host: str, port: int):
        self._target = (host, port)
        self._listener = socket.create_server((self.host, 0))
        self.port = self._listener.getsockname()[1]
        self.connections = 0
        """How many connections came so far."""
        self._ends = []
        self._answers_pass = threading.Event()
        self._answers_pass.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        _break(self._listener)
        self.cut()

    def hold_answers(self) -> None:
        """From now on nothing comes back from the broker; what it got, it got."""
        self._answers_pass.clear()

    def cut(self) -> None:
        """Break all connections at once, with what was held; new ones work."""
        ends, self._ends = self._ends, []
        for end in ends:
            _break(end)
        self._answers_pass.set()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            try:
                far = socket.create_connection(self._target)
            except OSError:
                near.close()
                continue
            self._ends += (near, far)
            for source, sink, gate in ((near, far, None), (far, near, self._answers_pass)):
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                arguments = (source, sink, gate)
                threading.Thread(target=self._pass_on, args=arguments, daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, gate) -> None:
        try:
            while data := source.recv(_READ_BYTES):
                if gate is not None:
                    gate.wait()
                sink.sendall(data)
        except OSError:
            pass
        _break(source)
        _break(sink)


def _break(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it is broken already
    end.close()
