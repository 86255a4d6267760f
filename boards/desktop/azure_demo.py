# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A device and a local IoT Hub on this machine: everything that a hub does, and what goes wrong.

Run it in the root of the project: ``python -m boards.desktop.azure_demo``. The device, in a thread
of its own, takes as many readings as its twin desires. Meanwhile the cloud sends it messages, calls
its methods, and changes the twin. Then 51 minutes pass in a moment, for both, so that the device
renews its token; and at last the hub stops to acknowledge and drops the connection, and the cloud
goes on as if the device were there. The last line counts; see ``Device`` and ``Cloud``.
"""

import json
import threading
import time

import boards
from nxd_mqtt.azure_iot import (
    NX_AZURE_IOT,
    NX_AZURE_IOT_DISCONNECTED,
    NX_AZURE_IOT_HUB_CLIENT,
    NX_AZURE_IOT_NO_PACKET,
    nx_azure_iot_connection_string_parse,
    nx_azure_iot_create,
    nx_azure_iot_hub_client_cloud_message_enable,
    nx_azure_iot_hub_client_cloud_message_receive,
    nx_azure_iot_hub_client_connect,
    nx_azure_iot_hub_client_connection_status_callback_set,
    nx_azure_iot_hub_client_deinitialize,
    nx_azure_iot_hub_client_device_twin_desired_properties_receive,
    nx_azure_iot_hub_client_device_twin_enable,
    nx_azure_iot_hub_client_device_twin_properties_receive,
    nx_azure_iot_hub_client_device_twin_properties_request,
    nx_azure_iot_hub_client_direct_method_enable,
    nx_azure_iot_hub_client_direct_method_message_receive,
    nx_azure_iot_hub_client_direct_method_message_response,
    nx_azure_iot_hub_client_initialize,
    nx_azure_iot_hub_client_reconnect_set,
    nx_azure_iot_hub_client_reported_properties_send,
    nx_azure_iot_hub_client_server_set,
    nx_azure_iot_hub_client_statistics_get,
    nx_azure_iot_hub_client_symmetric_key_set,
    nx_azure_iot_hub_client_telemetry_ack_callback_set,
    nx_azure_iot_hub_client_telemetry_message_create,
    nx_azure_iot_hub_client_telemetry_property_add,
    nx_azure_iot_hub_client_telemetry_send_extended,
    nx_azure_iot_hub_client_trusted_cert_add,
)
from nxd_mqtt.nxd import (
    NX_FALSE,
    NX_IP,
    NX_NO_WAIT,
    NX_PACKET_POOL,
    NX_TRUE,
    NXD_MQTT_PACKET_POOL_FAILURE,
    nx_ip_create,
    nx_packet_pool_create,
    nxd_mqtt_client_poll,
)
from nxd_mqtt.tls import NX_SECURE_X509_CERT, nx_secure_x509_certificate_initialize

from .hub import Hub, HubError

_DEVICE = "demo-board"
_PACKET_BYTES = 1024
_PACKETS = 16
_CONNECT_TICKS = 1000
_PAUSES = (25, 100)
_INTERVAL_SECONDS = 0.005

# How many readings the twin desires, one after the other.
_FIRST, _SECOND, _LAST = 100, 150, 200
_UNACKNOWLEDGED = 5
_MESSAGES = 3
_RENEWAL_SECONDS = 51 * 60

# It takes a few seconds. What takes longer than this will not come any more.
_STEP_SECONDS = 10
# For the device to be there, and for its answer.
_METHOD_TIMEOUTS = (10, 10)

_WANTED = {
    "sent": _LAST,
    "acknowledged": _LAST,
    "received": _MESSAGES,
    "methods": 2,
    "twin": 3,
    "renewals": 1,
    "reconnects": 1,
    "lost": 0,
}


def _say(who: str, text: str) -> None:
    print(f"{who:>7}: {text}", flush=True)


class Moments:
    """The time of day and a device's clock, which both can be moved forward."""

    def __init__(self):
        self._ahead = 0

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time() + self._ahead

    def ticks(self) -> int:
        """Milliseconds, as a board counts them."""
        return int((time.monotonic() + self._ahead) * 1000) & (1 << 29) - 1

    def move(self, seconds: int) -> None:
        """Let time pass that nobody waits for."""
        self._ahead += seconds


class Failed(Exception):
    """A call that must succeed has not."""


