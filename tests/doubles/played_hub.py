# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT

"""An IoT Hub on the doubles for one device: it answers at once, judges tokens, fails as told.

It has a codec of its own and shares nothing with the library or the hub for people's desks, so
that what it accepts is a second opinion. Its time is the clock that tests advance.
"""

import base64
import hashlib
import hmac
import json
from collections import deque, namedtuple
from urllib.parse import parse_qsl, quote, unquote_to_bytes

from .script import CONNACK, CONNACK_PRESENT, PINGRESP, puback, publish, suback, unsuback

START = 1_800_000_000
"""Seconds since 1970 when the clock of a test is at 0."""

HOST = "hub.test"
DEVICE = "dev1"
KEY = base64.b64encode(bytes(range(32))).decode()

CLOUD = f"devices/{DEVICE}/messages/devicebound/"
EVENTS = f"devices/{DEVICE}/messages/events/"
ANSWERS = "$iothub/twin/res/"
DESIRED = "$iothub/twin/PATCH/properties/desired/"
METHODS = "$iothub/methods/POST/"

_GET = "$iothub/twin/GET/?$rid="
_REPORT = "$iothub/twin/PATCH/properties/reported/?$rid="
_METHOD_ANSWER = "$iothub/methods/res/"

_PLAIN = set("-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz%=&")

Event = namedtuple("Event", "bag payload quality retain duplicate packet_id link")
"""Telemetry that came, with its property bag as it was written."""

Login = namedtuple("Login", "at code why client_id user password clean will keepalive")
"""A CONNECT that came, and the return code that it got."""


class _Fields:
    """What is in a packet, field by field."""

    def __init__(self, body):
        self.rest = bytes(body)

    def take(self, count):
        """The next bytes."""
        assert count <= len(self.rest), "a packet that ends too early"
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def number(self, count=2):
        """The next number."""
        return int.from_bytes(self.take(count), "big")

    def data(self):
        """The next field with a length."""
        return self.take(self.number())

    def text(self):
        """The next field of text."""
        return self.data().decode()


def next_packet(buffer):
    """Cut the next whole packet off a bytearray: (first byte, body), or None."""
    length = shift = 0
    for at in range(1, min(len(buffer), 5)):
        length |= (buffer[at] & 0x7F) << shift
        shift += 7
        if buffer[at] < 0x80:
            end = at + 1 + length
            if end > len(buffer):
                return None
            packet = buffer[0], bytes(buffer[at + 1 : end])
            del buffer[:end]
            return packet
    return None


