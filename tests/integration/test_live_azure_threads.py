# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Threads share a hub client: those of the kernel await their calls, real ones wait in theirs."""

import json
import threading
import time

import pytest
from azure_devices import MOMENT, PATIENCE, in_every_way, succeed
from devices import run

from boards.desktop.hub import Step
from nxd_mqtt.azure_iot import *
from nxd_mqtt.nxd import *
from nxd_mqtt.tx import *

pytest_plugins = ["azure_device_fixtures"]

FEATURES = (
    nx_azure_iot_hub_client_cloud_message_enable,
    nx_azure_iot_hub_client_direct_method_enable,
    nx_azure_iot_hub_client_device_twin_enable,
)
receive = nx_azure_iot_hub_client_cloud_message_receive
report = nx_azure_iot_hub_client_device_twin_reported_properties_send

# Longer than any of these threads needs.
LONGEST_TICKS = 2000


class Application:
    """Threads with one device, whose kernel has a life of its own.

    :param make: makes the device, when the kernel is there
    """

    def __init__(self, make):
        self._make = make
        self._entries = []
        self.device = None

    def thread(self, entry):
        """A decorator: an async function of no arguments is a thread's."""
        self._entries.append(entry)
        return entry

    def run(self) -> None:
        """Let the threads run until the first one has ended, which then ends the client."""
        assert tx_kernel_enter(self._define) == TX_SUCCESS

    def _define(self, _) -> None:
        self.device = self._make(kernel=TX_KERNEL)
        # Of equal priority with it: the longest that a test may take.
        for number, entry in enumerate((*self._entries, self._watch)):
            status = tx_thread_create(
                TX_THREAD(), "test", self._entry(entry, number), None, None, 0, 8, 8
            )
            assert status == TX_SUCCESS

    def _entry(self, entry, number: int):
        async def run(_) -> None:
            try:
                await entry()
            except pytest.fail.Exception as failure:
                raise AssertionError(failure)  # the kernel passes on what is an Exception
            if number == 0 and self.device.client.state:
                self.device.delete()

        return run

    async def _watch(self) -> None:
        for _ in range(LONGEST_TICKS):
            await tx_thread_sleep(1)
            if not self.device.client.state:
                return
        pytest.fail("the threads take too long")

    async def call(self, function, *arguments):
        """Await a call, which must succeed; gives back what it does."""
        client = self.device.client
        return succeed(client, await tx_wait(function, client, *arguments))

    async def refused(self, function, *arguments) -> int:
        """Await a call that must fail; returns the status."""
        answer = await tx_wait(function, self.device.client, *arguments)
        status = answer[0] if isinstance(answer, tuple) else answer
        assert status != NX_AZURE_IOT_SUCCESS
        return status

    async def connect(self, *features) -> None:
        """Connect with features, until all filters are acknowledged."""
        self.device.enable(*features)
        await self.call(nx_azure_iot_hub_client_connect, NX_FALSE, PATIENCE)
        await self.until(lambda: not self.device.statistics()["unacknowledged"])

    async def until(self, condition) -> None:
        """Sleep until something holds."""
        for _ in range(LONGEST_TICKS):
            if condition():
                return
            await tx_thread_sleep(1)
        pytest.fail("it takes too long")


@pytest.fixture
def application(make_azure_device):
    """A function that makes an application from the arguments of a device."""

    def make(*arguments, **options) -> Application:
        return Application(lambda kernel: make_azure_device(*arguments, **options, kernel=kernel))

    return make


@in_every_way
def test_each_feature_has_a_thread(cloud, application, way):
    app = application(way)
    done = []

    @app.thread
    async def connecting():
        await app.connect(*FEATURES)
        device_id = app.device.id
        cloud.send_message(device_id, b"message")
        answer = cloud.begin_method(device_id, "reboot", {"delay": 3})
        cloud.patch_twin(device_id, desired={"interval": 5})
        await app.until(lambda: len(done) == 4)
        assert answer.result(5) == (200, {"ok": True})

    @app.thread
    async def sending():
        await app.until(lambda: app.device.connected)
        for number in range(40):
            packet = app.device.message({"n": str(number)})
            await app.call(nx_azure_iot_hub_client_telemetry_send, packet, b"%d" % number, PATIENCE)
        await app.until(lambda: len(app.device.acknowledged) == 40)
        done.append("telemetry")

    @app.thread
    async def listening():
        await app.until(lambda: app.device.connected)
        packet = await app.call(receive, NX_WAIT_FOREVER)
        done.append(packet.data)

    @app.thread
    async def obeying():
        await app.until(lambda: app.device.connected)
        name, context, packet = await app.call(
            nx_azure_iot_hub_client_direct_method_message_receive, NX_WAIT_FOREVER
        )
        await app.call(
            nx_azure_iot_hub_client_direct_method_message_response,
            200,
            context,
            '{"ok":true}',
            PATIENCE,
        )
        done.append((name, packet.data))

    @app.thread
    async def reporting():
        await app.until(lambda: app.device.connected)
        packet = await app.call(
            nx_azure_iot_hub_client_device_twin_desired_properties_receive, PATIENCE
        )
        _, status, version = await app.call(report, packet.data[:13] + b"}", PATIENCE)
        assert (status, version) == (204, 2)
        await app.call(nx_azure_iot_hub_client_device_twin_properties_request, PATIENCE)
        packet = await app.call(nx_azure_iot_hub_client_device_twin_properties_receive, PATIENCE)
        done.append(json.loads(packet.data))

    app.run()
    twin = {
        "desired": {"interval": 5, "$version": 2},
        "reported": {"interval": 5, "$version": 2},
    }
    for each in ("telemetry", b"message", ("reboot", b'{"delay": 3}'), twin):
        assert each in done
    events = cloud.events(app.device.id)
    assert [event.body for event in events] == [b"%d" % number for number in range(40)]


