# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures in real terminals: what is written to one that knows kitty's
protocol, sixels, iTerm2's or nothing, and to tmux with such a one around it."""
import base64
import os
import pathlib
import re
import select
import shutil
import struct
import subprocess
import time

import pytest

from harness import DEADLINE, SOTTO, Screen, base_env

PHOTO = str(pathlib.Path("tests/vectors/media/photo.jpg").resolve())
CLIP = str(pathlib.Path("tests/vectors/media/clip.mp4").resolve())
XTVERSION = {"kitty": b"\x1bP>|kitty(0.35.2)\x1b\\",
             "xterm": b"\x1bP>|XTerm(379)\x1b\\"}
PLACEHOLDER = "\U0010eeee"
CTRL_Q = "\x11"


class Quiet:
    """What pyte takes for text: APC, and DCS with pictures."""

    STRING = re.compile(rb"\x1b[_P][^\x1b]*\x1b\\")
    OPEN = re.compile(rb"\x1b([_P][^\x1b]*\x1b?)?$")

    def __init__(self, stream):
        self.stream, self.rest = stream, b""

    def feed(self, data):
        data = self.STRING.sub(b"", self.rest + data)
        at = self.OPEN.search(data)
        self.rest = data[at.start():] if at else b""
        self.stream.feed(data[:at.start()] if at else data)


class Knows(Screen):
    """A terminal that answers questions about pictures."""

    knows = ()

    def __init__(self, *args, **kw):
        super().__init__(*args, **kw)
        self.stream = Quiet(self.stream)

    def _answer(self, data):
        out = b""
        if b"\x1b[16t" in data:
            out += b"\x1b[6;20;10t"
        if b"\x1b[>0q" in data:
            out += XTVERSION["kitty" if "kitty" in self.knows else "xterm"]
        if b"\x1b_Gi=31" in data and "kitty" in self.knows:
            out += b"\x1b_Gi=31;OK\x1b\\"
        if b"\x1b[?u" in data and "kitty" in self.knows:
            out += b"\x1b[?0u"
        if b"]1337;ReportCellSize" in data and "iterm" in self.knows:
            out += b"\x1b]1337;ReportCellSize=20.0;10.0;1.0\x1b\\"
        if b"\x1b[c" in data:
            out += b"\x1b[?62;4;22c" if "sixel" in self.knows else \
                b"\x1b[?62;22c"
        if out:
            os.write(self.fd, out)


class Anyone:
    """Somebody without a profile."""

    def __init__(self, folder):
        self.env = {**base_env(folder), "TERM": "xterm-256color",
                    "COLORTERM": "truecolor"}


def preview(tmp_path, *knows, args=()):
    class This(Knows):
        pass
    This.knows = knows
    # who answers is heard out, however busy this machine is
    wait = ("--wait", "20000") if knows else ()
    s = This(Anyone(tmp_path), args=("preview", "--columns", "12", *wait,
                                     *args, PHOTO))
    assert os.WEXITSTATUS(s.end()) == 0
    return s


def test_a_terminal_that_knows_nothing_gets_half_blocks(tmp_path):
    s = preview(tmp_path)
    assert "▄" in s.text()
    assert b"\x1b_Ga" not in s.raw and b"\x1bP0;1" not in s.raw
    # the white corner of the picture is at the upper right
    right, left = s.term.buffer[0][10], s.term.buffer[0][0]
    assert min(bytes.fromhex(right.bg)) > 0xf0
    assert min(bytes.fromhex(left.bg)) < 0xc0


def test_kitty_gets_the_pixels_once_and_characters_for_them(tmp_path):
    s = preview(tmp_path, "kitty", "sixel")
    parts = re.findall(rb"\x1b_G([^;\x1b]*);([^\x1b]*)\x1b\\", s.raw)
    parts = [p for p in parts if b"a=q" not in p[0]]
    keys = dict(k.split(b"=") for k in parts[0][0].split(b","))
    assert keys[b"a"] == b"T" and keys[b"U"] == b"1" and keys[b"q"] == b"2"
    pixels = b"".join(base64.b64decode(p[1]) for p in parts)
    w, h = int(keys[b"s"]), int(keys[b"v"])
    assert len(pixels) == w * h * 3
    assert pixels[3 * (w - 4):3 * (w - 3)] == b"\xff\xff\xff"
    rows = [line for line in s.raw.decode().split("\n")
            if PLACEHOLDER in line]
    assert len(rows) == int(keys[b"r"])
    assert all(r.count(PLACEHOLDER) == int(keys[b"c"]) for r in rows)
    ident = int(keys[b"i"])
    colour = f"\x1b[38;2;{ident >> 16};{ident >> 8 & 255};{ident & 255}m"
    assert all(colour in r for r in rows)
    assert b"\x1bP0;1" not in s.raw


