# SPDX-License-Identifier: GPL-3.0-or-later
"""Real relay, real clients: processes, pseudo-terminals, a terminal emulator.

Nothing here sleeps: whoever waits, waits for bytes of the process it asks
about, with a deadline that only a failure reaches.
"""
import fcntl
import json
import os
import pathlib
import pty
import random
import re
import select
import signal
import socket
import struct
import subprocess
import tempfile
import termios
import time

import pyte

BUILD = pathlib.Path(os.environ.get("B", "build")).resolve()
SOTTO = str(BUILD / "sotto")
RELAY = str(BUILD / "sotto-relay")
DEADLINE = float(os.environ.get("SOTTO_E2E_DEADLINE", "30"))


class Timeout(AssertionError):
    pass


def base_env(home):
    return {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "TERM": "xterm-256color",
        "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", ""),
    }


class Lines:
    """The output of a process, line by line, awaited."""

    def __init__(self, fd):
        self.fd = fd
        self.text = ""
        os.set_blocking(fd, False)

    def _fill(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0:
            raise Timeout("nothing more came; so far:\n" + self.text[-4000:])
        ready, _, _ = select.select([self.fd], [], [], left)
        if not ready:
            return True
        try:
            data = os.read(self.fd, 65536)
        except BlockingIOError:
            return True
        except OSError:  # a pty whose other side is gone
            data = b""
        self.text += data.decode("utf-8", "replace")
        return bool(data)

    def drain(self):
        """Take what is there already, without waiting."""
        while select.select([self.fd], [], [], 0)[0]:
            if not self._fill(time.monotonic() + 1):
                break

    def wait(self, pattern, after=0, seconds=DEADLINE):
        """The first match behind `after`; keeps everything read."""
        deadline = time.monotonic() + seconds
        rx = re.compile(pattern)
        while True:
            found = rx.search(self.text, after)
            if found:
                return found
            if not self._fill(deadline):
                raise Timeout(f"ended without {pattern!r}:\n" + self.text[-4000:])

    def rest(self, seconds=DEADLINE):
        deadline = time.monotonic() + seconds
        while self._fill(deadline):
            pass
        return self.text


def steady_port():
    """A free port that the system gives to nobody by itself, so that a relay
    finds it again when it is restarted."""
    low = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range")
              .read_text().split()[0])
    while True:
        port = random.randrange(low // 2, low)
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass  # taken: another one


class Relay:
    """One sotto-relay on a loopback port, its data in a private folder."""

    def __init__(self, folder, *flags):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.flags = flags
        self.port = steady_port()
        self.log_text = ""
        self.start()

    def start(self):
        read, write = os.pipe()
        self.proc = subprocess.Popen(
            [RELAY, f"--listen=127.0.0.1:{self.port}",
             f"--data-dir={self.folder / 'data'}", "--name=Test",
             "--registration=open", "--otp-driver=log", "--http-listen=off",
             "--blobs-listen=127.0.0.1:0",
             "--limit-resend-number=10/1m",
             # a thousand messages in a few seconds, and their receipts
             "--limit-send-account=100000/1m", "--limit-any-account=off",
             "--limit-handshake-address=10000/1m",
             *self.flags],
            stdin=subprocess.DEVNULL, stdout=write, stderr=write,
            env=base_env(self.folder))
        os.close(write)
        self.log = Lines(read)
        self.uri = self.log.wait(r'sotto://[^\s"#]+#[A-Za-z0-9_-]{43}').group(0)
        self.port = int(re.search(r":(\d+)/", self.uri).group(1))

    def code(self, phone, after=0):
        """The one-time code that was logged for a number behind `after`."""
        found = self.log.wait(rf"phone=\S*{phone[-2:]} code=(\d{{6}})", after)
        return found.group(1)

    def mark(self):
        """Where the log ends now."""
        self.log.drain()
        return len(self.log.text)

    def kill(self):
        self.proc.kill()
        self.proc.wait()
        self.log_text += self.log.rest()
        os.close(self.log.fd)
        self.log = None

    def restart(self):
        self.start()

    def stop(self, sig=signal.SIGTERM, seconds=20):
        if self.log is None:
            return self.proc.returncode
        if self.proc.poll() is None:
            self.proc.send_signal(sig)
            self.proc.wait(seconds)
        self.log_text += self.log.rest()
        os.close(self.log.fd)
        self.log = None
        return self.proc.returncode

    def ctl(self, *args):
        return subprocess.run(
            [RELAY, "ctl", "--socket", str(self.folder / "data" / "ctl"), *args],
            env=base_env(self.folder), capture_output=True, text=True,
            timeout=DEADLINE)


class Person:
    """A profile: a home folder and the command line in it."""

    def __init__(self, folder, name, phone):
        self.name = name
        self.phone = phone
        self.home = pathlib.Path(folder)
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.env = base_env(self.home)
        self.env["SOTTO_PASSPHRASE"] = f"passphrase of {name}"
        self.env["SOTTO_TEST_FAST_KDF"] = "1"

    def run(self, *args, stdin=None, check=True, seconds=DEADLINE):
        done = subprocess.run(
            [SOTTO, *args], env=self.env, input=stdin, capture_output=True,
            text=True, timeout=seconds)
        if check and done.returncode != 0:
            raise AssertionError(
                f"sotto {' '.join(args)}: exit {done.returncode}\n"
                f"{done.stdout}\n{done.stderr}")
        return done

    def spawn(self, *args):
        """A command that goes on: its process and its output lines."""
        read, write = os.pipe()
        proc = subprocess.Popen(
            [SOTTO, *args], env=self.env, stdin=subprocess.PIPE, stdout=write,
            stderr=write)
        os.close(write)
        return proc, Lines(read)

    def register(self, relay):
        mark = relay.mark()
        proc, out = self.spawn("register", "--relay", relay.uri, "--phone",
                               self.phone, "--name", self.name)
        out.wait("(?i)code")
        proc.stdin.write((relay.code(self.phone, mark) + "\n").encode())
        proc.stdin.close()
        out.rest()
        os.close(out.fd)
        assert proc.wait(DEADLINE) == 0, out.text
        return self

    def messages(self):
        """What `sotto recv` has for this profile, once."""
        out = self.run("recv", "--json", "--once").stdout
        return [json.loads(line) for line in out.splitlines()]


class Terminal(pyte.Screen):
    """pyte and the few sequences of xterm that it lacks."""

    def draw(self, data):
        super().draw(data)
        self.last_drawn = data[-1:]

    def scroll_up(self, count=1):
        self._index_at(-1, self.index, count)

    def scroll_down(self, count=1):
        self._index_at(0, self.reverse_index, count)

    def _index_at(self, margin, index, count):
        keep = self.cursor.y
        self.cursor.y = (self.margins or (0, self.lines - 1))[margin]
        for _ in range(count or 1):
            index()
        self.cursor.y = keep

    def repeat_last(self, count=1):
        self.draw(self.last_drawn * (count or 1))


class TerminalStream(pyte.ByteStream):
    csi = {**pyte.ByteStream.csi, "S": "scroll_up", "T": "scroll_down",
           "b": "repeat_last"}
    events = pyte.ByteStream.events | {"scroll_up", "scroll_down",
                                       "repeat_last"}


class Screen:
    """The TUI in a pseudo-terminal, read through a terminal emulator."""

    def __init__(self, person, rows=24, cols=80, args=(), env=None):
        self.rows, self.cols = rows, cols
        self.term = Terminal(cols, rows)
        self.stream = TerminalStream(self.term)
        self.raw = b""
        pid, fd = pty.fork()
        if pid == 0:
            os.execve(SOTTO, [SOTTO, *args], {**person.env, **(env or {})})
        self.pid, self.fd = pid, fd
        self.status = None
        self._size(rows, cols)
        os.set_blocking(fd, False)

    def _size(self, rows, cols):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, cols, 0, 0))

    def resize(self, rows, cols):
        self.rows, self.cols = rows, cols
        self.term.resize(rows, cols)
        self._size(rows, cols)

    def text(self):
        """Not by term.display: half of a wide character makes that raise."""
        return "\n".join(
            "".join(line[x].data for x in range(self.cols)).rstrip()
            for line in (self.term.buffer[y] for y in range(self.rows)))

    def _fill(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0:
            raise Timeout("the screen is:\n" + self.text())
        ready, _, _ = select.select([self.fd], [], [], left)
        if not ready:
            return True
        try:
            data = os.read(self.fd, 65536)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self.raw += data
        self._answer(data)
        self.stream.feed(data)
        return bool(data)

    def _answer(self, data):
        """What a terminal answers to the questions a client asks it."""
        if b"\x1b[c" in data or b"\x1b[0c" in data:
            os.write(self.fd, b"\x1b[?62;22c")
        if b"\x1b[6n" in data:
            y, x = self.term.cursor.y + 1, self.term.cursor.x + 1
            os.write(self.fd, b"\x1b[%d;%dR" % (y, x))

    def wait(self, condition, seconds=DEADLINE):
        """Until condition(text) holds, or a pattern is on the screen."""
        if isinstance(condition, str):
            rx = re.compile(condition)
            test = rx.search
        else:
            test = condition
        deadline = time.monotonic() + seconds
        while True:
            found = test(self.text())
            if found:
                return found
            if not self._fill(deadline):
                raise Timeout(f"ended without {condition!r}:\n" + self.text())

    def type(self, text):
        """Keys; what the client draws meanwhile is read, as a terminal does."""
        data = text.encode() if isinstance(text, str) else text
        deadline = time.monotonic() + DEADLINE
        while data:
            ready, writable, _ = select.select([self.fd], [self.fd], [], 1)
            if ready:
                self._fill(deadline)
            if writable:
                data = data[os.write(self.fd, data):]
            elif time.monotonic() > deadline:
                raise Timeout("the client does not read its terminal")

    def kill(self, sig=signal.SIGKILL):
        os.kill(self.pid, sig)
        return self.end()

    def end(self, seconds=DEADLINE):
        """Wait for the exit; returns the status as waitpid() gives it."""
        deadline = time.monotonic() + seconds
        while self._fill(deadline):
            pass
        if self.status is None:
            _, self.status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return self.status


class S3:
    """A real S3 server (tests/lib/s3_server.py says whose) with a bucket."""

    key, secret, region, bucket = "test:tester", "testing", "eu-central-1", "box"

    def __init__(self, folder):
        read, write = os.pipe()
        server = pathlib.Path(__file__).parent.parent / "lib" / "s3_server.py"
        self.proc = subprocess.Popen(
            ["/usr/bin/python3", str(server), str(folder), self.region,
             self.bucket], stdin=subprocess.PIPE, stdout=write, stderr=write,
            env=base_env(folder))
        os.close(write)
        self.log = Lines(read)
        self.url = self.log.wait(r"http://127\.0\.0\.1:\d+(?=\n)").group(0)

    @staticmethod
    def missing():
        """Why there can be none here; None: it can."""
        there = pathlib.Path("/usr/lib/python3/dist-packages/swift/proxy")
        return None if there.is_dir() else "python3-swift is not installed"

    def stop(self):
        if self.proc.poll() is None:
            self.proc.stdin.close()
            self.proc.wait(DEADLINE)
            self.log.rest()
            os.close(self.log.fd)


def scratch():
    """A folder of its own, with a short path (unix sockets live in it)."""
    return tempfile.TemporaryDirectory(prefix="sotto-e2e-")


def contains(folder, *needles):
    """Which of the needles stand in any file below a folder."""
    hit = set()
    for path in pathlib.Path(folder).rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            hit |= {n for n in needles if n in data}
    return hit
