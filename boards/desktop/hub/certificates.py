# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The hub's throw-away certificates: an authority, the server below it, and its devices.

As at the real hub, an intermediate authority stands between the root that clients trust and the
server's certificate, and the server sends both. Devices are signed by the same intermediate.
Everything is valid from 2000 to 3000, so that no simulated clock matters.
"""

import shutil
import ssl
import tempfile
import weakref
from collections import namedtuple
from pathlib import Path

import trustme

SERVER_NAMES = (
    "localhost",
    "127.0.0.1",
    "::1",
    "*.azure-devices.net",
    "*.servicebus.windows.net",
)

Files = namedtuple("Files", ("certificate", "key"))
Files.__doc__ = """Paths, as text, of a certificate file (leaf first) and of its key file."""


class _Generation:
    """One root with what stands below it."""

    def __init__(self, names):
        self.root = trustme.CA(organization_name="nxd_mqtt hub, for tests only")
        self.intermediate = self.root.create_child_ca()
        self.server = self.intermediate.issue_cert(*names)


class Certificates:
    """What the server shows, and who may show what to it.

    :param names: host names and addresses that the server's certificate is for, beside
        `SERVER_NAMES`
    :param folder: where the files go; None makes a folder that lives as long as this object
    """

    def __init__(self, names=(), folder=None):
        self._names = (*SERVER_NAMES, *(name for name in names if name not in SERVER_NAMES))
        if folder is None:
            folder = tempfile.mkdtemp(prefix="hub-")
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._folder = Path(folder)
        self._generations = [_Generation(self._names)]
        self._context = None
        self._devices = {}

    # ------------------------------------------------------------ the server

    @property
    def ca_pem(self) -> str:
        """The root that clients have to trust now."""
        return self._newest.root.cert_pem.bytes().decode()

    @property
    def ca_file(self) -> str:
        """The path of a file with the root that clients have to trust now."""
        return self._write("root-%d.pem" % len(self._generations), self.ca_pem.encode())

    def server_context(self) -> ssl.SSLContext:
        """What the next handshake uses: the newest server certificate.

        A client need not show a certificate; one that it shows must be signed by a root of ours, a
        former one included.
        """
        if self._context is None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._newest.server.configure_cert(context)
            for generation in self._generations:
                generation.root.configure_trust(context)
            context.verify_mode = ssl.CERT_OPTIONAL
            self._context = context
        return self._context

    def rotate(self) -> None:
        """Go over to another root, which those who trust only the former one refuse."""
        self._generations.append(_Generation(self._names))
        self._context = None

    # ------------------------------------------------------------ devices

    def device(self, common_name: str) -> Files:
        """A device's certificate with its intermediate, and its key.

        :param str common_name: the device's id, or another name to be refused for
        """
        wanted = (common_name, len(self._generations))
        if wanted not in self._devices:
            leaf = self._newest.intermediate.issue_cert(
                "%d@devices.example" % len(self._devices), common_name=common_name
            )
            stem = "device-%d" % len(self._devices)
            chain = b"".join(part.bytes() for part in leaf.cert_chain_pems)
            self._devices[wanted] = Files(
                self._write(stem + ".pem", chain),
                self._write(stem + "-key.pem", leaf.private_key_pem.bytes()),
            )
        return self._devices[wanted]

    # ------------------------------------------------------------ how

    @property
    def _newest(self) -> _Generation:
        return self._generations[-1]

    def _write(self, name: str, data: bytes) -> str:
        path = self._folder / name
        path.write_bytes(data)
        return str(path)
