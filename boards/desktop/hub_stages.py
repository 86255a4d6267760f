# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What the examples for Azure IoT Hub find: a local hub, and somebody at a service who uses it."""

import contextlib
import threading

_DEVICE = "sensor"
# What takes longer than this will not come any more.
_STEP_SECONDS = 20
_METHOD_SECONDS = (20, 20)


class HubStage:
    """A hub with one device, its settings, and a service with a thread of its own.

    :param tell: called with each line of somebody else's than the example
    """

    starts = 1
    """How often the board is switched on."""
    certificate = False
    """Whether the device shows a certificate instead of a token."""

    def __init__(self, tell):
        self.tell = tell
        self.settings = {}
        self.hub = self._service = None
        self._open = contextlib.ExitStack()

    def __enter__(self):
        try:
            from .hub import Hub
        except ModuleNotFoundError as error:
            raise SystemExit(f"the hub needs {error.name}: install nxd-mqtt[desktop]")
        self.hub = self._open.enter_context(Hub(devices=()))
        text = self.hub.add_device(_DEVICE, x509=self.certificate)
        self.settings = {
            "AZURE_IOT_CONNECTION_STRING": text,
            "AZURE_IOT_PORT": str(self.hub.port),
            "AZURE_IOT_ROOTS": self.hub.ca_file,
        }
        if self.certificate:
            files = self.hub.certificate(_DEVICE)
            self.settings |= {
                "AZURE_IOT_CERTIFICATE": files.certificate,
                "AZURE_IOT_KEY": files.key,
            }
        return self

    def __exit__(self, *exception):
        self._open.close()

    def before(self, start: int) -> None:
        """The board is about to be switched on: the service begins its work."""
        self._service = threading.Thread(target=self.serve, daemon=True)
        self._service.start()

    def after(self) -> None:
        """The last start is over, and so is the service's work."""
        self._service.join(_STEP_SECONDS)

    def serve(self) -> None:
        """What the service does meanwhile: it waits for the first message, and tells of it."""
        self.tell(f"the hub has {self.body_of(1)}")

    def body_of(self, number: int) -> str:
        """Wait for a message of the device; the first one is 1."""
        self.hub.wait(lambda: len(self.hub.events()) >= number, _STEP_SECONDS)
        return self.hub.events()[number - 1].body.decode()

    def complaints(self) -> list[str]:
        """What the hub did not like."""
        return self.hub.reports()


class _Sending(HubStage):
    """A message waits for the device before it is switched on."""

    def before(self, start):
        self.hub.send_message(_DEVICE, "good morning", {"tone": "short & friendly"})
        super().before(start)

    def serve(self):
        self.body_of(3)
        for event in self.hub.events():
            (name, value), *_ = event.properties
            self.tell(f"the hub has {event.body.decode()} with {name} = {value}")


class _Certificate(HubStage):
    """A device that shows a certificate."""

    certificate = True


class _Calling(HubStage):
    """A service that calls methods, among them one that there is not."""

    def serve(self):
        self._call("blink", {"times": 3})
        self._call("blink", {"times": "often"})
        self._call("fly")
        self._call("stop")

    def _call(self, name: str, request=None) -> None:
        status, _ = self.hub.begin_method(_DEVICE, name, request, _METHOD_SECONDS).result()
        self.tell(f"{name} has answered {status}")


class _Driving(HubStage):
    """A service that changes the interval: with the device there, while it is away, and to 0."""

    def serve(self):
        self.body_of(3)
        self._drive(50)
        self.body_of(len(self.hub.events()) + 5)
        self.hub.cut(_DEVICE)
        self._drive(20)
        self._drive(0)

    def _drive(self, interval: int) -> None:
        self.hub.patch_twin(_DEVICE, desired={"interval": interval})
        self.hub.wait(lambda: self.hub.reported(_DEVICE).get("interval") == interval, _STEP_SECONDS)
        self.tell(f"reported interval: {interval}")

    def after(self):
        super().after()
        readings = {event.body for event in self.hub.events()}
        self.tell(f"the hub has {len(readings)} different readings")


STAGES = {
    "azure_sas": _Sending,
    "azure_x509": _Certificate,
    "azure_websocket": HubStage,
    "azure_methods": _Calling,
    "azure_twin_sensor": _Driving,
}
