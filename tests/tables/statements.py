# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Every numbered statement of MQTT 3.1.1, and what this client makes of it.

A row of ``STATEMENTS`` is (number, what the standard says, what the client does): it has rows in
the other tables of statements. A row of ``NOT_OURS`` is (number, what the standard says, why the
client has nothing to do with it). The numbers are those of the standard's appendix B.
"""

from .statement_packets import PACKETS
from .statement_publishes import PUBLISHES

CASES = PACKETS + PUBLISHES

STATEMENTS = (
    (
        "MQTT-1.5.3-1",
        "Text is well-formed UTF-8 without surrogates, or the link is closed.",
        "Ends the link; refuses to send such text.",
    ),
    (
        "MQTT-1.5.3-2",
        "Text holds no NUL, or the link is closed.",
        "Ends the link; refuses to send it.",
    ),
    (
        "MQTT-1.5.3-3",
        "A byte order mark is a character like any other.",
        "Hands it on and sends it as it is.",
    ),
    ("MQTT-2.2.2-1", "Reserved header flags have their listed value.", "Sends them so."),
    ("MQTT-2.2.2-2", "Wrong header flags close the link.", "Ends the link."),
    (
        "MQTT-2.3.1-1",
        "A packet identifier is never 0.",
        "Goes from 65535 to 1; ends the link that brings a 0.",
    ),
    ("MQTT-2.3.1-2", "A new packet takes an identifier that is free.", "Skips those in use."),
    (
        "MQTT-2.3.1-3",
        "What is sent again keeps its identifier; the acknowledgement sets it free.",
        "Does so.",
    ),
    (
        "MQTT-2.3.1-5",
        "A PUBLISH at QoS 0 has no identifier.",
        "Writes none, and takes what stands there for payload.",
    ),
    (
        "MQTT-2.3.1-6",
        "A PUBACK has the identifier of its PUBLISH.",
        "Sends it so; a well-formed PUBACK that fits nothing is ignored.",
    ),
    (
        "MQTT-2.3.1-7",
        "SUBACK and UNSUBACK have the identifier of their request.",
        "Ends the link on a SUBACK that fits nothing; ignores such an UNSUBACK.",
    ),
    (
        "MQTT-3.1.0-1",
        "The client's first packet is CONNECT.",
        "Sends nothing before it, nor behind it until the CONNACK.",
    ),
    ("MQTT-3.1.0-2", "A second CONNECT is a violation.", "Never sends one."),
    ("MQTT-3.1.2-1", "The protocol's name is MQTT.", "Sends it so."),
    (
        "MQTT-3.1.2-2",
        "A level that the server does not support is refused with code 1.",
        "Sends level 4; code 1 ends the attempt and has its own status.",
    ),
    ("MQTT-3.1.2-3", "The reserved connect flag is 0.", "Sends it so."),
    (
        "MQTT-3.1.2-4",
        "Without a clean session both sides keep the session over the end of the link.",
        "Keeps what is unacknowledged and sends it again.",
    ),
    (
        "MQTT-3.1.2-6",
        "A clean session begins anew; nothing of an earlier one is used.",
        "Drops what was sent, and owes no acknowledgement of an earlier link.",
    ),
    (
        "MQTT-3.1.2-9",
        "With the will flag there are a will topic and a will message.",
        "Writes both, the message empty if need be.",
    ),
    (
        "MQTT-3.1.2-11",
        "Without the will flag there is nothing of a will.",
        "Writes no field, no QoS, no retain.",
    ),
    ("MQTT-3.1.2-13", "Without the will flag the will QoS is 0.", "Writes 0."),
    ("MQTT-3.1.2-14", "The will QoS is not 3.", "Refuses 3, and 2 with a status of its own."),
    ("MQTT-3.1.2-15", "Without the will flag will retain is 0.", "Writes 0."),
    ("MQTT-3.1.2-18", "Without its flag there is no user name.", "Writes none."),
    ("MQTT-3.1.2-19", "With its flag there is a user name.", "Writes it, empty if need be."),
    ("MQTT-3.1.2-20", "Without its flag there is no password.", "Writes none."),
    ("MQTT-3.1.2-21", "With its flag there is a password.", "Writes it, empty if need be."),
    ("MQTT-3.1.2-22", "Without a user name there is no password.", "Leaves the password out."),
    (
        "MQTT-3.1.2-23",
        "The client never stays silent for longer than the keepalive.",
        "Sends PINGREQ before it is over.",
    ),
    ("MQTT-3.1.3-1", "The fields of CONNECT have one order.", "Writes them in it."),
    (
        "MQTT-3.1.3-2",
        "The client identifier names the session.",
        "Sends the same at every connect.",
    ),
    ("MQTT-3.1.3-3", "The client identifier comes first and is there.", "Writes it first."),
    ("MQTT-3.1.3-4", "The client identifier is UTF-8 text.", "Refuses any other."),
    (
        "MQTT-3.1.3-6",
        "A server may accept an empty client identifier.",
        "Sends one when it has none.",
    ),
    (
        "MQTT-3.1.3-7",
        "An empty client identifier needs a clean session.",
        "Refuses to connect without one.",
    ),
    (
        "MQTT-3.1.3-8",
        "A server refuses an empty identifier without a clean session with code 2.",
        "Ends the attempt with the status of code 2.",
    ),
    (
        "MQTT-3.1.3-9",
        "A server refuses an identifier with code 2.",
        "Ends the attempt with the status of code 2.",
    ),
    ("MQTT-3.1.3-10", "The will topic is UTF-8 text.", "Refuses any other."),
    (
        "MQTT-3.1.3-11",
        "The user name is UTF-8 text.",
        "Refuses any other, also what a callable says when it connects.",
    ),
    (
        "MQTT-3.1.4-4",
        "A CONNECT in order is answered by a CONNACK with code 0.",
        "Is connected then; ends the attempt when the CONNACK is overdue.",
    ),
    ("MQTT-3.2.0-1", "The server's first packet is CONNACK.", "Ends the attempt on anything else."),
    ("MQTT-3.2.2-1", "After a clean start no session is present.", "Ends the attempt when one is."),
    (
        "MQTT-3.2.2-2",
        "The server says when it has the session.",
        "Accepts it, and says so in ``session_present``.",
    ),
    (
        "MQTT-3.2.2-3",
        "The server says when it has no session.",
        "Accepts it, and says so in ``session_present``.",
    ),
    (
        "MQTT-3.2.2-4",
        "A refusal has no session present.",
        "Ends the attempt as one with a broken server.",
    ),
    (
        "MQTT-3.2.2-5",
        "After a refusal the server closes the link.",
        "Closes it first; each code has its own status.",
    ),
    ("MQTT-3.2.2-6", "There are no codes but 0 to 5.", "Ends the attempt."),
    ("MQTT-3.3.1-1", "What is delivered again has DUP.", "Sets it."),
    ("MQTT-3.3.1-2", "QoS 0 has no DUP.", "Never sets it; ends the link that brings it."),
    ("MQTT-3.3.1-4", "There is no QoS 3.", "Ends the link; refuses to send it."),
    (
        "MQTT-3.3.1-8",
        "What a new subscription brings has RETAIN.",
        "Shows it in ``message_retain``.",
    ),
    (
        "MQTT-3.3.1-9",
        "What comes for an old subscription has no RETAIN.",
        "Shows it in ``message_retain``.",
    ),
    ("MQTT-3.3.1-10", "An empty message with RETAIN is delivered like any other.", "Accepts it."),
    (
        "MQTT-3.3.2-1",
        "A PUBLISH begins with its topic, which is UTF-8 text.",
        "Ends the link when it does not; refuses to send any other.",
    ),
    (
        "MQTT-3.3.2-2",
        "A topic has no wildcards.",
        "Ends the link that brings one; refuses to send it.",
    ),
    (
        "MQTT-3.3.2-3",
        "What the server sends matches a subscription.",
        "Cannot know those of an earlier session, so accepts every topic.",
    ),
    (
        "MQTT-3.3.4-1",
        "A PUBLISH is answered as its QoS demands.",
        "Answers QoS 1 with PUBACK, QoS 0 with nothing; QoS 2 is never asked for.",
    ),
    ("MQTT-3.8.1-1", "The flags of SUBSCRIBE are 2.", "Sends them so."),
    ("MQTT-3.8.3-1", "A topic filter to subscribe to is UTF-8 text.", "Refuses any other."),
    (
        "MQTT-3.8.3-2",
        "A server without wildcards refuses filters with them.",
        "Tells the refusal, code 0x80, to the application.",
    ),
    ("MQTT-3.8.3-3", "A SUBSCRIBE has a filter.", "Sends exactly one."),
    (
        "MQTT-3.8.3-4",
        "The requested QoS is 0, 1 or 2 and has no reserved bits.",
        "Refuses all but 0 and 1.",
    ),
    ("MQTT-3.8.4-1", "A SUBSCRIBE is answered by a SUBACK.", "Ends the link when it is overdue."),
    ("MQTT-3.8.4-2", "The SUBACK has the identifier.", "Ends the link on another one."),
    ("MQTT-3.8.4-5", "A SUBACK has one code for each filter.", "Ends the link on none and on two."),
    (
        "MQTT-3.8.4-6",
        "No message has a higher QoS than was granted.",
        "Never asks for QoS 2, and ends the link that brings it.",
    ),
    (
        "MQTT-3.9.3-2",
        "A SUBACK's code is 0, 1, 2 or 0x80.",
        "Tells these to the application; ends the link on any other.",
    ),
    ("MQTT-3.10.1-1", "The flags of UNSUBSCRIBE are 2.", "Sends them so."),
    ("MQTT-3.10.3-1", "A topic filter to unsubscribe from is UTF-8 text.", "Refuses any other."),
    ("MQTT-3.10.3-2", "An UNSUBSCRIBE has a filter.", "Sends exactly one."),
    (
        "MQTT-3.10.4-4",
        "An UNSUBSCRIBE is answered by an UNSUBACK with its identifier.",
        "Tells it; ends the link when it is overdue; ignores another identifier.",
    ),
    (
        "MQTT-3.10.4-5",
        "UNSUBACK comes also when nothing was subscribed.",
        "Takes it like any other.",
    ),
    (
        "MQTT-3.12.4-1",
        "A PINGREQ is answered by a PINGRESP.",
        "Ends the link when it is overdue; ignores one that was not asked for.",
    ),
    ("MQTT-3.14.1-1", "The flags of DISCONNECT are 0.", "Sends them so."),
    ("MQTT-3.14.4-1", "After DISCONNECT the client closes the link.", "Closes it in the call."),
    ("MQTT-3.14.4-2", "After DISCONNECT the client sends nothing.", "Sends nothing."),
    (
        "MQTT-4.1.0-1",
        "Both sides keep the session as long as it lasts.",
        "Keeps what is unacknowledged over lost links.",
    ),
    (
        "MQTT-4.1.0-2",
        "A session lasts at least as long as its link.",
        "Drops nothing unacknowledged while the link lives.",
    ),
    ("MQTT-4.3.1-1", "QoS 0 is sent without DUP.", "Sends it so."),
    (
        "MQTT-4.3.2-1",
        "QoS 1 is sent with a free identifier, first without DUP, and kept until its PUBACK.",
        "Does so; never sends again on a living link.",
    ),
    (
        "MQTT-4.3.2-2",
        "QoS 1 is answered by PUBACK; the identifier then means a new message.",
        "Answers and delivers each one.",
    ),
    (
        "MQTT-4.4.0-1",
        "Without a clean session a client sends again what is unacknowledged.",
        "Does so, whether or not the server has kept the session.",
    ),
    (
        "MQTT-4.5.0-2",
        "The client acknowledges also what it does not process.",
        "Acknowledges a message that is larger than its queue.",
    ),
    ("MQTT-4.6.0-1", "What is sent again keeps its order.", "Keeps it."),
    ("MQTT-4.6.0-2", "PUBACKs go in the order of their messages.", "Sends them so."),
    (
        "MQTT-4.7.1-1",
        "Wildcards are for filters, not for topics.",
        "Ends the link that brings one; refuses to send it, in a will, too.",
    ),
    ("MQTT-4.7.1-2", "``#`` is a whole level and the last one.", "Refuses any other use."),
    ("MQTT-4.7.1-3", "``+`` is a whole level.", "Refuses any other use."),
    (
        "MQTT-4.7.3-1",
        "Topics and filters are not empty.",
        "Ends the link that brings one; refuses to send it.",
    ),
    (
        "MQTT-4.7.3-2",
        "Topics and filters have no NUL.",
        "Ends the link that brings one; refuses to send it.",
    ),
    (
        "MQTT-4.7.3-3",
        "Topics and filters have at most 65535 bytes.",
        "Refuses to send longer ones; none longer can come.",
    ),
    (
        "MQTT-4.8.0-1",
        "A violation closes the link.",
        "Ends the link at once, and says what it was in ``reason``.",
    ),
    (
        "MQTT-4.8.0-2",
        "A passing error while a packet is processed closes the link.",
        "Ends it when reading fails; a full queue is no error, for nothing is read then.",
    ),
    (
        "MQTT-6.0.0-1",
        "Packets travel in binary frames; any other closes the link.",
        "Sends binary frames; ends the link that brings another one.",
    ),
    (
        "MQTT-6.0.0-2",
        "Frames do not mark where packets begin.",
        "Takes packets out of frames, and frames out of packets, however they are cut.",
    ),
    ("MQTT-6.0.0-3", "The client offers the subprotocol ``mqtt``.", "Offers it, and no other."),
    (
        "MQTT-6.0.0-4",
        "The server selects the subprotocol ``mqtt``.",
        "Ends the attempt when it does not.",
    ),
    (
        "MQTT-7.0.0-2",
        "Nothing beyond the standard is needed to work together.",
        "Works with a server that does only what the standard says.",
    ),
    (
        "MQTT-7.1.2-1",
        "The client works over an ordered, lossless stream of bytes.",
        "Works over every socket stack that it knows, however the stream is cut.",
    ),
)

_KEEPS = "A server's duty: what it stores is not seen here."
_PARSES = "A server's duty: about what it makes of a client's packet."
_QUALITY_2 = "QoS 2, which this client refuses in both directions."

NOT_OURS = (
    ("MQTT-2.3.1-4", "A server's identifiers follow the same rules.", "Only a server knows them."),
    ("MQTT-3.1.2-5", "The server stores messages of a kept session.", _KEEPS),
    ("MQTT-3.1.2-7", "Retained messages are no part of the session.", _KEEPS),
    ("MQTT-3.1.2-8", "The server stores the will and publishes it.", _KEEPS),
    ("MQTT-3.1.2-10", "The server removes the will after its use.", _KEEPS),
    ("MQTT-3.1.2-12", "Without a will flag no will is published.", _KEEPS),
    ("MQTT-3.1.2-16", "Without will retain the will is not retained.", _KEEPS),
    ("MQTT-3.1.2-17", "With will retain the will is retained.", _KEEPS),
    (
        "MQTT-3.1.2-24",
        "The server ends a link that is silent for one and a half keepalives.",
        "A server's duty: here it is a link that was closed.",
    ),
    ("MQTT-3.1.3-5", "The server accepts plain identifiers of 1 to 23 bytes.", _PARSES),
    ("MQTT-3.1.4-1", "The server checks CONNECT.", _PARSES),
    (
        "MQTT-3.1.4-2",
        "The server ends an older link with the same identifier.",
        "A server's duty: here it is a link that was closed.",
    ),
    ("MQTT-3.1.4-3", "The server obeys the clean session flag.", _PARSES),
    ("MQTT-3.1.4-5", "The server ignores what follows a refused CONNECT.", _PARSES),
    ("MQTT-3.3.1-3", "DUP is not passed on to subscribers.", _KEEPS),
    ("MQTT-3.3.1-5", "The server stores a message with RETAIN.", _KEEPS),
    ("MQTT-3.3.1-6", "A new subscription brings the retained message.", _KEEPS),
    ("MQTT-3.3.1-7", "QoS 0 with RETAIN replaces what was retained.", _KEEPS),
    ("MQTT-3.3.1-11", "An empty message is not retained.", _KEEPS),
    ("MQTT-3.3.1-12", "Without RETAIN nothing retained changes.", _KEEPS),
    ("MQTT-3.3.5-1", "Overlapping subscriptions deliver at the highest QoS.", _KEEPS),
    (
        "MQTT-3.3.5-2",
        "A forbidden PUBLISH is acknowledged, or the link closed.",
        "A server's duty: here it is a PUBACK, or a link that was closed.",
    ),
    ("MQTT-3.6.1-1", "The flags of PUBREL are 2.", _QUALITY_2),
    ("MQTT-3.8.4-3", "The same filter again replaces the subscription.", _KEEPS),
    (
        "MQTT-3.8.4-4",
        "Several filters in one SUBSCRIBE count as several SUBSCRIBEs.",
        "A request of this client has one filter.",
    ),
    (
        "MQTT-3.9.3-1",
        "The codes of a SUBACK have the order of the filters.",
        "A request of this client has one filter.",
    ),
    ("MQTT-3.10.4-1", "Filters to unsubscribe are compared byte by byte.", _KEEPS),
    ("MQTT-3.10.4-2", "No new messages after an UNSUBSCRIBE.", _KEEPS),
    ("MQTT-3.10.4-3", "What was begun is delivered in full.", _KEEPS),
    (
        "MQTT-3.10.4-6",
        "Several filters in one UNSUBSCRIBE count as several.",
        "A request of this client has one filter.",
    ),
    ("MQTT-3.14.4-3", "DISCONNECT discards the will.", _KEEPS),
    ("MQTT-4.3.3-1", "The sender's part at QoS 2.", _QUALITY_2),
    ("MQTT-4.3.3-2", "The receiver's part at QoS 2.", _QUALITY_2),
    ("MQTT-4.5.0-1", "The server adds a message to the sessions that match.", _KEEPS),
    ("MQTT-4.6.0-3", "PUBRECs keep their order.", _QUALITY_2),
    ("MQTT-4.6.0-4", "PUBRELs keep their order.", _QUALITY_2),
    ("MQTT-4.6.0-5", "Topics are ordered unless the server is told otherwise.", _KEEPS),
    ("MQTT-4.6.0-6", "Messages of an ordered topic keep their order.", _KEEPS),
    ("MQTT-4.7.2-1", "A leading wildcard does not match a leading ``$``.", _KEEPS),
    ("MQTT-4.7.3-4", "Topics are matched as they are, unnormalized.", _KEEPS),
    ("MQTT-7.0.0-1", "A server that also connects is a client, too.", "This is no server."),
    ("MQTT-7.1.1-1", "A server works over an ordered stream.", "This is no server."),
)