def test_a_wait_that_is_not_awaited_is_refused(application):
    app = application()

    @app.thread
    async def story():
        device = app.device
        status = nx_azure_iot_hub_client_connect(device.client, NX_FALSE, PATIENCE)
        assert status == NX_WAIT_ERROR
        await app.connect(*FEATURES)
        assert device.refused(receive, PATIENCE) == NX_WAIT_ERROR
        assert device.refused(receive, NX_NO_WAIT) == NX_AZURE_IOT_NO_PACKET
        status, *_ = report(device.client, '{"a":1}', PATIENCE)
        assert status == NX_WAIT_ERROR
        packet = device.message()
        status = nx_azure_iot_hub_client_telemetry_send(device.client, packet, b"x", PATIENCE)
        assert status == NX_WAIT_ERROR
        await app.call(nx_azure_iot_hub_client_telemetry_send, packet, b"x", PATIENCE)
        assert app.device.hub.reported(device.id) == {}

    app.run()


def test_a_wait_ends_in_time(application):
    app = application()

    @app.thread
    async def story():
        await app.connect(*FEATURES)
        for wait in (NX_NO_WAIT, MOMENT):
            begun = tx_time_get()
            assert await app.refused(receive, wait) == NX_AZURE_IOT_NO_PACKET
            assert wait <= tx_time_get() - begun <= wait + 20
        app.device.hub.faults.silence(Step.REPORT, app.device.id)
        begun = tx_time_get()
        assert await app.refused(report, '{"a":1}', MOMENT) == NX_AZURE_IOT_NO_PACKET
        assert MOMENT <= tx_time_get() - begun <= MOMENT + 20
        # Once, however often it was asked for.
        assert app.device.hub.twin(app.device.id)["properties"]["reported"]["$version"] == 2

    app.run()


def test_a_refused_device_is_told_its_reason(cloud, application):
    app = application()

    @app.thread
    async def story():
        cloud.faults.refuse(5, app.device.id)
        status = await app.refused(nx_azure_iot_hub_client_connect, NX_FALSE, PATIENCE)
        assert status == NXD_MQTT_ERROR_NOT_AUTHORIZED
        assert app.device.told == [NXD_MQTT_ERROR_NOT_AUTHORIZED]

    app.run()


def test_a_hub_that_is_not_there_is_told(application, listener):
    app = application()
    listener.close()

    @app.thread
    async def story():
        app.device.aim(listener.port)
        status = await app.refused(nx_azure_iot_hub_client_connect, NX_FALSE, PATIENCE)
        await app.until(lambda: app.device.told)
        assert app.device.told == [status]
        assert app.device.client.reason[0] == "tcp"

    app.run()


@in_every_way
def test_who_waits_learns_that_the_link_is_lost(cloud, application, way):
    app = application(way)

    @app.thread
    async def story():
        await app.connect(*FEATURES)
        cloud.cut(app.device.id)
        assert await app.refused(receive, NX_WAIT_FOREVER) == NX_AZURE_IOT_DISCONNECTED
        assert app.device.told == [NX_AZURE_IOT_SUCCESS, NX_AZURE_IOT_DISCONNECTED]

    app.run()


@in_every_way
def test_who_waits_goes_on_waiting_over_a_lost_link(cloud, application, way):
    app = application(way)

    @app.thread
    async def story():
        device = app.device.reconnecting()
        await app.connect(*FEATURES)
        cloud.faults.drop(Step.REPORT, device.id)
        _, status, version = await app.call(report, '{"a":1}', PATIENCE)
        assert (status, version) == (204, 2)
        cloud.cut(device.id)
        cloud.send_message(device.id, b"x")
        packet = await app.call(receive, PATIENCE)
        assert packet.data == b"x"
        assert device.statistics()["reconnects"] == 2

    app.run()


