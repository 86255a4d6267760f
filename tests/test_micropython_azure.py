# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Devices of Azure IoT Hub within the limits of a board, against the local hub, without TLS.

They are compiled as a board gets them. The heap is that of a 64-bit interpreter, where everything
is twice as large as on a board.
"""

import concurrent.futures
from functools import partial

import peers
import pytest
from micropython_lane import SCRIPTS, compile_to
from repository import ROOT
from test_micropython import figures_of

from boards.desktop.hub import Hub
from boards.desktop.hub.fixture import iot_hub_certificates  # noqa: F401 (a fixture)

DEVICE = "dev1"
PROGRAMS = ("azure_session", "azure_twin_session", "azure_renewal")
# On a board the firmware has it; here its heap counts, too.
FIRMWARE = ("socketpool",)

MESSAGES, CALLS = 20, 5
# The connect's time-out, and the answer's.
PATIENCE = (10, 10)
COLORS = ("blue", "red & white", "gr\u00fcn")
CHANGES = 3

# By what is imported; beside it all have a pool of 3,072 bytes and a receive queue of 4,096.
SESSIONS = {"telemetry": "142k", "methods": "144k", "header": "170k"}
TWIN_SESSIONS = {"parts": "158k", "header": "172k"}
# By who hashes.
RENEWALS = {"board": "148k", "python": "148k"}
# Where the board compiles the library itself.
SOURCE_HEAP = "176k"
TOO_SMALL = "96k"

# Heap bytes that one message may take, with its acknowledgement, for 64 bytes of payload.
MESSAGE_CEILINGS = {
    "poll": 0,
    "telemetry_0": 384,
    "telemetry": 448,
    "telemetry_properties": 1_280,
    "cloud_message": 768,
    "cloud_message_property": 2_240,
    "method": 1_856,
    "desired": 1_344,
    "reported": 2_208,
}


@pytest.fixture(scope="module")
def starts(tmp_path_factory):
    """The paths of the scripts that start the compiled programs, by their names."""
    folder = tmp_path_factory.mktemp("azure")
    compiler = peers.need("mpy-cross")
    for name in PROGRAMS + FIRMWARE:
        compile_to(compiler, SCRIPTS / (name + ".py"), folder / (name + ".mpy"))
    scripts = {}
    for name in PROGRAMS:
        scripts[name] = folder / ("start_" + name + ".py")
        scripts[name].write_text("import " + name, encoding="utf-8")
    scripts["source"] = folder / "start_source.py"
    lines = ("import sys", f"sys.path.insert(0, {str(ROOT)!r})", "import azure_session")
    scripts["source"].write_text("\n".join(lines), encoding="utf-8")
    return scripts


@pytest.fixture
def hub(iot_hub_certificates):  # noqa: F811 (the fixture)
    """The local hub with a plain port."""
    with Hub(plain_port=0, certificates=iot_hub_certificates) as made:
        yield made
        assert made.reports() == []


@pytest.fixture
def run(micropython, starts, hub):
    """A function that runs a program, while another one is the cloud; returns what it printed."""

    def run_with(program, imported, heap, cloud=list):
        arguments = (hub.address, hub.plain_port, hub.connection_string(DEVICE), imported)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            played = pool.submit(cloud)
            output = micropython.run(str(starts[program]), *arguments, heap=heap)
            played.result()
        return output

    return run_with


def call(hub) -> None:
    """Calls the method so often, one call behind the answer to the other."""
    for number in range(CALLS):
        assert hub.invoke_method(DEVICE, "blink", number, PATIENCE) == (200, {"blink": number})


def arrived(hub) -> bool:
    """Whether each message is there once, in order, with what belongs to it."""
    events = hub.events(DEVICE)
    assert [event.body for event in events] == [b'{"number":%d}' % n for n in range(MESSAGES)]
    assert {event.properties for event in events} == {(("level", "low & steady"),)}
    assert {event.system["content-type"] for event in events} == {"application/json"}
    return True


@pytest.mark.parametrize(("imported", "heap"), SESSIONS.items())
def test_telemetry_and_a_method(run, hub, imported, heap):
    calls = 0 if imported == "telemetry" else CALLS
    output = run("azure_session", imported, heap, partial(call, hub) if calls else list)
    assert output == f"acknowledged {MESSAGES}, answered {calls}\n"
    assert arrived(hub)


def test_the_same_where_the_board_compiles_the_library(run, hub):
    output = run("source", "methods", SOURCE_HEAP, partial(call, hub))
    assert output == f"acknowledged {MESSAGES}, answered {CALLS}\n"
    assert arrived(hub)


@pytest.mark.parametrize(("imported", "heap"), TWIN_SESSIONS.items())
def test_messages_from_the_cloud_and_the_twin(run, hub, imported, heap):
    hub.patch_twin(DEVICE, desired={"place": "roof"})

    def speak() -> None:
        hub.wait(lambda: hub.reported(DEVICE) == {"ready": True})
        for color in COLORS:
            hub.send_message(DEVICE, "paint", {"color": color, "coats": "2"}, ack="full")
        for interval in range(CHANGES):
            hub.patch_twin(DEVICE, desired={"interval": interval})
            hub.wait(lambda: hub.reported(DEVICE).get("interval") == interval)  # noqa: B023

    output = run("azure_twin_session", imported, heap, speak)
    assert output.splitlines() == ["twin True"] + [f"paint {color}" for color in COLORS]
    assert [record["statusCode"] for record in hub.feedback()] == ["Success"] * len(COLORS)


@pytest.mark.parametrize(("hashed", "heap"), RENEWALS.items())
def test_renewals_of_the_token_and_a_lost_link(run, hub, hashed, heap):
    def act() -> None:
        hub.wait(lambda: any(event.body == b"cut me" for event in hub.events()))
        # What the device has subscribed to must be asked for again.
        hub.forget_sessions()
        hub.cut(DEVICE)
        assert hub.invoke_method(DEVICE, "blink", 1, PATIENCE) == (200, 1)

    output = run("azure_renewal", hashed, heap, act)
    assert output.splitlines() == [
        "renewals 2 told ['0', '2000c', '0']",
        f"in Python {hashed == 'python'}",
    ]
    bodies = [event.body for event in hub.events()]
    # The link may have been cut before the acknowledgement came.
    assert list(dict.fromkeys(bodies)) == [b"hour 0", b"hour 1", b"cut me", b"done"]
    statistics = hub.statistics()
    assert statistics["connections"] == 4
    assert statistics["sessions_resumed"] == 2
    assert statistics["connects_refused"] == 0


def test_a_heap_that_is_too_small_is_noticed(run):
    with pytest.raises(pytest.fail.Exception, match=r"MemoryError|memory allocation failed"):
        run("azure_session", "telemetry", TOO_SMALL)


def test_heap_bytes_of_a_message(micropython):
    output = micropython.run("azure_message_heap.py", heap="400k")
    print(output)
    figures = figures_of(output)
    assert set(figures) == set(MESSAGE_CEILINGS)
    over = {name: size for name, size in figures.items() if size > MESSAGE_CEILINGS[name]}
    assert over == {}
