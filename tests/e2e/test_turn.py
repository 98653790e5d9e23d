# SPDX-License-Identifier: GPL-3.0-or-later
"""The relay's TURN server and clients that others wrote: libnice's agents, and
coturn's turnutils_uclient. In a network namespace with addresses of its own:
libnice does not look at loopback."""
import base64
import hashlib
import hmac
import os
import re
import signal
import shutil
import subprocess
import time

import pytest

from harness import BUILD, RELAY, Lines, base_env

SECRET = "north south east west"
SERVER, PEER = "10.9.0.1", "10.9.0.3"
SETUP = """
ip link set lo up
ip link add br0 type bridge
ip link set br0 up
ip addr add 10.9.0.1/24 dev br0
ip addr add 10.9.0.3/24 dev br0
echo ready
exec cat
"""


class Lab:
    """A namespace that lives as long as a process in it, and a relay there."""

    def __init__(self, folder):
        self.folder = folder
        self.holder = subprocess.Popen(
            ["unshare", "-rn", "sh", "-ec", SETUP], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if self.holder.stdout.readline() != "ready\n":
            self.holder.wait()
            pytest.skip("no network namespaces here")
        self.procs = []
        cert, key = folder / "cert.pem", folder / "key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
             "-keyout", key, "-out", cert, "-days", "2", "-subj",
             f"/CN={SERVER}"], check=True, stderr=subprocess.DEVNULL)
        read, write = os.pipe()
        self.relay = self.start(
            RELAY, f"--data-dir={folder / 'data'}", "--listen=127.0.0.1:0",
            "--http-listen=off", "--blobs=off", "--otp-driver=log",
            f"--turn-listen={SERVER}:3478", f"--turn-secret={SECRET}",
            "--turn-peers-allow=10.9.0.0/24", "--turn-quota=200",
            f"--turn-tls-cert={cert}", f"--turn-tls-key={key}",
            stdout=write, stderr=write, env=base_env(folder))
        os.close(write)
        self.log = Lines(read)
        self.log.wait(r"event=ready")

    def inside(self, *args):
        return ["nsenter", "-t", str(self.holder.pid), "-U", "-n",
                "--preserve-credentials", *map(str, args)]

    def start(self, *args, **kw):
        p = subprocess.Popen(self.inside(*args), **kw)
        self.procs.append(p)
        return p

    def stop(self):
        for p in self.procs:
            if p.poll() is None:
                p.send_signal(signal.SIGTERM)
                p.wait(20)
        self.holder.stdin.close()
        self.holder.wait(20)
        os.close(self.log.fd)


@pytest.fixture
def lab(folder):
    x = Lab(folder)
    yield x
    x.stop()


def credentials(who):
    """As the relay makes them: docs/turn.md."""
    name = f"{int(time.time()) + 3600}:{who}"
    code = hmac.new(SECRET.encode(), name.encode(), hashlib.sha1).digest()
    return name, base64.b64encode(code).decode()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_agents_of_libnice_meet_at_our_server(lab, transport):
    tool = BUILD / "tests" / "nice_pair"
    if not tool.exists():
        pytest.skip("libnice is not there")
    r = subprocess.run(
        lab.inside(tool, SERVER, 3478, transport, *credentials("ann")),
        capture_output=True, text=True, timeout=60)
    assert r.returncode == 0, r.stdout + r.stderr
    gathered, connected, received = map(int, re.findall(r"\d+", r.stdout))
    assert received == 200
    assert gathered < 2000  # a client that waits for something takes longer
    assert lab.relay.poll() is None


# -c: no RTCP, -s: Send and Data, else channels; -y: from client to client; -t:
# TCP, with -S TLS; -G: more requests; -g: DONT-FRAGMENT; without -c ports come
# in pairs.
VARIANTS = ["-c", "-c -s", "", "-y -c", "-y -s -G", "-c -t", "-c -t -s",
            "-c -t -S -p 3478", "-c -g -s", "-y -t -S -p 3478"]


def test_turnutils_uclient_loses_nothing(lab):
    # make check does not install it: on Debian it comes as a running service.
    if shutil.which("turnutils_uclient") is None:
        pytest.skip("coturn's tools are not there")
    lab.start("turnutils_peer", "-L", PEER, "-p", "3480",
              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    runs = [
        (v, lab.start("turnutils_uclient", "-u", "ann", "-W", SECRET, "-e", PEER,
                      "-r", "3480", "-n", "50", "-m", "2", "-l", "170", "-z",
                      "10", *v.split(), SERVER, stdout=subprocess.PIPE,
                      stderr=subprocess.STDOUT, text=True))
        for v in VARIANTS]
    for v, p in runs:
        out = p.communicate(timeout=60)[0]
        last = re.findall(r"tot_send_msgs=(\d+), tot_recv_msgs=(\d+)", out)[-1:]
        assert last and last[0][0] == last[0][1], f"{v}: {out[-2000:]}"
        assert int(last[0][0]) >= 100, f"{v}: {out[-2000:]}"
        assert "Total lost packets 0 (" in out, f"{v}: {out[-2000:]}"
        assert p.returncode == 0, v
