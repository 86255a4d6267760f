# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Two brokers behind one small surface, so that every test can ask the same of both.

The surface: ``name``, ``host``, ``port``, ``start``, ``stop``, ``kill``; ``pause`` and ``resume``;
``save`` and ``forget``; and what has come and gone: ``connects``, ``pings``, ``subscribes``,
``deliveries``, ``delivered``. A broker made with ``users`` lets in only them; otherwise everybody
is welcome. One made with ``files`` speaks TLS, and with ``client_authority`` asks for certificates.
Neither bounds the messages that wait for a subscriber, because the tests count what arrives.
"""

import getpass
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import peers
import pytest

from boards.desktop.broker import Broker
from boards.desktop.broker.secure import server_context

LOOPBACK = "127.0.0.1"

_ACCEPTED = 0
_BAD_USERNAME_OR_PASSWORD = 4
_NOT_AUTHORIZED = 5

_SAVE_SECONDS = 10


class EmbeddedBroker:
    """The desktop board's own broker, in a thread of this process.

    :param Path folder: not needed, it writes no files
    :param str host: the address to listen on
    :param dict users: passwords by user name, all of them text
    :param bool persistent: not needed, it keeps its sessions until it is told to forget
    :param files: paths of a certificate and its key, for TLS
    :param client_authority: path of what must have signed the certificates of clients
    """

    name = "embedded"

    def __init__(
        self,
        folder: Path,
        host: str = LOOPBACK,
        users: dict | None = None,
        persistent: bool = False,
        files: tuple | None = None,
        client_authority: str | None = None,
    ) -> None:
        self._users = users
        context = server_context(*files, client_authority) if files else None
        self._broker = Broker(0, host, self._authenticate, ssl_context=context, queued_messages=0)
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

    def pause(self) -> None:
        """From now on bytes and connections are taken, and nothing comes of them."""
        self._broker.mute = True

    def resume(self) -> None:
        """Go on with what waits."""
        self._broker.mute = False

    def save(self) -> None:
        """What it remembers now survives a kill, as it always does."""

    def forget(self) -> None:
        """What it remembers goes, while it is stopped."""
        self._broker.restart(keep_sessions=False)
        self._broker.stop()

    def connects(self) -> int:
        """How many CONNECT packets have come that could be read."""
        return len(self.logins)

    def pings(self) -> int:
        """How many PINGREQ packets have come."""
        return self._broker.statistics()["pings"]

    def subscribes(self) -> int:
        """How many SUBSCRIBE packets have come."""
        return self._broker.statistics()["subscribes"]

    def deliveries(self) -> int:
        """How many messages were sent to subscribers, each counted once."""
        return self._broker.statistics()["delivered"]

    def delivered(self) -> int:
        """How many of them were acknowledged."""
        return self._broker.statistics()["delivery_acknowledged"]


class MosquittoBroker(peers.Mosquitto):
    """A real mosquitto.

    :param Path folder: where its files are written
    :param str host: the address to listen on
    :param dict users: passwords by user name, all of them text
    :param bool persistent: keeps sessions over a stop; over a kill only what was saved
    :param files: paths of a certificate and its key, for TLS
    :param client_authority: path of what must have signed the certificates of clients
    """

    name = "mosquitto"

    def __init__(
        self,
        folder: Path,
        host: str = LOOPBACK,
        users: dict | None = None,
        persistent: bool = False,
        files: tuple | None = None,
        client_authority: str | None = None,
    ) -> None:
        self.host = host
        self._database = folder / "mosquitto.db"
        extra = _password_lines(folder, users) if users else ""
        if persistent:
            # 0: never by itself, so that a test knows what survives a kill.
            extra += f"persistence true\npersistence_location {folder}/\nautosave_interval 0\n"
        if files:
            extra += f"certfile {files[0]}\nkeyfile {files[1]}\n"
        if client_authority:
            extra += f"cafile {client_authority}\nrequire_certificate true\n"
        # Started by root, it would become a user who may not use the folder of a test.
        super().__init__(folder, extra + f"user {getpass.getuser()}\n" if extra else "")

    def save(self) -> None:
        """Write the database now, as an administrator may ask for."""
        self._database.unlink(missing_ok=True)
        self._process.send_signal(signal.SIGUSR1)
        deadline = time.monotonic() + _SAVE_SECONDS
        while not self._database.exists():  # it is renamed into its place when it is complete
            if time.monotonic() > deadline:
                pytest.fail("mosquitto does not save:\n" + self.log, pytrace=False)
            time.sleep(0.01)

    def forget(self) -> None:
        """What it remembers goes, while it is stopped."""
        self._database.unlink(missing_ok=True)

    def connects(self) -> int:
        """How many CONNECT packets have come that were accepted."""
        return self.log.count("New client connected from")

    def pings(self) -> int:
        """How many PINGREQ packets have come."""
        return self.log.count("Received PINGREQ")

    def subscribes(self) -> int:
        """How many SUBSCRIBE packets have come."""
        return self.log.count("Received SUBSCRIBE")

    def deliveries(self) -> int:
        """How many messages were sent to subscribers, each counted once."""
        lines = self.log.splitlines()
        return sum("Sending PUBLISH to " in line and " (d0, " in line for line in lines)

    def delivered(self) -> int:
        """How many of them were acknowledged."""
        return self.log.count("Received PUBACK")


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
    return f"allow_anonymous false\npassword_file {file}\n"


KINDS = {kind.name: kind for kind in (EmbeddedBroker, MosquittoBroker)}
