# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT
"""The bundle's papers say right what is in it: versions, sources, requirements, licences."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from importlib import metadata

import peers
import pytest
from repository import ROOT

sys.path.append(str(ROOT / "tools"))
import bundle
import bundle_lib
import bundle_metadata
import bundle_version

FIELDS = {
    "package": bool,
    "pypi_name": str,
    "version": str,
    "repo": str,
    "path": str,
    "dependencies": list,
    "external_dependencies": list,
    "pypi_description": str,
}
BESIDE_THE_LIBRARY = {
    "adafruit-circuitpython-asyncio": "asyncio",
    "adafruit-circuitpython-connectionmanager": "adafruit_connection_manager",
    "adafruit-circuitpython-ticks": "adafruit_ticks",
}
# Semantic versions, which circup compares.
VERSION = re.compile(r"\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?")


@pytest.fixture(scope="module")
def files():
    """The files of the bundle by name."""
    return bundle.contents()


@pytest.fixture(scope="module")
def index(files):
    """The JSON of the bundle."""
    return json.loads(files["nxd_mqtt-circuitpython.json"])


def module_file(entry, files):
    """The file of a library that says its version."""
    return files[entry["path"] + ("/__init__.py" if entry["package"] else ".py")].decode()


def test_the_index_has_each_library_with_the_fields_of_adafruit_s(index):
    assert set(index) == {"nxd_mqtt", *BESIDE_THE_LIBRARY.values()}
    for name, entry in index.items():
        assert {field: type(value) for field, value in entry.items()} == FIELDS, name
        assert VERSION.fullmatch(entry["version"]), name
        assert re.fullmatch(r"https://github\.com/[\w-]+/\w+", entry["repo"]), name


def test_the_library_is_the_one_of_pyproject(index):
    entry = index["nxd_mqtt"]
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nname = "{entry["pypi_name"]}"\n' in text
    assert f'\ndescription = "{entry["pypi_description"]}"\n' in text
    released = bundle_version.release(ROOT)
    assert released or f'\nversion = "{entry["version"]}"\n' in text
    assert (entry["package"], entry["path"]) == (True, "nxd_mqtt")


def test_requirements_are_in_lib_or_left_out_with_a_reason(index):
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    named = {line.lower() for line in lines if line and not line.startswith("#")}
    assert named == {*BESIDE_THE_LIBRARY, *bundle_lib.LEFT_OUT}
    assert index["nxd_mqtt"]["dependencies"] == sorted(BESIDE_THE_LIBRARY.values())
    assert {index[module]["pypi_name"] for module in BESIDE_THE_LIBRARY.values()} == set(
        BESIDE_THE_LIBRARY
    )


def test_dependencies_are_in_the_bundle_themselves(index):
    for name, entry in index.items():
        assert set(entry["dependencies"]) <= set(index) - {name}
        assert entry["external_dependencies"] == []
    assert index["asyncio"]["dependencies"] == ["adafruit_ticks"]


def test_each_library_says_its_version_and_source_in_lines_that_circup_finds(index, files):
    for name, entry in index.items():
        source = module_file(entry, files)
        says = {}
        for node in ast.parse(source).body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                # circup reads lines, not Python.
                assert node.lineno == node.end_lineno
                says[node.targets[0].id] = node.value.value
        assert says["__version__"] == entry["version"], name
        assert says["__repo__"].lower() == entry["repo"].lower() + ".git", name


def test_what_lib_has_is_what_is_installed(index):
    for package, module in BESIDE_THE_LIBRARY.items():
        assert index[module]["version"] == metadata.version(package)


def test_the_requirements_on_the_drive_name_what_is_in_lib(files):
    lines = files["requirements.txt"].decode().splitlines()
    named = [line for line in lines if not line.startswith("#")]
    assert named == [f"{name}=={metadata.version(name)}" for name in BESIDE_THE_LIBRARY]


def test_the_page_of_others_has_version_source_and_the_whole_licence_of_each(files):
    page = files["THIRD_PARTY.txt"].decode()
    for name, module in BESIDE_THE_LIBRARY.items():
        assert f"{name} {metadata.version(name)}\n    lib/{module}" in page
        installed = metadata.distribution(name)
        text = next(path for path in installed.files if path.name == "LICENSE").read_text()
        assert text.strip() in page
        assert "Permission is hereby granted" in text
    assert page.count("    licence: MIT\n") == len(BESIDE_THE_LIBRARY)
    assert page.count("    source:  https://github.com/adafruit/") == len(BESIDE_THE_LIBRARY)


# --- requirements that somebody adds -------------------------------------------------------------


def test_requirements_are_read_as_pip_reads_them():
    lines = [
        "# a comment",
        "",
        "B_c.d>=1.0  # why",
        "a[x]~=2; python_version > '3'",
        "c ; extra == 'y'",
    ]
    assert bundle_lib.required(lines) == ["a", "b-c-d"]
    assert bundle_lib.required(["Adafruit-Blinka>=7", "adafruit_blinka"]) == []


def test_a_requirement_that_is_not_installed_ends_the_build():
    with pytest.raises(metadata.PackageNotFoundError):
        bundle_lib.parts(["no-such-package-anywhere"])


def test_a_library_without_what_it_needs_ends_the_build():
    with pytest.raises(ValueError, match="asyncio also needs adafruit-circuitpython-ticks"):
        bundle_lib.parts(["adafruit-circuitpython-asyncio"])


def test_a_package_that_is_more_than_one_module_ends_the_build():
    with pytest.raises(ValueError, match="not one module or package"):
        bundle_lib.part("setuptools")


# --- the version of a release --------------------------------------------------------------------


class Repository:
    """A repository of git with one file."""

    def __init__(self, folder):
        self._git = shutil.which("git") or peers.miss("git")
        self.folder = folder
        folder.mkdir()
        self.run("init", "--quiet", "--template=")
        self.write("first")
        self.run("add", ".")
        self.commit("first")

    def run(self, *arguments):
        """Run git, as nobody in particular."""
        names = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.org")
        environment = {key: value for key, value in os.environ.items() if key[:4] != "GIT_"}
        environment.update(GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_SYSTEM=os.devnull)
        command = [self._git, *names, *arguments]
        subprocess.run(command, cwd=self.folder, env=environment, check=True)

    def write(self, text):
        """Change the file."""
        (self.folder / "file").write_text(text, encoding="utf-8")

    def commit(self, message):
        """Commit what has changed."""
        self.run("commit", "--quiet", "--all", "--message", message)


@pytest.fixture
def repository(tmp_path):
    """A repository with one commit and no tag."""
    return Repository(tmp_path / "repository")


@pytest.mark.parametrize(
    ("tag", "version"),
    [("1.2.3", "1.2.3"), ("v1.2.3", "1.2.3"), ("2.0.0-beta.1", "2.0.0-beta.1"), ("draft", None)],
)
def test_a_release_is_a_tag_that_is_a_version(repository, tag, version):
    assert bundle_version.release(repository.folder) is None
    repository.run("tag", tag)
    assert bundle_version.release(repository.folder) == version


def test_after_a_release_or_with_changes_in_it_there_is_none(repository, monkeypatch):
    repository.run("tag", "1.2.3")
    repository.write("second")
    assert bundle_version.release(repository.folder) is None
    repository.write("first")
    (repository.folder / "another").write_text("new", encoding="utf-8")
    assert bundle_version.release(repository.folder) is None
    (repository.folder / "another").unlink()
    assert bundle_version.release(repository.folder) == "1.2.3"
    # As a hook of another repository would have it.
    monkeypatch.setenv("GIT_DIR", str(ROOT / ".git"))
    assert bundle_version.release(repository.folder) == "1.2.3"
    repository.write("second")
    repository.commit("second")
    assert bundle_version.release(repository.folder) is None


def test_a_folder_within_somebody_s_repository_is_no_release(repository, monkeypatch):
    repository.run("tag", "1.2.3")
    inner = repository.folder / "inner"
    inner.mkdir()
    assert bundle_version.release(inner) is None
    monkeypatch.setenv("PATH", str(inner))
    assert bundle_version.release(repository.folder) is None, "without git"


def test_a_release_is_written_into_the_library_and_the_index(monkeypatch, files):
    monkeypatch.setattr(bundle_version, "release", lambda root: "1.2.3")
    made = bundle.contents()
    init = made["nxd_mqtt/__init__.py"].decode()
    assert '\n__version__ = "1.2.3"\n' in init
    assert json.loads(made["nxd_mqtt-circuitpython.json"])["nxd_mqtt"]["version"] == "1.2.3"
    changed = [name for name in files if made[name] != files[name]]
    assert changed == ["nxd_mqtt/__init__.py", "nxd_mqtt-circuitpython.json"]
    before = files["nxd_mqtt/__init__.py"].decode()
    assert init == before.replace(bundle_version.dunder(before, "__version__"), "1.2.3")


def test_a_module_that_does_not_say_its_version_ends_the_build():
    with pytest.raises(ValueError, match="no line with __version__"):
        bundle_metadata.index(ROOT, '__repo__ = "x"\n', [])
