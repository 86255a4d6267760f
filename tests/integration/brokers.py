# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Two brokers behind one small surface, so that every test can ask the same of both.

The surface: ``name``, ``host``, ``port``, ``start``, ``stop``, ``kill`` and ``pings``. A broker
made with ``users`` lets in only them; otherwise everybody is welcome. Neither bounds the messages
that wait for a subscriber, because the tests count what arrives.
"""

import getpass
import os
import shutil
import subprocess
from pathlib import Path

import peers

from boards.desktop.broker import Broker

LOOPBACK = "127.0.0.1"

_ACCEPTED = 0
_BAD_USERNAME_OR_PASSWORD = 4
_NOT_AUTHORIZED = 5


class EmbeddedBroker:
    """The desktop board's own broker, in a thread of this process.

    :param Path folder: not needed, it writes no files
    :param str host: the address to listen on
    :param dict users: passwords by user name, all of them text
    """

    name = "embedded"

    def __init__(self, folder: Path, host: str = LOOPBACK, users: dict | None = None) -> None:
        self._users = users
        self._broker = Broker(0, host, self._authenticate, queued_messages=0)
        self.logins: list[tuple] = []
        self.host = host
        self.start = self._broker.start
        self.stop = self._broker.stop
        # It keeps its sessions over a stop; there is no rougher end for a thread.
        self.kill = self._broker.stop

    def _authenticate(self, client_id: str, username: str | None, password: bytes | None) -> int:
        self.logins.append((client_id, username, password))
        if self._users is None:
            return _ACCEPTED
        if username is None:
            return _NOT_AUTHORIZED
        expected = self._users.get(username, "").encode()
        return _ACCEPTED if expected and password == expected else _BAD_USERNAME_OR_PASSWORD

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._broker.port

    def pings(self) -> int:
        """How many PINGREQ packets have come."""
        return self._broker.statistics()["pings"]


class MosquittoBroker(peers.Mosquitto):
    """A real mosquitto.

    :param Path folder: where its files are written
    :param str host: the address to listen on
    :param dict users: passwords by user name, all of them text
    """

    name = "mosquitto"

    def __init__(self, folder: Path, host: str = LOOPBACK, users: dict | None = None) -> None:
        self.host = host
        super().__init__(folder, _password_lines(folder, users) if users else "")

    def pings(self) -> int:
        """How many PINGREQ packets have come."""
        return self.log.count("Received PINGREQ")


def _password_lines(folder: Path, users: dict) -> str:
    """Writes a password file; returns the configuration that makes mosquitto ask for it."""
    folders = os.pathsep.join([os.environ.get("PATH", ""), *peers._SYSTEM_FOLDERS])
    program = shutil.which("mosquitto_passwd", path=folders)
    if program is None:
        peers.miss("mosquitto_passwd")
    file = folder / "passwords"
    file.touch()
    for username, password in users.items():
        command = [program, "-b", str(file), username, password]
        subprocess.run(command, check=True, capture_output=True)
    # Started by root, it would become a user who may not read the folder of a test.
    return f"allow_anonymous false\npassword_file {file}\nuser {getpass.getuser()}\n"


KINDS = {kind.name: kind for kind in (EmbeddedBroker, MosquittoBroker)}
