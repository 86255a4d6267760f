# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Tokens for Azure IoT Hub: the hash, its stand-in, keys, and the token's exact form."""

import base64
import binascii
import hashlib
import hmac
import re
import sys
import types
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tables import azure_vectors as vectors

from nxd_mqtt.azure_iot_sas import decode_key, expiry, hmac_sha256, token
from nxd_mqtt.azure_iot_sha256 import sha256

STAND_IN = "nxd_mqtt.azure_iot_sha256"
KEYS = st.binary(min_size=1, max_size=200)


# --- SHA-256 in Python ---------------------------------------------------------------------------


@pytest.mark.parametrize(("message", "times", "digest"), vectors.SHA256)
def test_sha256_of_the_standard(message, times, digest):
    assert sha256(message * times).hex() == digest


@pytest.mark.parametrize("size", range(130))
def test_sha256_of_every_size_up_to_two_blocks(size):
    message = bytes(range(1, size + 1))
    assert sha256(message) == hashlib.sha256(message).digest()


@given(st.binary(max_size=300))
def test_sha256_of_any_bytes(message):
    assert sha256(message) == hashlib.sha256(message).digest()
    assert sha256(bytearray(message)) == sha256(message)


# --- the hash of the board, or its stand-in ------------------------------------------------------


def forgets(monkeypatch) -> None:
    """The stand-in is not imported yet."""
    monkeypatch.delitem(sys.modules, STAND_IN, raising=False)


def only_new(*algorithms):
    """CircuitPython's hashlib: one name, and the algorithms that this version has."""

    def new(name, data=b""):
        if name not in algorithms:
            raise ValueError("Unsupported hash algorithm")
        return hashlib.new(name, data)

    return types.SimpleNamespace(new=new)


HASHLIBS = {
    "CPython": (hashlib, False),
    "MicroPython": (types.SimpleNamespace(sha1=hashlib.sha1, sha256=hashlib.sha256), False),
    "CircuitPython 10.1": (only_new("sha1", "sha256"), False),
    "CircuitPython 10.0": (only_new("sha1"), True),
    "a board with SHA-1 alone": (types.SimpleNamespace(sha1=hashlib.sha1), True),
    "a board without hashlib": (None, True),
}


@pytest.mark.parametrize(("library", "stands_in"), HASHLIBS.values(), ids=HASHLIBS)
def test_hmac_of_the_rfc_with_the_hashlib_of(monkeypatch, library, stands_in):
    forgets(monkeypatch)
    monkeypatch.setitem(sys.modules, "hashlib", library)
    for key, message, digest in vectors.HMAC:
        assert hmac_sha256(key, message).hex().startswith(digest)
    # It takes room on a board: it comes only where it is needed.
    assert (STAND_IN in sys.modules) == stands_in


@given(KEYS, st.binary(max_size=100))
@example(b"k" * 63, b"")
@example(b"k" * 64, b"")
@example(b"k" * 65, b"")
def test_hmac_of_any_key_and_message(key, message):
    assert hmac_sha256(key, message) == hmac.new(key, message, "sha256").digest()


def test_the_caller_s_key_stays_as_it_is():
    key = bytearray(b"k" * 64)
    hmac_sha256(key, b"m")
    assert key == b"k" * 64


# --- tokens --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("resource", "key", "ends", "expected"), vectors.TOKENS)
def test_the_exact_token(resource, key, ends, expected):
    assert token(resource, key, ends) == expected


def by_the_standard_library(resource: str, key: bytes, ends: int) -> str:
    """A token as it is described, made of none of our code."""
    uri = quote(resource, safe="")
    digest = hmac.new(key, f"{uri}\n{ends}".encode(), hashlib.sha256).digest()
    signature = quote(base64.b64encode(digest), safe="")
    return f"SharedAccessSignature sr={uri}&sig={signature}&se={ends}"


@given(st.text(st.characters(codec="utf-8")), KEYS, st.integers(0, 9_999_999_999))
def test_any_token(resource, key, ends):
    made = token(resource.encode(), key, ends)
    assert made.decode() == by_the_standard_library(resource, key, ends)
    # Nothing in it needs encoding once more, wherever it goes.
    assert re.fullmatch(rb"SharedAccessSignature sr=[-\w.~%]*&sig=[\w%]{44,}&se=[0-9]+", made)
    assert expiry(made) == ends


def test_base64_of_the_signature_is_encoded():
    made = [token(b"h/devices/d", b"k", ends) for ends in range(1_700_000_000, 1_700_000_200)]
    assert all(one.split(b"&")[1].endswith(b"%3D") for one in made)
    assert any(b"%2B" in one.split(b"&")[1] for one in made)
    assert any(b"%2F" in one.split(b"&")[1] for one in made)


@pytest.mark.parametrize(("ready", "ends"), vectors.EXPIRIES)
def test_when_a_ready_made_token_ends(ready, ends):
    assert expiry(ready) == ends


# --- keys ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "key"), vectors.KEYS)
def test_a_key(text, key):
    assert decode_key(text) == key


@given(KEYS)
def test_any_key(key):
    text = base64.b64encode(key)
    assert decode_key(text) == decode_key(text.decode()) == key


@pytest.mark.parametrize("text", [*vectors.NO_KEYS, "c2VjcmV\ud800"])
def test_what_is_no_base64(text):
    with pytest.raises(ValueError, match=r"^the key is not base64$") as caught:
        decode_key(text)
    # Neither the error nor what a traceback shows with it.
    assert type(caught.value) is ValueError
    assert caught.value.__context__ is None


@given(KEYS, st.data())
def test_a_key_with_a_wrong_character_is_refused(key, data):
    text = base64.b64encode(key).decode()
    at = data.draw(st.integers(0, len(text.rstrip("=")) - 1))
    wrong = data.draw(
        st.characters(codec="utf-8").filter(lambda one: not re.match(r"[A-Za-z0-9+/=]", one))
    )
    text = text[:at] + wrong + text[at + 1 :]
    with pytest.raises(ValueError, match=r"^the key is not base64$"):
        decode_key(text)


@given(st.text("aZ09+/=-_ ", max_size=12))
def test_what_is_taken_for_base64_is_base64(text):
    try:
        key = decode_key(text)
    except ValueError:
        key = None
    shape = r"(?:[aZ09+/]{4})*(?:[aZ09+/]{2}==|[aZ09+/]{3}=|[aZ09+/]{4})"
    if re.fullmatch(shape, text.strip()):
        assert key == binascii.a2b_base64(text)
    else:
        assert key is None
