# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The library on MicroPython: the bench works, and every module runs there."""

import socket
import threading

import pytest

ARGUMENT = "one two"


def test_a_script_gets_its_arguments_and_its_output_comes_back(micropython):
    assert micropython.run("hello.py", ARGUMENT) == "hello one two\n"


def test_a_script_that_fails_fails_its_test_with_its_output(micropython):
    with pytest.raises(pytest.fail.Exception, match=r"(?s)exit code 3\n.*told to fail"):
        micropython.run("hello.py", "exit", "3")


def test_a_script_that_hangs_is_ended(micropython):
    with pytest.raises(pytest.fail.Exception, match="still running after 1 s"):
        micropython.run("hang.py", seconds=1)


def test_heap_bytes_are_counted(micropython):
    micropython.run("counting.py")


class EchoServer(threading.Thread):
    """Echoes on loopback, one connection after the other; after ``bye`` it closes.

    It stops reading a connection that sends much without taking its echo, as TCP has it.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._closing = False
        self.address = self._listener.getsockname()

    def run(self) -> None:
        while not self._closing:
            with self._listener.accept()[0] as connection:
                self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        data = b"more"
        try:
            while data not in (b"", b"bye"):
                data = connection.recv(65536)
                connection.sendall(data)
        except OSError:
            return

    def close(self) -> None:
        self._closing = True
        socket.create_connection(self.address).close()
        self.join(5)
        self._listener.close()


@pytest.fixture
def echo_server():
    server = EchoServer()
    server.start()
    yield server
    server.close()


def test_the_socket_adapter_speaks_the_dialect_of_circuitpython(micropython, echo_server):
    host, port = echo_server.address
    output = micropython.run("adapter.py", host, str(port))
    assert output == "adapter: as CircuitPython\n"


def test_every_module_of_the_library_can_be_imported(micropython):
    micropython.run("imports.py", *micropython.modules)
