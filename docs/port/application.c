/* SPDX-FileCopyrightText: 2026 nxd_mqtt authors

   SPDX-License-Identifier: MIT

   An application for NetX Duo: it subscribes to a topic, publishes
   a message to it, waits until it is back, and prints it.  */

#include <stdio.h>
#include <string.h>
#include "tx_api.h"
#include "nx_api.h"
#include "nxd_mqtt_client.h"

#define CLIENT_ID   "netx-demo"
#define BROKER      IP_ADDRESS(192, 168, 1, 10)
#define TOPIC       "nxd_mqtt/demo/echo"
#define MESSAGE     "hello"
#define KEEPALIVE   60
#define QOS_1       1

#define MESSAGE_CAME    1
#define LINK_LOST       2

static NX_IP                 ip;
static NX_PACKET_POOL        pool;
static NXD_MQTT_CLIENT       client;
static TX_THREAD             application;
static TX_EVENT_FLAGS_GROUP  events;

static UCHAR  pool_memory[16 * (512 + sizeof(NX_PACKET))];
static UCHAR  ip_stack[2048];
static UCHAR  client_stack[4096];
static UCHAR  application_stack[4096];

static UCHAR  topic[64];
static UCHAR  message[64];

VOID  board_network_driver(NX_IP_DRIVER *request);

static VOID message_came(NXD_MQTT_CLIENT *client_ptr, UINT count)
{
    tx_event_flags_set(&events, MESSAGE_CAME, TX_OR);
}

static VOID link_lost(NXD_MQTT_CLIENT *client_ptr)
{
    tx_event_flags_set(&events, LINK_LOST, TX_OR);
}

static UINT prepare(VOID)
{
    UINT status;

    status = nxd_mqtt_client_create(&client, "client",
                                    CLIENT_ID, strlen(CLIENT_ID),
                                    &ip, &pool,
                                    client_stack, sizeof(client_stack), 3,
                                    NX_NULL, 0);
    if (status == NXD_MQTT_SUCCESS)
        status = nxd_mqtt_client_receive_notify_set(&client, message_came);
    if (status == NXD_MQTT_SUCCESS)
        status = nxd_mqtt_client_disconnect_notify_set(&client, link_lost);
    return status;
}

static UINT connect_to_broker(VOID)
{
    NXD_ADDRESS server;
    UINT        status;

    server.nxd_ip_version = NX_IP_VERSION_V4;
    server.nxd_ip_address.v4 = BROKER;
    status = nxd_mqtt_client_connect(&client, &server, NXD_MQTT_PORT,
                                     KEEPALIVE, NX_TRUE,
                                     5 * NX_IP_PERIODIC_RATE);
    return status;
}

static UINT send_and_wait(VOID)
{
    ULONG actual;
    UINT  status;

    status = nxd_mqtt_client_subscribe(&client, TOPIC, strlen(TOPIC), QOS_1);
    if (status != NXD_MQTT_SUCCESS)
        return status;
    status = nxd_mqtt_client_publish(&client, TOPIC, strlen(TOPIC),
                                     MESSAGE, strlen(MESSAGE),
                                     NX_FALSE, QOS_1, NX_WAIT_FOREVER);
    if (status != NXD_MQTT_SUCCESS)
        return status;
    status = tx_event_flags_get(&events, MESSAGE_CAME | LINK_LOST,
                                TX_OR_CLEAR, &actual,
                                5 * NX_IP_PERIODIC_RATE);
    if (status != TX_SUCCESS)
        return status;
    return (actual & LINK_LOST) ? NXD_MQTT_NOT_CONNECTED : NXD_MQTT_SUCCESS;
}

static VOID print_messages(VOID)
{
    UINT topic_length, message_length;

    while (nxd_mqtt_client_message_get(&client,
                                       topic, sizeof(topic), &topic_length,
                                       message, sizeof(message),
                                       &message_length) == NXD_MQTT_SUCCESS)
    {
        printf("%.*s: %.*s\n", (int)topic_length, topic,
               (int)message_length, message);
    }
}

static VOID application_entry(ULONG input)
{
    UINT status;

    status = prepare();
    if (status == NXD_MQTT_SUCCESS)
        status = connect_to_broker();
    if (status == NXD_MQTT_SUCCESS)
        status = send_and_wait();
    if (status == NXD_MQTT_SUCCESS)
    {
        print_messages();
        status = nxd_mqtt_client_unsubscribe(&client, TOPIC, strlen(TOPIC));
    }

    nxd_mqtt_client_disconnect(&client);
    nxd_mqtt_client_delete(&client);
    tx_event_flags_delete(&events);
    printf("ended with status 0x%X\n", status);
}

VOID tx_application_define(VOID *first_unused_memory)
{
    nx_system_initialize();
    nx_packet_pool_create(&pool, "pool", 512,
                          pool_memory, sizeof(pool_memory));
    nx_ip_create(&ip, "ip", IP_ADDRESS(192, 168, 1, 20), 0xFFFFFF00,
                 &pool, board_network_driver,
                 ip_stack, sizeof(ip_stack), 1);
    nx_arp_enable(&ip, NX_NULL, 0);
    nx_tcp_enable(&ip);

    tx_event_flags_create(&events, "events");
    tx_thread_create(&application, "application", application_entry, 0,
                     application_stack, sizeof(application_stack),
                     2, 2, TX_NO_TIME_SLICE, TX_AUTO_START);
}

int main(void)
{
    tx_kernel_enter();
    return 0;
}
