# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups by themselves: to a folder, and to a real WebDAV server."""
import os
import re
import shutil
import signal
import subprocess

import pytest

from harness import DEADLINE, S3, Lines, Person, Screen
from test_devices import lines, texts

USER, SECRET = "anna", "correct horse"


class WebDav:
    """rclone as a WebDAV server with a password, on a loopback port."""

    def __init__(self, folder):
        read, write = os.pipe()
        self.folder = folder
        folder.mkdir()
        self.proc = subprocess.Popen(
            ["rclone", "serve", "webdav", "--addr", "127.0.0.1:0", "--user",
             USER, "--pass", SECRET, "--dir-cache-time",
             "0s", "-v", str(folder)],
            stdin=subprocess.DEVNULL, stdout=write, stderr=write,
            env={"HOME": str(folder), "PATH": os.environ["PATH"]})
        os.close(write)
        self.log = Lines(read)
        self.url = self.log.wait(r"http://127\.0\.0\.1:\d+/").group(0)

    def stop(self):
        self.proc.send_signal(signal.SIGTERM)
        self.proc.wait(DEADLINE)
        self.log.rest()
        os.close(self.log.fd)


@pytest.fixture
def dav(folder):
    if shutil.which("rclone") is None:
        pytest.skip("rclone is not installed")
    server = WebDav(folder / "dav")
    yield server
    server.stop()


@pytest.fixture
def s3(folder):
    if S3.missing():
        pytest.skip(S3.missing())
    server = S3(folder / "s3")
    yield server
    server.stop()


def credentials(folder, secret=SECRET, user=USER):
    file = folder / "credentials"
    file.write_text(f"{user}\n{secret}\n")
    file.chmod(0o600)
    return str(file)


def names(place):
    return sorted(f.name for f in place.rglob("*.backup"))


def test_a_folder(folder, relay, anna, ben):
    place = folder / "stick"
    place.mkdir()
    ben.run("send", anna.phone, "keep this")
    anna.messages()
    made = anna.run("backup", "schedule", str(place), "--keep=1",
                    "--every=weekly")
    code = made.stdout.strip()
    assert len(code.replace(" ", "")) == 64 and "history is lost" in made.stderr
    assert names(place) == []
    anna.run("backup", "run", "--due")
    first = names(place)
    assert len(first) == 1
    assert anna.run("backup", "run", "--due").stdout == ""  # not yet again
    assert names(place) == first
    row = lines(anna, "backup", "status")[0]
    assert row["every_days"] == 7 and row["keep"] == 1 and row["last_ms"] > 0
    assert row["next_ms"] - row["last_ms"] == 7 * 24 * 3600 * 1000
    new = Person(folder / "anna2", "Anna", anna.phone).register(relay)
    new.env["SOTTO_BACKUP_CODE"] = code
    assert "1 messages were added" in \
        new.run("backup", "restore", str(place)).stdout
    assert texts(new) == [("in", "keep this")]
    shutil.rmtree(place)
    lost = anna.run("backup", "run", check=False)
    assert lost.returncode != 0 and "stick" in lost.stderr
    assert "failed" in anna.run("backup", "status").stdout
    anna.run("backup", "schedule", "off")
    assert "No backups" in anna.run("backup", "status").stdout


def test_webdav(folder, relay, anna, ben, dav):
    ben.run("send", anna.phone, "keep this")
    anna.messages()
    secret = credentials(folder)
    url = dav.url + "deep"
    code = anna.run("backup", "schedule", url, "--keep=2", "--credentials",
                    secret).stdout.strip()
    made = [anna.run("backup", "run").stdout.strip()]
    assert names(dav.folder) == made
    # a file from before, another account's, and one that is not ours
    for other in ("sotto-00000000-20200101T000000Z.backup", "notes.txt"):
        (dav.folder / "deep" / other).write_text("not yours")
    old = made[0].replace(re.search(r"\d{8}T", made[0]).group(0), "20200101T")
    for name in (old, old.replace("20200101", "20200102")):
        shutil.copy(dav.folder / "deep" / made[0], dav.folder / "deep" / name)
    made.append(anna.run("backup", "run").stdout.strip())
    left = [n for n in names(dav.folder) if not n.startswith("sotto-00000000")]
    assert len(left) == 2 and old not in left
    assert (dav.folder / "deep" / "notes.txt").exists()
    assert not list(dav.folder.rglob("*.part"))
    # on another machine, from the URL
    new = Person(folder / "anna2", "Anna", anna.phone).register(relay)
    new.env["SOTTO_BACKUP_CODE"] = code
    assert "is whole" in new.run("backup", "verify", url, "--credentials",
                                 secret, "--name", made[1]).stdout
    new.run("backup", "restore", url, "--credentials", secret)
    assert texts(new) == [("in", "keep this")]
    # credentials that are wrong, read by others, or none
    before = names(dav.folder)
    credentials(folder, "wrong horse")
    wrong = anna.run("backup", "run", check=False)
    assert wrong.returncode == 5 and "credentials" in wrong.stderr
    assert SECRET not in wrong.stderr and "wrong horse" not in wrong.stderr
    os.chmod(secret, 0o644)
    seen = anna.run("backup", "run", check=False)
    assert seen.returncode != 0 and "chmod 600" in seen.stderr
    assert names(dav.folder) == before
    status = lines(anna, "backup", "status")[0]
    assert status["failed_ms"] > 0 and "chmod" in status["why"]
    # the server is gone: a calm line, and nothing lies about here
    credentials(folder)
    dav.proc.send_signal(signal.SIGTERM)
    dav.proc.wait(DEADLINE)
    down = anna.run("backup", "run", check=False)
    assert down.returncode == 8 and "cannot be used" in down.stderr
    assert not list(anna.home.rglob("*.backup"))
    open_net = anna.run("backup", "schedule", "http://example.org/",
                        check=False)
    assert open_net.returncode == 3 and "https" in open_net.stderr


