# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""TLS for the client's links: NetX's secure connect, and what its setup callback calls.

The callback fills a session for each attempt to connect, and what it says goes into an
``SSLContext``. Chain and host name of the server are always verified: by what the session trusts,
or where that is nothing in particular, by what the platform trusts.

A certificate or key is PEM text, DER or PEM bytes, or the path of a file with one of these.
"""

import gc
from time import time as _time  # `import *` must not hand a program another `time`

from micropython import const

from .calls import _call, _connect, _refuse
from .status import NX_PTR_ERROR, NX_SUCCESS, MQTTError
from .teller import get_ident as _get_ident
from .tls_context import _fail, _is_real, _make_context, _text_of
from .transport import CLOSED as _CLOSED
from .transport import _unresolved

NXD_MQTT_TLS_PORT = const(8883)

NX_SECURE_X509_KEY_TYPE_NONE = const(0)
NX_SECURE_X509_KEY_TYPE_RSA_PKCS1_DER = const(1)
NX_SECURE_X509_KEY_TYPE_EC_DER = const(2)

_HANDSHAKE_FAILURE = const(0x107)
_ALLOCATE_PACKET_FAILED = const(0x111)
_INVALID_CERTIFICATE = const(0x112)
_INVALID_PRIVATE_KEY_TYPE = const(0x19D)

# What a server that hangs up during the handshake may look like; no TCP connect ends so.
_EPIPE = const(32)


class NX_SECURE_TLS_SESSION:
    """The control block of one TLS session, filled by the setup callback."""

    def __init__(self):
        self.create()

    def create(self) -> None:
        """Forget everything."""
        self.trusted = []
        self.local = []
        self.refused = False
        self.name = None
        self.clock = _time


class NX_SECURE_X509_CERT:
    """The control block of a certificate, and of the private key that belongs to it."""

    data = key = None
    key_type = 0


class NX_SECURE_X509_DNS_NAME:
    """The control block of a host name."""

    name = None


# -- what a setup callback calls --------------------------------------------------------------


def nx_secure_tls_initialize() -> None:
    """Nothing to do: the platform's TLS is ready."""


def nx_secure_tls_session_create(session, cipher_table=None, metadata=None, metadata_size=0) -> int:
    """Begin to fill a session (``nx_secure_tls_session_create``).

    :param NX_SECURE_TLS_SESSION session: what the callback was given
    :param cipher_table: ignored, as are the others: the platform knows its ciphers
    :return: NX_SUCCESS; NX_PTR_ERROR
    """
    if not isinstance(session, NX_SECURE_TLS_SESSION):
        return NX_PTR_ERROR
    session.create()
    return NX_SUCCESS


def nx_secure_tls_session_delete(session) -> int:
    """Forget what a session was told; returns as ``nx_secure_tls_session_create``."""
    return nx_secure_tls_session_create(session)


def nx_secure_tls_session_packet_buffer_set(session, buffer=None, buffer_size=0) -> int:
    """Nothing to do: the platform's TLS has its own buffers.

    :return: NX_SUCCESS; NX_PTR_ERROR
    """
    return NX_SUCCESS if isinstance(session, NX_SECURE_TLS_SESSION) else NX_PTR_ERROR


def nx_secure_tls_remote_certificate_allocate(
    session, certificate=None, buffer=None, buffer_size=0
) -> int:
    """Nothing to do: the platform's TLS makes room for the server's certificates.

    :return: NX_SUCCESS; NX_PTR_ERROR
    """
    return nx_secure_tls_session_packet_buffer_set(session)


def nx_secure_tls_session_time_function_set(session, time_function) -> int:
    """Say how to ask for the time (``nx_secure_tls_session_time_function_set``).

    The platform's TLS reads the platform's clock. This one is asked when a certificate is refused,
    to tell a clock that was never set.

    :param time_function: callable, seconds since 1970; default ``time.time``
    :return: NX_SUCCESS; NX_PTR_ERROR
    """
    if not isinstance(session, NX_SECURE_TLS_SESSION) or not callable(time_function):
        return NX_PTR_ERROR
    session.clock = time_function
    return NX_SUCCESS


