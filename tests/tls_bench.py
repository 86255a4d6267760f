# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Setup callbacks for tests: they say what a test wants, and remember how they were called."""

import time
from pathlib import Path
from typing import NamedTuple

from nxd_mqtt.nxd import NX_SUCCESS
from nxd_mqtt.tls import *


class Local(NamedTuple):
    """A certificate of the device's own, as it is initialized."""

    data: object
    key: object = None
    key_type: int = NX_SECURE_X509_KEY_TYPE_NONE


class Setup:
    """A ``tls_setup`` that fills the session as a ported program does.

    ``calls`` holds the arguments of each call. ``doing``, if set, is called last, with the client.

    :param trusted: certificates to trust, in any form
    :param local: certificates to show, each ``Local`` or a pair of paths
    :param str name: the host name to ask for, None for that of the call
    :param clock: the time function, None for the platform's
    :param statuses: what the first calls return; SUCCESS ever after
    """

    def __init__(self, *trusted, local=(), name=None, clock=None, statuses=()):
        self.calls = []
        self.doing = None
        self.name = name
        self._trusted = trusted
        self._local = local
        self._clock = clock
        self._statuses = list(statuses)

    def trust(self, *certificates):
        """From the next call on trust these, and no others."""
        self._trusted = certificates

    def __call__(self, client, session, certificate, trusted_certificate):
        self.calls.append((client, session, certificate, trusted_certificate))
        assert nx_secure_tls_session_create(session) == NX_SUCCESS
        for data in self._trusted:
            # The control block of the callback serves for the first one.
            block = trusted_certificate or NX_SECURE_X509_CERT()
            trusted_certificate = None
            assert nx_secure_x509_certificate_initialize(block, data) == NX_SUCCESS
            assert nx_secure_tls_trusted_certificate_add(session, block) == NX_SUCCESS
        for one in self._local:
            block = certificate or NX_SECURE_X509_CERT()
            certificate = None
            data, key, key_type = Local(*one)
            status = nx_secure_x509_certificate_initialize(block, data, None, key, key_type)
            assert status == NX_SUCCESS
            assert nx_secure_tls_local_certificate_add(session, block) == NX_SUCCESS
        if self.name:
            name = NX_SECURE_X509_DNS_NAME()
            assert nx_secure_x509_dns_name_initialize(name, self.name) == NX_SUCCESS
            assert nx_secure_tls_session_sni_extension_set(session, name) == NX_SUCCESS
        if self._clock:
            assert nx_secure_tls_session_time_function_set(session, self._clock) == NX_SUCCESS
        if self.doing:
            self.doing(client)
        return self._statuses.pop(0) if self._statuses else NX_SUCCESS


def descriptors() -> int:
    """How many file descriptors this process has open."""
    return len(list(Path("/dev/fd").iterdir()))


def settled(before: int, seconds: float = 5) -> bool:
    """Whether no more descriptors are open than before, once the peers have closed their ends."""
    deadline = time.monotonic() + seconds
    while descriptors() > before:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
