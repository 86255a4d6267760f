# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What platforms lack: module ssl, roots, pipes, files in memory, keys that come not in files."""

import os
import sys
from types import SimpleNamespace

import pytest
from certificates import der, pem
from client_bench import CONNECTED, IDLE
from doubles.dialects import HOST
from doubles.script import CONNACK
from doubles.script import connect as connect_packet
from loopback import new_client
from secure_bench import SecureApp
from tables.tls_cases import CERTIFICATE_NOT_FOUND, INVALID_CERTIFICATE
from tls_bench import Local, Setup, descriptors

from boards.desktop.broker import Broker
from boards.desktop.broker.secure import server_context
from nxd_mqtt.nxd import *
from nxd_mqtt.tls import nxd_mqtt_client_secure_connect
from nxd_mqtt.tls_reasons import NX_SECURE_PKCS1_INVALID_PRIVATE_KEY

UNSUPPORTED_FEATURE = 0x130


@pytest.fixture
def board(monkeypatch):
    """An application on a board, where the system has no pipes."""
    monkeypatch.delattr(os, "pipe")
    monkeypatch.delattr(os, "memfd_create", raising=False)
    app = SecureApp(HOST)
    app.script.accept().expect(connect_packet("me")).send(CONNACK)
    return app


def refused(app, number, words) -> None:
    """The connect fails before the network is touched, and the client is idle."""
    assert app.start(500) == NXD_MQTT_CONNECT_FAILURE
    stage, status, cause = app.client.reason
    assert (stage, status) == ("tls", number)
    assert words in cause
    assert app.state == IDLE
    assert app.sockets.opened == 0


# --- contexts ------------------------------------------------------------------------------------


def test_no_module_ssl(monkeypatch, authority, board):
    board.ip.ssl_context = None
    monkeypatch.setitem(sys.modules, "ssl", None)
    for setup in (Setup(), Setup(authority.root)):
        board.setup = setup
        refused(board, UNSUPPORTED_FEATURE, "no module ssl")


def test_a_platform_that_trusts_nothing_by_itself(monkeypatch, board):
    board.ip.ssl_context = None
    monkeypatch.setitem(sys.modules, "ssl", SimpleNamespace())
    refused(board, UNSUPPORTED_FEATURE, "add a root")


# --- keys from files -----------------------------------------------------------------------------


def test_paths_are_handed_on_as_they_are(board, authority):
    files = authority.client()
    board.setup = Setup(local=[files])
    assert board.start(500) == NXD_MQTT_SUCCESS
    assert board.state == CONNECTED
    [shown] = board.context.shown
    assert shown == (pem(files.certificate).decode(), pem(files.key).decode())


@pytest.mark.parametrize("form", [pem, der, lambda path: pem(path).decode()])
def test_what_is_no_path_where_only_files_are_read(board, authority, form):
    files = authority.client()
    for local in (
        Local(form(files.certificate), files.key),
        Local(files.certificate, form(files.key)),
    ):
        board.setup = Setup(local=[local])
        refused(board, UNSUPPORTED_FEATURE, "from files")
    assert board.context.shown == []


def test_a_chain_in_parts_where_only_files_are_read(board, authority):
    local = [authority.chained_client(), Local(authority.intermediate)]
    board.setup = Setup(local=local)
    refused(board, UNSUPPORTED_FEATURE, "in one file")


def test_a_file_that_is_not_there(board, authority, tmp_path):
    board.setup = Setup(local=[(str(tmp_path / "gone.pem"), authority.client().key)])
    refused(board, CERTIFICATE_NOT_FOUND, "cannot be used")


def test_a_root_that_is_not_there(board, tmp_path):
    board.setup = Setup(str(tmp_path / "gone.pem"))
    refused(board, CERTIFICATE_NOT_FOUND, "cannot read")


# --- pipes instead of files in memory ------------------------------------------------------------


@pytest.fixture
def pipes(monkeypatch):
    """A desktop that has no files in memory."""
    monkeypatch.delattr(os, "memfd_create", raising=False)


@pytest.fixture
def strict(authority):
    """A broker that wants a certificate of every client."""
    context = server_context(*authority.server(), authority.root)
    with Broker(ssl_context=context) as broker:
        yield broker


def connect(client, broker, setup) -> int:
    """The call, to a broker on this machine."""
    return nxd_mqtt_client_secure_connect(client, broker.host, broker.port, setup, 0, NX_TRUE, 500)


@pytest.mark.parametrize("kind", ["client", "rsa_client", "chained_client"])
def test_certificate_and_key_through_pipes(pipes, strict, authority, kind):
    client = new_client()
    files = getattr(authority, kind)()
    before = descriptors()
    assert connect(client, strict, Setup(authority.root, local=[files])) == NXD_MQTT_SUCCESS
    # The client's socket and the broker's, and no end of a pipe.
    assert descriptors() == before + 2
    assert nxd_mqtt_client_delete(client) == NXD_MQTT_SUCCESS


@pytest.mark.parametrize("size", [16_000, 20_000])
def test_a_pipe_holds_so_much_and_no_more(pipes, strict, authority, size):
    client = new_client()
    files = authority.client()
    long = pem(files.certificate)
    long += b"#" * (size - len(long))
    before = descriptors()
    status = connect(client, strict, Setup(authority.root, local=[Local(long, files.key)]))
    if size < 16_384:
        assert status == NXD_MQTT_SUCCESS
    else:
        # It is refused, where writing it would wait for ever.
        assert status == NXD_MQTT_CONNECT_FAILURE
        assert client.reason[:2] == ("tls", INVALID_CERTIFICATE)
        assert "over 16 KB" in client.reason[2]
        assert descriptors() == before
    assert nxd_mqtt_client_delete(client) == NXD_MQTT_SUCCESS


def test_a_key_that_is_another_s_through_pipes(pipes, strict, authority):
    client = new_client()
    before = descriptors()
    setup = Setup(authority.root, local=[authority.mismatched_client()])
    assert connect(client, strict, setup) == NXD_MQTT_CONNECT_FAILURE
    assert client.reason[:2] == ("tls", NX_SECURE_PKCS1_INVALID_PRIVATE_KEY)
    assert descriptors() == before
