# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Azure IoT Hub's texts: escapes, property bags, topics, names, connection strings."""

import re
from urllib.parse import quote_from_bytes, unquote_to_bytes

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tables import azure_vectors as vectors

from nxd_mqtt.azure_iot_text import (
    check_id,
    client_id,
    connection_string,
    decode,
    devicebound_filter,
    encode,
    events_topic,
    number,
    properties,
    property_value,
    query,
    resource,
    user_name,
)
from nxd_mqtt.wire import scan_text

# What breaks a bag or a topic where it is not encoded comes up often.
CRITICAL = st.sampled_from("&=/?#+%;:$ \0\n\x7f\x80\xe9℃\U0001f321")
TEXTS = st.text(CRITICAL | st.characters(exclude_categories=["Cs"]), max_size=12)
PROPERTIES = st.lists(st.tuples(TEXTS, TEXTS), max_size=5)
# Escapes that are good, broken, and next to each other.
ESCAPES = st.lists(
    st.sampled_from([b"%", b"4", b"1", b"F", b"f", b"g", b" ", b"+", b"%2F"])
    | st.binary(max_size=2)
).map(b"".join)

SECRETS = [vectors.SECRET[at : at + 6] for at in range(len(vectors.SECRET) - 5)]


# --- escapes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "encoded"), vectors.ENCODED)
def test_encoded_and_back(text, encoded):
    assert encode(text) == encoded
    assert decode(encoded) == text


@pytest.mark.parametrize(("text", "decoded"), vectors.DECODED)
def test_escapes_that_no_encoder_of_ours_writes(text, decoded):
    assert decode(text) == decoded


@pytest.mark.parametrize("byte", range(256))
def test_every_byte_is_encoded_as_the_standard_library_does(byte):
    assert encode(bytes([byte])) == quote_from_bytes(bytes([byte]), safe="").encode()


@given(st.binary())
def test_any_bytes_come_back(text):
    encoded = encode(text)
    assert encoded == quote_from_bytes(text, safe="").encode()
    assert decode(encoded) == text


@given(ESCAPES)
def test_any_escapes_are_decoded_as_the_standard_library_does(text):
    assert decode(text) == unquote_to_bytes(text)


# --- property bags -------------------------------------------------------------------------------


@pytest.mark.parametrize(("bag", "pairs"), vectors.BAGS)
def test_the_properties_of_a_bag(bag, pairs):
    assert properties(bag) == list(pairs)


@pytest.mark.parametrize(("bag", "name", "value"), vectors.VALUES)
def test_the_value_of_a_property(bag, name, value):
    assert property_value(bag, name) == value


def bag_of(pairs) -> bytes:
    """A property bag, as telemetry is sent with."""
    return b"&".join(encode(name) + b"=" + encode(value) for name, value in pairs)


@given(PROPERTIES)
@example([("a&b=c", "/?#+%"), ("\0", "%41"), ("", ""), ("a&b=c", "2")])
def test_any_text_comes_through_a_bag(pairs):
    sent = [(name.encode(), value.encode()) for name, value in pairs]
    bag = bag_of(sent)
    assert properties(bag) == sent
    for name, _ in sent:
        assert property_value(bag, name) == dict(reversed(sent))[name]


@given(PROPERTIES)
def test_a_bag_of_any_text_can_be_in_a_topic(pairs):
    bag = bag_of([(name.encode(), value.encode()) for name, value in pairs])
    topic = events_topic(b"d") + bag
    assert scan_text(topic, 0, len(topic), 0, False) == 0
    assert topic.count(b"/") == 4
    assert re.fullmatch(rb"[-.~\w%=&]*", bag)


@given(st.binary())
def test_any_bag_that_comes_is_taken_apart(bag):
    expected = [
        tuple(unquote_to_bytes(half) for half in (*part.split(b"=", 1), b"")[:2])
        for part in bag.split(b"&")
        if part
    ]
    assert properties(bag) == expected


# --- topics and names ----------------------------------------------------------------------------


