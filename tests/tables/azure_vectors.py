# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What goes to Azure IoT Hub and comes from it as text, hashes, JSON: data for all interpreters."""

# --- percent-encoding, RFC 3986 ------------------------------------------------------------------

# (text, encoded)
ENCODED = (
    (b"", b""),
    (b"plain-._~09AZaz", b"plain-._~09AZaz"),
    (b"temp alert", b"temp%20alert"),
    (b"a&b=c+d", b"a%26b%3Dc%2Bd"),
    (b"$.ct", b"%24.ct"),
    (b"application/json", b"application%2Fjson"),
    (b"100%", b"100%25"),
    (b"%20", b"%2520"),
    (b"?#[]@!'()*,;:", b"%3F%23%5B%5D%40%21%27%28%29%2A%2C%3B%3A"),
    (b"\0\t\n\x7f", b"%00%09%0A%7F"),
    (b'`{|}^"<>\\', b"%60%7B%7C%7D%5E%22%3C%3E%5C"),
    (b"\xc3\xbc\xe2\x84\x83", b"%C3%BC%E2%84%83"),
    (b"\xf0\x9f\x8c\xa1\xff", b"%F0%9F%8C%A1%FF"),
)

# (text with escapes that need not have been, or that are none; decoded)
DECODED = (
    (b"%2f%2F", b"//"),
    (b"%61%42", b"aB"),
    (b"%2541", b"%41"),
    (b"a+b", b"a+b"),
    (b"%", b"%"),
    (b"%%", b"%%"),
    (b"%4", b"%4"),
    (b"%4%41", b"%4A"),
    (b"%%41", b"%A"),
    (b"%zz%41", b"%zzA"),
    (b"%4z", b"%4z"),
    (b"%+1% 1%1 ", b"%+1% 1%1 "),
    (b"%\xc3\xbc", b"%\xc3\xbc"),
    (b"41%", b"41%"),
)

# --- property bags and topics --------------------------------------------------------------------

# (bag, properties)
BAGS = (
    (b"", ()),
    (b"&", ()),
    (b"a=1", ((b"a", b"1"),)),
    (b"a=1&b=2", ((b"a", b"1"), (b"b", b"2"))),
    (b"a=1&&b=2&", ((b"a", b"1"), (b"b", b"2"))),
    (b"a&b=", ((b"a", b""), (b"b", b""))),
    (b"=1&=", ((b"", b"1"), (b"", b""))),
    (b"a=1=2", ((b"a", b"1=2"),)),
    (b"a=1&a=2", ((b"a", b"1"), (b"a", b"2"))),
    (b"%61=%26%3D&b%3D=%00", ((b"a", b"&="), (b"b=", b"\0"))),
    (
        b"%24.mid=id%201&%24.to=%2Fdevices%2Fd%2Fmessages%2FdeviceBound&iothub-ack=full",
        (
            (b"$.mid", b"id 1"),
            (b"$.to", b"/devices/d/messages/deviceBound"),
            (b"iothub-ack", b"full"),
        ),
    ),
)

# (bag, name, value of the first such property or None)
VALUES = (
    (b"", b"a", None),
    (b"a=1&b=2", b"b", b"2"),
    (b"a=1&a=2", b"a", b"1"),
    (b"%61=1", b"a", b"1"),
    (b"a=1", b"%61", None),
    (b"ab=1", b"a", None),
    (b"a", b"a", b""),
    (b"%24.ct=application%2Fjson", b"$.ct", b"application/json"),
)

# (topic, name, value or None)
QUERIES = (
    (b"$iothub/twin/res/200/?$rid=1a", b"$rid", b"1a"),
    (b"$iothub/twin/res/204/?$rid=1a&$version=124", b"$rid", b"1a"),
    (b"$iothub/twin/res/204/?$rid=1a&$version=124", b"$version", b"124"),
    (b"$iothub/twin/res/204/?$version=124&$rid=1a", b"$rid", b"1a"),
    (b"$iothub/twin/PATCH/properties/desired/?$version=7", b"$version", b"7"),
    (b"$iothub/twin/PATCH/properties/desired/?$version=7", b"$rid", None),
    (b"$iothub/methods/POST/why?/?$rid=%31", b"$rid", b"%31"),
    (b"$iothub/twin/res/200/?$rid=", b"$rid", b""),
    (b"$iothub/twin/res/200/?$rid=a=b", b"$rid", b"a=b"),
    (b"$iothub/twin/res/200/?$rid", b"$rid", None),
    (b"$iothub/twin/res/200/?x$rid=1", b"$rid", None),
    (b"$iothub/twin/res/200/?", b"$rid", None),
    (b"$rid=1", b"$rid", None),
    (b"$iothub/twin/res/200/", b"$rid", None),
    (b"", b"$rid", None),
)

