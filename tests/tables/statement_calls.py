# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What an application asks for, what the client refuses of it, and what it sends.

Statements are numbers with blanks between them.
"""

from .packets import NO_TEXTS, NO_TOPICS

_INVALID_PARAMETER = 0x10009
_QOS2_NOT_SUPPORTED = 0x1000C

_NOT_UTF_8 = tuple(text for _, text in NO_TEXTS if b"\0" not in text)
_WITH_NUL = ("a\0b", *(text for _, text in NO_TEXTS if b"\0" in text))
_WILD = tuple(topic for _, topic in NO_TOPICS)
_TOO_LONG = ("t" * 65536, b"\xc3\xa9" * 32768)

# (call, the statement that says that its text is UTF-8)
_TEXTS = (
    ("publish to", "MQTT-3.3.2-1"),
    ("subscribe to", "MQTT-3.8.3-1"),
    ("unsubscribe from", "MQTT-3.10.3-1"),
    ("will topic", "MQTT-3.1.3-10"),
    ("user name", "MQTT-3.1.3-11"),
    ("client id", "MQTT-3.1.3-4"),
)
_TOPICS = ("publish to", "subscribe to", "unsubscribe from", "will topic")
_PUBLISHED = ("publish to", "will topic")
_FILTERS = ("subscribe to", "unsubscribe from")

# (statements, name, call, values that it refuses, status, words of the cause)
CALLS = (
    *(
        (
            "MQTT-1.5.3-1 " + statement,
            call + ", no UTF-8",
            call,
            _NOT_UTF_8,
            _INVALID_PARAMETER,
            "not UTF-8",
        )
        for call, statement in _TEXTS
    ),
    *(
        (
            "MQTT-1.5.3-1 " + statement,
            call + ", a surrogate",
            call,
            ("\ud800", "a\udfff"),
            _INVALID_PARAMETER,
            "must be UTF-8",
        )
        for call, statement in _TEXTS
    ),
    *(
        (
            "MQTT-1.5.3-2" + " MQTT-4.7.3-2" * (call in _TOPICS),
            call + ", NUL",
            call,
            _WITH_NUL,
            _INVALID_PARAMETER,
            "NUL",
        )
        for call, _ in _TEXTS
    ),
    *(
        ("MQTT-4.7.3-1", call + ", nothing", call, ("", b"", None), _INVALID_PARAMETER, "empty")
        for call in _TOPICS
    ),
    *(
        (
            "MQTT-4.7.3-3",
            call + ", 65536 bytes",
            call,
            _TOO_LONG,
            _INVALID_PARAMETER,
            "exceeds 65535 bytes",
        )
        for call in _TOPICS
    ),
    *(
        (
            "MQTT-4.7.1-1 MQTT-3.3.2-2",
            call + ", a wildcard",
            call,
            _WILD,
            _INVALID_PARAMETER,
            "wildcard",
        )
        for call in _PUBLISHED
    ),
    *(
        (
            "MQTT-4.7.1-2",
            call + ", # elsewhere",
            call,
            ("a#", "#a", "#/a", "a/#/b", "a/b#", "##", "/#/", "+#"),
            _INVALID_PARAMETER,
            "whole level",
        )
        for call in _FILTERS
    ),
    *(
        (
            "MQTT-4.7.1-3",
            call + ", + in a word",
            call,
            ("a+", "+a", "a/+b/c", "a/b+/c", "++", "+/a+"),
            _INVALID_PARAMETER,
            "whole level",
        )
        for call in _FILTERS
    ),
    *(
        (statements, call + ", 2", call, (2,), _QOS2_NOT_SUPPORTED, "QoS must be 0 or 1")
        for statements, call in (
            ("MQTT-3.8.4-6 MQTT-3.8.3-4", "subscribe QoS"),
            ("MQTT-3.1.2-14", "will QoS"),
            ("MQTT-3.3.4-1", "publish QoS"),
        )
    ),
    *(
        (
            statements,
            call + ", 3 and others",
            call,
            (3, 4, 128, 255, -1),
            _INVALID_PARAMETER,
            "QoS must be",
        )
        for statements, call in (
            ("MQTT-3.8.3-4", "subscribe QoS"),
            ("MQTT-3.1.2-14", "will QoS"),
            ("MQTT-3.3.1-4", "publish QoS"),
        )
    ),
    (
        "MQTT-3.1.3-7",
        "connect without an identifier, no clean session",
        "connect without an identifier",
        (0,),
        _INVALID_PARAMETER,
        "needs a clean session",
    ),
)

# (statements, name, call, arguments, the packet that goes out, on a link that has sent none yet)
SENDS = (
    (
        "MQTT-4.3.1-1 MQTT-2.3.1-5 MQTT-3.3.1-2",
        "PUBLISH at QoS 0",
        "publish",
        ("t", "m", 0, 0, 0),
        b"\x30\4\0\1tm",
    ),
    (
        "MQTT-4.3.1-1 MQTT-2.3.1-5 MQTT-3.3.1-2",
        "PUBLISH at QoS 0 with RETAIN",
        "publish",
        ("t", None, 1, 0, 0),
        b"\x31\3\0\1t",
    ),
    ("MQTT-4.3.2-1", "PUBLISH at QoS 1", "publish", ("t", "m", 0, 1, 0), b"\x32\6\0\1t\0\1m"),
    (
        "MQTT-1.5.3-3",
        "PUBLISH with a byte order mark",
        "publish",
        ("\ufeffa", "m", 0, 0, 0),
        b"\x30\7\0\4\xef\xbb\xbfam",
    ),
    (
        "MQTT-2.2.2-1 MQTT-3.8.1-1 MQTT-3.8.3-3 MQTT-3.8.3-4",
        "SUBSCRIBE",
        "subscribe",
        ("a", 1),
        b"\x82\6\0\1\0\1a\1",
    ),
    *(
        (
            statement,
            "SUBSCRIBE to %s" % topic,
            "subscribe",
            (topic, 0),
            bytes([0x82, 5 + len(topic), 0, 1, 0, len(topic)]) + topic.encode() + b"\0",
        )
        for statement, topic in (
            ("MQTT-4.7.1-2", "#"),
            ("MQTT-4.7.1-2", "/#"),
            ("MQTT-4.7.1-3", "+"),
            ("MQTT-4.7.1-3", "a/+/b"),
            ("MQTT-4.7.1-2 MQTT-4.7.1-3", "+/+/#"),
        )
    ),
    (
        "MQTT-2.2.2-1 MQTT-3.10.1-1 MQTT-3.10.3-2",
        "UNSUBSCRIBE",
        "unsubscribe",
        ("a",),
        b"\xa2\5\0\1\0\1a",
    ),
    ("MQTT-2.2.2-1 MQTT-3.14.1-1 MQTT-3.14.4-1", "DISCONNECT", "disconnect", (), b"\xe0\0"),
)

_NO_WILL = "MQTT-3.1.2-11 MQTT-3.1.2-13 MQTT-3.1.2-15"
_NO_LOGIN = "MQTT-3.1.2-18 MQTT-3.1.2-20"

# (statements, name of the row in ``packets.CONNECTS``)
CONNECT_ROWS = (
    ("MQTT-3.1.2-1 MQTT-3.1.2-2 MQTT-3.1.2-3 MQTT-2.2.2-1", "client id"),
    ("MQTT-3.1.3-6", "no client id"),
    ("MQTT-3.1.2-1 MQTT-3.1.2-2 MQTT-3.1.2-3 " + _NO_WILL + " " + _NO_LOGIN, "session kept"),
    ("MQTT-3.1.2-23", "keepalive 60"),
    ("MQTT-3.1.2-23", "keepalive 256"),
    ("MQTT-3.1.2-23", "longest keepalive"),
    ("MQTT-3.1.3-4", "client id beyond ASCII"),
    ("MQTT-3.1.2-19 MQTT-3.1.2-20 " + _NO_WILL, "user name"),
    ("MQTT-3.1.2-19 MQTT-3.1.2-20", "empty user name"),
    ("MQTT-3.1.2-19 MQTT-3.1.2-21", "login"),
    ("MQTT-3.1.2-19 MQTT-3.1.2-21", "empty login"),
    ("MQTT-3.1.2-9 " + _NO_LOGIN, "empty will"),
    ("MQTT-3.1.2-9 MQTT-3.1.2-14", "will at QoS 1"),
    ("MQTT-3.1.2-9", "will that is retained"),
    ("MQTT-3.1.3-1 MQTT-3.1.3-3", "everything"),
)

# (statements, test)
STORIES = (
    ("MQTT-3.1.0-1", "test_connect_is_the_first_packet"),
    ("MQTT-3.1.0-1", "test_what_is_accepted_without_a_link_waits"),
    ("MQTT-3.1.0-2", "test_a_second_connect_is_not_sent"),
    ("MQTT-3.1.2-22", "test_a_password_alone_is_not_sent"),
    ("MQTT-3.1.3-11", "test_a_user_name_from_a_function_is_text"),
    ("MQTT-3.1.3-2", "test_the_client_identifier_stays"),
    ("MQTT-3.1.2-23", "test_a_pingreq_goes_out_in_time"),
    ("MQTT-3.1.2-23", "test_a_publish_counts_for_the_keepalive"),
    (
        "MQTT-3.1.4-4 MQTT-3.8.4-1 MQTT-3.10.4-4 MQTT-3.12.4-1",
        "test_an_overdue_answer_ends_the_link",
    ),
    ("MQTT-3.2.2-2 MQTT-3.2.2-3", "test_session_present_is_shown"),
    (
        "MQTT-3.3.1-1 MQTT-4.4.0-1 MQTT-2.3.1-3 MQTT-4.6.0-1 MQTT-3.1.2-4 MQTT-4.1.0-1",
        "test_what_is_unacknowledged_is_sent_again",
    ),
    ("MQTT-3.1.2-6", "test_a_clean_session_forgets_what_was_sent"),
    ("MQTT-3.1.2-6", "test_a_clean_session_owes_nothing_old"),
    ("MQTT-2.3.1-1", "test_after_identifier_65535_comes_1"),
    ("MQTT-2.3.1-2 MQTT-4.3.2-1", "test_an_identifier_in_use_is_skipped"),
    ("MQTT-2.3.1-3", "test_an_acknowledged_identifier_is_free"),
    ("MQTT-4.1.0-2 MQTT-4.3.2-1", "test_a_living_link_drops_and_repeats_nothing"),
    ("MQTT-4.6.0-2", "test_pubacks_keep_their_order"),
    ("MQTT-2.3.1-7", "test_a_second_suback_ends_the_link"),
    ("MQTT-3.14.4-1 MQTT-3.14.4-2", "test_disconnect_is_the_last_packet"),
    ("MQTT-4.7.3-3", "test_a_topic_of_65535_bytes_is_sent"),
    ("MQTT-4.8.0-1", "test_what_comes_before_a_violation_counts"),
    ("MQTT-4.8.0-2", "test_a_failed_read_ends_the_link"),
    ("MQTT-4.8.0-2", "test_a_full_queue_loses_nothing"),
    ("MQTT-6.0.0-1", "test_packets_travel_in_binary_frames"),
    ("MQTT-6.0.0-1", "test_a_frame_that_is_not_binary_ends_the_link"),
    ("MQTT-6.0.0-2", "test_packets_begin_and_end_anywhere_in_frames"),
    ("MQTT-6.0.0-3", "test_the_subprotocol_mqtt_is_offered"),
    ("MQTT-6.0.0-4", "test_another_subprotocol_ends_the_attempt"),
    ("MQTT-7.0.0-2 MQTT-7.1.2-1", "test_every_stream_of_bytes_will_do"),
)
