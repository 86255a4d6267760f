# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What a board runs, ``code.py``, over TLS and WebSocket by nothing but its settings."""

import pytest
from devices import make_ip

from boards.desktop import demo
from boards.desktop.broker import Broker
from boards.desktop.broker.secure import server_context

REPORTS = 5


@pytest.mark.parametrize("path", [None, "/mqtt"])
@pytest.mark.parametrize("secure", ["0", "1"])
def test_the_program_reports(authority, monkeypatch, secure, path):
    program = demo.load_program()
    context = None
    values = {"MQTT_BROKER": "localhost", "MQTT_CLIENT_ID": "board", "MQTT_TLS": secure}
    if secure == "1":
        context = server_context(*authority.server(), client_authority=authority.root)
        device = authority.client()
        values["MQTT_ROOTS"] = authority.root
        values["MQTT_CERTIFICATE"] = device.certificate
        values["MQTT_KEY"] = device.key
    monkeypatch.setattr(program, "network", lambda radio: make_ip())
    lines = []
    with Broker(ssl_context=context, websocket=path) as broker:
        values["MQTT_PORT"] = str(broker.port)
        values["MQTT_WEBSOCKET"] = path
        settings = program.read_settings(values.get)
        settings["interval"] = 20
        figures = program.run(None, settings, count=REPORTS, tell=lines.append)
        assert broker.statistics()["violations"] == 0
    assert figures["published"] == figures["acked"] == REPORTS, lines
    assert figures["resent"] == 0
