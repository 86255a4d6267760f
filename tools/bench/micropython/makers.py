# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""How a program makes each client, up to its connect; each is told where sockets come from."""


class Clock:
    """Time that stands still."""

    def __call__(self) -> int:
        return 0


def nxd_mqtt(pool):
    """A receive queue of 2,048 bytes and a store of four packets of 256."""
    import nxd_mqtt.nxd

    nxd = nxd_mqtt.nxd

    ip = nxd.NX_IP()
    nxd.nx_ip_create(ip, "net", socket_pool=pool, clock=Clock())
    store = nxd.NX_PACKET_POOL()
    nxd.nx_packet_pool_create(store, "store", 256, None, 4 * 256)
    client = nxd.NXD_MQTT_CLIENT()
    status = nxd.nxd_mqtt_client_create(client, "client", "heap", ip, store, memory_size=2048)
    if status != nxd.NXD_MQTT_SUCCESS:
        raise RuntimeError(status)
    return client


def minimqtt(pool):
    """As it is made by default: what it sends and receives is made message by message."""
    from adafruit_minimqtt.adafruit_minimqtt import MQTT

    return MQTT(broker="broker", client_id="heap", socket_pool=pool)


def chumicro(pool):
    """As it is made by default: 256 bytes for what comes; what is sent is made by message."""
    from chumicro_mqtt import MQTTClient

    return MQTTClient(pool.wire, client_id="heap")


def umqtt(pool):
    """It has no buffers."""
    from umqtt.simple import MQTTClient

    return MQTTClient(b"heap", "broker")