def test_sixels_row_by_row(tmp_path):
    s = preview(tmp_path, "sixel")
    strips = re.findall(rb"\x1bP0;1;0q([^\x1b]*)\x1b\\", s.raw)
    assert len(strips) == 8  # 240 x 320 pixels in 12 columns of 10 x 20
    assert all(p.startswith(b'"1;1;120;24#') for p in strips)
    assert all(re.fullmatch(rb'["#!$\-;0-9?-~]*', p) for p in strips)


def test_iterm_gets_png_files(tmp_path):
    s = preview(tmp_path, "iterm", "sixel")
    files = re.findall(rb"\x1b\]1337;File=([^:]*):([^\x07]*)\x07", s.raw)
    assert len(files) == 8
    for keys, data in files:
        assert b"width=12;height=1;" in keys
        png = base64.b64decode(data)
        assert png[:8] == b"\x89PNG\r\n\x1a\n"
        assert struct.unpack(">II", png[16:24]) == (120, 20)


def test_a_kitty_that_is_too_old_for_characters_gets_sixels(tmp_path):
    old, XTVERSION["kitty"] = XTVERSION["kitty"], \
        b"\x1bP>|kitty(0.26.5)\x1b\\"
    try:
        s = preview(tmp_path, "kitty", "sixel")
    finally:
        XTVERSION["kitty"] = old
    assert b"\x1bP0;1;0q" in s.raw and b"\x1b_Ga=T" not in s.raw


def test_a_terminal_that_never_answers_is_not_waited_for(tmp_path):
    class Silent(Screen):
        def _answer(self, data):
            pass
    start = time.monotonic()
    s = Silent(Anyone(tmp_path), args=("preview", "--columns", "12", PHOTO))
    assert os.WEXITSTATUS(s.end()) == 0
    assert time.monotonic() - start < 5
    assert "▄" in s.text()


def test_a_video_shows_one_of_its_pictures(tmp_path):
    s = Knows(Anyone(tmp_path), args=("preview", "--columns", "12", CLIP))
    assert os.WEXITSTATUS(s.end()) == 0
    assert "▄" in s.text() and "Video, 0:02" in s.text()


def test_errors_are_sentences(tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"\x89PNG\r\n\x1a\n" + b"x" * 100)
    env = Anyone(tmp_path).env
    for path, says in ((bad, "no picture or video that can be read"),
                       (tmp_path / "none", "No such file"),
                       ("tests/vectors/qr/bomb.png", "too large")):
        done = subprocess.run([SOTTO, "preview", str(path)], env=env,
                              capture_output=True, text=True,
                              timeout=DEADLINE)
        assert done.returncode != 0
        assert says in done.stderr and done.stdout == ""


# ---- tmux -----------------------------------------------------------------------

def in_tmux(tmp_path, monkeypatch, passthrough, wait_ms):
    who = Anyone(tmp_path)
    script = tmp_path / "run"
    script.write_text("#!/bin/sh\n"
                      f"COLORTERM=truecolor {SOTTO} preview "
                      f"--columns 12 --wait {wait_ms} {PHOTO}\n"
                      "echo finished; exec cat\n")
    script.chmod(0o755)
    import harness
    monkeypatch.setattr(harness, "SOTTO", shutil.which("tmux"))
    conf = tmp_path / "tmux.conf"
    conf.write_text(f"set -g allow-passthrough {passthrough}\n"
                    "set -g status off\n"
                    "set -as terminal-features ',*:RGB'\n")
    who.env["TMUX_TMPDIR"] = str(tmp_path)

    class This(Knows):
        knows = ("kitty",)
    s = This(who, args=("-u", "-f", str(conf), "new-session", str(script)))
    try:
        s.wait("finished")
    finally:
        subprocess.run(["tmux", "kill-server"], env=who.env,
                       capture_output=True, check=False)
        s.end()
    return s


