# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""Plays an example on this machine, against the embedded broker or the local IoT Hub.

Run it in the root of the project: ``python -m boards.desktop.example simpletest``. Without a name
it lists them. An example is a file ``examples/nxd_mqtt_<name>.py`` with a function ``main``; it is
the same on a board. What it needs besides a broker is in ``STAGES``: one that is not there gets a
broker and its settings. Those for IoT Hub find what ``hub_stages`` has.
"""

import argparse
import ast
import contextlib
import importlib.util
import os
import sys
import tempfile
import threading
from pathlib import Path

from .broker import Broker
from .broker.__main__ import checker
from .broker.packets import ACCEPTED, SERVER_UNAVAILABLE
from .broker.secure import server_context
from .hub_stages import STAGES as _HUB_STAGES
from .sibling import Sibling

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
_PREFIX = "nxd_mqtt_"

_CLIENT_ID = "example"
_TOPIC = "nxd_mqtt/example"
_PATH = "/mqtt"
_USER, _PASSWORD = "example", "secret"
# What takes longer than this will not come any more.
_STEP_SECONDS = 10


# -- what an example finds -----------------------------------------------------------------------


class Stage:
    """A broker, and the settings that lead to it.

    :param tell: called with each line of somebody else's than the example
    """

    starts = 1
    """How often the board is switched on."""

    def __init__(self, tell):
        self.tell = tell
        self.settings = {}
        self.broker = None
        self._open = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as opened:
            self.broker = opened.enter_context(self.make_broker(opened))
            settings = self.more_settings(opened)
            self._open = opened.pop_all()
        named = {
            "MQTT_BROKER": self.broker.host,
            "MQTT_PORT": str(self.broker.port),
            "MQTT_CLIENT_ID": _CLIENT_ID,
            "MQTT_TOPIC": _TOPIC,
        }
        self.settings = named | settings
        return self

    def __exit__(self, *exception):
        self._open.close()

    def make_broker(self, opened: contextlib.ExitStack) -> Broker:
        """The broker, not started."""
        return Broker()

    def more_settings(self, opened: contextlib.ExitStack) -> dict[str, str]:
        """Who else is there, and the settings that only this example has."""
        return {}

    def before(self, start: int) -> None:
        """The board is about to be switched on, for the first time if ``start`` is 1."""

    def after(self) -> None:
        """The last start is over."""

    def complaints(self) -> list[str]:
        """What the broker did not like."""
        return self.broker.violations()

    def watch(self, opened: contextlib.ExitStack, told, login=(None, None)) -> Sibling:
        """Somebody who is told of each message, and answers reports."""
        return opened.enter_context(Sibling(self.broker, _TOPIC, told, login))


class _Answering(Stage):
    """Somebody answers each report by a command."""

    def more_settings(self, opened):
        self.watch(opened, lambda topic, text: self.tell(f"got {text}"))
        return {}


class _Login(Stage):
    """A broker that knows one user; somebody watches, and the link is lost once it is online."""

    def make_broker(self, opened):
        return Broker(authenticate=checker({_USER: _PASSWORD.encode()}))

    def more_settings(self, opened):
        self._sibling = self.watch(opened, self._told, (_USER, _PASSWORD.encode()))
        return {"MQTT_USERNAME": _USER, "MQTT_PASSWORD": _PASSWORD}

    def _told(self, topic, text):
        self.tell(f"{topic} is {text}")
        if text == "online":
            self.broker.cut(_CLIENT_ID)

    def after(self):
        self._sibling.wait_for("offline", _STEP_SECONDS)


class _Secure(Stage):
    """A broker with TLS, and the root of the authority that has signed for it."""

    def make_broker(self, opened):
        try:
            import trustme
        except ModuleNotFoundError as error:
            raise SystemExit(f"certificates need {error.name}: install nxd-mqtt[dev]")
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        authority = trustme.CA()
        # The name is the broker's address, too, so it is looked up as the example does it.
        own = authority.issue_cert("localhost")
        self._roots, certificate = folder / "roots.pem", folder / "broker.pem"
        authority.cert_pem.write_to_path(str(self._roots))
        own.private_key_and_cert_chain_pem.write_to_path(str(certificate))
        return Broker(host="localhost", ssl_context=server_context(certificate))

    def more_settings(self, opened):
        return {"MQTT_TLS": "1", "MQTT_ROOTS": str(self._roots)}


class _Websocket(Stage):
    """A broker that speaks WebSocket."""

    def make_broker(self, opened):
        return Broker(websocket=_PATH)

    def more_settings(self, opened):
        return {"MQTT_WEBSOCKET": _PATH}


class _Outbox(Stage):
    """A broker that is away at the first start, and a folder for the files."""

    starts = 2

    def more_settings(self, opened):
        folder = opened.enter_context(tempfile.TemporaryDirectory())
        return {"MQTT_OUTBOX": str(Path(folder) / "outbox")}

    def before(self, start):
        if start == 1:
            self.broker.stop()
            self.tell("the broker is away")
        else:
            self.broker.start()
            self.tell("the broker is there")
            self._sibling = self.watch(self._open, lambda topic, text: self.tell(f"got {text}"))

    def after(self):
        self._sibling.wait_for("reading 6", _STEP_SECONDS)


class _Losing(Stage):
    """A broker that loses the board at its fifth reading, and is not available when it returns."""

    def make_broker(self, opened):
        self._refusals = self._losses = 0
        return Broker(authenticate=self._admit)

    def more_settings(self, opened):
        self._seen = set()
        self._sibling = self.watch(opened, self._told)
        return {}

    def _admit(self, client_id, username, password):
        if client_id == _CLIENT_ID and self._refusals:
            self._refusals -= 1
            return SERVER_UNAVAILABLE
        return ACCEPTED

    def _told(self, topic, text):
        self._seen.add(text)
        if text == "5" and not self._losses:
            self._losses = self._refusals = 1
            self.broker.cut(_CLIENT_ID)

    def after(self):
        self._sibling.wait_for("20", _STEP_SECONDS)
        self.tell(f"got {len(self._seen)} different readings")


STAGES = {
    "will_and_login": _Login,
    "tls": _Secure,
    "file_store": _Outbox,
    "reconnecting_sensor": _Losing,
    "super_loop": _Answering,
    "websocket": _Websocket,
} | _HUB_STAGES


# -- playing it ----------------------------------------------------------------------------------


def names() -> list[str]:
    """The names of all examples, sorted."""
    return sorted(path.stem.removeprefix(_PREFIX) for path in EXAMPLES.glob(_PREFIX + "*.py"))


def sentence(name: str) -> str:
    """What an example says of itself in the first line of its docstring."""
    text = (EXAMPLES / f"{_PREFIX}{name}.py").read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse(text)).splitlines()[0]


def load(name: str):
    """An example as a module; it is not run."""
    path = EXAMPLES / f"{_PREFIX}{name}.py"
    specification = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def stage_of(name: str, tell):
    """What an example finds, to be entered: a ``Stage``, or what looks like one.

    :param tell: called with each line of somebody else's than the example
    """
    return STAGES.get(name, Stage)(tell)


class _Lines:
    """Standard output for several threads: a line comes out whole, and as soon as it is."""

    def __init__(self, out):
        self._out = out
        self._begun = threading.local()

    def write(self, text: str) -> int:
        """Take text; what has no end yet waits for it."""
        *whole, rest = (getattr(self._begun, "text", "") + text).split("\n")
        self._begun.text = rest
        if whole:
            self._out.write("".join(line + "\n" for line in whole))
            self._out.flush()
        return len(text)

    def flush(self) -> None:
        """Nothing to do."""


@contextlib.contextmanager
def _environment(settings: dict[str, str]):
    """The settings as variables of the environment, as ``os.getenv`` reads them."""
    before = dict(os.environ)
    os.environ.update(settings)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def play(name: str) -> None:
    """Play an example once; what it raises is raised."""
    lines = _Lines(sys.stdout)
    with (
        contextlib.redirect_stdout(lines),
        stage_of(name, lambda line: print("sibling:", line)) as stage,
        _environment(stage.settings),
    ):
        example = load(name)
        for start in range(1, stage.starts + 1):
            stage.before(start)
            example.main()
        stage.after()


def main(arguments: list[str] | None = None) -> int:
    """Play the example that is named, or list them all."""
    parser = argparse.ArgumentParser(prog="python -m boards.desktop.example", description=__doc__)
    parser.add_argument("name", nargs="?", help="which one; without it all are listed")
    wanted = parser.parse_args(arguments).name
    found = names()
    if wanted is None:
        width = max(map(len, found))
        for name in found:
            print(f"{name:{width}}  {sentence(name)}")
        return 0
    wanted = wanted.removeprefix(_PREFIX)
    if wanted not in found:
        parser.error(f"no such example: {wanted}; there are {', '.join(found)}")
    play(wanted)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
