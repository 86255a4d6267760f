# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Who gets into the hub: tokens made and judged, certificates, policies, and what is never told."""

import base64
import hashlib
import hmac
import traceback

import pytest
from hub_core_bench import DEVICE, HOST, MODULE, START, House
from hypothesis import given
from hypothesis import strategies as st

from boards.desktop.hub import credentials
from boards.desktop.hub.core import Core, Identity
from boards.desktop.hub.credentials import (
    Right,
    decode_key,
    host_name,
    make_token,
    new_key,
    new_policies,
    read_token,
)
from boards.desktop.hub.refusals import BadRequest, Reason, Refused

KEY = base64.b64encode(bytes(range(32))).decode()
# Made with openssl: printf '%s\n%s' host%2Fdevices%2Fdev1 1700003600 | openssl dgst -sha256
# -mac HMAC -macopt hexkey:... -binary | base64
SIGNATURE = "YuPOjFFX+zdlhGHor+W+hCvH7/o1TvLX0Vu3oRV9g2Y="


@pytest.fixture
def house():
    """A hub with one device and one module."""
    return House()


def reason(call, *arguments, **named):
    """Why a call is refused."""
    with pytest.raises(Refused) as refused:
        call(*arguments, **named)
    return refused.value.reason


def let_in(house, password=None, device="dev1", module=None, certificate=None, host=HOST):
    """Ask the hub to judge a device."""
    return house.core.authorize(host, device, module, password, certificate)


def signed(resource, expiry, key=KEY):
    """A token as somebody else makes it: `resource` is already encoded, the rest is not."""
    text = f"{resource}\n{expiry}".encode()
    digest = hmac.new(base64.b64decode(key), text, hashlib.sha256).digest()
    signature = base64.b64encode(digest).decode().replace("+", "%2B").replace("/", "%2F")
    return f"SharedAccessSignature sig={signature}&se={expiry}&sr={resource}".encode()


# --- tokens --------------------------------------------------------------------------------------


def test_a_token_is_what_another_program_computes():
    token = make_token("host/devices/dev1", KEY, 1_700_003_600)
    assert token == (
        "SharedAccessSignature sr=host%2Fdevices%2Fdev1"
        f"&sig={SIGNATURE.replace('+', '%2B').replace('/', '%2F').replace('=', '%3D')}"
        "&se=1700003600"
    )


def test_a_policy_is_named_in_the_token_and_does_not_change_the_signature():
    plain = make_token("host", KEY, 5)
    assert make_token("host", KEY, 5, "my policy") == plain + "&skn=my%20policy"


NAMES = st.text(min_size=1).filter(lambda text: "/" not in text and "api-version" not in text)


@given(NAMES, st.integers(0, 10**12 - 1))
def test_a_token_that_was_made_is_read_back(device_id, expiry):
    token = read_token(make_token(f"hub/devices/{device_id}", KEY, expiry, "p"))
    assert token.scope == ("hub", "devices", device_id)
    assert (token.expiry, token.policy) == (str(expiry), "p")


@given(st.binary(max_size=200))
def test_junk_is_refused_and_nothing_else_happens(junk):
    assert reason(read_token, junk) is Reason.BAD_TOKEN
    assert reason(read_token, b"SharedAccessSignature " + junk) is Reason.BAD_TOKEN


GOOD = signed("hub", 5).decode()


@pytest.mark.parametrize(
    "token",
    [
        "",
        "SharedAccessSignature ",
        GOOD.removeprefix("SharedAccessSignature "),
        GOOD.replace("SharedAccessSignature", "sharedaccesssignature"),
        GOOD.replace("&se=5", ""),
        GOOD.replace("&sr=hub", ""),
        GOOD.replace("&sr=hub", "&sr="),
        GOOD + "&se=6",
        GOOD.replace("se=5", "se="),
        GOOD.replace("se=5", "se=5.0"),
        GOOD.replace("se=5", "se=-5"),
        GOOD.replace("se=5", "se=%35"),
        GOOD.replace("se=5", "se=" + "9" * 5000),
        GOOD.replace("se=5", "se=\u0665"),
        GOOD.replace("sig=", "sig=!"),
        GOOD.replace("sig=", "sig=é"),
        GOOD.replace("sig=", "six="),
    ],
)
def test_a_token_with_anything_missing_or_twice_or_unreadable_is_no_token(token):
    assert reason(read_token, token) is Reason.BAD_TOKEN
    assert reason(read_token, token.encode()) is Reason.BAD_TOKEN


