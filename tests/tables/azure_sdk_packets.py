# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What Microsoft's ``azure-iot-device`` 2.14.0 sends, step by step: its packets as plain rows.

A row is a packet's name and its fields. Names in braces stand for what differs from run to run; a
packet identifier is left out. The payloads are text. PINGREQ, and what TLS and WebSocket put around
the packets, are not in it.
"""

# What the steps were done with.
BODY = '{"temperature": 21.5}'
TELEMETRY = {
    "message_id": "id 1",
    "correlation_id": "corr/1",
    "content_type": "application/json",
    "content_encoding": "utf-8",
    "properties": {"temp alert": "a&b=c+\u00fc"},
}
# Every other system property that a device can give, and names out of order.
MORE_TELEMETRY = {
    "user_id": "user?",
    "expiry_time_utc": "2027-01-01T00:00:00Z",
    "properties": {"b": "", "a": "~*'()!$,;:@/"},
}
PATCH = {"temperature": 21.5, "gone": None}
ANSWER = (200, {"in": 5})
MODEL_ID = "dtmi:com:example:Thermostat;1"
MODULE_ID = "pump"


def _connect(name="{device}", version="2019-10-01", options="", resource="%2Fdevices%2F{device}"):
    user = "{host}/%s/?api-version=%s&DeviceClientType={agent}%s" % (name, version, options)
    token = "SharedAccessSignature sr={host}%s&sig={signature}&se={expiry}"
    return (
        "CONNECT",
        {
            "client_id": name,
            "clean_session": False,
            "keepalive": 60,
            "will": None,
            "username": user,
            "password": token % resource if resource else None,
        },
    )


def _publish(topic, payload):
    fields = {"topic": topic, "payload": payload, "qos": 1, "retain": False, "duplicate": False}
    return "PUBLISH", fields


def _subscribe(topic_filter):
    return "SUBSCRIBE", {"subscriptions": ((topic_filter, 1),)}


_EVENTS = "devices/{device}/messages/events/"
_TWIN_READ = _publish("$iothub/twin/GET/?$rid={request}", " ")
_DISCONNECT = ("DISCONNECT", {})

# Step -> packets, in their order.
SENT = {
    "connect with a key": (_connect(),),
    "connect with a certificate": (_connect(resource=None),),
    "connect with a model": (
        _connect(version="2020-09-30", options="&model-id=dtmi%3Acom%3Aexample%3AThermostat%3B1"),
    ),
    "connect as a module": (
        _connect("{device}/pump", resource="%2Fdevices%2F{device}%2Fmodules%2Fpump"),
    ),
    "telemetry": (_publish(_EVENTS, BODY),),
    "telemetry with properties": (
        _publish(
            _EVENTS + "%24.mid=id%201&%24.cid=corr%2F1&%24.ct=application%2Fjson&%24.ce=utf-8"
            "&temp%20alert=a%26b%3Dc%2B%C3%BC",
            BODY,
        ),
    ),
    "telemetry with more properties": (
        _publish(
            _EVENTS + "%24.uid=user%3F&%24.exp=2027-01-01T00%3A00%3A00Z"
            "&a=~%2A%27%28%29%21%24%2C%3B%3A%40%2F&b=",
            BODY,
        ),
    ),
    "telemetry of a module": (_publish("devices/{device}/modules/pump/messages/events/", BODY),),
    "read the twin for the first time": (_subscribe("$iothub/twin/res/#"), _TWIN_READ),
    "read the twin": (_TWIN_READ,),
    "report": (
        _publish(
            "$iothub/twin/PATCH/properties/reported/?$rid={request}",
            '{"temperature": 21.5, "gone": null}',
        ),
    ),
    "ask for messages": (_subscribe("devices/{device}/messages/devicebound/#"),),
    "ask for desired properties": (_subscribe("$iothub/twin/PATCH/properties/desired/#"),),
    "ask for methods": (_subscribe("$iothub/methods/POST/#"),),
    "a message has come": (("PUBACK", {}),),
    "answer a method": (_publish("$iothub/methods/res/200/?$rid={request}", '{"in": 5}'),),
    "answer a method with nothing": (_publish("$iothub/methods/res/404/?$rid={request}", "null"),),
    # The session is present: it subscribes to nothing again, and reads the twin.
    "connect again": (_connect(), _TWIN_READ),
    "renew the token": (_DISCONNECT, _connect()),
    "disconnect": (_DISCONNECT,),
}