# (text, number)
NUMBERS = (
    (b"0", 0),
    (b"200", 200),
    (b"007", 7),
    (b"1073741824", 1073741824),
    (b"1700000000", 1700000000),
    (b"4294967296", 4294967296),
    (b"9999999999", 9999999999),
    (b"10000000000", -1),
    (b"00000000001", -1),
    (b"", -1),
    (b"-1", -1),
    (b"+1", -1),
    (b" 1", -1),
    (b"1 ", -1),
    (b"1_0", -1),
    (b"1.0", -1),
    (b"1e3", -1),
    (b"0x10", -1),
    (b"2/3", -1),
    (b"1:2", -1),
    (b"\xd9\xa1", -1),
)

_HUB = b"hub.azure-devices.net"
_AGENT = b"/?api-version=2021-04-12&DeviceClientType=nxd_mqtt"

# (host, device id, module id, model id, user name, client id)
USER_NAMES = (
    (_HUB, b"dev1", None, None, b"hub.azure-devices.net/dev1" + _AGENT, b"dev1"),
    (_HUB, b"dev1", b"", b"", b"hub.azure-devices.net/dev1" + _AGENT, b"dev1"),
    (_HUB, b"d", b"m", None, b"hub.azure-devices.net/d/m" + _AGENT, b"d/m"),
    (b"h", b"it's 7%", None, None, b"h/it's 7%" + _AGENT, b"it's 7%"),
    (
        b"h",
        b"d",
        b"m",
        b"dtmi:com:example:Thermostat;1",
        b"h/d/m" + _AGENT + b"&model-id=dtmi%3Acom%3Aexample%3AThermostat%3B1",
        b"d/m",
    ),
)

# (host, device id, module id, resource, events topic)
PLACES = (
    (b"h", b"d", None, b"h/devices/d", b"devices/d/messages/events/"),
    (b"h", b"d", b"", b"h/devices/d", b"devices/d/messages/events/"),
    (b"h", b"d%", b"m", b"h/devices/d%/modules/m", b"devices/d%/modules/m/messages/events/"),
)

IDS = (
    b"d",
    b"Device-7.of_Mine",
    b"0123456789",
    b"abcdefghijklmnopqrstuvwxyz",
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    b"-.%_*?!(),:=@$'",
    b"i" * 128,
)
NO_IDS = (
    b"",
    b"i" * 129,
    b"a+b",
    b"a#b",
    b"a/b",
    b"a b",
    b"a;b",
    b"a&b",
    b"a\0b",
    b"a\x7f",
    b"a[",
    b"a`",
    b"a{",
    b"@\x5b",
    b"\xc3\xa9",
    b"\xc1",
)

# --- connection strings --------------------------------------------------------------------------

# Stands for a key: no error may tell any of it.
SECRET = "c2VjcmV0IGtleSBvZiBhIGRldmljZQ=="
_WITH_KEY = "HostName=h.net;DeviceId=d;SharedAccessKey=" + SECRET

# (text, host_name, device_id, module_id, symmetric_key, gateway_host, x509)
CONNECTION_STRINGS = (
    (_WITH_KEY, "h.net", "d", None, SECRET, None, None),
    (_WITH_KEY + ";", "h.net", "d", None, SECRET, None, None),
    (" " + _WITH_KEY + " \r\n", "h.net", "d", None, SECRET, None, None),
    (
        "SharedAccessKey=" + SECRET + "; ModuleId=m;;DeviceId=a=b ;HostName=h",
        "h",
        "a=b",
        "m",
        SECRET,
        None,
        None,
    ),
    (_WITH_KEY + ";GatewayHostName=edge", "h.net", "d", None, SECRET, "edge", None),
    (_WITH_KEY + ";x509=false;Color=red;color=", "h.net", "d", None, SECRET, None, None),
    ("HostName=h;DeviceId=d;x509=true", "h", "d", None, None, None, True),
    ("HostName=h;DeviceId=d;x509=True", "h", "d", None, None, None, True),
)

# (text, what the error names)
NO_CONNECTION_STRINGS = (
    ("", "HostName"),
    (";", "HostName"),
    ("DeviceId=d;SharedAccessKey=" + SECRET, "HostName"),
    ("HostName=h;SharedAccessKey=" + SECRET, "DeviceId"),
    ("HostName=h;DeviceId=d", "SharedAccessKey"),
    ("HostName=h;DeviceId=d;x509=false", "SharedAccessKey"),
    ("HostName=h;deviceid=d;SharedAccessKey=" + SECRET, "DeviceId"),
    ("HostName=h;DeviceId=d;sharedAccessKey=" + SECRET, "SharedAccessKey"),
    ("HostName=;DeviceId=d;SharedAccessKey=" + SECRET, "HostName"),
    ("HostName=h;DeviceId=;SharedAccessKey=" + SECRET, "DeviceId"),
    ("HostName=h;DeviceId=d;SharedAccessKey=", "SharedAccessKey"),
    (_WITH_KEY + ";ModuleId=", "ModuleId"),
    (_WITH_KEY + ";HostName=h", "HostName twice"),
    (_WITH_KEY + ";SharedAccessKey=" + SECRET, "SharedAccessKey twice"),
    (_WITH_KEY + ";x509=true", "x509"),
    (_WITH_KEY + ";SharedAccessKeyName=iothubowner", "services"),
    ("HostName=h;SharedAccessKeyName=owner;SharedAccessKey=" + SECRET, "services"),
    ("HostName=h;DeviceId=d;" + SECRET[:-2], "without ="),
    ("HostName", "without ="),
)