def nx_secure_x509_certificate_initialize(
    certificate, certificate_data, raw_data_buffer=None, private_key=None, private_key_type=0
) -> int:
    """Fill the control block of a certificate (``nx_secure_x509_certificate_initialize``).

    Files are read when the client connects.

    :param NX_SECURE_X509_CERT certificate: the control block
    :param certificate_data: PEM text, DER or PEM bytes, or a path; several in PEM are a chain, the
        device's own first, or several trusted roots
    :param raw_data_buffer: ignored
    :param private_key: the same forms, None for a certificate to be trusted
    :param int private_key_type: of a key in DER: NX_SECURE_X509_KEY_TYPE_NONE (PKCS #8),
        NX_SECURE_X509_KEY_TYPE_RSA_PKCS1_DER or NX_SECURE_X509_KEY_TYPE_EC_DER
    :return: NX_SUCCESS; NX_PTR_ERROR; 0x19D for a key type that is not known
    """
    if not isinstance(certificate, NX_SECURE_X509_CERT) or not _is_given(certificate_data):
        return NX_PTR_ERROR
    if private_key is not None and not _is_given(private_key):
        return NX_PTR_ERROR
    if isinstance(raw_data_buffer, int):  # a length, which only C has
        return NX_PTR_ERROR
    if private_key_type not in (0, 1, 2):
        return _INVALID_PRIVATE_KEY_TYPE
    certificate.data = certificate_data
    certificate.key = private_key
    certificate.key_type = private_key_type
    return NX_SUCCESS


def _is_given(data) -> bool:
    return isinstance(data, (str, bytes, bytearray, memoryview)) and len(data) > 0


def nx_secure_tls_trusted_certificate_add(session, certificate) -> int:
    """Trust servers whose chain leads to this certificate, and to others that are added.

    :param NX_SECURE_TLS_SESSION session: what the callback was given
    :param NX_SECURE_X509_CERT certificate: a root, initialized
    :return: NX_SUCCESS; NX_PTR_ERROR
    """
    return _add(session, "trusted", certificate)


def nx_secure_tls_local_certificate_add(session, certificate) -> int:
    """Show servers this certificate, or add one of the chain behind it.

    :param NX_SECURE_TLS_SESSION session: what the callback was given
    :param NX_SECURE_X509_CERT certificate: the device's own with its private key, or one without a
        key that leads from it to the root
    :return: NX_SUCCESS; NX_PTR_ERROR
    """
    return _add(session, "local", certificate)


def _add(session, which: str, certificate) -> int:
    if not isinstance(session, NX_SECURE_TLS_SESSION):
        return NX_PTR_ERROR
    if not isinstance(certificate, NX_SECURE_X509_CERT) or certificate.data is None:
        # Whoever ignores this would trust what the platform trusts, and not know it.
        session.refused = True
        return NX_PTR_ERROR
    getattr(session, which).append(certificate)
    return NX_SUCCESS


def nx_secure_x509_dns_name_initialize(dns_name, name_string) -> int:
    """Fill the control block of a host name (``nx_secure_x509_dns_name_initialize``).

    :param NX_SECURE_X509_DNS_NAME dns_name: the control block
    :param name_string: ``str`` or ASCII bytes
    :return: NX_SUCCESS; NX_PTR_ERROR
    """
    if not isinstance(dns_name, NX_SECURE_X509_DNS_NAME) or not _is_given(name_string):
        return NX_PTR_ERROR
    try:
        name = name_string if isinstance(name_string, str) else str(name_string, "utf-8")
        if "\0" not in name:
            dns_name.name = name
            return NX_SUCCESS
    except ValueError:
        pass  # no text at all
    return NX_PTR_ERROR


def nx_secure_tls_session_sni_extension_set(session, dns_name) -> int:
    """Set the host name that the server is asked for, and must have in its certificate.

    Without it that is the ``server_ip`` of the call that connects.

    :return: NX_SUCCESS; NX_PTR_ERROR
    """
    if not isinstance(session, NX_SECURE_TLS_SESSION):
        return NX_PTR_ERROR
    if not isinstance(dns_name, NX_SECURE_X509_DNS_NAME) or dns_name.name is None:
        return NX_PTR_ERROR
    session.name = dns_name.name
    return NX_SUCCESS


# -- connecting -------------------------------------------------------------------------------


def nxd_mqtt_client_secure_connect(
    client,
    server_ip,
    server_port: int,
    tls_setup,
    keepalive: int,
    clean_session: int,
    wait_option: int,
) -> int:
    """Connect to a broker over TLS; a plain connect later on is plain again.

    :param str server_ip: host name or address
    :param int server_port: NXD_MQTT_TLS_PORT, or another from 1 to 65535
    :param tls_setup: ``tls_setup(client, session, certificate, trusted_certificate)``, called
        before each attempt to connect with fresh control blocks; what it returns, if not
        NX_SUCCESS, is returned, and nothing has changed
    :param int keepalive: seconds, 0 for none
    :param int clean_session: NX_TRUE to begin anew, NX_FALSE to go on with the broker's session
    :param int wait_option: as for ``nxd_mqtt_client_connect``
    :return: as ``nxd_mqtt_client_connect``; NXD_MQTT_CONNECT_FAILURE also for TLS's failures, of
        which ``client.reason`` has stage ``tls``, NetX Secure's number, and what to do about it
    """
    return _call(
        client,
        NX_PTR_ERROR,
        _secure_connect,
        server_ip,
        server_port,
        tls_setup,
        keepalive,
        bool(clean_session),
        wait_option,
    )


