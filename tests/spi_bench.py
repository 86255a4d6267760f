# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A client over the real driver of network hardware behind SPI, on a chip that is a double."""

import importlib
import sys
from types import SimpleNamespace

import adafruit_connection_manager as connection_manager
import pytest
from client_bench import App
from doubles.airlift_chip import AirliftChip
from doubles.clock import Clock
from doubles.spi import DriverTime, Network, modules
from doubles.wiznet_chip import AddressServer, NameServer, WiznetChip

from nxd_mqtt import transport
from nxd_mqtt.nxd import NX_IP, NX_SUCCESS, nx_ip_create, nxd_mqtt_client_subscribe

with pytest.MonkeyPatch.context() as patched:
    # The drivers import modules of a board, which not every machine has.
    for each, module in modules().items():
        patched.setitem(sys.modules, each, module)
    airlift = importlib.import_module("boards.airlift")
    wiznet5k = importlib.import_module("boards.wiznet5k")
    importlib.import_module("adafruit_esp32spi.adafruit_esp32spi")

NETWORK = {"CIRCUITPY_WIFI_SSID": "garden", "CIRCUITPY_WIFI_PASSWORD": "blackbird"}


class SpiPlatform(NX_IP):
    """The platform of a radio behind SPI."""

    def __init__(self, radio, clock, network, link_up=None):
        super().__init__()
        self.time = clock
        self.sockets = network
        status = nx_ip_create(self, "spi", radio=radio, clock=clock, link_up=link_up)
        assert status == NX_SUCCESS

    @property
    def managed(self):
        """How many sockets ConnectionManager has not got back."""
        return self.manager.managed_socket_count


def forget_radios():
    """Let ConnectionManager forget all radios: it knows them by hash, and a new one may have it."""
    connection_manager._global_socketpools.clear()
    connection_manager._global_ssl_contexts.clear()


class Hardware:
    """A board with a chip behind SPI, whose driver's time is a clock.

    :param monkeypatch: undoes it all after the test
    """

    def __init__(self, monkeypatch, network=None):
        forget_radios()
        self.patch = monkeypatch
        self.clock = Clock()
        self.network = network or Network()
        self.time = DriverTime(self.clock)
        self.radio = None
        monkeypatch.setattr(transport, "time", self.time)
        for name, value in NETWORK.items():
            monkeypatch.setenv(name, value)
        self.board()

    def board(self, **names):
        """Give the board these pins and buses."""
        firmware = modules(**names)
        firmware["microcontroller"] = SimpleNamespace(
            cpu=SimpleNamespace(uid=bytes.fromhex("e6605838833a1f2e"))
        )
        for name, module in firmware.items():
            self.patch.setitem(sys.modules, name, module)

    def driver(self, name):
        """A module of a driver, with this clock for its time."""
        module = importlib.import_module(name)
        for what, value in (("time", self.time), ("ticks_ms", self.clock)):
            if hasattr(module, what):
                self.patch.setattr(module, what, value)
        return module

    def app(self, link_up=None, **named):
        """An application on this radio."""
        self.ip = SpiPlatform(self.radio, self.clock, self.network, link_up)
        return App(ip=self.ip, **named)

    def pool(self):
        """The driver's own socket pool."""
        return connection_manager.get_radio_socketpool(self.radio)


class Airlift(Hardware):
    """A board with an AirLift that has joined."""

    def __init__(self, monkeypatch, network=None):
        super().__init__(monkeypatch, network)
        self.driver("adafruit_esp32spi.adafruit_esp32spi")
        self.driver("adafruit_esp32spi.adafruit_esp32spi_socketpool")
        self.chip = AirliftChip(self.clock, self.network)

    def connect(self, **named):
        """Bring the radio up; returns it."""
        chip = self.chip
        pins = {"cs": chip.cs, "busy": chip.busy, "reset": chip.reset, "spi": chip.bus}
        self.radio = airlift.connect(**pins, **named)
        return self.radio


class Wiznet(Hardware):
    """A board with a W5500 at a cable, in a network with DHCP and a name server."""

    def __init__(self, monkeypatch, network=None):
        super().__init__(monkeypatch, network)
        for name in ("", "_dhcp", "_dns", "_socketpool"):
            self.driver("adafruit_wiznet5k.adafruit_wiznet5k" + name)
        self.chip = WiznetChip(self.clock, self.network)
        self.dhcp = AddressServer()
        self.network.datagrams = {53: NameServer(self.network), 67: self.dhcp}

    def connect(self, **named):
        """Bring the radio up; returns it."""
        self.radio = wiznet5k.connect(cs=self.chip.cs, spi=self.chip.bus, **named)
        return self.radio


def wait_for(app, done, polls=2000):
    """Poll until something is so."""
    for _ in range(polls):
        if done():
            return
        app.poll(1)
    raise AssertionError("it never came to that")


def sends_itself_messages(app):
    """Subscribe, publish what comes back, and see that the broker has acknowledged it."""
    assert nxd_mqtt_client_subscribe(app.client, "t", 1) == NX_SUCCESS
    wanted = [b"%d" % number * 500 for number in range(3)]
    for each in wanted:
        assert app.publish(each) == NX_SUCCESS
    wait_for(app, lambda: len(app.heard("receive")) == 3, 100_000)
    assert app.messages() == wanted
    wait_for(app, lambda: app.statistics["unacknowledged"] == 0, 100_000)


def reason(app):
    """The client's reason, its cause as text."""
    stage, status, cause = app.client.reason
    return stage, status, str(cause)


def resumed(app):
    """Connect to a broker that keeps the session; returns what comes behind the CONNECT."""
    app.renew_script()
    app.connect(clean=0, answer=bytes.fromhex("20 02 01 00"))
    app.polls(3)
    return app.followed + app.peer.take()