def test_a_signature_with_a_plus_sign_must_be_encoded():
    tokens = [signed("hub", number).decode() for number in range(99)]
    encoded = next(token for token in tokens if "%2B" in token)
    assert read_token(encoded).signature
    assert reason(read_token, encoded.replace("%2B", "+")) is Reason.BAD_TOKEN


@pytest.mark.parametrize(
    ("resource", "scope"),
    [
        ("Hub.Example.NET", ("hub.example.net",)),
        ("hub%2fdevices%2fDev1", ("hub", "devices", "Dev1")),
        ("hub/devices/dev1", ("hub", "devices", "dev1")),
        ("hub%2Fdevices%2Fdev1%2Fapi-version%3D2016-11-14", ("hub", "devices", "dev1")),
        ("hub%2Fdevices%2Fdev1%2F%3Fapi-version%3D2016-11-14", ("hub", "devices", "dev1")),
        ("hub%2F", ("hub",)),
        ("hub%2F%2Fdevices", ("hub", "", "devices")),
        ("amqps%3A%2F%2Fhub%3A5671%2Fx", ("hub", "x")),
        ("sb%3A%2F%2Fhub%2Fx", ("hub", "x")),
        ("localhost%3A8444", ("localhost",)),
    ],
)
def test_the_scope_of_a_token_is_its_host_and_path_decoded(resource, scope):
    assert read_token(signed(resource, 5)).scope == scope


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("HUB", "hub"),
        ("hub:8883", "hub"),
        ("[::1]:8883", "::1"),
        ("::1", "::1"),
        ("https://Hub:443", "hub"),
    ],
)
def test_hosts_are_compared_without_scheme_port_and_capitals(text, name):
    assert host_name(text) == name


NO_KEYS = ("", "nobase64!", "QUJD", "é", "!" + KEY, None, 7, new_key(lambda count: b"k" * 65))


@pytest.mark.parametrize("key", NO_KEYS)
def test_a_key_is_base64_of_16_to_64_bytes(key):
    with pytest.raises(BadRequest):
        decode_key(key)


@pytest.mark.parametrize("size", [16, 64])
def test_the_shortest_and_the_longest_key_are_taken(size):
    assert decode_key(new_key(lambda count: b"k" * size)) == b"k" * size


def test_keys_are_made_anew_each_time():
    assert new_key() != new_key()
    assert len(decode_key(new_key())) == 32


# --- devices with keys ---------------------------------------------------------------------------


def test_a_device_is_let_in_until_the_time_its_token_names(house):
    assert let_in(house, house.token(life=60)) == START + 60


@pytest.mark.parametrize("which", ["primary_key", "secondary_key"])
def test_either_key_signs(house, which):
    key = getattr(house.device, which)
    assert house.device.primary_key != house.device.secondary_key
    assert let_in(house, house.token(key=key)) == START + 3600


def test_a_token_is_good_to_its_last_moment_and_not_at_its_expiry(house):
    token = house.token(life=60)
    house.clock.advance(59.999)
    assert let_in(house, token) == START + 60
    house.clock.advance(0.001)
    assert reason(let_in, house, token) is Reason.EXPIRED


def test_a_module_has_keys_of_its_own(house):
    assert let_in(house, house.token(MODULE), module="mod1") == START + 3600
    assert house.module.primary_key not in (house.device.primary_key, house.device.secondary_key)
    stolen = house.token(MODULE, key=house.device.primary_key)
    assert reason(let_in, house, stolen, module="mod1") is Reason.BAD_SIGNATURE


