# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""How a hub client gets in: where it connects, who it says it is, and how it proves that.

The login is made anew before every CONNECT, because a token is good for a time only. With a key it
is signed here; a token that somebody else has signed is taken as it is; with a certificate there is
none. The key and the tokens are in no text.
"""

import gc as _gc

from micropython import const

from .azure_iot_sas import expiry, token
from .azure_iot_text import events_topic, resource, user_name
from .calls import _text
from .status import MQTTError

_AZURE_INVALID_PARAMETER = const(0x20002)
_AZURE_SAS_TOKEN_EXPIRED = const(0x20017)
_AZURE_TIME_NOT_SET = const(0x20080)

_TLS_PORT = const(8883)
_WEBSOCKET_PORT = const(443)
# The same without TLS, which only a hub at one's own desk speaks.
_PLAIN_PORT = const(1883)
_PLAIN_WEBSOCKET_PORT = const(80)

_TOKEN_LIFE = const(3600)
# Seconds since 1970 of 2024-01-01: a clock that is behind it was never set.
_BEGINNING_OF_2024 = const(1704067200)
# Parts of a token's life, in percent: when to renew it, and when at any price.
_DUE = const(85)
_PRESSING = const(97)


class Access:
    """What is known of a hub and of the way to it.

    :param azure: the ``NX_AZURE_IOT`` with the clock
    :param bytes host: the hub's own name, which user name and token contain
    :param bytes device: id
    :param bytes module: id, empty for the device itself
    """

    def __init__(self, azure, host: bytes, device: bytes, module):
        self._unix_time = azure.unix_time
        self._host = host
        self.device = device
        self.module = module
        # Where telemetry goes, until properties follow.
        self.events = events_topic(device, module)
        self.server = str(host, "utf-8")
        self.port = 0
        self.secure = True
        self.websocket = False
        self.trusted = []
        self.local = []
        # One of key (bytes), token (bytes or a callable) or neither.
        self.key = self.token = self.model = None
        self.life = _TOKEN_LIFE
        # When the token of the last login was made, and when it ends; 0 where there is none.
        self._begun = self.expiry = 0

    def where(self) -> int:
        """The port to connect to."""
        if self.port:
            return self.port
        if self.secure:
            return _WEBSOCKET_PORT if self.websocket else _TLS_PORT
        return _PLAIN_WEBSOCKET_PORT if self.websocket else _PLAIN_PORT

    def now(self) -> int:
        """Seconds since 1970, as far as the clock knows."""
        return int(self._unix_time())

    def login(self):
        """User name and password of the next CONNECT.

        :raises MQTTError: no token can be made now
        """
        self._begun = self.expiry = 0
        name = user_name(self._host, self.device, self.module, self.model)
        return name, self._password()

    def check(self) -> None:
        """Refuse what no CONNECT could succeed with; callables are not asked, nothing is signed.

        :raises MQTTError: as ``login``
        """
        if self.key:
            self._time()
        elif not callable(self.token):
            self._password()

    def _time(self) -> int:
        """The time, if the clock was ever set."""
        now = self.now()
        if now < _BEGINNING_OF_2024:
            cause = "the clock is not set: set it by NTP, or give nx_azure_iot_create a clock"
            raise MQTTError(_AZURE_TIME_NOT_SET, "call", cause)
        return now

    def _password(self):
        if self.key:
            now = self._time()
            self._begun = now
            self.expiry = now + self.life
            where = resource(self._host, self.device, self.module)
            return token(where, self.key, self.expiry)
        ready = self.token
        if ready is None:
            return None
        now = self.now()
        try:
            ready = bytes(_text(ready() if callable(ready) else ready, "token"))
        except MQTTError as error:
            error.status = _AZURE_INVALID_PARAMETER
            raise
        end = expiry(ready)
        if end <= now:
            cause = "the token has expired, or says no se: set a new one"
            raise MQTTError(_AZURE_SAS_TOKEN_EXPIRED, "call", cause)
        self._begun = now
        self.expiry = end
        return ready

    def expired(self) -> bool:
        """Whether the token's time has passed."""
        return 0 < self.expiry <= self.now()

    def renew_in(self, percent: int = _DUE) -> int:
        """Seconds until a new token is due; -1 where none can be made."""
        if not self.expiry or not (self.key or callable(self.token)):
            return -1
        due = self._begun + (self.expiry - self._begun) * percent // 100
        return max(due - self.now(), 0)

    def pressing(self) -> bool:
        """Whether it must be renewed though it is not a good moment."""
        return self.renew_in(_PRESSING) == 0

    def setup(self, client, session, certificate, trusted) -> int:
        """The TLS setup callback: what is trusted and what is shown."""
        from .tls import (
            nx_secure_tls_local_certificate_add,
            nx_secure_tls_session_time_function_set,
            nx_secure_tls_trusted_certificate_add,
        )

        status = nx_secure_tls_session_time_function_set(session, self._unix_time)
        for each in self.trusted:
            status = status or nx_secure_tls_trusted_certificate_add(session, each)
        for each in self.local:
            status = status or nx_secure_tls_local_certificate_add(session, each)
        return status


_gc.collect()
