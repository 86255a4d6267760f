# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The other end for the device kit: a computer in the board's network that does as it is told.

A command is a letter, a number and the end of the line:

    e<n>    send back the next n bytes
    s<n>    send n bytes of the pattern
    c<n>    send n bytes of the pattern, and close
    w<ms>   wait before the next command
    h<ms>   do not read for so long; then take the pattern up to a byte 255, and say how many bytes
            it had, and whether they were good

The pattern counts from 0 to 250 and begins anew. Run this file; it prints what the board's
``settings.toml`` needs.
"""

import argparse
import errno
import socket
import ssl
import threading
import time
from pathlib import Path

_PERIOD = 251
_PATTERN = bytes(range(_PERIOD))
_END = 255
_PIECE = 4096
# A window that is soon full, so that a peer that does not read is felt.
_WINDOW = 8192

# A certificate's second name. CircuitPython's TLS on RP2 boards is mbedTLS 2.28, which compares
# host names only, so a certificate for an address alone fits no host there.
NAME = "nxd-peer"

PORTS = ("tcp", "tls", "ws", "wss", "refused", "silent", "mute")


def pattern(at, size):
    """So many bytes of the pattern from a place on."""
    first = at % _PERIOD
    return (_PATTERN * (size // _PERIOD + 2))[first : first + size]


class Commands:
    """Takes bytes of the other side, and says what is to be done: pairs of a verb and what with.

    The verbs are ``send``, ``wait``, ``hold`` (do not read) and ``close``.
    """

    def __init__(self):
        self._line = b""
        self._echo = 0
        self._sink = False
        self._count = 0
        self._good = True

    def feed(self, data):
        """The actions that these bytes ask for."""
        while data:
            if self._sink:
                actions, data = self._swallow(data)
            elif self._echo:
                part, data = data[: self._echo], data[self._echo :]
                self._echo -= len(part)
                actions = [("send", part)]
            else:
                before, newline, data = data.partition(b"\n")
                self._line += before
                actions = self._obey() if newline else []
            yield from actions

    def _obey(self):
        letter, number = chr(self._line[0]), int(self._line[1:])
        self._line = b""
        if letter == "e":
            self._echo = number
            return []
        if letter == "h":
            self._sink, self._count, self._good = True, 0, True
            return [("hold", number)]
        if letter == "w":
            return [("wait", number)]
        sent = [("send", pattern(0, number))] if number else []
        return {"s": sent, "c": [*sent, ("close", None)]}[letter]

    def _swallow(self, data):
        part, end, data = data.partition(bytes([_END]))
        self._good = self._good and part == pattern(self._count, len(part))
        self._count += len(part)
        if not end:
            return [], data
        self._sink = False
        verdict = "good" if self._good else "bad"
        return [("send", b"%d %s\n" % (self._count, verdict.encode()))], data


class _Plain:
    """A stream straight on a socket, TLS or not."""

    def __init__(self, sock):
        self._socket = sock

    def receive(self):
        """Some bytes; none when the other side has closed."""
        return self._socket.recv(_PIECE)

    def send(self, data):
        """Send all of it."""
        self._socket.sendall(data)

    def farewell(self):
        """What is said before the socket is closed."""


class _Framed:
    """A stream in WebSocket frames."""

    def __init__(self, sock):
        from wsproto import ConnectionType, WSConnection
        from wsproto.events import AcceptConnection, CloseConnection, Ping, Request

        self._socket = sock
        self._frames = WSConnection(ConnectionType.SERVER)
        self._answers = {
            Request: lambda event: AcceptConnection("mqtt"),
            Ping: lambda event: event.response(),
            CloseConnection: lambda event: event.response(),
        }

    def receive(self):
        """Some bytes; none when the other side has closed."""
        while True:
            data = self._socket.recv(_PIECE)
            self._frames.receive_data(data or None)
            found = b""
            for event in self._frames.events():
                found += getattr(event, "data", b"")
                if data and type(event) in self._answers:
                    self._say(self._answers[type(event)](event))
            if found or not data:
                return found

    def send(self, data):
        """Send all of it in one frame."""
        from wsproto.events import BytesMessage

        self._say(BytesMessage(data))

    def farewell(self):
        """What is said before the socket is closed."""
        from wsproto.events import CloseConnection

        self._say(CloseConnection(1000))

    def _say(self, event):
        self._socket.sendall(self._frames.send(event))


class Peer:
    """Servers for all the ports of the kit, each connection in a thread of its own.

    :param str address: to listen on
    :param ssl_context: for the ports ``tls`` and ``wss``; None leaves them out
    :param int first_port: the first of seven in a row; 0 takes free ones
    :raises OSError: a port cannot be listened on; the text names it
    """

    def __init__(self, address="127.0.0.1", ssl_context=None, first_port=0):
        self._address = address
        self._context = ssl_context
        self._listeners = []
        self._kept = []
        self.ports = {}
        for number, name in enumerate(PORTS):
            if ssl_context is None and name in ("tls", "wss"):
                continue
            listener = socket.socket()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _WINDOW)
            self._listeners.append(listener)
            self._listen(name, listener, first_port and first_port + number)
            self.ports[name] = listener.getsockname()[1]
        for name, listener in zip(self.ports, self._listeners, strict=True):
            if name not in ("refused", "silent"):
                threading.Thread(target=self._accept, args=(name, listener), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        """Stop listening."""
        for one in self._listeners + self._kept:
            one.close()

    def settings(self):
        """What the board needs to know: the value of ``NXD_PEER_PORTS``."""
        return " ".join(f"{name}={port}" for name, port in self.ports.items())

    def _listen(self, name, listener, port):
        try:
            listener.bind((self._address, port))
            # One that is bound and does not listen refuses, and nobody else takes its port.
            if name == "silent":
                self._be_silent(listener)
            elif name != "refused":
                listener.listen(8)
        except OSError as error:
            self.close()
            text = f"cannot listen on {self._address} port {port} ({name}): {error.strerror}"
            raise OSError(error.errno, text)

    def _be_silent(self, listener):
        # A queue that is full already: whoever comes now gets no answer.
        listener.listen(0)
        where = ("127.0.0.1" if self._address in ("", "0.0.0.0") else self._address,)
        for _ in range(4):
            caller = socket.socket()
            caller.setblocking(False)
            caller.connect_ex((*where, listener.getsockname()[1]))
            self._kept.append(caller)

    def _accept(self, name, listener):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError as error:
                if error.errno in (errno.ECONNABORTED, errno.EMFILE):
                    continue
                return
            if name == "mute":
                self._kept.append(sock)
            else:
                threading.Thread(target=self._serve, args=(name, sock), daemon=True).start()

    def _serve(self, name, sock):
        try:
            sock.settimeout(60)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if name in ("tls", "wss"):
                sock = self._context.wrap_socket(sock, server_side=True)
            stream = (_Framed if name in ("ws", "wss") else _Plain)(sock)
            commands = Commands()
            data = stream.receive()
            while data:
                for verb, argument in commands.feed(data):
                    if verb == "send":
                        stream.send(argument)
                    elif verb == "close":
                        stream.farewell()
                        return
                    else:
                        time.sleep(argument / 1000)
                data = stream.receive()
        except (OSError, ValueError, KeyError) as error:
            print(f"{name}: {error!r}")
        finally:
            sock.close()


def context_for(*names):
    """A TLS context with a certificate of a new authority, and the authority's root as PEM.

    :param names: host names and addresses that the board may use for this computer
    """
    import trustme

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context, authority.cert_pem.bytes()


def _first_port(text):
    last = 65536 - len(PORTS)
    if not text.isdecimal() or int(text) > last:
        raise argparse.ArgumentTypeError(f"expected 0 to {last}, not {text!r}")
    return int(text)


def _parser():
    parser = argparse.ArgumentParser(description="The other end for the device kit.")
    parser.add_argument("address", help="this computer's address in the board's network")
    parser.add_argument(
        "--first-port",
        type=_first_port,
        default=18830,
        metavar="PORT",
        help=f"of {len(PORTS)} in a row, 0 for free ones; %(default)s if it is left out",
    )
    parser.add_argument("--tls", metavar="FOLDER", help="serve TLS, put the root's PEM there")
    return parser


def _start(given):
    """Listen, and then write the root and print the settings: others may serve already.

    :raises OSError: a port cannot be listened on, or the root not be written
    """
    context = root = None
    if given.tls:
        context, root = context_for(given.address, NAME)
    peer = Peer(given.address, context, given.first_port)
    settings = {"NXD_PEER_HOST": given.address, "NXD_PEER_PORTS": peer.settings()}
    if given.tls:
        path = Path(given.tls) / "peer-root.pem"
        path.write_bytes(root)
        print(f"copy {path} to the board as /peer-root.pem, and these lines to its settings.toml")
        settings["NXD_PEER_CA"] = "/peer-root.pem"
        settings["NXD_PEER_NAME"] = NAME
    for name, value in settings.items():
        print(f'{name} = "{value}"', flush=True)
    return peer


def main():
    """Serve until interrupted."""
    parser = _parser()
    given = parser.parse_args()
    try:
        peer = _start(given)
    except OSError as error:
        text = str(error) if error.filename else error.strerror
        if error.errno == errno.EADDRINUSE:
            text += "; --first-port 0 takes free ones"
        parser.exit(2, f"{parser.prog}: {text}\n")
    with peer:
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
