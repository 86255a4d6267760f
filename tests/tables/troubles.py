# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What a program may see when something is wrong, by the number of the status.

A part is (title, words, rows). A row is (name, number, when it comes, what to do). The words of
reasons are in ``trouble_reasons``.
"""

NETX = (
    (
        "NX_SUCCESS",
        0x00,
        "All is well. ``NXD_MQTT_SUCCESS`` is the same number.",
        "Nothing.",
    ),
    (
        "NX_PTR_ERROR",
        0x07,
        "A control block is of the wrong kind, or was not created; a callback is no function; a "
        "buffer that cannot be used; ``None`` where something must be.",
        "Compare the arguments with the :doc:`porting guide <porting>`: a length that was left in "
        "place moves all others.",
    ),
    (
        "NX_WAIT_ERROR",
        0x08,
        "Under the kernel a call was told to wait. Only ``tx_wait`` may do that there.",
        "``status = await tx_wait(function, arguments)``, or ``NX_NO_WAIT``.",
    ),
    (
        "NX_SIZE_ERROR",
        0x09,
        "``nx_packet_pool_create``: not one packet fits into the memory, a packet is smaller than "
        "16 bytes, or there are more than 64,000.",
        "``memory_size`` is the number of packets times ``payload_size``.",
    ),
    (
        "NX_IN_PROGRESS",
        0x37,
        "No failure: a connect without a wait has begun, or where the client connects again by "
        "itself, the wait is over and it goes on.",
        "Poll, until poll's status or ``nxd_mqtt_connect_notify`` tells the result.",
    ),
    (
        "NX_INVALID_PORT",
        0x46,
        "The port is not a number from 1 to 65535. ``os.getenv`` gives text.",
        "``int(os.getenv(...))``.",
    ),
)

STATES = (
    (
        "NXD_MQTT_SUCCESS",
        0x00,
        "All is well. From publish it means that the message is kept, or for QoS 0 handed over; "
        "from subscribe that the request is on its way.",
        "Nothing.",
    ),
    (
        "NXD_MQTT_ALREADY_CONNECTED",
        0x10001,
        "connect, while there is a link.",
        "Disconnect first, or go on with the link that is there.",
    ),
    (
        "NXD_MQTT_NOT_CONNECTED",
        0x10002,
        "There is no link, and the call needs one. Poll returns it when there is none and none is "
        "wanted. A QoS 1 message is accepted without a link only where the client connects again "
        "by itself.",
        "``client.reason`` has why the last link ended. Connect again, or let the client do so: "
        ":doc:`reliability`.",
    ),
    (
        "NXD_MQTT_MUTEX_FAILURE",
        0x10003,
        "The client was not created, or was deleted.",
        "Look at the status of ``nxd_mqtt_client_create``.",
    ),
    (
        "NXD_MQTT_CONNECTING",
        0x10011,
        "connect, while an attempt is under way. Where the client connects again by itself that is "
        "so from a loss to the next link.",
        "Poll. To change the broker, disconnect first.",
    ),
    (
        "NXD_MQTT_INVALID_STATE",
        0x10012,
        "connect with a client that was not created or was deleted; "
        "``nxd_mqtt_client_reconnect_set`` with a link; ``nxd_mqtt_client_store_set`` after the "
        "first link, or a second time.",
        "Call it between create and connect.",
    ),
    (
        "NXD_MQTT_NO_MESSAGE",
        0x1000A,
        "The receive queue is empty. It ends the loop that takes messages.",
        "Nothing.",
    ),
)

ARGUMENTS = (
    (
        "NXD_MQTT_INVALID_PARAMETER",
        0x10009,
        "An argument cannot be used: no text, an empty topic, a wildcard in a topic to publish to, "
        "a keepalive over 65535, a QoS over 2, no client id without a clean session, or files of "
        "another client's.",
        "``client.reason[2]`` says which argument and what it must be.",
    ),
    (
        "NXD_MQTT_QOS2_NOT_SUPPORTED",
        0x1000C,
        "QoS 2 was asked for.",
        "QoS 1, and numbers in the messages if one that comes twice does harm.",
    ),
    (
        "NXD_MQTT_INSUFFICIENT_BUFFER_SPACE",
        0x1000D,
        "The oldest message is larger than the buffers. It stays, and the two lengths say what it "
        "needs.",
        "Larger buffers, or ``nxd_mqtt_client_message_discard``. Else the loop never gets past it.",
    ),
    (
        "NXD_MQTT_PACKET_POOL_FAILURE",
        0x10006,
        "The store is full: as many messages wait for their acknowledgement as the pool has "
        "places. Or the packet is larger than ``payload_size`` and never fits: then "
        "``client.reason`` says so. From connect: CONNECT is larger, or a callback has left too "
        "much to be told.",
        "Wait and offer it again, with polls in between; take messages that came, because a full "
        "queue holds up acknowledgements. Else a larger pool.",
    ),
    (
        "NXD_MQTT_INTERNAL_ERROR",
        0x10004,
        "create, of a client that exists. With a file store: the drive fails.",
        "Delete the client first. Of a drive ``client.reason`` has the error: :doc:`file_store`.",
    ),
)

LINKS = (
    (
        "NXD_MQTT_CONNECT_FAILURE",
        0x10005,
        "No connection: no network, no such name, nobody listens, TLS or WebSocket failed, or the "
        "wait was too short.",
        "The stage in ``client.reason`` says how far it came; see below.",
    ),
    (
        "NXD_MQTT_COMMUNICATION_FAILURE",
        0x10007,
        "The link was lost, or an answer did not come in time.",
        "``client.reason``; mostly the network or the broker. Before the CONNACK it may be the "
        "wrong port.",
    ),
    (
        "NXD_MQTT_SERVER_MESSAGE_FAILURE",
        0x10008,
        "What came instead of a good CONNACK is none.",
        "What listens at that port? ``client.reason`` has what it said.",
    ),
    (
        "NXD_MQTT_INVALID_PACKET",
        0x1000F,
        "The broker broke the protocol, so the link was ended. QoS 2 that was not asked for is "
        "such a case, too.",
        "``client.reason`` names the violation; :doc:`statements` has all. Look at what other "
        "clients publish to the topic.",
    ),
    (
        "NXD_MQTT_ERROR_CONNECT_RETURN_CODE",
        0x10080,
        "Never by itself: the codes of a CONNACK are added to it.",
        "See the five below.",
    ),
    (
        "NXD_MQTT_ERROR_UNACCEPTABLE_PROTOCOL",
        0x10081,
        "The broker does not speak MQTT 3.1.1.",
        "Another broker, or another listener of it.",
    ),
    (
        "NXD_MQTT_ERROR_IDENTIFYIER_REJECTED",
        0x10082,
        "The broker does not take the client id. An empty one is refused by some.",
        "Another id; letters and digits are safest.",
    ),
    (
        "NXD_MQTT_ERROR_SERVER_UNAVAILABLE",
        0x10083,
        "The broker is there and does not work at the moment.",
        "Try again later. A client that connects again by itself does.",
    ),
    (
        "NXD_MQTT_ERROR_BAD_USERNAME_PASSWORD",
        0x10084,
        "The login is wrong, or of the wrong form.",
        "``nxd_mqtt_client_login_set`` before connect. A token may have expired, or the clock it "
        "was made by is wrong: set functions that make a new one.",
    ),
    (
        "NXD_MQTT_ERROR_NOT_AUTHORIZED",
        0x10085,
        "The broker knows who it is and does not admit the client. Some say this of a missing "
        "login.",
        "The broker's list of who may connect, and its log.",
    ),
)

TLS = (
    (
        "NX_SECURE_TLS_HANDSHAKE_FAILURE",
        0x107,
        "The server stalled or hung up in the handshake, or TLS failed without saying why.",
        "Is it the TLS port? Does the server want a client certificate?",
    ),
    (
        "NX_SECURE_TLS_UNKNOWN_TLS_VERSION",
        0x10F,
        "What answers does not speak TLS.",
        "The port: ``NXD_MQTT_TLS_PORT`` is 8883.",
    ),
    (
        "NX_SECURE_TLS_ALLOCATE_PACKET_FAILED",
        0x111,
        "No memory for the handshake, which needs tens of kilobytes in one piece.",
        "Connect early in the program, and hold one secure link at a time.",
    ),
    (
        "NX_SECURE_TLS_INVALID_CERTIFICATE",
        0x112,
        "What was given as a certificate is none.",
        "PEM begins with ``-----BEGIN CERTIFICATE-----``; was the file copied whole?",
    ),
    (
        "NX_SECURE_TLS_ALERT_RECEIVED",
        0x114,
        "The server refuses the client's certificate, or the handshake.",
        "The server's log. Does it trust the issuer of the client's certificate?",
    ),
    (
        "NX_SECURE_TLS_INVALID_SELF_SIGNED_CERT",
        0x11A,
        "The server's certificate is signed by itself.",
        "If it is yours, trust it: ``nx_secure_tls_trusted_certificate_add``.",
    ),
    (
        "NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND",
        0x11B,
        "The server's certificate leads to no root that is trusted.",
        "Trust its root: ``nx_secure_tls_trusted_certificate_add``, or ``MQTT_ROOTS`` for "
        "``code.py``.",
    ),
    (
        "NX_SECURE_TLS_UNSUPPORTED_FEATURE",
        0x130,
        "The hardware or its firmware cannot do what the session asks for.",
        "``client.reason`` says what; :doc:`boards` has what each hardware can.",
    ),
    (
        "NX_SECURE_TLS_CERTIFICATE_REQUIRED",
        0x145,
        "The server wants a client certificate.",
        "``nx_secure_tls_local_certificate_add``.",
    ),
    (
        "NX_SECURE_PKCS1_INVALID_PRIVATE_KEY",
        0x18A,
        "The private key is not that of the certificate, or is none.",
        "Give the two that belong together. Exactly one certificate has a key.",
    ),
    (
        "NX_SECURE_X509_CHAIN_VERIFY_FAILURE",
        0x18C,
        "The server's certificate cannot be verified, and the TLS in use does not say why.",
        "Root, name, dates and this device's clock, in this order.",
    ),
    (
        "NX_SECURE_X509_CERTIFICATE_NOT_FOUND",
        0x18E,
        "A file cannot be read.",
        "The path, from the top of the drive.",
    ),
    (
        "NX_SECURE_X509_CERTIFICATE_EXPIRED",
        0x193,
        "The server's certificate has expired.",
        "Renew it, if this device's clock is right.",
    ),
    (
        "NX_SECURE_X509_CERTIFICATE_NOT_YET_VALID",
        0x194,
        "The server's certificate is not valid yet, or this device's clock was never set.",
        "Set the clock, as with ``adafruit_ntp``.",
    ),
    (
        "NX_SECURE_X509_CERTIFICATE_DNS_MISMATCH",
        0x195,
        "The server's certificate is another host's.",
        "Connect by the name that is in it, or set it by "
        "``nx_secure_tls_session_sni_extension_set``.",
    ),
)

WEBSOCKET = (
    (
        "NX_WEBSOCKET_ERROR",
        0x30001,
        "What answers speaks no HTTP, or its answer lacks something.",
        "The port, and whether the broker's listener there is one for WebSocket.",
    ),
    (
        "NX_WEBSOCKET_INVALID_PACKET",
        0x30007,
        "A frame is not as it must be.",
        "``client.reason`` names the violation. A proxy in between may be the cause.",
    ),
    (
        "NX_WEBSOCKET_INVALID_STATUS_CODE",
        0x30008,
        "The server answers by another HTTP status; ``client.reason`` has its first line.",
        "404: the path. 401 or 403: the server wants a login of its own. 400: the Host field.",
    ),
    (
        "NX_WEBSOCKET_DISCONNECTED",
        0x30009,
        "The server has sent CLOSE.",
        "The code in ``client.reason`` and the server's log.",
    ),
)

AZURE = (
    ("NX_AZURE_IOT_SUCCESS", 0x00, "All is well.", "Nothing."),
    (
        "NX_AZURE_IOT_INVALID_PARAMETER",
        0x20002,
        "An argument cannot be used, or the hub client is none.",
        "``hub.reason[2]`` says which and what it must be, unless the call has no hub client.",
    ),
    (
        "NX_AZURE_IOT_INSUFFICIENT_BUFFER_SPACE",
        0x20003,
        "No more certificates or components can be added; or the receive queue is full of messages "
        "of other kinds, and nothing is read.",
        "Take the other kinds, or disable what is not used. ``memory_size`` of initialize makes a "
        "larger queue.",
    ),
    (
        "NX_AZURE_IOT_INVALID_PACKET",
        0x20004,
        "What has come is not what it must be: a twin that is no JSON, a property that is no text.",
        "The message is gone. Of a twin: ask again.",
    ),
    (
        "NX_AZURE_IOT_NO_PACKET",
        0x20005,
        "Nothing came within the wait. From reporting properties: the patch is handed in, and its "
        "answer will go to the callback.",
        "Nothing.",
    ),
    (
        "NX_AZURE_IOT_NOT_FOUND",
        0x20006,
        "The message has no property of that name.",
        "Names count letter by letter; those of the hub begin with ``$``, as ``$.mid``.",
    ),
    (
        "NX_AZURE_IOT_NOT_ENABLED",
        0x20007,
        "The feature was not enabled, or is disabled.",
        "The enable function of the feature, best before connect.",
    ),
    (
        "NX_AZURE_IOT_NOT_INITIALIZED",
        0x20008,
        "The hub client was not initialized, or was given up; or ``nx_azure_iot_create`` was not "
        "called.",
        "Look at the status of ``nx_azure_iot_hub_client_initialize``.",
    ),
    (
        "NX_AZURE_IOT_NOT_SUPPORTED",
        0x20009,
        "``nx_azure_iot_hub_client_receive_callback_set`` with a type that it does not know.",
        "One of the constants, not several added up.",
    ),
    (
        "NX_AZURE_IOT_ALREADY_CONNECTED",
        0x2000A,
        "connect, while there is a link.",
        "Go on with it, or disconnect first.",
    ),
    (
        "NX_AZURE_IOT_CONNECTING",
        0x2000B,
        "No failure: a connect without a wait has begun, or one is under way.",
        "Poll; the status callback is told how it ends.",
    ),
    (
        "NX_AZURE_IOT_DISCONNECTED",
        0x2000C,
        "There is no link, and the call needs one; or the link was lost, with the answer.",
        "Connect again, or let the client: ``nx_azure_iot_hub_client_reconnect_set``. A question "
        "has to be asked again.",
    ),
    (
        "NX_AZURE_IOT_SERVER_RESPONSE_ERROR",
        0x2000E,
        "The hub has answered the question for the twin by an error.",
        "``hub.reason`` has its number. 5xx: ask again after a pause.",
    ),
    (
        "NX_AZURE_IOT_TOPIC_TOO_LONG",
        0x2000F,
        "The properties of a message do not fit a packet of the pool. The message is as it was.",
        "A larger ``payload_size``, or shorter properties: what is no letter or digit takes three "
        "bytes.",
    ),
    (
        "NX_AZURE_IOT_MESSAGE_TOO_LONG",
        0x20010,
        "To send: more than ``payload_size``, or than a hub takes. To receive: a message came that "
        "is larger than the receive queue; it is gone, and its sender thinks that it arrived.",
        "Sending: a larger ``payload_size``. Receiving: a larger ``memory_size``. A whole twin may "
        "have 64 KB and more, so boards keep theirs small.",
    ),
    (
        "NX_AZURE_IOT_WRONG_STATE",
        0x20012,
        "A call of a method that is answered already.",
        "One answer for each.",
    ),
    (
        "NX_AZURE_IOT_NO_SUBSCRIBE_ACK",
        0x20014,
        "The hub has refused the subscription, so nothing of this kind comes.",
        "What answers there may be no IoT Hub, or one whose tier lacks the feature: the basic one "
        "has no twins, no methods and no messages from the cloud.",
    ),
    (
        "NX_AZURE_IOT_THROTTLED",
        0x20015,
        "The hub has said that it is asked too often. For a pause the client asks nothing.",
        "Report more in one patch, and more seldom.",
    ),
    (
        "NX_AZURE_IOT_SAS_TOKEN_EXPIRED",
        0x20017,
        "From connect: the ready-made token has expired. To the status callback: the link was lost "
        "when the token's time had passed.",
        "A new token, or a function that makes one. If it was the client's own: look at the clock.",
    ),
    (
        "NX_AZURE_IOT_TIME_NOT_SET",
        0x20080,
        "The clock says that it is before 2024, so no token can be signed. Nothing was sent.",
        "Set the clock before connect, as with ``adafruit_ntp``; :doc:`azure` shows it.",
    ),
    (
        "NX_AZURE_IOT_REPLACED",
        0x20081,
        "To the status callback: three times in a row the hub has closed a link soon after it had "
        "accepted it. It has one link for each device.",
        "Who else uses this device's id? Most often it is a copy of the program on a desk.",
    ),
)

THREADX = (
    ("TX_SUCCESS", 0x00, "All is well.", "Nothing."),
    (
        "TX_DELETED",
        0x01,
        "The object was deleted while the thread waited for it.",
        "It is an ending that the program has chosen; leave the loop.",
    ),
    (
        "TX_PTR_ERROR",
        0x03,
        "A function or a buffer is missing.",
        "Compare the arguments with the :doc:`porting guide <porting>`.",
    ),
    (
        "TX_WAIT_ERROR",
        0x04,
        "A wait where none is possible: in a callback, a timer or ``tx_application_define``, or "
        "``tx_queue_send`` with a wait.",
        "``TX_NO_WAIT`` there; in a thread ``await tx_wait(tx_queue_send, ...)``.",
    ),
    (
        "TX_SIZE_ERROR",
        0x05,
        "The memory of a queue or the size of its messages cannot be used.",
        "Message sizes are in words of 32 bits, that of the memory is in bytes.",
    ),
    (
        "TX_GROUP_ERROR",
        0x06,
        "The event flags group was not created, or was deleted; or it exists already.",
        "Create it in ``tx_application_define``, once.",
    ),
    (
        "TX_NO_EVENTS",
        0x07,
        "The flags did not come within the wait.",
        "As it is meant: the wait was too short, or nobody sets them.",
    ),
    ("TX_OPTION_ERROR", 0x08, "The option is none of the four.", "``TX_OR`` and its like."),
    ("TX_QUEUE_ERROR", 0x09, "The queue was not created, or exists already.", "As for a group."),
    ("TX_QUEUE_EMPTY", 0x0A, "No message came within the wait.", "As it is meant."),
    (
        "TX_QUEUE_FULL",
        0x0B,
        "The queue had no room within the wait.",
        "Receive more often, a larger queue, or a wait.",
    ),
    (
        "TX_SEMAPHORE_ERROR",
        0x0C,
        "The semaphore was not created, or exists already.",
        "As for a group.",
    ),
    ("TX_NO_INSTANCE", 0x0D, "The semaphore stayed at 0 for the wait.", "As it is meant."),
    ("TX_THREAD_ERROR", 0x0E, "The thread was not created, or exists already.", "As for a group."),
    ("TX_PRIORITY_ERROR", 0x0F, "The priority is none.", "0 is the highest, 31 the lowest."),
    ("TX_START_ERROR", 0x10, "The last argument is none of the two.", "``TX_AUTO_START``."),
    (
        "TX_DELETE_ERROR",
        0x11,
        "The thread that is to be deleted can still run.",
        "Terminate it first.",
    ),
    ("TX_RESUME_ERROR", 0x12, "The thread is not suspended.", "Often harmless."),
    (
        "TX_CALLER_ERROR",
        0x13,
        "The call is not allowed where it was made: most often outside a thread.",
        "Make it in a thread's entry function.",
    ),
    ("TX_SUSPEND_ERROR", 0x14, "The thread has ended.", "Reset it, or create another one."),
    ("TX_TIMER_ERROR", 0x15, "The timer was not created, or exists already.", "As for a group."),
    ("TX_TICK_ERROR", 0x16, "The first expiry is at 0 ticks.", "At least 1."),
    (
        "TX_ACTIVATE_ERROR",
        0x17,
        "The timer is active already, or has nothing left to wait for.",
        "``tx_timer_change`` first.",
    ),
    (
        "TX_THRESH_ERROR",
        0x18,
        "The preemption threshold is lower than the priority.",
        "Give the priority once more.",
    ),
    (
        "TX_SUSPEND_LIFTED",
        0x19,
        "Another thread was told to suspend, and was resumed before it did.",
        "Nothing.",
    ),
    (
        "TX_WAIT_ABORTED",
        0x1A,
        "Another thread has ended this wait.",
        "As it is meant.",
    ),
    ("TX_WAIT_ABORT_ERROR", 0x1B, "The thread does not wait.", "Nothing."),
    ("TX_MUTEX_ERROR", 0x1C, "The mutex was not created, or exists already.", "As for a group."),
    (
        "TX_NOT_AVAILABLE",
        0x1D,
        "Another thread owned the mutex for the whole wait.",
        "A longer wait, or hold it for less.",
    ),
    ("TX_NOT_OWNED", 0x1E, "Another thread owns the mutex.", "Only its owner puts it."),
    ("TX_INHERIT_ERROR", 0x1F, "The option of inheritance is none.", "``TX_NO_INHERIT``."),
    ("TX_NOT_DONE", 0x20, "The thread has not ended, so it cannot be reset.", "Terminate it."),
    (
        "TX_CEILING_EXCEEDED",
        0x21,
        "The semaphore is at its ceiling already.",
        "As it is meant.",
    ),
    ("TX_INVALID_CEILING", 0x22, "A ceiling of 0.", "At least 1."),
)

# In this order they are on the page.
PARTS = (
    (
        "Arguments and waits",
        "NetX's own numbers; a call returns them for how it was called.",
        NETX,
    ),
    ("Whether it is the time", "The state of the client does not fit the call.", STATES),
    ("What was asked for", "The arguments, or the room for them.", ARGUMENTS),
    (
        "The link and the broker",
        "From the calls that connect, from poll, and to ``nxd_mqtt_connect_notify``.",
        LINKS,
    ),
    (
        "TLS",
        "A call that waits returns ``NXD_MQTT_CONNECT_FAILURE``; these are in ``client.reason``, "
        "come from poll and to ``nxd_mqtt_connect_notify``. The names are in "
        "``nxd_mqtt.tls_reasons``.",
        TLS,
    ),
    ("WebSocket", "As for TLS. The names are in ``nxd_mqtt.websocket``.", WEBSOCKET),
    (
        "IoT Hub",
        "From calls that begin with ``nx_azure_iot_``, and to the status callback, together with "
        "the numbers above that begin with ``NXD_MQTT_``. ``NXD_MQTT_ERROR_NOT_AUTHORIZED`` and "
        "``NXD_MQTT_ERROR_BAD_USERNAME_PASSWORD`` mean there that the hub does not know the "
        "device, has disabled it, or that its key, token, certificate or clock is wrong.",
        AZURE,
    ),
    (
        "ThreadX",
        "Only from calls that begin with ``tx_``: the numbers are others' as well.",
        THREADX,
    ),
)