def test_the_scope_may_carry_the_version_that_the_user_name_ends_with(house):
    key = house.device.primary_key
    token = make_token(f"{HOST}/devices/dev1/api-version=2016-11-14", key, int(START + 9))
    assert let_in(house, token.encode()) == START + 9


@pytest.mark.parametrize("name", ["dev:1", "a%41", "it's", "50%", "(x)!*,=@$_-."])
def test_any_allowed_device_id_can_sign(house, name):
    identity = Identity(name)
    house.core.create_identity(identity)
    assert let_in(house, house.token(identity), device=name) == START + 3600


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "::1", HOST.upper()])
def test_the_hub_answers_to_its_name_and_to_localhost(house, host):
    assert let_in(house, house.token(host=host), host=host) == START + 3600


def test_a_hub_may_have_further_names(house):
    core = Core("one", house.clock, aliases=["two.example.net"])
    record = core.create_identity(DEVICE)
    token = house.token(key=record.primary_key, host="two.example.net")
    assert core.authorize("two.example.net", "dev1", None, token) == START + 3600


WRONG = [
    (Reason.NO_CREDENTIALS, lambda house: {}),
    (Reason.NO_CREDENTIALS, lambda house: {"password": b""}),
    (Reason.UNKNOWN_HUB, lambda house: {"password": house.token(), "host": "other.example.net"}),
    (Reason.UNKNOWN_HUB, lambda house: {"password": house.token(), "host": ""}),
    (Reason.UNKNOWN_DEVICE, lambda house: {"password": house.token(), "device": "Dev1"}),
    (Reason.UNKNOWN_MODULE, lambda house: {"password": house.token(), "module": "mod2"}),
    (Reason.BAD_TOKEN, lambda house: {"password": b"secret"}),
    (Reason.BAD_TOKEN, lambda house: {"password": b"\xff\xfe"}),
    (Reason.BAD_SIGNATURE, lambda house: {"password": house.token(key=KEY)}),
    (Reason.WRONG_SCOPE, lambda house: {"password": house.token(MODULE)}),
    (Reason.WRONG_SCOPE, lambda house: {"password": house.token(), "module": "mod1"}),
    (Reason.WRONG_SCOPE, lambda house: {"password": house.token(host="localhost")}),
    (Reason.EXPIRED, lambda house: {"password": house.token(life=0)}),
    (Reason.WRONG_METHOD, lambda house: {"certificate": "dev1"}),
]


@pytest.mark.parametrize(("why", "arguments"), WRONG)
def test_every_fault_of_a_device_is_refused_with_its_reason(house, why, arguments):
    assert reason(let_in, house, **arguments(house)) is why
    assert house.core.counters["refused"] == 1
    assert house.core.counters["accepted"] == 0


@pytest.mark.parametrize("parent", [HOST, f"{HOST}/devices", f"{HOST}/devices/dev"])
def test_a_devices_own_key_signs_for_nothing_but_the_device(house, parent):
    token = make_token(parent, house.device.primary_key, int(START + 9)).encode()
    assert reason(let_in, house, token) is Reason.WRONG_SCOPE


def test_a_token_that_was_changed_is_not_good_any_more(house):
    token = house.token(life=60)
    later = token.replace(b"se=1700000060", b"se=1700009999")
    assert later != token
    assert reason(let_in, house, later) is Reason.BAD_SIGNATURE


def test_a_disabled_device_is_refused_and_its_modules_with_it(house):
    house.core.update_identity(DEVICE, {"status": "disabled"})
    assert reason(let_in, house, house.token()) is Reason.DISABLED
    assert reason(let_in, house, house.token(MODULE), module="mod1") is Reason.DISABLED
    house.core.update_identity(DEVICE, {"status": "enabled"})
    assert let_in(house, house.token())