class Device(threading.Thread):
    """The example device: what it has sent, and had acknowledged, received and renewed."""

    def __init__(self, hub: Hub, moments: Moments):
        super().__init__(name="device", daemon=True)
        self._client = NX_AZURE_IOT_HUB_CLIENT()
        self._unacknowledged = set()
        self._due = time.monotonic()
        self._wanted = 0
        self._stopped = self._given_up = False
        self.sent = self.acknowledged = self.received = 0
        self.statistics = {"renewals": 0, "reconnects": 0, "gap": 0}
        self._make(hub, moments)

    def _check(self, status: int) -> None:
        if status:
            raise Failed(f"status {status:#x}, {self._client.reason}")

    # ------------------------------------------------------------ life

    def _make(self, hub: Hub, moments: Moments) -> None:
        client, check = self._client, self._check
        _, settings, _ = nx_azure_iot_connection_string_parse(hub.connection_string(_DEVICE))
        ip, pool, azure = NX_IP(), NX_PACKET_POOL(), NX_AZURE_IOT()
        check(nx_ip_create(ip, "ip", radio=boards.connect(), clock=moments.ticks))
        size = _PACKETS * _PACKET_BYTES
        check(nx_packet_pool_create(pool, "pool", _PACKET_BYTES, None, size))
        check(nx_azure_iot_create(azure, "azure", ip, pool, unix_time=moments.now))
        name, device = settings["host_name"], settings["device_id"]
        check(nx_azure_iot_hub_client_initialize(client, azure, name, device))
        key = settings["symmetric_key"]
        check(nx_azure_iot_hub_client_symmetric_key_set(client, key))
        check(nx_azure_iot_hub_client_server_set(client, None, hub.port, NX_TRUE))
        root = NX_SECURE_X509_CERT()
        check(nx_secure_x509_certificate_initialize(root, hub.ca_file))
        check(nx_azure_iot_hub_client_trusted_cert_add(client, root))
        check(nx_azure_iot_hub_client_cloud_message_enable(client))
        check(nx_azure_iot_hub_client_direct_method_enable(client))
        check(nx_azure_iot_hub_client_device_twin_enable(client))
        check(nx_azure_iot_hub_client_telemetry_ack_callback_set(client, self._on_acknowledged))
        set_callback = nx_azure_iot_hub_client_connection_status_callback_set
        check(set_callback(client, self._on_status))
        check(nx_azure_iot_hub_client_reconnect_set(client, *_PAUSES))

    def run(self) -> None:
        """Serve until a service says stop, and all is acknowledged."""
        try:
            self._check(nx_azure_iot_hub_client_connect(self._client, NX_FALSE, _CONNECT_TICKS))
            self._read_twin()
            while not self._is_over():
                self._check(nxd_mqtt_client_poll(self._client, NX_NO_WAIT if self._turn() else 1))
            self.statistics = self._statistics()
            self._check(nx_azure_iot_hub_client_deinitialize(self._client))
        except Failed as failed:
            _say("device", f"I give up: {failed}")

    def give_up(self) -> None:
        """Serve no longer: nobody will say stop."""
        self._given_up = True

    def _is_over(self) -> bool:
        done = self._stopped and not self._statistics()["unacknowledged"]
        return done or self._given_up

    def _turn(self) -> bool:
        """Do what there is to do; whether there was anything."""
        return any((self._send(), self._take_message(), self._answer(), self._take_desired()))

    def _statistics(self) -> dict:
        status, statistics = nx_azure_iot_hub_client_statistics_get(self._client)
        self._check(status)
        return statistics

    def _on_status(self, client, status: int) -> None:
        _say("device", f"no link: {status:#x}" if status else "connected")

    # ------------------------------------------------------------ telemetry

    def _send(self) -> bool:
        """Send a reading, if one is due; one that finds no room is offered again."""
        if self.sent == self._wanted or time.monotonic() < self._due:
            return False
        status, message = nx_azure_iot_hub_client_telemetry_message_create(self._client, 0)
        self._check(status)
        number = self.sent + 1
        pairs = (("$.mid", f"reading {number}"), ("$.ct", "application/json"), ("room", "a & b"))
        for name, value in pairs:
            self._check(nx_azure_iot_hub_client_telemetry_property_add(message, name, value, 0))
        status, packet_id = nx_azure_iot_hub_client_telemetry_send_extended(
            self._client, message, json.dumps({"reading": number}), NX_NO_WAIT
        )
        if status == NXD_MQTT_PACKET_POOL_FAILURE:
            return False
        self._check(status)
        self._unacknowledged.add(packet_id)
        self.sent = number
        self._due += _INTERVAL_SECONDS
        return True

    def _on_acknowledged(self, client, packet_id: int) -> None:
        self._unacknowledged.remove(packet_id)
        self.acknowledged += 1

    # ------------------------------------------------------------ what comes

    def _is_there(self, status: int) -> bool:
        if status in (NX_AZURE_IOT_NO_PACKET, NX_AZURE_IOT_DISCONNECTED):
            return False
        self._check(status)
        return True

    def _take_message(self) -> bool:
        status, message = nx_azure_iot_hub_client_cloud_message_receive(self._client, NX_NO_WAIT)
        if not self._is_there(status):
            return False
        self.received += 1
        _say("device", f"the cloud says: {message.data.decode()}")
        return True

    def _answer(self) -> bool:
        status, name, context, _ = nx_azure_iot_hub_client_direct_method_message_receive(
            self._client, NX_NO_WAIT
        )
        if not self._is_there(status):
            return False
        self._stopped = name == "stop"
        answer = json.dumps({"sent": self.sent})
        self._check(
            nx_azure_iot_hub_client_direct_method_message_response(
                self._client, 200, context, answer, _CONNECT_TICKS
            )
        )
        return True

    def _read_twin(self) -> None:
        client, wait = self._client, _CONNECT_TICKS
        self._check(nx_azure_iot_hub_client_device_twin_properties_request(client, wait))
        status, twin = nx_azure_iot_hub_client_device_twin_properties_receive(client, wait)
        self._check(status)
        self._obey(json.loads(twin.data)["desired"])

    def _take_desired(self) -> bool:
        status, patch = nx_azure_iot_hub_client_device_twin_desired_properties_receive(
            self._client, NX_NO_WAIT
        )
        if not self._is_there(status):
            return False
        self._obey(json.loads(patch.data))
        return True

    def _obey(self, desired: dict) -> None:
        """Take as many readings as are desired, and confirm it."""
        self._wanted = desired["readings"]
        self._due = time.monotonic()
        _say("device", f"{self._wanted} readings are desired")
        patch = json.dumps({"readings": self._wanted})
        self._check(nx_azure_iot_hub_client_reported_properties_send(self._client, patch, 0)[0])