@pytest.mark.parametrize(("topic", "name", "value"), vectors.QUERIES)
def test_what_a_topic_says_behind_its_question_mark(topic, name, value):
    assert query(topic, name) == value


@pytest.mark.parametrize(("text", "value"), vectors.NUMBERS)
def test_number(text, value):
    assert number(text) == value
    assert number(bytearray(text)) == value
    assert number(memoryview(text)) == value


@given(st.text("0123456789+-._ exa٣", max_size=12))
def test_only_decimal_digits_are_a_number(text):
    expected = int(text) if re.fullmatch("[0-9]{1,10}", text) else -1
    assert number(text.encode()) == expected


@pytest.mark.parametrize(
    ("host", "device", "module", "model", "user", "client"), vectors.USER_NAMES
)
def test_user_name_and_client_id(host, device, module, model, user, client):
    assert user_name(host, device, module, model) == user
    assert client_id(device, module) == client


@pytest.mark.parametrize(("host", "device", "module", "place", "events"), vectors.PLACES)
def test_resource_and_events_topic(host, device, module, place, events):
    assert resource(host, device, module) == place
    assert events_topic(device, module) == events


def test_a_module_and_a_model_need_not_be_named():
    assert client_id(b"d") == b"d"
    assert user_name(b"h", b"d") == user_name(b"h", b"d", None, None)
    assert resource(b"h", b"d") == b"h/devices/d"
    assert events_topic(b"d") == b"devices/d/messages/events/"


def test_filter_of_messages_to_a_device():
    assert devicebound_filter(b"dev1") == b"devices/dev1/messages/devicebound/#"


# --- ids -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", vectors.IDS)
def test_an_id(value):
    check_id(value, "device_id")


@pytest.mark.parametrize("value", vectors.NO_IDS)
def test_what_is_no_id_is_refused_by_the_name_of_its_field(value):
    with pytest.raises(ValueError, match=r"^module_id ") as caught:
        check_id(value, "module_id")
    assert len(value) < 2 or str(value, "latin-1") not in str(caught.value)


@pytest.mark.parametrize("byte", range(256))
def test_the_characters_of_ids(byte):
    # The set of the hub's documents.
    if re.fullmatch(rb"[A-Za-z0-9\-.%_*?!(),:=@$']", bytes([byte])):
        check_id(bytes([byte]), "device_id")
    else:
        with pytest.raises(ValueError, match="device_id has a character"):
            check_id(bytes([byte]), "device_id")


# --- connection strings --------------------------------------------------------------------------

FIELDS = ("host_name", "device_id", "module_id", "symmetric_key", "gateway_host", "x509")


@pytest.mark.parametrize(
    ("text", "fields"), [(row[0], row[1:]) for row in vectors.CONNECTION_STRINGS]
)
def test_connection_string(text, fields):
    assert connection_string(text) == dict(zip(FIELDS, fields, strict=True))


@pytest.mark.parametrize(("text", "named"), vectors.NO_CONNECTION_STRINGS)
def test_a_connection_string_that_cannot_be_used(text, named):
    with pytest.raises(ValueError, match=named) as caught:
        connection_string(text)
    assert not [part for part in SECRETS if part in str(caught.value)]


WHOLE = "HostName=h;DeviceId=d;ModuleId=m;SharedAccessKey=" + vectors.SECRET


@given(st.permutations(WHOLE.split(";")), st.sampled_from([";", " ; ", ";;", ";Other=x;"]))
def test_parts_come_in_any_order(parts, separator):
    assert connection_string(separator.join(parts)) == connection_string(WHOLE)


@given(st.integers(0, len(WHOLE)), st.integers(0, 3), st.text(max_size=3))
def test_a_damaged_connection_string_is_refused_without_its_key(at, cut, put):
    text = WHOLE[:at] + put + WHOLE[at + cut :]
    try:
        found = connection_string(text)
    except ValueError as error:
        assert not [part for part in SECRETS if part in str(error)]
    else:
        assert found["host_name"] and found["device_id"] and found["symmetric_key"]
