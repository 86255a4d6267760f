# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Shows that the socket adapter speaks CircuitPython's dialect, against an echo server.

Arguments: host and port of a server that echoes, and closes after it has echoed ``bye``.
"""

import errno
import select
import sys
import time

import adafruit_connection_manager
import heap
from radio import Radio

# MicroPython has no name for a broken pipe.
_BROKEN = (32, errno.ECONNRESET, errno.ENOTCONN)

HOST, PORT = sys.argv[1], int(sys.argv[2])


def check(claim: bool, what: str) -> None:
    if not claim:
        print("not so:", what)
        sys.exit(1)


def number_of(call, *arguments) -> int:
    """The errno of the OSError that a call raises; 0 when it raises none."""
    try:
        call(*arguments)
    except OSError as error:
        return error.errno
    return 0


def wait_for(sock, events: int = select.POLLIN) -> list:
    poller = select.poll()
    poller.register(sock, events)
    return poller.poll(5000)


def check_addresses(pool) -> None:
    family, kind, _, _, address = pool.getaddrinfo(HOST, PORT, 0, pool.SOCK_STREAM)[0]
    check((family, kind) == (pool.AF_INET, pool.SOCK_STREAM), "family and type come first")
    check(address == (HOST, PORT), "the address is text and a port")
    error = 0
    try:
        pool.getaddrinfo("no.such.host.invalid", PORT)
    except pool.gaierror as failure:
        error = failure.errno
    check(error == pool.EAI_NONAME, "an unknown name is a gaierror")


def check_refusal(pool) -> None:
    listener = pool.socket()
    check(number_of(listener.send, b"x") == errno.ENOTCONN, "send before connect: ENOTCONN")
    listener.close()
    listener.close()
    check(number_of(listener.send, b"x") == errno.EBADF, "send after close: EBADF")
    with pool.socket() as sock:
        sock.settimeout(2)
        check(number_of(sock.connect, (HOST, 1)) == errno.ECONNREFUSED, "nobody there: refused")


def check_echo(sock, buffer: bytearray) -> None:
    sock.settimeout(0)
    check(number_of(sock.recv_into, buffer) == errno.EAGAIN, "nothing yet: EAGAIN")
    sock.settimeout(0.05)
    check(number_of(sock.recv_into, buffer) == errno.ETIMEDOUT, "nothing in time: ETIMEDOUT")
    check(sock.send(b"abcdef") == len(b"abcdef"), "send tells how much it took")
    ready = wait_for(sock)
    check(ready and ready[0][0] is sock, "select.poll tells of the socket that was registered")
    check(sock.recv_into(buffer, 2) == 2 and buffer[:2] == b"ab", "no more than asked for")
    sock.settimeout(5)
    check(sock.recv_into(buffer) == 4 and buffer[:4] == b"cdef", "what there is, not a full buffer")
    sock.send(b"xy")
    check(sock.recv_into(memoryview(buffer)[8:9]) == 1 and buffer[8] == ord("x"), "into a view")
    check(sock.recv_into(buffer) == 1, "the rest stays")


def check_costs(sock, buffer: bytearray) -> None:
    poller = select.poll()
    poller.register(sock, select.POLLIN)

    def exchange() -> None:
        sock.send(b"0123456789")
        for _ in poller.ipoll(5000):
            sock.recv_into(buffer, 10)

    cost = heap.bytes_per_call(exchange, 50)
    check(cost == 0, "an exchange allocates nothing, but it takes %s bytes" % cost)


def check_full(sock) -> None:
    block = bytes(32768)
    sock.settimeout(0)
    error = 0
    for _ in range(10000):
        error = number_of(sock.send, block)
        if error:
            break
    check(error == errno.EAGAIN, "a full buffer: EAGAIN")


def send_until_it_fails(sock) -> None:
    sock.settimeout(5)
    for _ in range(100):
        sock.send(b"is there anybody")
        time.sleep_ms(10)


def check_end(sock, buffer: bytearray) -> None:
    sock.settimeout(5)
    sock.send(b"bye")
    count = sock.recv_into(buffer)
    check(count == 3, "the last bytes come")
    check(sock.recv_into(buffer) == 0, "peer closed: 0")
    sock.settimeout(0)
    check(sock.recv_into(buffer) == 0, "and stays 0")
    check(number_of(send_until_it_fails, sock) in _BROKEN, "sending to a closed peer is an error")


def main() -> None:
    pool = adafruit_connection_manager.get_radio_socketpool(Radio())
    buffer = bytearray(64)
    check_addresses(pool)
    check_refusal(pool)
    manager = adafruit_connection_manager.get_connection_manager(pool)
    sock = manager.get_socket(HOST, PORT, "mqtt:", "session", timeout=5)
    check_echo(sock, buffer)
    check_costs(sock, buffer)
    check_end(sock, buffer)
    manager.close_socket(sock)
    second = manager.get_socket(HOST, PORT, "mqtt:", "session", timeout=5)
    check_full(second)
    adafruit_connection_manager.connection_manager_close_all(release_references=True)
    print("adapter: as CircuitPython")


main()