def test_a_full_store_is_waited_for(cloud, application):
    app = application(depth=1)

    @app.thread
    async def story():
        device = app.device
        await app.connect()
        for number in range(20):
            await app.call(
                nx_azure_iot_hub_client_telemetry_send, device.message(), b"%d" % number, PATIENCE
            )
        await app.until(lambda: len(device.acknowledged) == 20)
        cloud.faults.no_acknowledgement(device.id)
        await app.call(nx_azure_iot_hub_client_telemetry_send, device.message(), b"20", NX_NO_WAIT)
        status = await app.refused(
            nx_azure_iot_hub_client_telemetry_send, device.message(), b"21", MOMENT
        )
        assert status == NXD_MQTT_PACKET_POOL_FAILURE
        assert await app.refused(report, "{}", MOMENT) == NX_AZURE_IOT_NOT_ENABLED

    app.run()
    bodies = [event.body for event in cloud.events(app.device.id)]
    assert bodies == [b"%d" % number for number in range(21)]


def test_two_threads_report_and_each_gets_its_own_answer(cloud, application):
    app = application()
    versions = []

    @app.thread
    async def connecting():
        await app.connect(*FEATURES)
        await app.until(lambda: len(versions) == 20)

    for name in ("a", "b"):

        async def reporting(name=name):
            await app.until(lambda: app.device.connected)
            for number in range(10):
                patch = json.dumps({name: number})
                _, status, version = await app.call(report, patch, PATIENCE)
                assert status == 204
                versions.append(version)

        app.thread(reporting)
    app.run()
    assert sorted(versions) == list(range(2, 22))
    assert cloud.reported(app.device.id) == {"a": 9, "b": 9}


def test_a_callback_may_answer_while_a_thread_waits(cloud, application):
    app = application()

    @app.thread
    async def story():
        device = app.device

        def on_method(client, args) -> None:
            _, context, packet = device.do(
                nx_azure_iot_hub_client_direct_method_message_receive, NX_NO_WAIT
            )
            device.do(
                nx_azure_iot_hub_client_direct_method_message_response,
                200,
                context,
                packet.data,
                NX_NO_WAIT,
            )

        device.do(
            nx_azure_iot_hub_client_receive_callback_set, NX_AZURE_IOT_HUB_DIRECT_METHOD, on_method
        )
        await app.connect(*FEATURES)
        answers = [cloud.begin_method(device.id, "echo", number) for number in range(5)]
        assert await app.refused(receive, 20) == NX_AZURE_IOT_NO_PACKET
        assert [answer.result(5) for answer in answers] == [(200, n) for n in range(5)]

    app.run()


def test_the_token_is_renewed_while_threads_wait(cloud, application):
    # A second ahead of the hub, the device renews a token of two seconds in the middle of it.
    app = application(unix_time=lambda: time.time() + 1)

    @app.thread
    async def story():
        device = app.device
        device.do(nx_azure_iot_hub_client_sas_token_set, lambda: cloud.token(device.id, seconds=3))
        await app.connect(*FEATURES)
        while not device.statistics()["renewals"]:
            assert await app.refused(receive, 30) == NX_AZURE_IOT_NO_PACKET
        await app.call(report, '{"a":1}', PATIENCE)
        assert device.told == [NX_AZURE_IOT_SUCCESS]

    app.run()


# -- real threads -----------------------------------------------------------------------------


def send_many(device) -> None:
    for number in range(50):
        device.send(b"%d" % number)


def take_many(device) -> None:
    taken = [device.take(receive) for _ in range(20)]
    assert taken == [b"%d" % number for number in range(20)]


def obey_many(device) -> None:
    respond = nx_azure_iot_hub_client_direct_method_message_response
    for _ in range(10):
        _, context, packet = device.do(
            nx_azure_iot_hub_client_direct_method_message_receive, PATIENCE
        )
        device.do(respond, 200, context, packet.data, PATIENCE)


def report_many(device) -> None:
    for number in range(10):
        assert device.do(report, '{"n":%d}' % number, PATIENCE)[1] == 204


@in_every_way
def test_real_threads_share_a_device(cloud, make_azure_device, threads, way):
    device = make_azure_device(way, lock=threading.RLock()).enable(*FEATURES).connect()
    for each in (send_many, take_many, obey_many, report_many):
        threads.start(each, device)
    for number in range(20):
        cloud.send_message(device.id, b"%d" % number)
    answers = [cloud.begin_method(device.id, "echo", number, (10, 30)) for number in range(10)]
    threads.join(30)
    run(device, until=lambda: len(device.acknowledged) == 50)
    assert [answer.result(5) for answer in answers] == [(200, number) for number in range(10)]
    assert [event.body for event in cloud.events(device.id)] == [b"%d" % n for n in range(50)]
    assert cloud.reported(device.id) == {"n": 9}
    assert device.told == [NX_AZURE_IOT_SUCCESS]
