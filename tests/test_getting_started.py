# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""What the page for newcomers tells to type works, and what it says that one sees is what comes."""

import os
import re
import subprocess
import sys
import textwrap

from repository import ROOT

PAGE = (ROOT / "docs" / "getting_started.rst").read_text(encoding="utf-8")
SECONDS = 30


def blocks(language):
    """The blocks of a language on the page, as they are printed."""
    found = re.findall(rf"\.\. code-block:: {language}\n\n((?: {{3}}.*\n|\n)+)", PAGE)
    return [textwrap.dedent(block).strip("\n") + "\n" for block in found]


COMMANDS = "".join(blocks("shell")).splitlines()


def command_of(program):
    """The words of the command that runs a program, and the settings in front of it."""
    (line,) = (line for line in COMMANDS if line.endswith("/python " + program))
    *settings, interpreter, _ = line.split()
    assert interpreter == ".venv/bin/python"
    return dict(setting.split("=") for setting in settings)


def output_that_begins(words):
    """The printed block whose first line begins so."""
    (block,) = (block for block in blocks("text") if block.startswith(words))
    return block


def environment(settings, broker):
    """The page's settings, with the port of a broker of the test's own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MQTT_")}
    return {**clean, **settings, "MQTT_PORT": str(broker.port)}


def test_every_make_command_is_one():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = [line.split()[1] for line in COMMANDS if line.startswith("make ")]
    assert len(targets) == 2
    for target in targets:
        assert re.search(rf"^{target}: ", makefile, re.MULTILINE)


def test_the_main_job_prints_what_the_page_shows(mosquitto):
    settings = command_of("code.py")
    wanted = output_that_begins("connecting to").replace("1883", str(mosquitto.port))
    told = []
    with subprocess.Popen(
        [sys.executable, "-u", "code.py"],
        cwd=ROOT,
        env=environment(settings, mosquitto),
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        for line in program.stdout:
            told.append(line)
            if len(told) == len(wanted.splitlines()):
                break
        program.kill()
    assert "".join(told) == wanted
    client = settings["MQTT_CLIENT_ID"]
    assert f"{client}/command" in wanted
    assert any(f"nxd_mqtt/{client}/command" in line for line in COMMANDS)


def test_the_smallest_program_prints_what_the_page_shows(mosquitto):
    (copy,) = (line.split() for line in COMMANDS if line.startswith("cp "))
    settings = command_of(copy[2])
    done = subprocess.run(
        [sys.executable, copy[1]],
        cwd=ROOT,
        env=environment(settings, mosquitto),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    assert done.stdout == output_that_begins("connected\n")


def test_the_words_to_look_for_are_those_that_are_printed():
    rows = re.findall(r"^   \* - (``.*)$", PAGE, re.MULTILINE)
    words = re.findall(r"``(.+?)``", " ".join(rows))
    assert len(words) == 8
    places = ("code.py", "boards/native_wifi.py", "nxd_mqtt/link.py")
    sources = "".join((ROOT / place).read_text(encoding="utf-8") for place in places)
    for word in words:
        raised = word.endswith("Error")
        parts = word.replace("(tcp)", "(%s)").replace("(dns)", "(%s)").split()
        assert raised or all(part in sources for part in parts), word


def test_the_settings_and_the_drive_are_taken_from_where_they_are():
    settings = (ROOT / "settings.toml.example").read_text(encoding="utf-8")
    for option in ("start-at", "end-at"):
        words = re.search(rf"settings\.toml\.example\n(?:   .*\n)*?   :{option}: (.*)\n", PAGE)[1]
        assert settings.count("\n" + words) == 1
    drive = (ROOT / "docs" / "drive.rst").read_text(encoding="utf-8")
    for option in ("start-after", "end-before"):
        words = re.search(rf"include:: drive\.rst\n(?:   .*\n)*?   :{option}: (.*)\n", PAGE)[1]
        assert drive.count(words) == 1
