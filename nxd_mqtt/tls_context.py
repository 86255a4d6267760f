# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""How certificates and keys, in whatever form a program has them, get into an ``SSLContext``.

Boards take the client's from files only, and roots as PEM text. The desktop's OpenSSL reads the
client's from files, too; there they are lent to it by descriptors.

The names are underscored because programs take everything else out of ``tls`` by ``import *``.
"""

import os
from binascii import b2a_base64

from micropython import const

from .status import MQTTError

# What a certificate is called in PEM, and a private key in DER by its type.
_CERTIFICATE = "CERTIFICATE"
_KEY_LABELS = ("PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY")

_INVALID_CERTIFICATE = const(0x112)
_UNSUPPORTED_FEATURE = const(0x130)
_INVALID_PRIVATE_KEY = const(0x18A)
_CERTIFICATE_NOT_FOUND = const(0x18E)

_PEM_LINE_BYTES = const(48)
# What a pipe takes without a reader on every desktop.
_PIPE_BYTES = const(16384)
# A path that is shown; a private key in base64 has 160 characters and more.
_LONGEST_NAME = const(100)

_ENOENT = const(2)
# What a server that hangs up during the handshake may look like; no TCP connect ends so.
_EPIPE = const(32)


def _fail(status: int, cause: str) -> None:
    """End an attempt to connect."""
    raise MQTTError(status, "tls", cause)


def _is_real(context) -> bool:
    """Whether a context is TLS, and no stand-in for that of a co-processor."""
    return hasattr(context, "load_verify_locations")


def _text_of(error) -> str:
    """What an error says; a bare number is told by its name."""
    text = str(error).strip()
    return "EPIPE" if text == str(_EPIPE) else text


def _make_context(ip, session):
    """The SSLContext for one attempt.

    The radio's is other programs' too, so a session that has something of its own gets a new one,
    unless ``nx_ip_create`` was given one for this.
    """
    context = ip.ssl_context
    if context is None and ip.manager:
        from adafruit_connection_manager import get_radio_ssl_context

        context = get_radio_ssl_context(ip.radio)
    own = session.trusted or session.local
    if own and context is not None and not _is_real(context):
        _fail(
            _UNSUPPORTED_FEATURE,
            "this network hardware trusts what its firmware trusts: add no certificates",
        )
    if context is None or (own and ip.ssl_context is None):
        context = _new_context(session.trusted)
    if session.trusted:
        roots = "".join([_pem(each.data, _CERTIFICATE) for each in session.trusted])
        try:
            context.load_verify_locations(cadata=roots)
        except (OSError, ValueError, TypeError) as error:
            _fail(_INVALID_CERTIFICATE, "no certificate in what is to be trusted: %s" % error)
    if session.local:
        _load_chain(context, session.local)
    return context


def _new_context(trusted):
    try:
        import ssl
    except ImportError:
        _fail(_UNSUPPORTED_FEATURE, "this firmware has no module ssl")
    # That of a desktop trusts the system's roots besides those that it is told.
    if trusted and hasattr(ssl, "PROTOCOL_TLS_CLIENT"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not hasattr(ssl, "create_default_context"):
        _fail(_UNSUPPORTED_FEATURE, "this platform trusts nothing by itself: add a root")
    return ssl.create_default_context()


def _load_chain(context, local) -> None:
    """Show the server a certificate, its key, and what leads from it to a root."""
    # The one with the key is the device's own, whatever the order they came in.
    own = [each for each in local if each.key is not None]
    if len(own) != 1:
        _fail(_INVALID_PRIVATE_KEY, "one local certificate must have a private key")
    own = own[0]
    try:
        if hasattr(os, "pipe"):
            rest = [each for each in local if each is not own]
            chain = "".join([_pem(each.data, _CERTIFICATE) for each in [own] + rest])
            key = _pem(own.key, _KEY_LABELS[own.key_type])
            _load_from_memory(context, chain, key)
        elif len(local) > 1:
            _fail(_UNSUPPORTED_FEATURE, "this board wants a certificate's chain in one file")
        elif _is_path(own.data) and _is_path(own.key):
            context.load_cert_chain(own.data, own.key)
        else:  # an error of the file system's would have the whole key in it
            _fail(_UNSUPPORTED_FEATURE, "this board reads certificates from files: give paths")
    except (OSError, ValueError) as error:
        from .tls_reasons import verdict

        status, words = verdict(_text_of(error), 0, False)
        status = status or _INVALID_CERTIFICATE
        _fail(status, "the client's certificate or key cannot be used: %s" % words)


def _is_path(data) -> bool:
    return isinstance(data, str) and len(data) < _LONGEST_NAME


def _load_from_memory(context, chain: str, key: str) -> None:
    """Hand over what OpenSSL only reads from files, without a key ever being in one."""
    lent = []
    try:
        for text in (chain, key):
            lent.append(_lend(text.encode()))
        # Without a password OpenSSL would ask for one at the terminal.
        chain, key = ["/dev/fd/%d" % descriptor for descriptor in lent]
        context.load_cert_chain(chain, key, password=b"")
    finally:
        for descriptor in lent:
            os.close(descriptor)


def _lend(data: bytes) -> int:
    """A descriptor to read bytes from: of memory where there are such files, else of a pipe."""
    if hasattr(os, "memfd_create"):
        reader = os.memfd_create("lent")
        os.write(reader, data)
        return reader
    if len(data) > _PIPE_BYTES:
        _fail(_INVALID_CERTIFICATE, "a certificate chain or key of over 16 KB")
    reader, writer = os.pipe()
    os.write(writer, data)
    os.close(writer)
    return reader


def _pem(data, label: str) -> str:
    """PEM text of a certificate or key in any form; no part of a key is ever in an error."""
    public = label == _CERTIFICATE
    try:
        if isinstance(data, str) and "-----BEGIN" not in data:
            with open(data, "rb") as file:
                data = file.read()
        if not isinstance(data, str):
            data = bytes(data)
            if b"-----BEGIN" not in data:
                return _encode(data, label)
            data = str(data, "utf-8")
    except OSError as error:
        # What is longer than a path may be a key by mistake.
        shown = public and len(data) < _LONGEST_NAME
        name = data if shown else "the file of a %s" % label.lower()
        what = "is not there" if error.errno == _ENOENT else "errno %s" % error.errno
        _fail(_CERTIFICATE_NOT_FOUND, "cannot read %s: %s" % (name, what))
    except ValueError:
        status = _INVALID_CERTIFICATE if public else _INVALID_PRIVATE_KEY
        _fail(status, "neither a path nor PEM nor DER: what stands for a %s" % label.lower())
    return data if data.endswith("\n") else data + "\n"


def _encode(data: bytes, label: str) -> str:
    lines = ["-----BEGIN %s-----\n" % label]
    for at in range(0, len(data), _PEM_LINE_BYTES):
        lines.append(str(b2a_base64(data[at : at + _PEM_LINE_BYTES]), "utf-8"))
    lines.append("-----END %s-----\n" % label)
    return "".join(lines)
