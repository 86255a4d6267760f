# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The flow of NetX's own MQTT demo, in a thread: subscribe, publish, wait for the flag, take it.

docs/porting.rst has the C call beside each line. settings.toml must name the broker: MQTT_BROKER;
it may also have MQTT_PORT, MQTT_CLIENT_ID and MQTT_TOPIC.
"""

import os

import boards
from nxd_mqtt.nxd import (
    NX_FALSE,
    NX_IP,
    NX_IP_PERIODIC_RATE,
    NX_PACKET_POOL,
    NX_TRUE,
    NX_WAIT_FOREVER,
    NXD_MQTT_CLIENT,
    NXD_MQTT_NOT_CONNECTED,
    NXD_MQTT_SUCCESS,
    nx_ip_create,
    nx_packet_pool_create,
    nxd_mqtt_client_connect,
    nxd_mqtt_client_create,
    nxd_mqtt_client_delete,
    nxd_mqtt_client_disconnect,
    nxd_mqtt_client_disconnect_notify_set,
    nxd_mqtt_client_message_get,
    nxd_mqtt_client_publish,
    nxd_mqtt_client_receive_notify_set,
    nxd_mqtt_client_subscribe,
    nxd_mqtt_client_unsubscribe,
)
from nxd_mqtt.tx import (
    TX_AUTO_START,
    TX_EVENT_FLAGS_GROUP,
    TX_KERNEL,
    TX_NO_TIME_SLICE,
    TX_OR,
    TX_OR_CLEAR,
    TX_SUCCESS,
    TX_THREAD,
    tx_event_flags_create,
    tx_event_flags_delete,
    tx_event_flags_get,
    tx_event_flags_set,
    tx_kernel_enter,
    tx_thread_create,
    tx_wait,
)

BROKER = os.getenv("MQTT_BROKER")
PORT = int(os.getenv("MQTT_PORT") or 1883)
CLIENT_ID = str(os.getenv("MQTT_CLIENT_ID") or boards.client_id())
TOPIC = str(os.getenv("MQTT_TOPIC") or "nxd_mqtt/demo") + "/echo"
MESSAGE = "hello"
KEEPALIVE = 60
QOS_1 = 1

MESSAGE_CAME = 1
LINK_LOST = 2

ip = NX_IP()
pool = NX_PACKET_POOL()
client = NXD_MQTT_CLIENT()
application = TX_THREAD()
events = TX_EVENT_FLAGS_GROUP()

topic = bytearray(64)
message = bytearray(64)


def message_came(client, count):
    """A receive notify: a message is in the queue."""
    tx_event_flags_set(events, MESSAGE_CAME, TX_OR)


def link_lost(client):
    """A disconnect notify."""
    tx_event_flags_set(events, LINK_LOST, TX_OR)


def prepare():
    """Create the client, and say what it is to tell."""
    status = nxd_mqtt_client_create(client, "client", CLIENT_ID, ip, pool)
    if status == NXD_MQTT_SUCCESS:
        status = nxd_mqtt_client_receive_notify_set(client, message_came)
    if status == NXD_MQTT_SUCCESS:
        status = nxd_mqtt_client_disconnect_notify_set(client, link_lost)
    return status


async def connect_to_broker():
    """Connect, and wait until that is done."""
    wait = 5 * NX_IP_PERIODIC_RATE
    arguments = (client, BROKER, PORT, KEEPALIVE, NX_TRUE, wait)
    return await tx_wait(nxd_mqtt_client_connect, *arguments)


async def send_and_wait():
    """Publish to the topic that is subscribed to, and wait for the message to come back."""
    status = nxd_mqtt_client_subscribe(client, TOPIC, QOS_1)
    if status != NXD_MQTT_SUCCESS:
        return status
    arguments = (client, TOPIC, MESSAGE, NX_FALSE, QOS_1, NX_WAIT_FOREVER)
    status = await tx_wait(nxd_mqtt_client_publish, *arguments)
    if status != NXD_MQTT_SUCCESS:
        return status
    wait = 5 * NX_IP_PERIODIC_RATE
    wanted = MESSAGE_CAME | LINK_LOST
    status, actual = await tx_event_flags_get(events, wanted, TX_OR_CLEAR, wait)
    if status != TX_SUCCESS:
        return status
    return NXD_MQTT_NOT_CONNECTED if actual & LINK_LOST else NXD_MQTT_SUCCESS


def print_messages():
    """Take every message out of the queue."""
    while True:
        status, topic_length, length = nxd_mqtt_client_message_get(client, topic, message)
        if status != NXD_MQTT_SUCCESS:
            return
        print("%s: %s" % (str(topic[:topic_length], "utf-8"), str(message[:length], "utf-8")))


async def application_entry(entry_input):
    """The application's thread."""
    status = prepare()
    if status == NXD_MQTT_SUCCESS:
        status = await connect_to_broker()
    if status == NXD_MQTT_SUCCESS:
        status = await send_and_wait()
    if status == NXD_MQTT_SUCCESS:
        print_messages()
        status = nxd_mqtt_client_unsubscribe(client, TOPIC)

    nxd_mqtt_client_disconnect(client)
    nxd_mqtt_client_delete(client)
    tx_event_flags_delete(events)
    print("ended with status 0x%X" % status)


def tx_application_define(first_unused_memory):
    """Create the first thread and what it needs."""
    nx_packet_pool_create(pool, "pool", 512, None, 16 * 512)
    nx_ip_create(ip, "ip", radio=boards.connect(), kernel=TX_KERNEL)

    tx_event_flags_create(events, "events")
    # fmt: off
    tx_thread_create(application, "application", application_entry, 0,
                     None, 0,
                     2, 2, TX_NO_TIME_SLICE, TX_AUTO_START)
    # fmt: on


def main():
    """Enter the kernel; it returns when the thread has ended."""
    tx_kernel_enter(tx_application_define)


if __name__ == "__main__":
    main()
