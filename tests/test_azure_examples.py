# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What the examples for IoT Hub do when something is wrong, and how they come to the time of day.

That they run, and what they print, is in ``test_examples``.
"""

import json
import sys
import threading
from types import SimpleNamespace

import pytest

import boards
from boards.desktop import example

NAMES = [name for name in example.names() if name.startswith("azure_")]
SIGNING = [name for name in NAMES if name != "azure_x509"]

UNSET = 946684800
LATER = 1767225600


@pytest.fixture
def staged(monkeypatch):
    """A function that makes an example's stage and gives the example its settings, some changed."""
    opened = []

    def open_stage(name, **changes):
        stage = example.stage_of(name, lambda line: None)
        stage.__enter__()
        opened.append(stage)
        for key, value in (stage.settings | changes).items():
            monkeypatch.setenv(key, value)
        return stage, example.load(name)

    yield open_stage
    for stage in opened:
        stage.__exit__(None, None, None)


def other_key(stage):
    """The connection string of the device, with the key of another one."""
    other = stage.hub.add_device("other")
    return other.replace("DeviceId=other", "DeviceId=sensor")


# --- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_board_that_is_told_of_no_hub_says_so(name, monkeypatch):
    monkeypatch.delenv("AZURE_IOT_CONNECTION_STRING", raising=False)
    with pytest.raises(RuntimeError, match=r"AZURE_IOT_CONNECTION_STRING: .* must be str"):
        example.load(name).main()


@pytest.mark.parametrize("name", SIGNING)
def test_a_wrong_key_is_told(name, staged, monkeypatch):
    stage, module = staged(name)
    monkeypatch.setenv("AZURE_IOT_CONNECTION_STRING", other_key(stage))
    with pytest.raises(RuntimeError, match=r"connect: status 0x10085, \('connack', "):
        module.main()
    assert stage.hub.events() == []


def test_a_certificate_of_somebody_else_is_told(staged, monkeypatch, capsys):
    stage, module = staged("azure_x509")
    files = stage.hub.certificate("other")
    monkeypatch.setenv("AZURE_IOT_CERTIFICATE", files.certificate)
    monkeypatch.setenv("AZURE_IOT_KEY", files.key)
    module.main()
    assert capsys.readouterr().out.startswith("not connected: stage connack, 0x10085, ")


def test_a_certificate_that_is_not_there_is_told(staged, monkeypatch):
    _, module = staged("azure_x509")
    monkeypatch.delenv("AZURE_IOT_CERTIFICATE")
    with pytest.raises(RuntimeError, match="AZURE_IOT_CERTIFICATE: status 0x7"):
        module.main()


@pytest.mark.parametrize("name", ["azure_sas", "azure_websocket"])
def test_a_hub_that_cannot_prove_its_name_is_told(name, staged, authority):
    _, module = staged(name, AZURE_IOT_ROOTS=str(authority.foreign_root))
    with pytest.raises(RuntimeError, match=r"connect: status 0x10005, \('tls', 283, "):
        module.main()


def test_a_cloud_that_has_nothing_to_say(staged, monkeypatch, capsys):
    _, module = staged("azure_sas")
    monkeypatch.setattr(module, "LONGEST_WAIT", 50)
    module.main()
    assert capsys.readouterr().out.splitlines()[-1] == "the cloud has sent nothing"


# --- the time of day -----------------------------------------------------------------------------


class Board:
    """A board whose clock is not set, and a network that knows the time."""

    def __init__(self, monkeypatch, module):
        self.seconds = UNSET
        self.asked = []
        board = self

        class Clock:
            """The firmware's."""

            def __setattr__(self, name, value):
                assert name == "datetime"
                board.seconds = value

        class Ntp:
            """The library's: the time of whoever is asked through a pool of sockets."""

            def __init__(self, pool, tz_offset=0):
                assert callable(pool.socket)
                board.asked.append(tz_offset)

            datetime = LATER

        monkeypatch.setitem(sys.modules, "rtc", SimpleNamespace(RTC=Clock))
        monkeypatch.setitem(sys.modules, "adafruit_ntp", SimpleNamespace(NTP=Ntp))
        monkeypatch.setattr(module, "time", SimpleNamespace(time=lambda: self.seconds))


@pytest.mark.parametrize("name", SIGNING)
def test_a_board_without_the_time_asks_the_network_once(name, monkeypatch):
    module = example.load(name)
    board = Board(monkeypatch, module)
    module.set_clock(boards.connect())
    assert (board.seconds, board.asked) == (LATER, [0])
    module.set_clock(boards.connect())
    assert board.asked == [0]


@pytest.mark.parametrize("name", SIGNING)
def test_the_clock_is_set_before_anything_is_signed(name, staged, monkeypatch):
    _, module = staged(name)
    board = Board(monkeypatch, module)
    monkeypatch.setattr(module, "nx_azure_iot_create", lambda *arguments: 0x77)
    with pytest.raises(RuntimeError, match="nx_azure_iot_create: status 0x77"):
        module.main()
    assert board.asked == [0]


# --- what each does ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "request_body", "wanted"),
    [
        ("blink", b'{"times": 2}', (200, {"blinked": 2})),
        ("blink", b'{"times": 11}', (400, {"error": "ValueError times must be 1 to 10"})),
        ("blink", b"{}", (400, {"error": "KeyError 'times'"})),
        ("temperature", b"", (200, {"celsius": None})),
        ("fly", b"", (404, {"error": "there is no fly"})),
    ],
)
def test_what_methods_answer(name, request_body, wanted):
    assert example.load("azure_methods").answer_to(name, request_body) == wanted


def test_a_request_that_is_no_json_is_answered():
    code, answer = example.load("azure_methods").answer_to("blink", b"three")
    assert code == 400
    assert json.dumps(answer)


@pytest.mark.parametrize("unusable", [1, -5, 10**9, "fast", None, 2.5])
def test_an_interval_that_cannot_be_used_leaves_the_sensor_as_it_is(unusable, staged, capsys):
    stage, module = staged("azure_twin_sensor")
    hub = stage.hub
    hub.patch_twin("sensor", desired={"interval": 60})

    def serve():
        hub.wait(lambda: hub.reported("sensor").get("interval") == 60, 20)
        before = hub.statistics()["reports"]
        hub.patch_twin("sensor", desired={"interval": unusable})
        hub.wait(lambda: hub.statistics()["reports"] > before, 20)
        hub.patch_twin("sensor", desired={"interval": 0})

    service = threading.Thread(target=serve)
    service.start()
    module.main()
    service.join(20)
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("the inter")]
    assert said == ["the interval is 60 ms", "the interval is 60 ms", "the interval is 0 ms"]
