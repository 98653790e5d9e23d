# SPDX-License-Identifier: GPL-3.0-or-later
"""packaging/deps.sh on machines that are made up: only these commands exist."""
import os
import pathlib
import pty
import re
import subprocess

import pytest

DEPS = pathlib.Path(__file__).parents[2] / "packaging" / "deps.sh"
NEEDED = ["sh", "cat", "sed", "cut", "tr", "printf"]


class Machine:
    """A PATH with a few tools and a package manager that writes down calls."""

    def __init__(self, folder, manager, uid):
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.log = folder / "log"
        for name in NEEDED:
            real = next(p for d in os.environ["PATH"].split(":")
                        if (p := pathlib.Path(d) / name).exists())
            (self.bin / name).symlink_to(real)
        self.command("id", f"echo {uid}")
        if manager:
            self.command(manager, f'echo {manager} "$@" >> {self.log}')
        # Its own files are not this machine's.
        text = DEPS.read_text()
        for path in ["/usr/bin/python3", "/usr/include/stdio.h"]:
            text = text.replace(path, str(folder / "nothing"))
        text = text.replace("/usr/lib", str(folder / "lib"))
        text = text.replace("PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin", "")
        self.script = folder / "deps.sh"
        self.script.write_text(text)

    def command(self, name, body):
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)

    def run(self, *args, **kw):
        return subprocess.run(
            ["/bin/sh", self.script, *args], text=True, timeout=30,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env={"PATH": str(self.bin)}, **kw)

    def calls(self):
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def machine(tmp_path):
    return lambda manager="apt-get", uid=0: Machine(tmp_path, manager, uid)


def test_root_installs_at_once_and_asks_nobody(machine):
    m = machine()
    r = m.run("build")
    assert r.returncode == 0, r.stderr
    update, install = m.calls()
    assert update == "apt-get update -qq"
    assert install.startswith("apt-get install -y --no-install-recommends gcc")
    for package in ["pkg-config", "libsodium-dev", "libuv1-dev", "scdoc"]:
        assert f" {package}" in install
    assert "cmocka" not in install and "tmux" not in install


def test_groups_add_up_and_names_come_once(machine):
    m = machine("dnf")
    names = m.run("--print", "all").stdout.split()[3:]
    assert len(names) == len(set(names))
    assert "clang-tools-extra" in names and "mosquitto" in names
    assert m.calls() == []


@pytest.mark.parametrize("manager, start, one", [
    ("apt-get", "apt-get install -y --no-install-recommends", "libcurl4-openssl-dev"),
    ("dnf", "dnf install -y", "libcurl-devel"),
    ("pacman", "pacman -S --needed --noconfirm", "curl"),
    ("apk", "apk add", "curl-dev"),
    ("brew", "brew install", "curl"),
])
def test_each_manager_by_its_own_names(machine, manager, start, one):
    r = machine(manager).run("--print")
    assert r.returncode == 0
    assert r.stdout.startswith(start + " gcc ")
    assert one in r.stdout.split()


def test_without_a_terminal_others_than_root_are_told_the_command(machine):
    m = machine(uid=1000)
    r = m.run("build")
    assert r.returncode == 1
    assert "  sudo apt-get install -y --no-install-recommends gcc" in r.stderr
    assert m.calls() == []


@pytest.mark.parametrize("answer, done", [("y", True), ("", True), ("n", False)])
def test_on_a_terminal_sudo_is_asked_for_first(machine, answer, done):
    m = machine(uid=1000)
    m.command("sudo", 'exec "$@"')
    pid, fd = pty.fork()
    if pid == 0:
        os.execve("/bin/sh", ["sh", str(m.script), "build"], {"PATH": str(m.bin)})
    shown = b""
    while b"[Y/n] " not in shown:
        shown += os.read(fd, 4096)
    assert m.calls() == []
    os.write(fd, answer.encode() + b"\n")
    try:
        while os.read(fd, 4096):
            pass
    except OSError:
        pass  # the terminal is gone with its program
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(fd)
    assert b"sudo apt-get install" in shown
    assert (status == 0, len(m.calls())) == (done, 2 if done else 0)


def test_nothing_missing_is_silent_and_touches_nothing(machine):
    m = machine()
    for name in ["cc", "make", "pkg-config", "protoc-c", "scdoc", "tmux"]:
        m.command(name, "exit 0")
    header = m.script.parent / "nothing"
    header.write_text("")
    loaders = m.script.parent / "lib/any/gdk-pixbuf-2.0/2/loaders"
    loaders.mkdir(parents=True)
    (loaders / "libpixbufloader-webp.so").write_text("")
    r = m.run("build", "demo")
    assert (r.returncode, r.stdout, r.stderr) == (0, "", "")
    assert m.calls() == []


def test_a_failing_manager_and_none_at_all_are_errors(machine, tmp_path):
    m = machine()
    m.command("apt-get", "exit 100")
    r = m.run("build")
    assert r.returncode == 1 and "that did not work" in r.stderr
    (m.bin / "apt-get").unlink()
    r = m.run("build")
    assert r.returncode == 1 and "no package manager that I know" in r.stderr


def test_help_says_what_is_tested_and_touches_nothing(machine):
    m = machine()
    r = m.run("--help")
    assert r.returncode == 0 and r.stderr == ""
    assert "--print" in r.stdout and "Tested with apt" in r.stdout
    assert "SPDX" not in r.stdout and "set -u" not in r.stdout
    assert m.calls() == []


def test_root_reads_what_is_installed(machine):
    assert "Installing with apt-get: gcc" in machine().run("build").stdout


@pytest.mark.parametrize("manager", ["dnf", "apk"])
def test_a_failure_names_the_untested_managers(machine, manager):
    m = machine(manager)
    m.command(manager, "exit 1")
    r = m.run("build")
    assert r.returncode == 1 and "only the names for apt" in r.stderr


# What a row looks for, where the page calls it something else.
CALLED = {"cc": "C compiler", "stdio.h": "libc headers",
          "libprotobuf-c": "protobuf-c", "libutf8proc": "utf8proc",
          "gdk-pixbuf-2.0": "gdk-pixbuf",
          "alsa": "libasound",
          "libpixbufloader-webp.so": "webp-pixbuf-loader",
          "memcheck.h": "valgrind", "libclang_rt.asan*": "clang"}


def test_every_row_has_its_reason_in_the_documentation():
    page = (DEPS.parents[1] / "docs" / "dependencies.md").read_text()
    reasons = " ".join(re.findall(r"^\| ([^|]+) \|", page, re.M))
    rows = re.findall(r"^\t\w+ +[cpyf]:(\S+) +[^;\n]+;", DEPS.read_text(), re.M)
    assert len(rows) > 30
    for found in rows:
        name = found.split("/")[-1]
        name = CALLED.get(name, name)
        assert name in reasons, f"no word on {found}"


def test_unknown_arguments_are_refused(machine):
    r = machine().run("--frobnicate")
    assert r.returncode == 1 and "unknown argument" in r.stderr
