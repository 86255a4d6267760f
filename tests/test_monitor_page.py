# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The page on the monitor shows what the program shows, and its commands and its code work.

``.venv/bin/python tests/test_monitor_page.py`` draws the screen of the page anew.
"""

import re
import shlex

from doubles.played_broker import PlayedBroker
from doubles.trials import PORT
from kernel_bench import Kernel
from monitor_bench import Watched
from repository import ROOT

from boards.desktop.broker.packets import Publish
from boards.desktop.monitor.__main__ import _options, _parser
from nxd_mqtt.nxd import *
from nxd_mqtt.tx import *

PAGE = ROOT / "docs" / "monitor.rst"
SCREEN = ROOT / "docs" / "monitor_screen.txt"

ROUND_TRIPS = (14, 12, 15, 31, 18, 12, 13, 64, 22, 15, 12, 13, 19, 12, 14, 12, 16, 14, 13, 12)


def example():
    """The screen of the page: a client that has lost its link once, and works again."""
    app = Watched(title="sensor-7 at broker.local port 1883", payload_size=128, queue=2048)
    app.take()
    app.clock.advance(420)
    app.up()
    app.monitor.subscribe(app.client, "room/+/set", 1)
    app.turn()
    for milliseconds in ROUND_TRIPS:
        app.publish_and_wait(milliseconds)
        app.turn(1000 - milliseconds)
    app.broker.mute = (Publish,)
    app.send()
    app.send()
    app.turn(300).lose()
    app.broker.mute = ()
    app.client.backoff._draw = lambda least, most: least
    app.turn(2000).turn()
    app.broker.deliver(b"21.5", "room/kitchen/set")
    app.broker.deliver(b"on", "room/hall/set")
    app.turn(700)
    while app.take() == NXD_MQTT_SUCCESS:
        pass
    app.publish_and_wait(13)
    app.broker.mute = (Publish,)
    for _ in range(3):
        app.send()
    for name in ("kitchen", "hall", "cellar"):
        app.broker.deliver(b"x" * 100, f"room/{name}/set")
    app.turn(400)
    return [line.rstrip() for line in app.picture(80, 24, footer="Ctrl-C ends")]


def test_the_screen_of_the_page_is_the_program_s():
    assert SCREEN.read_text(encoding="utf-8").splitlines() == example()
    assert ".. literalinclude:: monitor_screen.txt" in PAGE.read_text(encoding="utf-8")


def test_the_commands_of_the_page_can_be_given():
    commands = re.findall(r"python -m boards\.desktop\.monitor(.*)", PAGE.read_text("utf-8"))
    assert len(commands) > 3
    for command in commands:
        _options(_parser(), shlex.split(command.strip("`. ")))


def test_the_page_names_every_option():
    page = PAGE.read_text(encoding="utf-8")
    options = {name for action in _parser()._actions for name in action.option_strings}
    assert {name for name in options if name.startswith("--")} - {"--help"} <= set(
        re.findall(r"--[a-z-]+", page)
    )


def own_client(client, topic, message):
    """The program of the page: a client of one's own, with a monitor around it."""
    # [begin of the example]
    from boards.desktop.monitor import Monitor, Recorder, Screen

    monitor = Monitor(client, "my client")  # the callbacks are set before
    with Recorder("client.log") as recorder, Screen(monitor) as screen:
        monitor.listeners.append(recorder.take)
        while nxd_mqtt_client_poll(client, 10) == NXD_MQTT_SUCCESS:
            status, _, length = monitor.message_get(client, topic, message)
            if status == NXD_MQTT_SUCCESS:
                light = message[:length]
                monitor.publish(client, "room/light", light, NX_FALSE, 1, NX_NO_WAIT)
            screen.draw()
    # [end of the example]


def test_the_code_of_the_page_watches_a_client(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    app = Watched(reconnect=False).up()
    app.broker.deliver(b"off", "room/switch")
    app.doing["acknowledge"] = app.broker.peer.close
    own_client(app.client, bytearray(64), bytearray(64))
    assert app.broker.published == [(1, b"off", False)]
    log = (tmp_path / "client.log").read_text(encoding="utf-8")
    for kind in ("message", "acknowledged", "lost"):
        assert f'"kind": "{kind}"' in log
    assert " lost: session: closed by the peer, " in capsys.readouterr().out
    page = PAGE.read_text(encoding="utf-8")
    assert page.count(".. literalinclude:: ../tests/test_monitor_page.py") == 2


def watching_thread(client):
    """The thread of the page, which draws; returns its monitor."""
    # [begin of the thread]
    from boards.desktop.monitor import Monitor, Screen

    monitor = Monitor(client, "my client")

    async def watch(_):
        with Screen(monitor) as screen:
            while client.state:  # until it is deleted
                screen.draw()
                await tx_thread_sleep(10)

    watching = TX_THREAD()
    tx_thread_create(watching, "watch", watch, 0, None, 0, 20, 20)
    # [end of the thread]
    return monitor


def test_the_thread_of_the_page_watches_a_client(capsys):
    kernel = Kernel()
    broker = PlayedBroker()

    async def story():
        kernel.app.sockets.listen(PORT, broker)
        monitor = watching_thread(kernel.client)
        arguments = (kernel.client, "broker.test", PORT, 0, NX_TRUE, 500)
        assert await tx_wait(nxd_mqtt_client_connect, *arguments) == NXD_MQTT_SUCCESS
        arguments = (kernel.client, "room/light", b"on", NX_FALSE, 1, NX_WAIT_FOREVER)
        assert await monitor.tx_publish(*arguments) == NXD_MQTT_SUCCESS
        await tx_thread_sleep(100)
        assert nxd_mqtt_client_delete(kernel.client) == NXD_MQTT_SUCCESS

    kernel.run(story)
    assert broker.published == [(1, b"on", False)]
    lines = capsys.readouterr().out
    for words in (" connected: new session", " figures: ", " ended: session: "):
        assert words in lines


if __name__ == "__main__":
    SCREEN.write_text("\n".join(example()) + "\n", encoding="utf-8")
