# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Who is let in: the credentials of devices, modules and services against what the hub knows."""

from collections.abc import Callable, Iterable

from .credentials import (
    Policy,
    Right,
    Token,
    check_signature,
    covers,
    decode_key,
    host_name,
    read_token,
)
from .refusals import Reason, Refused
from .registry import Authentication, Identity, Record, Registry

_ALWAYS = ("localhost", "127.0.0.1", "::1")


class Gate:
    """Judges credentials.

    :param names: what the hub is called, beside localhost and its addresses
    """

    def __init__(
        self,
        names: Iterable[str],
        registry: Registry,
        policies: dict[str, Policy],
        clock: Callable[[], float],
    ):
        self._names = {host_name(name) for name in (*names, *_ALWAYS)}
        self._registry = registry
        self._policies = policies
        self._clock = clock

    def device(
        self,
        host: str,
        identity: Identity,
        password: bytes | None,
        certificate_name: str | None,
    ) -> float | None:
        """Judge a device or module.

        :return: when the token expires, None with a certificate
        :raises Refused:
        """
        if host_name(host) not in self._names:
            raise Refused(Reason.UNKNOWN_HUB)
        record = self._record(identity)
        if record.authentication is Authentication.CERTIFICATE:
            if password:
                raise Refused(Reason.WRONG_METHOD)
            _check_certificate(identity, certificate_name)
            return None
        if not password:
            reason = Reason.WRONG_METHOD if certificate_name else Reason.NO_CREDENTIALS
            raise Refused(reason)
        token = read_token(password)
        resource = (host_name(host), *identity.path)
        if token.policy is not None:
            return self._policy(token, resource, Right.DEVICE_CONNECT, encoded=True)
        if token.scope != resource:
            raise Refused(Reason.WRONG_SCOPE)
        return check_signature(token, record.signing_keys, self._clock())

    def service(self, password: bytes | str, right: Right, event_hubs: bool) -> float:
        """Judge a service.

        :param event_hubs: the key signs as the text that it is, as Event Hubs' clients do it
        :return: when the token expires
        :raises Refused:
        """
        if not password:
            raise Refused(Reason.NO_CREDENTIALS)
        token = read_token(password)
        if token.policy is None:
            raise Refused(Reason.UNKNOWN_POLICY)
        host = token.scope[0]
        if host not in self._names:
            raise Refused(Reason.WRONG_SCOPE)
        return self._policy(token, token.scope, right, encoded=not event_hubs)

    def _record(self, identity: Identity) -> Record:
        device = self._registry.get(identity.device)
        if device is None:
            raise Refused(Reason.UNKNOWN_DEVICE)
        record = self._registry.get(identity)
        if record is None:
            raise Refused(Reason.UNKNOWN_MODULE)
        # A module has no status of its own.
        if not device.enabled:
            raise Refused(Reason.DISABLED)
        return record

    def _policy(
        self, token: Token, resource: tuple[str, ...], right: Right, encoded: bool
    ) -> float:
        policy = self._policies.get(token.policy)
        if policy is None:
            raise Refused(Reason.UNKNOWN_POLICY)
        if not covers(token, resource):
            raise Refused(Reason.WRONG_SCOPE)
        keys = (policy.primary_key, policy.secondary_key)
        signing = [decode_key(key) if encoded else key.encode() for key in keys]
        expiry = check_signature(token, signing, self._clock())
        # Only who has shown a key learns what it is good for.
        if right not in policy.rights:
            raise Refused(Reason.NO_RIGHT)
        return expiry


def _check_certificate(identity: Identity, common_name: str | None) -> None:
    if not common_name:
        raise Refused(Reason.NO_CREDENTIALS)
    if common_name != identity.common_name:
        raise Refused(Reason.BAD_CERTIFICATE)
