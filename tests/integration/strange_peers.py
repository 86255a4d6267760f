# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Peers on loopback that are no brokers: one that says nothing, and a web server."""

import http.server
import socket
import threading

LOOPBACK = "127.0.0.1"


class SilentPeer:
    """A port that accepts connections and says nothing at all."""

    host = LOOPBACK

    def __enter__(self):
        self._listener = socket.create_server((self.host, 0))
        self.port = self._listener.getsockname()[1]
        return self

    def __exit__(self, *exception):
        self._listener.close()

    def accept(self) -> socket.socket:
        """The peer's end of the next connection that was made."""
        self._listener.settimeout(10)
        return self._listener.accept()[0]


class _Handler(http.server.BaseHTTPRequestHandler):
    # What cannot be read as HTTP is answered as to a client of this version: with a head.
    default_request_version = "HTTP/1.0"

    def log_message(self, *arguments) -> None:
        """Keeps the terminal clean."""


class WebServer:
    """The standard library's web server.

    It answers when it has seen the end of a line, so what it is sent must hold one.
    """

    host = LOOPBACK

    def __enter__(self):
        self._server = http.server.ThreadingHTTPServer((self.host, 0), _Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *exception):
        self._server.shutdown()
        self._server.server_close()