def _secure_connect(client, host, port: int, tls_setup, keepalive: int, clean, ticks) -> int:
    if not callable(tls_setup):
        _refuse("tls_setup must be callable", NX_PTR_ERROR)
    return _connect(client, host, port, keepalive, clean, ticks, _Secure(client, tls_setup))


class _Secure:
    """What makes the links of one call TLS ones, attempt after attempt.

    :param NXD_MQTT_CLIENT client: to be handed to the callback
    :param tls_setup: the callback
    """

    def __init__(self, client, tls_setup):
        self._client = client
        self._tls_setup = tls_setup
        self._session = self._context = None

    def setup(self) -> None:
        """Ask the callback how to secure the next attempt.

        :raises MQTTError: stage ``tls``, with what the callback has returned, unless that is 0
        """
        # Of two contexts at a time one may not fit.
        self._session = self._context = None
        session = NX_SECURE_TLS_SESSION()
        cert = NX_SECURE_X509_CERT()
        # No call in it may wait: a poll that opens a link would wait for itself.
        teller = self._client._teller
        with self._client._lock:
            outermost = not teller.thread
            if outermost:
                teller.thread = _get_ident()
        try:
            status = self._tls_setup(self._client, session, cert, NX_SECURE_X509_CERT())
        finally:
            if outermost:
                teller.thread = 0
        if status:
            _fail(status, "tls_setup has refused")
        self._session = session

    def prepare(self, link) -> None:
        """A link is about to be opened.

        :raises MQTTError: stage ``tls``: the callback refuses, or what it set cannot be used
        """
        if not self._session:
            self.setup()
        session = self._session
        self._session = None
        if session.refused:
            _fail(_INVALID_CERTIFICATE, "tls_setup has added what is no certificate")
        self._name = session.name or link.host
        self._now = session.clock()
        gc.collect()
        try:
            self._context = _make_context(link.ip, session)
        except MemoryError as error:
            raise self.failure(error)

    def connect(self, link, address) -> None:
        """Connect the raw socket of a link, and shake hands.

        A board's TLS socket does both, and so does an AirLift, whose bytes then go through the
        socket as ever. The desktop's wraps a socket that is connected, which tells TCP's failures
        from TLS's, and makes one time limit of both.
        """
        raw = link.socket
        desktop = hasattr(raw, "fileno")
        if desktop:
            raw.connect(address)
        seconds = max(link.left(link.ip.clock()), 1) / 1000
        network = False
        try:
            raw.settimeout(seconds)
            # A handshake needs tens of kilobytes in one piece.
            gc.collect()
            stream = self._context.wrap_socket(raw, server_hostname=self._name)
            real = _is_real(self._context)
            if not desktop:
                stream.settimeout(seconds)
                network = True
                # What a co-processor connects to is also the name that it verifies.
                stream.connect((link.host if real else self._name, link.port))
            # Not before: a board's TLS socket whose handshake has failed does not close its own.
            if real:
                link.stream = stream
            if desktop:
                link.socket = stream
        except (OSError, ValueError) as error:
            if network and _is_network(error, real):
                raise
            raise self.failure(error)

    def leave(self, link) -> None:
        """Say goodbye, where the platform's TLS can."""
        unwrap = getattr(link.stream, "unwrap", None)
        if unwrap:
            unwrap()

    def failure(self, error) -> MQTTError:
        """The end of an attempt that TLS has failed."""
        self._context = None
        if isinstance(error, MemoryError):  # there may be none to import more
            return MQTTError(_ALLOCATE_PACKET_FAILED, "tls", "no memory for a TLS handshake")
        gc.collect()
        from .tls_reasons import verdict

        status, words = verdict(_text_of(error), self._now, False)
        return MQTTError(status or _HANDSHAKE_FAILURE, "tls", words)

    def explain(self, link, status: int, cause):
        """What an ending behind the handshake and before the CONNACK may mean.

        With TLS 1.3 the server sees a client's certificate only then.

        :return: (status, cause), the same or better ones
        """
        if isinstance(cause, str) and cause != _CLOSED:
            return status, cause
        try:
            from .tls_reasons import verdict
        except MemoryError:  # the link still has its own
            return status, cause
        number, words = verdict(_text_of(cause), self._now, True)
        if not number:
            try:
                # The server's alert may lie behind a send that has failed.
                link.stream.recv_into(bytearray(1))
            except (OSError, ValueError) as error:
                number, better = verdict(_text_of(error), self._now, True)
                words = better if number else words
        return number or status, words


def _is_network(error, real: bool) -> bool:
    """Whether an error of a board's connect is TCP's: those of mbedTLS are negative or text.

    :param bool real: a co-processor with TLS of its own says everything by ConnectionError
    """
    if _unresolved(error) or (real and type(error).__name__ == "ConnectionError"):
        return True
    number = getattr(error, "errno", None)
    return isinstance(number, int) and number > 0 and number != _EPIPE
