# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The words of ``client.reason``, by stage, and what to do about each.

A stage is (name, words, rows). A row is (quotes, advice): each quote is a part of a cause, as it
stands in the sources.
"""

# Of the IoT Hub client, at the stage "call", too.
AZURE = (
    (
        ("the clock is not set: set it by NTP",),
        "A token is signed for a time, so nothing was sent. The example azure_sas shows how a "
        "board asks the network; a clock of the program's own goes to ``nx_azure_iot_create``.",
    ),
    (
        ("the token has expired, or says no se",),
        "A ready-made token ends at the time in its ``se``. Get a new one, or give "
        "``nx_azure_iot_hub_client_sas_token_set`` a function that does.",
    ),
    (
        (
            "the connection string must be str",
            "the connection string lacks",
            "the connection string has",
        ),
        "Copy it again, whole, from the device's page in the portal. ``os.getenv`` gives None for "
        "a setting that is not there.",
    ),
    (
        ("this connection string is for services",),
        "It has SharedAccessKeyName: that of the hub, which may do everything. A device needs its "
        "own, from its own page.",
    ),
    (
        ("the key is not base64", "the key must be str or bytes"),
        "The key is what follows SharedAccessKey= in the connection string, with the = at its end.",
    ),
    (
        (
            "must be a name without spaces",
            "must have 1 to 128 characters",
            "has a character that ids cannot have",
            "port must be 0 to 65535, tls 0 or 1",
            "a token's life must be 60 to 31536000 seconds",
        ),
        "The name as ``name.azure-devices.net`` alone, ids as the portal shows them.",
    ),
    (
        ("certificate is not initialized",),
        "``nx_secure_x509_certificate_initialize`` first; look at its status.",
    ),
    (
        ("packet must be telemetry that is begun",),
        "From ``nx_azure_iot_hub_client_telemetry_message_create``, not sent and not deleted yet.",
    ),
    (
        ("a hub takes 262144 bytes at most",),
        "Split it. Most boards are bounded by ``payload_size`` long before.",
    ),
    (
        ("packet must be a received one", "packet must be a message from the cloud"),
        "What ``nx_azure_iot_hub_client_cloud_message_receive`` has given back, not released yet.",
    ),
    (
        (
            "a property is no UTF-8",
            "a method's name is no UTF-8",
            "a call of a method without name or request id",
            "the twin is no JSON with desired properties",
        ),
        "The hub, or what stands in for it, has sent what it must not. The message is gone.",
    ),
    (
        ("the hub answers %d",),
        "429: too often, wait; 5xx: the hub has troubles of its own, ask again later; 4xx: the "
        "question cannot be answered.",
    ),
    (
        ("context must be that of a call", "status_code must be a number"),
        "The third thing that ``nx_azure_iot_hub_client_direct_method_message_receive`` gives "
        "back; the status is one like 200.",
    ),
    (
        ("the call is answered already",),
        "Each call has one answer. Who repeats it, because of a lost link, need not: the client "
        "does.",
    ),
    (
        ("message is empty",),
        "A patch is a JSON object, ``{}`` at least.",
    ),
)

CALL = (
    (
        ("the client is not created",),
        "Look at the status of ``nxd_mqtt_client_create``. A client that was deleted can be "
        "created again.",
    ),
    (("the client exists already",), "Delete it before you create it again."),
    (
        ("must be UTF-8 str, or bytes", "is not UTF-8 or holds NUL", "exceeds 65535 bytes"),
        "The words before it name the argument. Text may be ``str`` or UTF-8 bytes; a payload any "
        "bytes.",
    ),
    (
        ("topic is empty", "holds a wildcard", "wildcards must be whole levels"),
        "Topics to publish to have no ``+`` and no ``#``; in a filter they stand alone between "
        "slashes.",
    ),
    (
        ("server_ip must be str", "no server_ip, or bad keepalive"),
        "Is ``MQTT_BROKER`` in ``settings.toml``? Keepalive is in seconds.",
    ),
    (("server_port must be 1 to 65535",), "A number, where ``os.getenv`` gives text."),
    (
        ("no id needs a clean session",),
        "Give the client an id, or connect with ``NX_TRUE`` for ``clean_session``.",
    ),
    (
        ("a call that waits is made by tx_wait here",),
        "Under the kernel a wait would stop every thread: write ``await tx_wait(function, client, "
        "...)``, with the function's other arguments behind the client.",
    ),
    (("wait_option must be ticks",), "Whole ticks of 10 ms, from 0 on."),
    (("QoS must be 0 or 1", "will_retain_flag must be 0 or 1"), "Numbers, 0 or 1."),
    (
        ("both buffers must be bytearrays",),
        "Two buffers, and no sizes behind them.",
    ),
    (
        ("must be callable",),
        "Give the function, without brackets behind its name.",
    ),
    (
        ("memory_size cannot be used",),
        "At least 32 bytes, and no more than ``memory`` has.",
    ),
    (
        ("packet exceeds payload_size",),
        "Topic and payload with some 10 bytes around them must fit ``payload_size`` of the pool.",
    ),
    (
        (
            "no such queue policy",
            "no such acknowledgement mode",
            "no such timeout, or too many ticks",
        ),
        "Use the constants of ``nxd_mqtt.nxd_extensions``.",
    ),
    (
        (
            "the pauses must be ticks from 1 on, the shorter one first",
            "subscriptions must be 1 to 1000",
        ),
        "As in ``nxd_mqtt_client_reconnect_set(client, 100, 6000)``.",
    ),
    (
        ("call it before connect, or after disconnect", "the client has a store, or had a link"),
        "Move the call up, between create and connect.",
    ),
    (
        ("is missing",),
        "The words before it name the argument, which is None or empty.",
    ),
    (
        ("must be printable ASCII without spaces", "uri_path must begin with /"),
        "Of ``nxd_mqtt_client_websocket_set``: a host, and a path like ``/mqtt``.",
    ),
    (
        ("an exception",),
        "A callback of the program's, or the platform, raised while connecting. The exception has "
        "passed through poll.",
    ),
) + AZURE

DNS = (
    (
        ("the network is down",),
        "``link_up`` has said no: no Wi-Fi, no cable, no address. ``boards.connected`` prints why.",
    ),
)

TCP = (
    (
        ("the wait is over",),
        "The wait of the call was too short for name, connection and answer together. Five seconds "
        "are a good beginning.",
    ),
)

TLS = (
    (
        ("this device's clock is not set",),
        "Set it before connecting, as with ``adafruit_ntp``: a board without a battery begins in "
        "the year 2000 or 1970.",
    ),
    (
        ("the server's certificate leads to no root that is trusted",),
        "Give the session the root of the server's authority, not the server's own certificate.",
    ),
    (
        (
            "the server's certificate is signed by itself",
            "the server's certificate has expired",
            "the server's certificate is not valid yet",
            "the server's certificate is another host's",
            "the server's certificate cannot be verified",
        ),
        "The words go on with what to do.",
    ),
    (
        (
            "the server wants a client certificate",
            "the server refuses the handshake",
            "the server refuses the client certificate",
            "the server ends the handshake by an alert",
        ),
        "A matter of the client's certificate, most often. The server's log says more.",
    ),
    (
        (
            "the server has hung up during the handshake",
            "the server has hung up right after the handshake",
            "the handshake has stalled",
            "what answers there does not speak TLS",
        ),
        "The port first: 8883 is for TLS, 1883 is not. Then the client's certificate.",
    ),
    (
        ("nobody listens there, or the co-processor's firmware does not trust the certificate",),
        "An AirLift does not say which. Try the port from a computer; then see what its firmware "
        "trusts, in :doc:`boards`.",
    ),
    (
        (
            "this network hardware has no TLS",
            "this network hardware trusts what its firmware trusts",
            "this firmware has no module ssl",
            "this platform trusts nothing by itself",
        ),
        ":doc:`boards` has what each hardware can. The words say what to leave out or to add.",
    ),
    (
        (
            "a file is not there",
            "cannot read",
            "neither a path nor PEM nor DER",
            "no certificate in what is trusted, or shown",
            "no certificate in what is to be trusted",
            "tls_setup has added what is no certificate",
        ),
        "The path, or what is in the file. A path begins at the top of the drive.",
    ),
    (
        (
            "the private key is not that of the certificate",
            "one local certificate must have a private key",
            "the client's certificate or key cannot be used",
            "a certificate chain or key of over 16 KB",
        ),
        "Certificate and key are a pair; a chain goes behind the certificate in the same file.",
    ),
    (
        (
            "this board wants a certificate's chain in one file",
            "this board reads certificates from files",
        ),
        "On a board give ``nx_secure_x509_certificate_initialize`` paths, and the whole chain in "
        "one PEM file.",
    ),
    (
        ("no memory for a TLS handshake",),
        "Connect early, import less before it, one secure link at a time.",
    ),
    (
        ("tls_setup has refused",),
        "The status is what your callback returned.",
    ),
)

WEBSOCKET = (
    (
        ("what answers does not speak HTTP",),
        "The port. 1883 and 8883 are for MQTT without WebSocket.",
    ),
    (
        ("the server answers: ",),
        "The first line of its answer follows; 404 is the path.",
    ),
    (
        ("the answer lacks ", "the server's %s is wrong", "the server wants an extension"),
        "It is a WebSocket server that does not do MQTT, or a proxy in between.",
    ),
    (
        ("closed by the server with code %d",),
        "1000 and 1001 are an orderly goodbye; others are in RFC 6455, section 7.4.1.",
    ),
    (
        (
            "a frame with reserved bits, or masked",
            "a fragment out of order",
            "a frame of type %d",
            "a control frame in pieces, or too long",
            "a length in the wrong form",
            "a CLOSE of one byte",
        ),
        "The server breaks the protocol. Text frames are the most common case: it must send binary "
        "ones.",
    ),
)

CONNACK = (
    (
        ("the wait is over",),
        "The link is open, and nothing has answered on it while the call waited: a longer wait, or "
        "another port.",
    ),
    (
        ("CONNACK with flags %d, code %d",),
        "The status says what the code means; flags other than 0 and 1 are the broker's fault.",
    ),
    (
        ("is it the right port, or one for TLS?",),
        "The server hung up before it answered. A plain connect to a TLS port looks so, and so "
        "does a broker that does not like the client id.",
    ),
    (
        ("the peer speaks HTTP",),
        "That is a web server, or a WebSocket port without ``nxd_mqtt_client_websocket_set``.",
    ),
    (
        ("PUBLISH before CONNACK",),
        "The broker sends a message before it has answered. It breaks the protocol.",
    ),
    (
        ("CONNECT exceeds payload_size",),
        "Client id, login and will must fit one packet of the pool; tokens are long.",
    ),
)

SESSION = (
    (("disconnected by the application",), "No trouble: it was the program's own call."),
    (
        ("the token is renewed",),
        "No trouble: an IoT Hub client connects again, at once, with a new token.",
    ),
    (
        ("closed by the peer",),
        "The broker has ended the link. Its log says why: two clients with one id throw each other "
        "out in turn, and whoever is silent for one and a half keepalives is thrown out, too, as "
        "one who polls too seldom or computes for long is.",
    ),
    (
        ("no %s in time",),
        "No PINGRESP, for one: the network or the broker is gone, or poll is "
        "called too seldom. ``nxd_mqtt_client_timeout_set`` gives it longer.",
    ),
    (
        ("the clock jumped",),
        "Between two polls lay more than 37 hours, or the clock that was handed in went back.",
    ),
    (
        ("PUBLISH with QoS %d",),
        "A message at QoS 2, or at QoS 0 with DUP. This client asks for neither: another one has "
        "subscribed under the same client id.",
    ),
    (
        ("PUBLISH of %d bytes", "remaining length of five bytes"),
        "A packet of a size that cannot be: the stream is damaged, or it is no MQTT.",
    ),
    (
        ("empty topic", "topic longer than its packet", "topic with wildcard, NUL or bad UTF-8"),
        "The broker passes on a message with a topic that MQTT forbids.",
    ),
    (
        (
            "packet type %d unasked",
            "packet type %d, flags %d, %d bytes",
            "SUBACK unasked",
            "SUBACK with code %d",
            "packet identifier 0",
        ),
        "The broker breaks the protocol, :doc:`statements` has the rules. Right after connecting: "
        "perhaps what listens at this port is no broker.",
    ),
)

STORE = (
    (
        ("the files belong to another client id: use that one, or another path",),
        "Each client has files of its own.",
    ),
    (
        ("the files are of another version", "the files are no journal of this version"),
        "Remove them if nothing in them matters, or use another path.",
    ),
    (
        ("%d messages are kept: use a larger pool", "a message of %d bytes is kept"),
        "The pool is smaller than it was when the messages were accepted.",
    ),
    (("size must be at least %d",), "The number is in the words; or leave ``size`` out."),
    (("the store has a client already",), "One ``FileStore`` for each client."),
    (
        ("the store is closed",),
        "The client was deleted, or ``close`` was called.",
    ),
    (
        ("no space left",),
        "The drive is full. ``EROFS`` means that a computer has the drive: see :doc:`file_store`.",
    ),
)

STAGES = (
    (
        "call",
        "A call was refused; nothing was sent. The cause is text.",
        CALL,
    ),
    (
        "dns",
        "There is no network, or the name is not found. Besides the words below the cause may be "
        "an exception of the platform's, as ``gaierror(-2, ...)``: is the broker's name spelled "
        "right, and does the network know it? An address needs no name lookup.",
        DNS,
    ),
    (
        "tcp",
        "No connection to the broker. The cause is mostly an exception of the platform's: "
        "ECONNREFUSED (111) means that nobody listens at that port, ETIMEDOUT (110 or 116) and "
        "EHOSTUNREACH (113 or 118) that the broker's machine, or a firewall, does not answer.",
        TCP,
    ),
    (
        "tls",
        "The connection is there, TLS is not. The words end with what TLS itself said.",
        TLS,
    ),
    ("websocket", "The server's answer, or a frame.", WEBSOCKET),
    (
        "connack",
        "The way to the broker is open, and its answer to CONNECT is a refusal, wrong, or missing.",
        CONNACK,
    ),
    (
        "session",
        "A link that stood has ended. The cause may be an exception of the platform's: ECONNRESET "
        "(104) means that the other side, or something in between, has thrown the link away.",
        SESSION,
    ),
    (
        "store",
        "Of a file store: its files, or their drive. The cause may be the ``OSError`` of the "
        "drive.",
        STORE,
    ),
)
