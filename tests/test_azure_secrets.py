# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Keys and tokens are in no text: no reason, statistics, exception or repr, whatever goes wrong.

Each path leaves behind all that a program might print or log; what is secret is looked for in it,
as it was given, decoded, in hex, and as every token that the hub was shown.
"""

import base64
import traceback
from binascii import hexlify

import pytest
from azure_bench import HOUR, MINUTE, Device, good
from doubles.played_hub import KEY, START, make_token

from nxd_mqtt.azure_iot import *

AGAIN = (300, 6000)
OTHER_KEY = base64.b64encode(b"another secret that is one").decode()
READY = make_token(START + 3600)


def secrets_of(device):
    """Everything that must not be seen: keys in all forms, and signatures of all tokens."""
    found = {READY, READY.partition("&sig=")[2].partition("&")[0]}
    for key in (KEY, OTHER_KEY):
        plain = base64.b64decode(key)
        found |= {key, key.rstrip("="), hexlify(plain).decode(), repr(plain)[2:-1]}
    for login in device.hub.logins:
        password = login.password or ""
        found |= {password, password.partition("&sig=")[2].partition("&")[0]}
    return {secret for secret in found if len(secret) > 8}


class Watch:
    """All that a program could print of a device.

    :param device: of the bench
    """

    def __init__(self, device):
        self.device = device
        self.seen = []

    def look(self):
        """Take everything down that can be seen now."""
        client = self.device.client
        self.seen += [repr(client.reason), repr(client.reasons), repr(client), str(client)]
        self.seen += [repr(nx_azure_iot_hub_client_statistics_get(client))]
        for part in (client.access, self.device.azure, *client.features, client.mailbox):
            self.seen += [repr(part), str(part)]
        cause = (client.reason or (None, None, None))[2]
        if isinstance(cause, BaseException):
            self.told(cause)

    def told(self, error):
        """Take an exception down, with all that it was raised from."""
        lines = traceback.format_exception(type(error), error, error.__traceback__)
        self.seen += [repr(error), str(error), repr(error.args), *lines]

    def try_to(self, function, *arguments):
        """Call something, and look; what it raises is seen as well."""
        try:
            self.seen.append(repr(function(*arguments)))
        except Exception as error:
            self.told(error)
        self.look()

    def check(self):
        """Nothing secret was seen."""
        text = "\n".join(self.seen)
        assert len(self.seen) > 10
        for secret in secrets_of(self.device):
            assert secret not in text


@pytest.fixture
def watch():
    """A device with its key, which is looked at in the end."""
    made = Watch(Device(again=AGAIN))
    made.device.doing["status"] = lambda status: made.look()
    yield made
    made.look()
    made.check()


def test_the_watch_sees_what_it_looks_for():
    made = Watch(Device())
    made.seen += ["x"] * 11 + [f"a {KEY} b"]
    with pytest.raises(AssertionError):
        made.check()
    made.seen[-1] = "b"
    made.check()
    made.device.connect()
    made.seen[-1] = made.device.hub.logins[0].password
    with pytest.raises(AssertionError):
        made.check()


def test_nothing_is_seen_while_all_goes_well(watch):
    watch.device.connect()
    watch.try_to(watch.device.works)
    watch.device.run(2 * HOUR)
    assert watch.device.statistics["renewals"] == 2


def test_nothing_is_seen_of_a_key_that_is_wrong(watch):
    good(nx_azure_iot_hub_client_symmetric_key_set(watch.device.client, OTHER_KEY))
    watch.try_to(watch.device.start)
    assert watch.device.hub.refused == ["signature"]


KEYS = [KEY[:-1], KEY + "x", KEY.replace("A", "\u00e4"), "\ud800" + KEY, KEY.encode() + b"\xff"]


@pytest.mark.parametrize("key", KEYS, ids=range(len(KEYS)))
def test_nothing_is_seen_of_a_key_that_is_none(watch, key):
    watch.try_to(nx_azure_iot_hub_client_symmetric_key_set, watch.device.client, key)
    assert watch.device.client.reason[1] == NX_AZURE_IOT_INVALID_PARAMETER


TOKENS = [READY + "\0", READY + "\ud800", READY.encode() + b"\xff", READY * 500, READY + "x"]


@pytest.mark.parametrize("how", ["ready", "callable"])
@pytest.mark.parametrize("token", TOKENS, ids=range(len(TOKENS)))
def test_nothing_is_seen_of_a_token_that_is_none(watch, token, how):
    given = (lambda: token) if how == "callable" else token
    watch.try_to(nx_azure_iot_hub_client_sas_token_set, watch.device.client, given)
    watch.try_to(watch.device.start)
    watch.device.run(MINUTE)


def test_nothing_is_seen_of_a_token_that_is_over(watch):
    good(nx_azure_iot_hub_client_sas_token_set(watch.device.client, READY))
    watch.try_to(watch.device.start)
    watch.device.run(2 * HOUR)
    watch.try_to(watch.device.start)
    assert NX_AZURE_IOT_SAS_TOKEN_EXPIRED in watch.device.told


STRINGS = [
    "HostName=h;DeviceId=d;SharedAccessKey={key};SharedAccessKey={key}",
    "HostName=h;DeviceId=d;SharedAccessKey={key};x509=true",
    "HostName=h;SharedAccessKey={key}",
    "DeviceId=d;SharedAccessKey={key}",
    "HostName=h;DeviceId=d;SharedAccessKey={key};{bare}",
    "HostName=h;SharedAccessKeyName=owner;SharedAccessKey={key}",
    "SharedAccessKey={key}",
    "{key}",
]


@pytest.mark.parametrize("text", STRINGS)
def test_nothing_is_seen_of_a_connection_string_that_is_none(watch, text):
    text = text.format(key=KEY, bare=KEY.rstrip("="))
    watch.try_to(nx_azure_iot_connection_string_parse, text)
    watch.look()
    assert nx_azure_iot_connection_string_parse(text)[0] == NX_AZURE_IOT_INVALID_PARAMETER


def no_network(device):
    """There is no network."""
    device.network = False


def nobody(device):
    """Nobody listens."""
    device.sockets.refuse(1883)


def no_name(device):
    """The name cannot be resolved."""
    device.sockets.hosts.clear()


def no_memory(device):
    """A connection takes more memory than there is."""
    device.sockets.fail("connect", MemoryError)


def no_room(device):
    """The CONNECT with its token is larger than a packet can be."""
    device.pool = None
    device.client._session._output = device.client._session._output[:100]


def clock_lost(device):
    """The clock stands at 1970."""
    device.skew = -START


def clock_raises(device):
    """The clock cannot be read."""
    device.azure.unix_time = lambda: 1 // 0


def signer_raises(device):
    """What signs tokens fails with the token in its hands."""

    def sign():
        token = READY
        raise OSError("no signer", len(token))

    good(nx_azure_iot_hub_client_sas_token_set(device.client, sign))


def cut_in_connect(device):
    """The link breaks in the middle of the CONNECT."""
    device.sockets.fail("send", ConnectionResetError(104, "reset"))


def closed_at_once(device):
    """The hub closes without a word."""
    device.hub.drop = 3


def refused(device):
    """The hub refuses the device."""
    device.hub.code = 4


def http(device):
    """A web server answers."""
    device.sockets.listen(1883, lambda connection: connection.send(b"HTTP/1.1 400 Bad\r\n\r\n"))


def echo(device):
    """A server sends back what it gets, the token too."""

    def accept(connection):
        connection.on_data = lambda: connection.send(connection.take())

    device.sockets.listen(1883, accept)


FAULTS = [
    no_network,
    nobody,
    no_name,
    no_memory,
    no_room,
    clock_lost,
    clock_raises,
    signer_raises,
    cut_in_connect,
    closed_at_once,
    refused,
    http,
    echo,
]


@pytest.mark.parametrize("wait", [0, 300])
@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_seen_of_an_attempt_that_fails(watch, fault, wait):
    device = watch.device
    fault(device)
    watch.try_to(device.start, wait)
    for _ in range(5):
        watch.try_to(device.run, MINUTE)
    watch.try_to(device.disconnect)


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_seen_of_a_renewal_that_fails(watch, fault):
    device = watch.device.connect()
    fault(device)
    for _ in range(8):
        watch.try_to(device.run, 10 * MINUTE)


def test_nothing_is_seen_of_a_client_that_was_given_up(watch):
    watch.device.connect()
    watch.try_to(nx_azure_iot_hub_client_deinitialize, watch.device.client)
    watch.try_to(watch.device.start)


def test_nothing_of_the_key_goes_over_the_wire(watch):
    watch.device.connect()
    watch.device.works()
    wire = bytes(watch.device.hub.connections[0].received)
    plain = base64.b64decode(KEY)
    for secret in (KEY.encode(), plain, hexlify(plain)):
        assert secret not in wire
    assert watch.device.hub.logins[0].password.encode() in wire
