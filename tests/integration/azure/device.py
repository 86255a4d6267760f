# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""A device made of Microsoft's ``azure-iot-device``; it runs in the interpreter that has it."""

from pathlib import Path

from azure.iot.device import X509, IoTHubDeviceClient, IoTHubModuleClient, Message, MethodResponse
from lines import error_of, obey, say

_CLASSES = {"device": IoTHubDeviceClient, "module": IoTHubModuleClient}
# What a message has beside its body, its id, its content and the program's own properties.
_ATTRIBUTES = ("correlation_id", "user_id", "expiry_time_utc")


class Device:
    """One client of the SDK; its methods are what a test may ask for."""

    def __init__(self):
        self._client = None
        self._answers = {}

    def create(self, way, root=None, kind="device", certificate=None, key=None, **options):
        """Makes the client.

        :param way: a connection string, a token, or nothing for a certificate
        :param root: path of the certificate to trust
        :param certificate: path of the device's own, and of its key
        """
        if root:
            options["server_verification_cert"] = Path(root).read_text(encoding="ascii")
        made = _CLASSES[kind]
        if certificate:
            options["x509"] = X509(certificate, key)
            self._client = made.create_from_x509_certificate(**options)
        elif way.startswith("SharedAccessSignature "):
            self._client = made.create_from_sastoken(way, **options)
        else:
            self._client = made.create_from_connection_string(way, **options)
        self._client.on_connection_state_change = self._state_changed
        self._client.on_background_exception = self._failed
        self._client.on_new_sastoken_required = self._token_wanted

    def connect(self):
        """Opens the connection."""
        self._client.connect()

    def disconnect(self):
        """Ends the connection."""
        self._client.disconnect()

    def shutdown(self):
        """Ends the client, if there is one."""
        if self._client is not None:
            self._client.shutdown()
            self._client = None

    def replace_token(self, token):
        """Gives a client that was made with a token the next one."""
        self._client.update_sastoken(token)

    # ------------------------------------------------------------ messages

    def send(self, body, properties=None, message_id=None, **fields):
        """Sends telemetry; returns when the hub has acknowledged it.

        :param properties: the program's own
        :param fields: system properties, by the SDK's names
        """
        later = {name: fields.pop(name) for name in _ATTRIBUTES if name in fields}
        message = Message(body, message_id, **fields)
        for name, value in later.items():
            setattr(message, name, value)
        message.custom_properties = properties or {}
        self._client.send_message(message)

    def take_messages(self):
        """Asks for messages from the cloud."""
        self._client.on_message_received = self._message_came

    def _message_came(self, message):
        names = ("message_id", "content_type", "content_encoding", "ack", *_ATTRIBUTES)
        say(
            told="message",
            body=message.data.decode("utf-8"),
            properties=message.custom_properties,
            **{name: getattr(message, name) for name in names},
        )

    # ------------------------------------------------------------ the twin

    def twin(self):
        """Reads the twin."""
        return self._client.get_twin()

    def report(self, patch):
        """Changes what is reported."""
        self._client.patch_twin_reported_properties(patch)

    def take_desired(self):
        """Asks for changes of what is desired."""
        self._client.on_twin_desired_properties_patch_received = self._desired_came

    def _desired_came(self, patch):
        say(told="desired", patch=patch)

    # ------------------------------------------------------------ methods

    def take_methods(self, answers):
        """Asks for methods.

        :param answers: status and payload for each name; other names are answered with 404
        """
        self._answers = answers
        self._client.on_method_request_received = self._method_came

    def _method_came(self, request):
        say(told="method", name=request.name, payload=request.payload)
        status, payload = self._answers.get(request.name, (404, None))
        answer = MethodResponse.create_from_method_request(request, status, payload)
        self._client.send_method_response(answer)
        say(told="answered", name=request.name)

    # ------------------------------------------------------------ the connection

    def _state_changed(self):
        say(told="state", connected=self._client.connected)

    def _failed(self, error):
        say(told="failure", **error_of(error))

    def _token_wanted(self):
        say(told="token wanted")


if __name__ == "__main__":
    device = Device()
    obey(device)
    # Its threads would keep the interpreter.
    device.shutdown()