def test_a_key_that_was_replaced_signs_no_more(house):
    token = house.token()
    keys = {"primaryKey": KEY, "secondaryKey": house.device.secondary_key}
    house.core.update_identity(DEVICE, {"authentication": {"symmetricKey": keys}})
    assert reason(let_in, house, token) is Reason.BAD_SIGNATURE
    assert let_in(house, house.token(key=KEY))


def test_signatures_are_compared_in_a_time_that_tells_nothing(house, monkeypatch):
    compared = []
    compare = hmac.compare_digest

    def recorded(expected, given):
        compared.append(given)
        return compare(expected, given)

    monkeypatch.setattr(credentials.hmac, "compare_digest", recorded)
    let_in(house, house.token())
    first = len(compared)
    reason(let_in, house, house.token(key=KEY))
    assert (first, len(compared) - first) == (2, 2)


# --- devices with certificates -------------------------------------------------------------------


@pytest.fixture
def certified(house):
    """A hub whose device `x` has a certificate, and its module `m` too."""
    document = {"authentication": {"type": "certificateAuthority"}}
    house.core.create_identity(Identity("x"), document)
    house.core.create_identity(Identity("x", "m"), document)
    return house


def test_a_certificate_of_the_devices_name_lets_in_and_does_not_expire(certified):
    assert let_in(certified, device="x", certificate="x") is None
    assert let_in(certified, device="x", module="m", certificate="x/m") is None
    assert certified.core.counters["accepted"] == 2


@pytest.mark.parametrize(
    ("why", "arguments"),
    [
        (Reason.NO_CREDENTIALS, {"device": "x"}),
        (Reason.BAD_CERTIFICATE, {"device": "x", "certificate": "X"}),
        (Reason.BAD_CERTIFICATE, {"device": "x", "certificate": "x/m"}),
        (Reason.BAD_CERTIFICATE, {"device": "x", "module": "m", "certificate": "x"}),
        (Reason.WRONG_METHOD, {"device": "x", "certificate": "x", "password": b"token"}),
        (Reason.UNKNOWN_DEVICE, {"device": "y", "certificate": "y"}),
    ],
)
def test_every_fault_of_a_certificate_is_refused_with_its_reason(certified, why, arguments):
    assert reason(let_in, certified, **arguments) is why


def test_a_device_with_certificate_has_no_keys(certified):
    record = certified.core.registry.find(Identity("x"))
    assert (record.primary_key, record.secondary_key, record.signing_keys) == (None, None, ())


# --- services ------------------------------------------------------------------------------------


def service(house, name="service", right=Right.SERVICE_CONNECT, resource=HOST, **changes):
    """Ask the hub to judge a service with the primary key of a policy."""
    key = changes.pop("key", None) or house.core.policies[name].primary_key
    token = make_token(resource, key, int(house.clock() + 60), name)
    return house.core.authorize_service(token, right, **changes)


RIGHTS = {
    "iothubowner": set(Right),
    "service": {Right.SERVICE_CONNECT},
    "device": {Right.DEVICE_CONNECT},
    "registryRead": {Right.REGISTRY_READ},
    "registryReadWrite": {Right.REGISTRY_READ, Right.REGISTRY_WRITE},
}


@pytest.mark.parametrize("right", Right)
@pytest.mark.parametrize("name", RIGHTS)
def test_a_policy_allows_what_it_is_for(house, name, right):
    if right in RIGHTS[name]:
        assert service(house, name, right) == START + 60
    else:
        assert reason(service, house, name, right) is Reason.NO_RIGHT


@pytest.mark.parametrize("resource", [HOST, "localhost", "localhost:8444", f"https://{HOST}/twins"])
def test_a_service_may_sign_for_the_hub_by_any_of_its_names(house, resource):
    assert service(house, resource=resource) == START + 60


def test_both_keys_of_a_policy_sign(house):
    policy = house.core.policies["service"]
    assert policy.primary_key != policy.secondary_key
    assert service(house, key=policy.secondary_key) == START + 60