@pytest.mark.skipif(shutil.which("tmux") is None, reason="no tmux")
def test_inside_tmux_kitty_gets_pixels_and_tmux_the_characters(
        tmp_path, monkeypatch):
    s = in_tmux(tmp_path, monkeypatch, "on", 20000)
    parts = re.findall(rb"\x1b_G([^;\x1b]*);([^\x1b]*)\x1b\\", s.raw)
    sent = [p for p in parts if b"a=q" not in p[0]]
    assert sent and b"U=1" in sent[0][0]
    keys = dict(k.split(b"=") for k in sent[0][0].split(b","))
    pixels = b"".join(base64.b64decode(p[1]) for p in sent)
    assert len(pixels) == int(keys[b"s"]) * int(keys[b"v"]) * 3
    assert s.raw.decode(errors="replace").count(PLACEHOLDER) >= \
        int(keys[b"c"]) * int(keys[b"r"])


@pytest.mark.skipif(shutil.which("tmux") is None, reason="no tmux")
def test_inside_a_tmux_that_lets_nothing_through(tmp_path, monkeypatch):
    s = in_tmux(tmp_path, monkeypatch, "off", 0)
    assert "▄" in "\n".join(s.term.display) or "▄".encode() in s.raw
    assert b"\x1b_Ga=T" not in s.raw


# ---- the screen -----------------------------------------------------------------

def open_photo(screen, tmp_path):
    """Through the picker, by the path as it is typed."""
    folder = tmp_path / "pictures"
    folder.mkdir(exist_ok=True)
    shutil.copy(PHOTO, folder / "photo.jpg")
    screen.wait("online")
    screen.type("\x1bg")
    screen.wait("Look at pictures")
    screen.type("\x1b[200~" + str(folder) + "/\x1b[201~")
    screen.wait("photo.jpg")


def test_the_screen_shows_it_and_no_decoder_is_in_the_client(
        relay, anna, tmp_path):
    class This(Knows):
        knows = ("sixel",)
    s = This(anna, rows=30, cols=100)
    open_photo(s, tmp_path)
    s.wait(lambda text: s.raw.count(b"\x1bP0;1;0q") > 3)  # the preview
    maps = pathlib.Path(f"/proc/{s.pid}/maps").read_text()
    for name in ("pixbuf", "chafa", "glib", "zbar", "libjpeg"):
        assert name not in maps
    before = len(s.raw)
    s.type("\r")
    s.wait("open elsewhere")
    s.wait(lambda text: s.raw.count(b"\x1bP0;1;0q", before) > 10)
    # another size is another picture
    before = len(s.raw)
    s.resize(20, 60)
    s.wait(lambda text: s.raw.count(b"\x1bP0;1;0q", before) > 5)
    # and a box over it is not drawn over
    s.type("\x1bOP")
    s.wait("Keys")
    s.type("\x1b")
    s.wait(lambda text: "Keys" not in text)
    s.type("\x1b")
    s.wait(lambda text: "open elsewhere" not in text)
    s.type(CTRL_Q)
    assert os.WEXITSTATUS(s.end()) == 0


def test_a_picture_that_breaks_the_child_costs_one_picture(
        relay, anna, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "a-broken.png").write_bytes(
        pathlib.Path(PHOTO).read_bytes()[:2000])
    shutil.copy("tests/vectors/qr/bomb.png", folder / "b-bomb.png")
    s = Knows(anna, rows=30, cols=100)
    open_photo(s, tmp_path)
    s.wait("[▄▀]|can be shown|\\.\\.\\.")
    s.type("bomb")
    s.wait("too large to be shown")
    s.type("\x15photo")
    s.wait("▄")
    s.type("\x1b")
    s.wait(lambda text: "Look at pictures" not in text)
    s.type(CTRL_Q)
    assert os.WEXITSTATUS(s.end()) == 0


def children(pid):
    return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def test_the_child_ends_when_nobody_asks(relay, anna, tmp_path):
    s = Knows(anna, rows=30, cols=100)
    open_photo(s, tmp_path)
    s.wait("▄")
    assert len(children(s.pid)) == 1
    s.type("\x1b")
    s.wait(lambda text: "Look at pictures" not in text)
    deadline = time.monotonic() + 30
    while children(s.pid):
        assert time.monotonic() < deadline
        select.select([s.fd], [], [], 0.5)
    s.type(CTRL_Q)
    assert os.WEXITSTATUS(s.end()) == 0
