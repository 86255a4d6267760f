# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Where our packets are other ones than those of Microsoft's SDK, and why.

Theirs are in ``azure_sdk_packets``. Whatever is in no row here is equal.
"""

# (packet, words that its topic has or "", field, theirs, ours, why). Of a text theirs and ours are
# the part that differs; a row counts wherever that part occurs. {number} is a decimal number.
FIELDS = (
    (
        "CONNECT",
        "",
        "keepalive",
        60,
        240,
        "NetX's number: a quarter of the pings, for which a board has to wake its radio. A link "
        "that dies without a word is noticed later.",
    ),
    (
        "CONNECT",
        "",
        "username",
        "api-version=2019-10-01",
        "api-version=2021-04-12",
        "One version with and without a model, the one that Microsoft's SDK for Node.js uses.",
    ),
    (
        "CONNECT",
        "",
        "username",
        "api-version=2020-09-30",
        "api-version=2021-04-12",
        "The same version again: theirs changes with a model id, ours does not.",
    ),
    (
        "CONNECT",
        "",
        "username",
        "DeviceClientType={agent}",
        "DeviceClientType=nxd_mqtt",
        "Each client names itself. A name without the versions of everything below it keeps "
        "CONNECT small.",
    ),
    (
        "PUBLISH",
        "devices/",
        "topic",
        "a=~%2A%27%28%29%21%24%2C%3B%3A%40%2F&b=",
        "b=&a=~%2A%27%28%29%21%24%2C%3B%3A%40%2F",
        "Properties go out in the order in which they are added; theirs sorts the ones of the "
        "application. To a hub they are a map.",
    ),
    (
        "PUBLISH",
        "$iothub/twin/",
        "topic",
        "?$rid={request}",
        "?$rid={number}",
        "A request id has to be unlike the others of the device only. NetX's ids are numbers, even "
        "ones read and odd ones report; a UUID would take 36 bytes of a topic.",
    ),
    (
        "PUBLISH",
        "$iothub/twin/GET/",
        "payload",
        " ",
        "",
        "IoT Hub's description of the protocol asks for an empty message.",
    ),
    (
        "PUBLISH",
        "$iothub/twin/GET/",
        "qos",
        1,
        0,
        "As in NetX. A question that is sent again on a later link would be of no use there: the "
        "client reads the twin again after every further connect anyway.",
    ),
    (
        "PUBLISH",
        "$iothub/methods/res/",
        "payload",
        "null",
        "{}",
        "Both are JSON; this is what NetX makes of an empty answer.",
    ),
)

# (step, place of the packet, packet, whose it is alone, why)
PACKETS = (
    (
        "read the twin for the first time",
        1,
        ("SUBSCRIBE", {"subscriptions": (("$iothub/twin/PATCH/properties/desired/#", 1),)}),
        "ours",
        "NetX enables the whole twin by one call, so both filters are subscribed to at once.",
    ),
    (
        "ask for desired properties",
        0,
        ("SUBSCRIBE", {"subscriptions": (("$iothub/twin/PATCH/properties/desired/#", 1),)}),
        "theirs",
        "It is subscribed to since the twin was enabled.",
    ),
)