class Cloud:
    """What services do: the messages they know of, the answers and confirmations they have got."""

    def __init__(self, hub: Hub, moments: Moments):
        self._hub = hub
        self._moments = moments
        self.methods = self.twin = 0

    def play(self) -> None:
        """The whole story.

        :raises TimeoutError: a step did not happen
        :raises HubError: a method has no answer
        """
        self._until_confirmed(_FIRST)
        self._hub.send_message(_DEVICE, "good morning", ack="full")
        self._call("status")
        self._until_readings(_FIRST)
        self._let_the_token_grow_old()
        self._lose_the_link()
        self._until_readings(_LAST)
        # Before the last answer, so that the device does not leave earlier.
        self._hub.wait(lambda: self._completed() == _MESSAGES, _STEP_SECONDS)
        self._call("stop")

    def _let_the_token_grow_old(self) -> None:
        _say("cloud", f"{_RENEWAL_SECONDS // 60} minutes pass")
        connections = self._hub.statistics()["connections"]
        self._moments.move(_RENEWAL_SECONDS)
        self._hub.wait(lambda: self._hub.statistics()["connections"] > connections, _STEP_SECONDS)
        _say("cloud", "the device has come with a new token")

    def _lose_the_link(self) -> None:
        """Lose it while readings are not acknowledged, and go on meanwhile."""
        self._hub.faults.no_acknowledgement(_DEVICE, _UNACKNOWLEDGED)
        self._desire(_SECOND)
        self._until_confirmed(_SECOND)
        self._until_readings(_FIRST + _UNACKNOWLEDGED)
        _say("cloud", f"{_UNACKNOWLEDGED} readings are not acknowledged: the link is cut")
        self._hub.cut(_DEVICE)
        self._hub.send_message(_DEVICE, "this was sent while you were away", ack="full")
        self._desire(_LAST)
        self._until_confirmed(_LAST)

    # ------------------------------------------------------------ steps

    def _call(self, name: str) -> None:
        status, answer = self._hub.begin_method(_DEVICE, name, None, _METHOD_TIMEOUTS).result()
        _say("cloud", f"{name} has answered {status}: {answer}")
        self.methods += status == 200

    def _desire(self, readings: int) -> None:
        self._hub.patch_twin(_DEVICE, desired={"readings": readings})

    def _until_confirmed(self, readings: int) -> None:
        reported = self._hub.reported
        self._hub.wait(lambda: reported(_DEVICE).get("readings") == readings, _STEP_SECONDS)
        self.twin += 1

    def _until_readings(self, number: int) -> None:
        self._hub.wait(lambda: len(self.readings()) >= number, _STEP_SECONDS)

    def _completed(self) -> int:
        return self._hub.statistics()["Success"]

    def readings(self) -> set[int]:
        """The numbers of the readings that the hub has."""
        return {json.loads(event.body)["reading"] for event in self._hub.events(_DEVICE)}


def play() -> dict[str, int]:
    """Play it once.

    :return: the counters of ``_WANTED``
    """
    moments = Moments()
    with Hub(devices=(_DEVICE,), clock=moments.now) as hub:
        hub.patch_twin(_DEVICE, desired={"readings": _FIRST})
        hub.send_message(_DEVICE, "this has waited for you", ack="full")
        cloud, device = Cloud(hub, moments), Device(hub, moments)
        device.start()
        try:
            cloud.play()
        except (TimeoutError, HubError) as error:
            _say("cloud", str(error))
            device.give_up()
        device.join(_STEP_SECONDS)
        _say("device", f"the token was renewed with a gap of {device.statistics['gap']} ms")
        return {
            "sent": device.sent,
            "acknowledged": device.acknowledged,
            "received": device.received,
            "methods": cloud.methods,
            "twin": cloud.twin,
            "renewals": device.statistics["renewals"],
            "reconnects": device.statistics["reconnects"],
            "lost": len(set(range(1, device.sent + 1)) - cloud.readings()),
        }


def main() -> int:
    """Play it and print the counters, as the last line; the exit code is 0 if all are right."""
    totals = play()
    print(" ".join(f"{name}={number}" for name, number in totals.items()), flush=True)
    return 0 if totals == _WANTED else 1


if __name__ == "__main__":
    raise SystemExit(main())