def signature(resource, key, expiry):
    """What a token must be signed with: the standard library's own hash."""
    text = f"{quote(resource, safe='')}\n{expiry}".encode()
    digest = hmac.new(base64.b64decode(key), text, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def make_token(expiry, key=KEY, resource=f"{HOST}/devices/{DEVICE}"):
    """A token that the hub takes, of the given end in seconds since 1970."""
    parts = quote(resource, safe=""), quote(signature(resource, key, expiry), safe=""), expiry
    return "SharedAccessSignature sr={}&sig={}&se={}".format(*parts)


class PlayedHub:
    """Accepts connections of one pool; give it to ``SocketPool.listen``.

    :param clock: of the test
    """

    def __init__(self, clock):
        self.clock = clock
        self.key = KEY
        """The device's; another one makes its tokens wrong, None needs none (a certificate)."""
        self.known, self.disabled = True, False
        self.code = 0
        """The return code of the next CONNACKs."""
        self.latency = 0
        """Milliseconds that each answer takes."""
        self.drop = 0
        """So many links are closed behind their CONNACK."""
        self.drop_how = "close"
        self.mute = set()
        """What is not answered: telemetry, get, report, acknowledge-report, subscribe, ping."""
        self.verdicts = []
        """Statuses of the next answers about the twin; 200 and 204 when there are none."""
        self.patch_quality = 0
        self.lag = 0
        """So many answers have the twin as it was before the last change."""
        self.refuse_filters = set()
        self.attempts = []
        """When each connection came."""
        self.connections, self.logins = [], []
        self.subscribed = []
        """Each filter that was asked for, with the number of the link."""
        self.filters = set()
        self.session = False
        self.events = []
        self.cloud = []
        """C2D messages that are not completed: [packet identifier, bag, payload, sent before]."""
        self.completed = []
        """The packet identifiers of those that were, in order."""
        self.method_answers = []
        """(request id, status, payload)"""
        self.desired, self.reported, self.version, self.reports = {}, {}, 1, 0
        self._earlier = None
        self.asked = []
        """The request identifiers of the questions for the twin."""
        self.patches = []
        """(request id, payload) of each patch of reported properties."""
        self.expired = 0
        self.goodbye_times = []
        """When the device has said goodbye."""
        self.on_goodbye = None
        """Called without arguments when the device has said goodbye."""
        self.violations = []
        self.online = None
        self._packet_id = self._request = self._heard_at = 0
        self._waiting = deque()
        self._short = {
            4: self._puback,
            10: self._unsubscribe,
            12: self._pingreq,
            14: self._disconnect,
        }

    # what a test does

    @property
    def refused(self):
        """Why logins were refused."""
        return [login.why for login in self.logins if login.code]

    @property
    def goodbyes(self):
        """How often the device has said goodbye."""
        return len(self.goodbye_times)

    def now(self):
        """Seconds since 1970."""
        return START + self.clock.elapsed / 1000

    def cut(self, how="reset"):
        """End the link: close, reset or vanish."""
        connection, self.online = self.online, None
        if connection:
            getattr(connection, how)()

    def send(self, data):
        """Send bytes on the link, if there is one."""
        if self.online:
            self._say(self.online, data)

    def tell(self, topic, payload=b"", quality=0):
        """Publish to the device, once; returns the packet identifier, if there is one."""
        payload = payload if isinstance(payload, bytes) else payload.encode()
        number = self._next_id() if quality else None
        self.send(publish(topic, payload, number))
        return number

    def cloud_message(self, payload, bag=""):
        """Queue a message for the device; returns its packet identifier."""
        number = self._next_id()
        self.cloud.append([number, bag, payload, False])
        self._deliver(self.cloud[-1:])
        return number

    def change(self, **members):
        """Change desired properties; None deletes one."""
        self._earlier = self.document()
        for name, value in members.items():
            self.desired.pop(name, None)
            if value is not None:
                self.desired[name] = value
        self.version += 1
        body = json.dumps({**members, "$version": self.version})
        if DESIRED + "#" in self.filters:
            self.tell(f"{DESIRED}?$version={self.version}", body, self.patch_quality)
        return self.version

    def call(self, name, body=b"{}"):
        """Call a method; returns the request id."""
        self._request += 1
        request = format(self._request, "x")
        self.tell(f"{METHODS}{quote(name, safe='*')}/?$rid={request}", body)
        return request

    def answer(self, status, request, body=""):
        """Answer a question about the twin."""
        if ANSWERS + "#" in self.filters:
            self.tell(f"{ANSWERS}{status}/?$rid={request}", body)

    def trickle(self, packet, milliseconds=4000):
        """Send a packet byte by byte; what a device asks meanwhile is answered behind it."""
        left = bytearray(packet)
        self.mute.add("ping")

        def next_byte():
            self.send(bytes([left.pop(0)]))
            if left:
                self.clock.later(milliseconds, next_byte)
            else:
                self.mute.discard("ping")
                self.send(PINGRESP)

        next_byte()

    def document(self):
        """The whole twin."""
        desired = {**self.desired, "$version": self.version}
        reported = {**self.reported, "$version": self.reports}
        return json.dumps({"desired": desired, "reported": reported})

    def forget(self):
        """Lose the session."""
        self.session = False
        self.filters.clear()

    # the wire

    def __call__(self, connection):
        """Take a new connection."""
        self.attempts.append(self.clock.elapsed)
        self.connections.append(connection)
        buffer = bytearray()
        number = len(self.connections)

        def read():
            buffer.extend(connection.take())
            packet = next_packet(buffer)
            while packet is not None:
                self._packet(connection, number, *packet)
                packet = next_packet(buffer)

        connection.on_data = read
        connection.on_close = lambda: self._gone(connection)

    def _next_id(self):
        self._packet_id = self._packet_id % 65535 + 1
        return self._packet_id

    def _gone(self, connection):
        if self.online is connection:
            self.online = None

    def _say(self, connection, data):
        if not self.latency and not self._waiting:
            self._speak(connection, data)
            return
        # What is said later is heard later, though the latency may have changed.
        self._waiting.append((connection, data))
        self._heard_at = max(self._heard_at, self.clock.elapsed + self.latency)
        self.clock.later(self._heard_at - self.clock.elapsed, self._speak_next)

    def _speak_next(self):
        self._speak(*self._waiting.popleft())

    def _speak(self, connection, data):
        if not (connection.ending or connection.vanished or connection.closed_by_client):
            connection.send(data)

    def _violated(self, connection, what):
        self.violations.append(what)
        connection.close()
        self._gone(connection)

    def _packet(self, connection, link, first, body):
        fields = _Fields(body)
        kind = first >> 4
        if kind == 1:
            self._connect(connection, fields)
        elif connection is not self.online:
            pass  # it has been closed, or was refused
        elif kind == 3:
            self._publish(connection, link, first & 0x0F, fields)
        elif kind == 8:
            self._subscribe(connection, link, fields)
        elif kind in self._short:
            self._short[kind](connection, fields)
        else:
            self._violated(connection, f"packet type {kind}")

    def _puback(self, connection, fields):
        number = fields.number()
        self.cloud = [message for message in self.cloud if message[0] != number]
        self.completed.append(number)

    def _unsubscribe(self, connection, fields):
        number = fields.number()
        while fields.rest:
            self.filters.discard(fields.text())
        self._say(connection, unsuback(number))

    def _pingreq(self, connection, fields):
        if "ping" not in self.mute:
            self._say(connection, PINGRESP)

    def _disconnect(self, connection, fields):
        self.goodbye_times.append(self.clock.elapsed)
        self.online = None
        if self.on_goodbye:
            self.on_goodbye()

    # coming in

    def _connect(self, connection, fields):
        assert (fields.text(), fields.number(1)) == ("MQTT", 4)
        flags, keepalive = fields.number(1), fields.number()
        client_id = fields.text()
        will = (fields.text(), fields.data()) if flags & 4 else None
        user = fields.text() if flags & 0x80 else None
        password = fields.text() if flags & 0x40 else None
        assert not fields.rest
        clean = bool(flags & 2)
        why, expiry = self._judge(client_id, user, password)
        code = self.code or (5 if why else 0)
        self.logins.append(
            Login(self.clock.elapsed, code, why, client_id, user, password, clean, will, keepalive)
        )
        if code:
            self._say(connection, b"\x20\x02\x00" + bytes([code]))
            if not self.latency:
                connection.close()
            return
        self.cut("close")  # one link for a device
        if clean:
            self.forget()
        self._say(connection, CONNACK_PRESENT if self.session else CONNACK)
        self.session = not clean
        self.online = connection
        if expiry:
            left = (expiry - START) * 1000 - self.clock.elapsed
            self.clock.later(left, lambda: self._expire(connection))
        if self.drop:
            self.drop -= 1
            self.cut(self.drop_how)
        else:
            self._deliver(self.cloud)

    def _judge(self, client_id, user, password):
        """Why a login is refused, or None; and when the link ends."""
        if not self.known or client_id != DEVICE:
            return "unknown", 0
        if self.disabled:
            return "disabled", 0
        if not user.startswith(f"{HOST}/{DEVICE}/?api-version="):
            return "user name", 0
        if self.key is None:
            return ("a password" if password else None), 0
        return self._judge_token(password or "")

    def _judge_token(self, password):
        kind, _, rest = password.partition(" ")
        parts = dict(parse_qsl(rest, strict_parsing=True)) if rest else {}
        resource = f"{HOST}/devices/{DEVICE}"
        if kind != "SharedAccessSignature" or parts.get("sr") != resource:
            return "scope", 0
        expiry = int(parts["se"])
        if parts["sig"] != signature(resource, self.key, expiry):
            return "signature", 0
        return ("expired", 0) if expiry <= self.now() else (None, expiry)

    def _expire(self, connection):
        if self.online is connection:
            self.expired += 1
            self.cut("close")

    def _deliver(self, messages):
        for message in messages:
            number, bag, payload, again = message
            if self.online and CLOUD + "#" in self.filters:
                self.send(publish(CLOUD + bag, payload, number, 0x0A if again else 2))
                message[3] = True

    def _subscribe(self, connection, link, fields):
        number = fields.number()
        wanted, quality = fields.text(), fields.number(1)
        assert not fields.rest, "one filter for each SUBSCRIBE"
        self.subscribed.append((link, wanted))
        if wanted not in {CLOUD + "#", ANSWERS + "#", DESIRED + "#", METHODS + "#"}:
            self._violated(connection, wanted)
            return
        refused = wanted in self.refuse_filters
        new = wanted not in self.filters
        if not refused:
            self.filters.add(wanted)
        if "subscribe" not in self.mute:
            self._say(connection, suback(number, 0x80 if refused else min(quality, 1)))
        if wanted == CLOUD + "#" and new and not refused:
            self._deliver(self.cloud)

    def _publish(self, connection, link, flags, fields):
        topic = fields.text()
        quality = flags >> 1 & 3
        number = fields.number() if quality else 0
        if quality > 1:
            self._violated(connection, "QoS 2")
        elif topic.startswith(EVENTS):
            bag = topic[len(EVENTS) :]
            if set(bag) - _PLAIN:
                self._violated(connection, "property bag " + bag)
                return
            event = Event(bag, fields.rest, quality, flags & 1, flags >> 3, number, link)
            self.events.append(event)
            if quality and "telemetry" not in self.mute:
                self._say(connection, puback(number))
        else:
            if quality and "acknowledge-report" not in self.mute:
                self._say(connection, puback(number))
            self._answer(connection, topic, fields.rest)

    def _answer(self, connection, topic, payload):
        if topic.startswith(_GET):
            self.asked.append(topic[len(_GET) :])
            if "get" not in self.mute:
                status = self.verdicts.pop(0) if self.verdicts else 200
                body = self._earlier if self.lag else self.document()
                self.lag = max(self.lag - 1, 0)
                self.answer(status, self.asked[-1], body if status == 200 else "")
        elif topic.startswith(_REPORT):
            request = topic[len(_REPORT) :]
            self.patches.append((request, payload))
            if "report" in self.mute:
                return
            status = self.verdicts.pop(0) if self.verdicts else 204
            if 200 <= status < 300:
                self.reported.update(json.loads(payload))
                self.reports += 1
                request += f"&$version={self.reports}"
            self.answer(status, request)
        elif topic.startswith(_METHOD_ANSWER):
            status, _, request = topic[len(_METHOD_ANSWER) :].partition("/?$rid=")
            self.method_answers.append((request, int(status), bytes(payload)))
        else:
            self._violated(connection, topic)


def properties(bag):
    """The pairs of a property bag, decoded by the standard library."""
    pairs = (part.split("=") for part in bag.split("&") if part)
    return [(unquote_to_bytes(a).decode(), unquote_to_bytes(b).decode()) for a, b in pairs]