# --- hashes, keys, tokens ------------------------------------------------------------------------

# NIST's examples for FIPS 180-4: (message, how often, digest)
SHA256 = (
    (b"", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (b"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
        b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        1,
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    ),
    (
        b"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
        b"hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
        1,
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
    ),
    (b"\xbd", 1, "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b"),
    (b"\0", 55, "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7"),
    (b"\0", 56, "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb"),
    (b"\0", 57, "65a16cb7861335d5ace3c60718b5052e44660726da4cd13bb745381b235a1785"),
    (b"\0", 64, "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b"),
    (b"\0", 1000, "541b3e9daa09b20bf85fa273e5cbd3e80185aa4ec298e765db87742b70138a53"),
    (b"A", 1000, "c2e686823489ced2017f6059b8b239318b6364f6dcd835d0a519105a1eadd6e4"),
)

# RFC 4231, section 4: (key, message, hash, of which the fifth shows the beginning only)
HMAC = (
    (
        b"\x0b" * 20,
        b"Hi There",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    ),
    (
        b"Jefe",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    (
        b"\xaa" * 20,
        b"\xdd" * 50,
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
    ),
    (
        bytes(range(1, 26)),
        b"\xcd" * 50,
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
    ),
    (b"\x0c" * 20, b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
    (
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
    (
        b"\xaa" * 131,
        b"This is a test using a larger than block-size key and a larger than block-size data. "
        b"The key needs to be hashed before being used by the HMAC algorithm.",
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    ),
)

# (key as text, key)
KEYS = (
    ("c2VjcmV0", b"secret"),
    (b"c2VjcmV0MQ==", b"secret1"),
    ("c2VjcmV0MTI=", b"secret12"),
    (" c2VjcmV0\n", b"secret"),
    ("+/+/", b"\xfb\xff\xbf"),
)
NO_KEYS = (
    "",
    "=",
    "====",
    "c2VjcmV0MQ",
    "c2VjcmV0MQ=",
    "c2VjcmV0MQ===",
    "c2VjcmV0M===",
    "c2Vj=mV0",
    "c2Vj cmV",
    "c2Vjc-V0",
    "c2Vjc_V0",
    "c2Vjcm\xe90",
    b"c2VjcmV\xff",
    "c2Vjcm%30",
)

# (resource, key, expiry, token)
TOKENS = (
    (
        b"localhost/devices/dev1",
        b"secret",
        1700000000,
        b"SharedAccessSignature sr=localhost%2Fdevices%2Fdev1"
        b"&sig=uupu30eBe%2B9ZnhY6%2BjJ9rsJPoWrx104ytotTTlv1nDU%3D&se=1700000000",
    ),
    (
        b"hub.azure-devices.net/devices/it's 7%/modules/m",
        bytes(range(64)),
        4102444800,
        b"SharedAccessSignature sr=hub.azure-devices.net%2Fdevices%2Fit%27s%207%25%2Fmodules%2Fm"
        b"&sig=DLoKLwQpTAGFCkjBRfASAaUTXQzX8se9%2Fq0ujRjuPDE%3D&se=4102444800",
    ),
)

# (token, when it ends)
EXPIRIES = (
    (b"SharedAccessSignature sr=h%2Fdevices%2Fd&sig=a%3D&se=1700000000", 1700000000),
    (b"SharedAccessSignature se=1700000000&sr=h&sig=a", 1700000000),
    (b"SharedAccessSignature sig=a&se=4102444800&skn=policy&sr=h", 4102444800),
    (b"sr=h&sig=a&se=12", 12),
    (b"SharedAccessSignature sr=h&sig=a", -1),
    (b"SharedAccessSignature sr=h&sig=a&se=", -1),
    (b"SharedAccessSignature sr=h&sig=a&se=soon", -1),
    (b"SharedAccessSignature sr=h&sig=a&se=-5", -1),
    (b"", -1),
)

# --- JSON ----------------------------------------------------------------------------------------

# (text, name, the member's value as it is written, or None)
MEMBERS = (
    (b"{}", b"a", None),
    (b" { } \r\n\t", b"a", None),
    (b'{"a":1}', b"a", b"1"),
    (b'{"a":1}', b"b", None),
    (b'{"ab":1,"b":2}', b"a", None),
    (b'{"a":1,"ab":2}', b"ab", b"2"),
    (b' { "a" : -0.5e+3 , "b" : 2 } ', b"a", b"-0.5e+3"),
    (b'{"a":1,"a":[2]}', b"a", b"[2]"),
    (b'{"":0}', b"", b"0"),
    (b'{"b":{"a":1},"a":{"a":{"a":[]}}}', b"a", b'{"a":{"a":[]}}'),
    (b'{"b":["a",{"a":1}]}', b"a", None),
    (b'{"a":{"b":3},"c":{"a":4}}', b"a", b'{"b":3}'),
    (b'{"a":"x\\"}","b":"\\\\"}', b"b", b'"\\\\"'),
    (b'{"a":"\\u00e9\\b\\f\\n\\r\\t\\/\\\\\\"","b":true}', b"b", b"true"),
    (b'{"t":true,"f":false,"n":null}', b"n", b"null"),
    (b'{"t":true,"f":false,"n":null}', b"f", b"false"),
    (b'{"a":[],"b":[[],{},[0,"]"]] }', b"b", b'[[],{},[0,"]"]]'),
    (b'{"\xc3\xbc":"\xf0\x9f\x8c\xa1"}', b"\xc3\xbc", b'"\xf0\x9f\x8c\xa1"'),
    (b'{"a":"\x7f\xed\x9f\xbf"}', b"a", b'"\x7f\xed\x9f\xbf"'),
    (b'{"a":0,"b":10,"c":1E9,"d":-0}', b"d", b"-0"),
    # A name with escapes is not recognised.
    (b'{"\\u0061":1}', b"a", None),
    (
        b'{"desired":{"interval":5,"$version":4},"reported":{"$version":90}}',
        b"desired",
        b'{"interval":5,"$version":4}',
    ),
)

NO_OBJECTS = (
    b"",
    b" ",
    b"1",
    b"null",
    b'"a"',
    b"[]",
    b"a",
    b"}",
    b"{",
    b"{]",
    b"{}}",
    b"{}{}",
    b"{} x",
    b"{}\0",
    b"\0{}",
    b"\xef\xbb\xbf{}",
    b"{,}",
    b"{1:2}",
    b"{a:1}",
    b"{'a':1}",
    b'{"a"}',
    b'{"a":}',
    b'{"a" 1}',
    b'{"a"::1}',
    b"{'a\":1}",
    b'{a":1}',
    b'{"a"=1}',
    b'{"a",1}',
    b'{"a"11}',
    b'{"a":1,}',
    b'{"a":1,,"b":2}',
    b'{"a":1 "b":2}',
    b'{"a":1;"b":2}',
    b'{"a":1]',
    b'{"a":[1}',
    b'{"a":[1,]}',
    b'{"a":[,1]}',
    b'{"a":[1 2]}',
    b'{"a":[1:2]}',
    b'{"a":["b":2]}',
    b'{"a":[}]}',
    b'{"a":{]}}',
    b'{"a":tru}',
    b'{"a":truE}',
    b'{"a":truex}',
    b'{"a":nul\0}',
    b'{"a":True}',
    b'{"a":NaN}',
    b'{"a":Infinity}',
    b'{"a":-Infinity}',
    b'{"a":undefined}',
    b'{"a":-}',
    b'{"a":+1}',
    b'{"a":01}',
    b'{"a":-01}',
    b'{"a":.5}',
    b'{"a":1.}',
    b'{"a":1.e3}',
    b'{"a":1e}',
    b'{"a":1d5}',
    b'{"a":1e+}',
    b'{"a":1.2.3}',
    b'{"a":0x1}',
    b'{"a":1-2}',
    b'{"a":"b}',
    b'{"a":"\\x"}',
    b'{"a":"\\u12g4"}',
    b'{"a":"\\u123"}',
    b'{"a":"\n"}',
    b'{"a":"\0"}',
    b'{"a":"\x1f"}',
    b'{"a":"\xff"}',
    b'{"a":"\xc3"}',
    b'{"a":"\xed\xa0\x80"}',
    b'{"a":"\xc0\x80"}',
    b'{"a":\xc2\xa01}',
    b'{"a":1/**/}',
    b"{//\n}",
    b"Bad Request",
    b"<html>{}</html>",
)

# How deep objects and arrays may lie in each other.
DEEPEST = 32


def nested(depth: int) -> bytes:
    """Objects and arrays by turns in each other."""
    text = b"1"
    for level in range(depth - 1, -1, -1):
        text = b'{"a":%s}' % text if level % 2 == 0 else b"[%s]" % text
    return text
