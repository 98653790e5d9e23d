# SPDX-License-Identifier: GPL-3.0-or-later
"""`sotto sound`: voice notes recorded into a file and played from one."""
import json
import math
import os
import pty
import select
import signal
import struct
import subprocess
import wave

import pytest

from harness import SOTTO, base_env


@pytest.fixture
def sound(tmp_path):
    """Run `sotto sound ...` in an empty folder."""
    def run(*args, **more):
        return subprocess.run([SOTTO, "sound", *args], cwd=tmp_path,
                              env=base_env(tmp_path), capture_output=True,
                              text=True, timeout=30, **more)
    run.folder = tmp_path
    return run


def tone(path, seconds):
    with wave.open(str(path), "wb") as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(48000)
        w.writeframes(b"".join(
            struct.pack("<h", int(12000 * math.sin(i * 0.06)))
            for i in range(int(48000 * seconds))))


def length(path):
    """Seconds, and the loudest sample."""
    with wave.open(str(path)) as w:
        n = w.getnframes()
        samples = struct.unpack(f"<{n}h", w.readframes(n))
    return n / 48000, max(samples, default=0)


def test_what_is_recorded_is_played(sound):
    tone(sound.folder / "in.wav", 0.8)
    done = sound("record", "note.ogg", "--device=file:in.wav", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    note = sound.folder / "note.ogg"
    assert told["duration_ms"] == 800 and told["bytes"] == note.stat().st_size
    assert min(bytes.fromhex(told["bars"])) > 100
    assert note.stat().st_mode & 0o777 == 0o600
    assert note.read_bytes().startswith(b"OggS")
    done = sound("play", "note.ogg", "--device=file:out.wav", "--speed=200")
    assert done.returncode == 0 and done.stdout == "", done.stderr
    seconds, loudest = length(sound.folder / "out.wav")
    assert 0.39 < seconds < 0.45 and loudest > 9000


def test_devices_are_listed_or_missed(sound):
    """Whatever sound this machine has: devices, or a sentence."""
    done = sound("list", "--json")
    if done.returncode != 0:
        assert done.returncode == 7 and done.stdout == ""
        assert "found" in done.stderr or "answers" in done.stderr
        return
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert rows and all(":" in r["device"] and r["name"] for r in rows)


@pytest.fixture
def server(sound, monkeypatch):
    """A sound server of the test's own, with one loudspeaker."""
    env = {**os.environ, "HOME": str(sound.folder),
           "PULSE_RUNTIME_PATH": str(sound.folder)}
    sock = sound.folder / "sock"
    subprocess.run(
        ["pulseaudio", "--daemonize=yes", "-n", "--exit-idle-time=-1",
         "--disable-shm=yes", "--use-pid-file=yes",
         "-L", "module-null-sink sink_name=spk",
         "-L", f"module-native-protocol-unix socket={sock} auth-anonymous=1"],
        env=env, check=True, timeout=30, stderr=subprocess.DEVNULL)
    pid = int((sound.folder / "pid").read_text())
    yield {"PULSE_SERVER": f"unix:{sock}"}
    os.kill(pid, signal.SIGKILL)


def test_a_sound_server_is_found_and_used(sound, server):
    def run(*args):
        return subprocess.run(
            [SOTTO, "sound", *args], cwd=sound.folder, capture_output=True,
            env={**base_env(sound.folder), **server}, text=True, timeout=30)
    out = run().stdout
    assert "* microphone" in out and "* loudspeaker" in out
    assert "pulse:spk.monitor" in out
    done = run("record", "note.ogg", "--seconds=1")
    assert done.returncode == 0, done.stderr
    done = run("play", "note.ogg", "--device=pulse:spk")
    assert done.returncode == 0, done.stderr
    done = run("play", "note.ogg", "--device=pulse:cellar")
    assert done.returncode == 7 and "no such loudspeaker" in done.stderr


def test_a_file_that_is_there_is_kept(sound):
    (sound.folder / "note.ogg").write_text("mine")
    done = sound("record", "note.ogg", "--device=null:", "--seconds=1")
    assert done.returncode != 0 and "exists" in done.stderr
    assert (sound.folder / "note.ogg").read_text() == "mine"
    done = sound("record", "note.ogg", "--device=null:", "--seconds=1",
                 "--force")
    assert done.returncode == 0 and "Recorded 1.0 s" in done.stdout


def test_what_fails_is_a_sentence_and_leaves_no_file(sound):
    done = sound("record", "note.ogg", "--device=file:none.wav")
    assert done.returncode == 7 and "No such file" in done.stderr
    assert not (sound.folder / "note.ogg").exists()
    done = sound("record", "note.ogg", "--device=radio")
    assert done.returncode != 0 and "pulse:NAME" in done.stderr
    (sound.folder / "text").write_text("no voice note")
    done = sound("play", "text", "--device=null:")
    assert done.returncode != 0 and "cannot be read" in done.stderr
    assert sound("play", "nothing").returncode != 0
    assert sound("sing").returncode == 2


def test_ctrl_c_ends_a_recording_and_keeps_it(sound):
    """On a terminal, with the meter: the key, not the signal."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(sound.folder)
        os.execve(SOTTO, [SOTTO, "sound", "record", "note.ogg",
                          "--device=null:"], base_env(sound.folder))
    seen = b""
    while b"0:01" not in seen:
        seen += os.read(fd, 4096)
    assert b"Ctrl-C ends" in seen
    os.write(fd, b"\x03")
    try:
        while block := os.read(fd, 4096):
            seen += block
    except OSError:
        pass  # the terminal's other side has closed
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert b"Recorded 1." in seen
    assert (sound.folder / "note.ogg").read_bytes().startswith(b"OggS")


def test_a_killed_one_leaves_no_child_behind(sound):
    proc = subprocess.Popen(
        [SOTTO, "sound", "record", "note.ogg", "--device=null:"],
        cwd=sound.folder, env=base_env(sound.folder), stderr=subprocess.PIPE)
    children = f"/proc/{proc.pid}/task/{proc.pid}/children"
    while not (found := open(children).read().split()):
        os.sched_yield()
    child = os.pidfd_open(int(found[0]))
    proc.send_signal(signal.SIGKILL)
    proc.wait()
    poll = select.poll()
    poll.register(child)
    assert poll.poll(10000), "sotto-audio records for nobody"
    proc.stderr.close()
    os.close(child)
