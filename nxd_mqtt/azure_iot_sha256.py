# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""SHA-256 in Python, FIPS 180-4: for boards whose hashlib has none, imported only there.

Words are wider than a board's small integers, so each step leaves some on the heap; nothing else is
made anew for a block.
"""

from struct import pack, pack_into, unpack, unpack_from

from micropython import const

_WORD = const(0xFFFFFFFF)
# A word times this is the word twice: bits that leave it on the right come in on the left.
_TWICE = const(0x100000001)

# The beginnings of the square roots of the first 8 primes, of the cube roots of the first 64.
_START = (
    b"\x6a\x09\xe6\x67\xbb\x67\xae\x85\x3c\x6e\xf3\x72\xa5\x4f\xf5\x3a"
    b"\x51\x0e\x52\x7f\x9b\x05\x68\x8c\x1f\x83\xd9\xab\x5b\xe0\xcd\x19"
)
_ROUNDS = (
    b"\x42\x8a\x2f\x98\x71\x37\x44\x91\xb5\xc0\xfb\xcf\xe9\xb5\xdb\xa5"
    b"\x39\x56\xc2\x5b\x59\xf1\x11\xf1\x92\x3f\x82\xa4\xab\x1c\x5e\xd5"
    b"\xd8\x07\xaa\x98\x12\x83\x5b\x01\x24\x31\x85\xbe\x55\x0c\x7d\xc3"
    b"\x72\xbe\x5d\x74\x80\xde\xb1\xfe\x9b\xdc\x06\xa7\xc1\x9b\xf1\x74"
    b"\xe4\x9b\x69\xc1\xef\xbe\x47\x86\x0f\xc1\x9d\xc6\x24\x0c\xa1\xcc"
    b"\x2d\xe9\x2c\x6f\x4a\x74\x84\xaa\x5c\xb0\xa9\xdc\x76\xf9\x88\xda"
    b"\x98\x3e\x51\x52\xa8\x31\xc6\x6d\xb0\x03\x27\xc8\xbf\x59\x7f\xc7"
    b"\xc6\xe0\x0b\xf3\xd5\xa7\x91\x47\x06\xca\x63\x51\x14\x29\x29\x67"
    b"\x27\xb7\x0a\x85\x2e\x1b\x21\x38\x4d\x2c\x6d\xfc\x53\x38\x0d\x13"
    b"\x65\x0a\x73\x54\x76\x6a\x0a\xbb\x81\xc2\xc9\x2e\x92\x72\x2c\x85"
    b"\xa2\xbf\xe8\xa1\xa8\x1a\x66\x4b\xc2\x4b\x8b\x70\xc7\x6c\x51\xa3"
    b"\xd1\x92\xe8\x19\xd6\x99\x06\x24\xf4\x0e\x35\x85\x10\x6a\xa0\x70"
    b"\x19\xa4\xc1\x16\x1e\x37\x6c\x08\x27\x48\x77\x4c\x34\xb0\xbc\xb5"
    b"\x39\x1c\x0c\xb3\x4e\xd8\xaa\x4a\x5b\x9c\xca\x4f\x68\x2e\x6f\xf3"
    b"\x74\x8f\x82\xee\x78\xa5\x63\x6f\x84\xc8\x78\x14\x8c\xc7\x02\x08"
    b"\x90\xbe\xff\xfa\xa4\x50\x6c\xeb\xbe\xf9\xa3\xf7\xc6\x71\x78\xf2"
)


def sha256(data: bytes) -> bytes:
    """The hash of bytes."""
    state = list(unpack(">8I", _START))
    words = [0] * 16
    size = len(data)
    whole = size & -64
    for at in range(0, whole, 64):
        _block(state, words, data, at)
    rest = size - whole
    tail = bytearray(64 if rest < 56 else 128)
    tail[:rest] = data[whole:]
    tail[rest] = 0x80
    # No board holds a message whose bits 32 bits cannot count.
    pack_into(">I", tail, len(tail) - 4, size << 3)
    for at in range(0, len(tail), 64):
        _block(state, words, tail, at)
    return pack(">8I", *state)


def _block(state: list, words: list, data, at: int) -> None:
    """Take in 64 bytes; names and order as in section 6.2.2."""
    a, b, c, d, e, f, g, h = state
    for turn in range(64):
        if turn < 16:
            word = unpack_from(">I", data, at + turn * 4)[0]
        else:
            word = _scheduled(words, turn)
        words[turn & 15] = word
        twice = e * _TWICE
        first = (twice >> 6 ^ twice >> 11 ^ twice >> 25) & _WORD
        first += h + (g ^ e & (f ^ g)) + unpack_from(">I", _ROUNDS, turn * 4)[0] + word
        twice = a * _TWICE
        second = (twice >> 2 ^ twice >> 13 ^ twice >> 22) & _WORD
        second += a & b | c & (a | b)
        h = g
        g = f
        f = e
        e = d + first & _WORD
        d = c
        c = b
        b = a
        a = first + second & _WORD
    for place, value in enumerate((a, b, c, d, e, f, g, h)):
        state[place] = state[place] + value & _WORD


def _scheduled(words: list, turn: int) -> int:
    """The next word of the message schedule; of all only the last 16 are kept."""
    near = words[turn + 1 & 15]
    far = words[turn + 14 & 15]
    twice = near * _TWICE
    word = words[turn & 15] + ((twice >> 7 ^ twice >> 18) & _WORD ^ near >> 3)
    twice = far * _TWICE
    return word + words[turn + 9 & 15] + ((twice >> 17 ^ twice >> 19) & _WORD ^ far >> 10) & _WORD