def test_s3(folder, relay, anna, ben, s3):
    """Signatures, region and digest are checked by a server of others."""
    ben.run("send", anna.phone, "keep this")
    anna.messages()
    secret = credentials(folder, s3.secret, s3.key)
    place = f"s3+{s3.url}/{s3.bucket}/deep/er"
    url = f"{place}?region={s3.region}"
    flags = ("--credentials", secret)
    code = anna.run("backup", "schedule", url, "--keep=2",
                    *flags).stdout.strip()
    made = [anna.run("backup", "run").stdout.strip()]
    listed = lines(anna, "backup", "list", url, *flags)
    assert [row["name"] for row in listed] == made
    # the names have seconds in them; what is older goes
    while len(made) < 3:
        name = anna.run("backup", "run").stdout.strip()
        made += [name] if name != made[-1] else []
    listed = lines(anna, "backup", "list", url, *flags)
    assert [row["name"] for row in listed] == made[1:]
    # Ben keeps his there, too: the newest there, but none of Anna's
    ben.run("backup", "schedule", url, *flags)
    ben.run("backup", "run")
    new = Person(folder / "anna2", "Anna", anna.phone).register(relay)
    new.env["SOTTO_BACKUP_CODE"] = code
    several = new.run("backup", "verify", url, *flags, check=False)
    assert several.returncode != 0 and "several accounts" in several.stderr
    assert "is whole" in new.run("backup", "verify", url, "--name", made[1],
                                 *flags).stdout
    new.run("backup", "restore", url, *flags)
    assert texts(new) == [("in", "keep this")]
    # what can be wrong is said
    region = anna.run("backup", "list", place, *flags, check=False)
    assert region.returncode == 5 and f"?region={s3.region}" in region.stderr
    bucket = anna.run("backup", "list", url.replace(s3.bucket, "nobox"),
                      *flags, check=False)
    assert bucket.returncode != 0 and "404" in bucket.stderr
    credentials(folder, "wrong", s3.key)
    wrong = anna.run("backup", "run", check=False)
    assert wrong.returncode == 5 and "credentials" in wrong.stderr
    assert "wrong\n" not in wrong.stderr
    assert not list(anna.home.rglob("*.backup"))


def test_s3_lists_more_than_a_page(folder, relay, anna, s3):
    """And what another client put there is found."""
    if shutil.which("rclone") is None:
        pytest.skip("rclone is not installed")
    secret = credentials(folder, s3.secret, s3.key)
    there = folder / "there"
    there.mkdir()
    for i in range(203):
        name = f"sotto-0123abcd-1-20260101T00{i // 60:02}{i % 60:02}Z.backup"
        (there / name).write_text("old")
    subprocess.run(
        ["rclone", "copy", str(there), f":s3:{s3.bucket}",
         "--s3-provider=Other", f"--s3-endpoint={s3.url}",
         f"--s3-access-key-id={s3.key}", f"--s3-secret-access-key={s3.secret}",
         f"--s3-region={s3.region}", "--transfers=4", "--config="],
        env={"HOME": str(folder), "PATH": os.environ["PATH"]}, check=True,
        capture_output=True, timeout=60)
    url = f"s3+{s3.url}/{s3.bucket}?region={s3.region}"
    listed = lines(anna, "backup", "list", url, "--credentials", secret)
    assert [row["name"] for row in listed] == names(there)


def test_from_the_running_screen(folder, relay, anna, ben):
    """Where, now, verified, and what a person is shown: in a terminal."""
    place = folder / "stick"
    place.mkdir()
    ben.run("send", anna.phone, "keep this")
    s = Screen(anna)
    s.wait("Ben")
    s.type("\x1b[20~")  # F9
    s.wait("no backups are made")
    s.type("e")
    s.wait("Keep them in")
    s.type(f"{place}\r")
    s.wait("Your recovery code")
    digits = "".join(re.findall(r"│ ((?:\d{4} ){7}\d{4}) ", s.text()))
    assert len(digits.replace(" ", "")) == 64, s.text()
    s.type("\x1b")
    # the first is made by itself, as it is due
    s.wait(lambda text: "The backup is made" in text, 60)
    s.type("v")
    s.wait("The newest backup is whole: 1 messages")
    s.type("b")
    s.wait("The backup is made")
    s.type("q\x11")
    s.end()
    assert names(place)
    anna.env["SOTTO_BACKUP_CODE"] = digits
    assert "is whole" in anna.run("backup", "verify", str(place)).stdout
