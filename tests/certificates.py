# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A throw-away certificate authority, and every good and bad certificate that a test may need.

Everything is a PEM file in one folder, made when it is asked for first and the same ever after, so
one authority serves all tests, as the fixture ``authority``:

    context = server_context(*authority.server())        # boards.desktop.broker.secure
    session trusts authority.root, and the host name is "localhost" or "127.0.0.1"

Keys are EC (P-256) unless a method says RSA. Key files hold the key in its own format (SEC1 for
EC, PKCS#1 for RSA) without a password. For bytes instead of files there are `pem` and `der`.
"""

import base64
import re
from collections import namedtuple
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SERVER_NAMES = ("localhost", "127.0.0.1")
# A name that no test listens on.
OTHER_NAME = "elsewhere.example"

# The good ones are valid from 2000 to 3000.
_EXPIRED = {"not_before": datetime(2000, 1, 1), "not_after": datetime(2020, 1, 1)}
_EARLY = {"not_before": datetime(2900, 1, 1), "not_after": datetime(3000, 1, 1)}
_RSA = {"key_type": trustme.KeyType.RSA}
_BLOCK = re.compile(rb"-----BEGIN [^-]+-----\s(.*?)-----END [^-]+-----", re.DOTALL)

Files = namedtuple("Files", ("certificate", "key"))
Files.__doc__ = """Paths, as text, of a certificate file (leaf first) and of its key file."""


def pem(path) -> bytes:
    """What a PEM file holds, all of its blocks."""
    return Path(path).read_bytes()


def der(path) -> bytes:
    """The first block of a PEM file as DER: a certificate, or a key as SEC1 or PKCS#1."""
    return base64.b64decode(_BLOCK.search(pem(path)).group(1))


class Authority:
    """An authority that signs whatever a test asks for.

    :param Path folder: where the files go; it has to exist
    """

    def __init__(self, folder):
        self._folder = Path(folder)
        self._made = {}
        self._root = trustme.CA()
        self._intermediate = self._root.create_child_ca()
        self._foreign = trustme.CA()
        self.root = self._write("root.pem", self._root.cert_pem.bytes())
        """the root's certificate: what clients trust, and servers that check their clients"""
        self.intermediate = self._write("intermediate.pem", self._intermediate.cert_pem.bytes())
        """the certificate between the root and the leaf of a chain"""
        self.foreign_root = self._write("foreign-root.pem", self._foreign.cert_pem.bytes())
        """the root of an authority that has nothing to do with this one"""

    # ------------------------------------------------------------ servers

    def server(self, *names) -> Files:
        """A good server: signed by the root, for these host names and addresses.

        :param names: `SERVER_NAMES` if there are none
        """
        return self._leaf("server", self._root, names or SERVER_NAMES)

    def rsa_server(self, *names) -> Files:
        """The same with an RSA key of 2,048 bits."""
        return self._leaf("rsa-server", self._root, names or SERVER_NAMES, **_RSA)

    def chained_server(self, *names) -> Files:
        """A good server below an intermediate, whose certificate follows the leaf in the file."""
        return self._leaf("chained-server", self._intermediate, names or SERVER_NAMES)

    def incomplete_server(self, *names) -> Files:
        """The chained server without its intermediate: nobody can verify it by the root alone."""
        chained = self.chained_server(*names)
        first = _BLOCK.search(pem(chained.certificate)).group(0) + b"\n"
        return Files(
            self._write("incomplete-%s" % Path(chained.certificate).name, first), chained.key
        )

    def foreign_server(self) -> Files:
        """A server with the right names whose authority is unknown to those who trust `root`."""
        return self._leaf("foreign-server", self._foreign, SERVER_NAMES)

    def misnamed_server(self) -> Files:
        """A server whose certificate is for `OTHER_NAME` only."""
        return self._leaf("misnamed-server", self._root, (OTHER_NAME,))

    def expired_server(self) -> Files:
        """A server whose certificate ended with the year 2019."""
        return self._leaf("expired-server", self._root, SERVER_NAMES, **_EXPIRED)

    def early_server(self) -> Files:
        """A server whose certificate is not valid before the year 2900."""
        return self._leaf("early-server", self._root, SERVER_NAMES, **_EARLY)

    def self_signed_server(self) -> Files:
        """A server that signed its own certificate; nobody trusts it."""
        if "self-signed" not in self._made:
            key = ec.generate_private_key(ec.SECP256R1())
            self._made["self-signed"] = Files(
                self._write("self-signed.pem", _self_signed(key)),
                self._write(
                    "self-signed-key.pem",
                    key.private_bytes(
                        serialization.Encoding.PEM,
                        serialization.PrivateFormat.TraditionalOpenSSL,
                        serialization.NoEncryption(),
                    ),
                ),
            )
        return self._made["self-signed"]

    # ------------------------------------------------------------ clients

    def client(self, name="device") -> Files:
        """A good client: signed by the root.

        :param str name: its common name
        """
        return self._client("client", self._root, name)

    def rsa_client(self, name="device") -> Files:
        """The same with an RSA key of 2,048 bits."""
        return self._client("rsa-client", self._root, name, **_RSA)

    def chained_client(self, name="device") -> Files:
        """A good client below an intermediate, whose certificate follows the leaf in the file."""
        return self._client("chained-client", self._intermediate, name)

    def foreign_client(self, name="device") -> Files:
        """A client of another authority: those who trust `root` refuse it."""
        return self._client("foreign-client", self._foreign, name)

    def expired_client(self, name="device") -> Files:
        """A client whose certificate ended with the year 2019."""
        return self._client("expired-client", self._root, name, **_EXPIRED)

    # ------------------------------------------------------------ files that cannot be used

    def mismatched_client(self) -> Files:
        """A good client's certificate with the key of another one."""
        return Files(self.client().certificate, self.client("another").key)

    def unreadable(self) -> str:
        """A file that looks like a certificate and holds none."""
        text = b"-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n"
        return self._write("unreadable.pem", text)

    def encrypted(self, files, password) -> Files:
        """The same certificate with its key behind a password.

        :param Files files: from another method
        :param bytes password: what opens the key
        """
        key = serialization.load_pem_private_key(pem(files.key), None)
        data = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(password),
        )
        return Files(files.certificate, self._write("encrypted-%s" % Path(files.key).name, data))

    # ------------------------------------------------------------ how

    def _write(self, name, data) -> str:
        path = self._folder / name
        path.write_bytes(data)
        return str(path)

    def _client(self, kind, issuer, name, **options):
        # Their only identity is a mail address, so that no client passes for a server.
        mail = name.replace(" ", ".") + "@devices.example"
        return self._leaf(kind, issuer, (mail,), common_name=name, **options)

    def _leaf(self, kind, issuer, names, **options):
        wanted = (kind, names)
        if wanted not in self._made:
            leaf = issuer.issue_cert(*names, **options)
            stem = "%s-%d" % (kind, len(self._made))
            chain = b"".join(one.bytes() for one in leaf.cert_chain_pems)
            self._made[wanted] = Files(
                self._write(stem + ".pem", chain),
                self._write(stem + "-key.pem", leaf.private_key_pem.bytes()),
            )
        return self._made[wanted]


def _self_signed(key) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SERVER_NAMES[0])])
    names = [x509.DNSName(SERVER_NAMES[0])]
    names.append(x509.IPAddress(ip_address(SERVER_NAMES[1])))
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=365))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM)
