# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What a broker bounds, and what it counts."""

from dataclasses import dataclass

# With one packet identifier less than there are, the next message always finds a free one.
_LARGEST_WINDOW = 65_534


@dataclass(frozen=True)
class Limits:
    """The bounds of a broker."""

    queued_messages: int = 1000
    """messages that wait in one session, beside those in flight; 0 is without limit"""
    in_flight: int = 20
    """QoS 1 messages that one subscriber has not acknowledged yet, 1 to 65,534"""
    packet_size: int = 1_048_576
    """bytes of one received packet"""
    write_buffer: int = 65_536
    """bytes that wait for one client's socket before its messages wait in the session instead"""
    socket_buffer: int = 0
    """bytes that the system buffers for one socket each way; 0 leaves that to the system, which
    takes megabytes before anybody notices a slow reader"""
    connect_seconds: float = 10.0
    """time from the connection to CONNECT, a WebSocket handshake included; the TLS handshake before
    that has as much for itself"""
    frame_size: int = 0
    """bytes of payload in one sent WebSocket frame; 0 sends what is ready in one frame"""

    def __post_init__(self):
        if not 1 <= self.in_flight <= _LARGEST_WINDOW:
            raise ValueError(f"in_flight is 1 to {_LARGEST_WINDOW}")


_COUNTED = (
    "connections",  # accepted CONNECTs
    "refused",  # CONNECTs answered with another return code than 0
    "takeovers",  # connections ended by a CONNECT with the same client identifier
    "keepalive_timeouts",
    "violations",  # connections ended because of what the client sent
    "received",  # PUBLISH packets, all QoS, repetitions included
    "received_duplicates",  # of these the ones with DUP
    "acknowledged",  # of these the ones answered with PUBACK or PUBREC, held answers included
    "delivered",  # PUBLISH packets to subscribers, each message once
    "redelivered",  # the same, sent again with DUP
    "delivery_acknowledged",  # PUBACKs received for what was in flight
    "unexpected_acknowledgements",  # PUBACKs received for nothing in flight
    "dropped",  # messages that found no room, or whose QoS 0 reader did not read
    "wills",  # will messages published
    "subscribes",  # SUBSCRIBE packets
    "unsubscribes",  # UNSUBSCRIBE packets
    "pings",  # PINGREQ packets
    "pongs",  # WebSocket PONG frames that answer the last PING of the broker
)


def new_counters() -> dict[str, int]:
    """Counters, all of them 0."""
    return dict.fromkeys(_COUNTED, 0)