def test_a_service_is_refused_with_the_reason(house):
    judge = house.core.authorize_service
    assert reason(judge, "") is Reason.NO_CREDENTIALS
    assert reason(judge, "Bearer x") is Reason.BAD_TOKEN
    assert reason(judge, make_token(HOST, KEY, int(START + 9))) is Reason.UNKNOWN_POLICY
    assert reason(judge, make_token(HOST, KEY, int(START + 9), "x")) is Reason.UNKNOWN_POLICY
    assert reason(service, house, resource="elsewhere") is Reason.WRONG_SCOPE
    assert reason(service, house, key=KEY) is Reason.BAD_SIGNATURE
    owner = house.core.policies["iothubowner"].primary_key
    assert reason(judge, make_token(HOST, owner, int(START), "iothubowner")) is Reason.EXPIRED
    assert house.core.counters["refused"] == 7


def test_towards_event_hubs_the_key_signs_as_text(house):
    key = house.core.policies["iothubowner"].primary_key
    resource = f"sb://{HOST}/name/ConsumerGroups/$Default/Partitions/0"
    as_text = base64.b64encode(key.encode()).decode()
    token = make_token(resource, as_text, int(START + 9), "iothubowner")
    judge = house.core.authorize_service
    assert judge(token, event_hubs=True) == START + 9
    assert reason(judge, token) is Reason.BAD_SIGNATURE
    assert reason(service, house, event_hubs=True) is Reason.BAD_SIGNATURE


@pytest.mark.parametrize("resource", [HOST, f"{HOST}/devices", f"{HOST}/devices/dev1"])
def test_a_policy_may_let_in_devices(house, resource):
    key = house.core.policies["device"].primary_key
    token = make_token(resource, key, int(START + 9), "device").encode()
    assert let_in(house, token) == START + 9


def test_a_policy_lets_in_devices_only_within_its_scope_and_rights(house):
    device, wrong = (house.core.policies[name].primary_key for name in ("device", "service"))
    expiry = int(START + 9)
    for resource in (f"{HOST}/devices/dev", f"{HOST}/devices/dev1/modules/mod1", "localhost"):
        token = make_token(resource, device, expiry, "device").encode()
        assert reason(let_in, house, token) is Reason.WRONG_SCOPE
    token = make_token(HOST, wrong, expiry, "service").encode()
    assert reason(let_in, house, token) is Reason.NO_RIGHT


# --- what is never told --------------------------------------------------------------------------


def secrets_of(house):
    """All keys of a hub, and a token."""
    keys = [house.token().decode(), read_token(house.token()).signature.hex()]
    keys += [repr(read_token(house.token()).signature)]
    for holder in (house.device, house.module, *house.core.policies.values()):
        keys += [holder.primary_key, holder.secondary_key]
    return keys


def test_no_key_and_no_token_is_in_any_repr(house):
    things = [house.device, house.module, house.core.policies, new_policies()]
    things += [read_token(house.token()), house.core.registry, house.core]
    text = "\n".join(map(repr, things))
    assert DEVICE.device_id in text
    assert [secret for secret in secrets_of(house) if secret in text] == []
    assert "key=" not in text


@pytest.mark.parametrize(("why", "arguments"), WRONG)
def test_no_key_and_no_token_is_in_the_traceback_of_a_refusal(house, why, arguments):
    given = arguments(house)
    try:
        let_in(house, **given)
    except Refused as refused:
        text = "".join(traceback.format_exception(refused)) + repr(refused) + str(refused.args)
        assert refused.__context__ is None
    assert why.name in text
    hidden = [*secrets_of(house), given.get("password", b"").decode("latin-1") or "nothing"]
    assert [secret for secret in hidden if secret in text] == []


def test_a_bad_key_is_not_in_the_text_of_its_refusal():
    bad = base64.b64encode(b"secret").decode()
    with pytest.raises(BadRequest) as refused:
        decode_key(bad)
    assert bad not in "".join(traceback.format_exception(refused.value)) + repr(refused.value)
