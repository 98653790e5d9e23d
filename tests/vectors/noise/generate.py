#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the Noise vectors beside this file and ../protocol/*.hex.

An implementation of its own, after RFC 7748, RFC 8439 and Noise revision 34,
with nothing but hashlib and hmac: slow, not constant in time, for vectors only.
    tests/vectors/noise/generate.py      (deterministic: the files do not change)
"""
import hashlib
import hmac
import os
import struct

HERE = os.path.dirname(os.path.abspath(__file__))
P = 2**255 - 19


def x25519(k, u):
    k = bytearray(k)
    k[0] &= 248
    k[31] = k[31] & 127 | 64
    k = int.from_bytes(k, "little")
    x1 = int.from_bytes(u, "little") & (2**255 - 1)
    x2, z2, x3, z3, swap = 1, 0, x1, 1, 0
    for t in range(254, -1, -1):
        bit = k >> t & 1
        if swap ^ bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a % P, b * b % P, d * a % P, c * b % P
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


def public(secret):
    return x25519(secret, (9).to_bytes(32, "little"))


def rotl(x, n):
    return (x << n | x >> 32 - n) & 0xFFFFFFFF


def chacha_block(key, counter, nonce):
    init = list(struct.unpack("<4I", b"expand 32-byte k"))
    init += struct.unpack("<8I", key) + (counter,) + struct.unpack("<3I", nonce)
    s = list(init)
    columns = [(0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)]
    diagonals = [(0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)]
    for _ in range(10):
        for a, b, c, d in columns + diagonals:
            for left, right, out, turn in ((a, b, d, 16), (c, d, b, 12),
                                           (a, b, d, 8), (c, d, b, 7)):
                s[left] = s[left] + s[right] & 0xFFFFFFFF
                s[out] = rotl(s[out] ^ s[left], turn)
    return struct.pack("<16I", *((x + y) & 0xFFFFFFFF for x, y in zip(s, init)))


def poly1305(key, msg):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    acc = 0
    for i in range(0, len(msg), 16):
        acc += int.from_bytes(msg[i:i + 16] + b"\1", "little")
        acc = acc * r % (2**130 - 5)
    acc += int.from_bytes(key[16:], "little")
    return (acc % 2**128).to_bytes(16, "little")


def seal(key, n, ad, pt):
    nonce = bytes(4) + n.to_bytes(8, "little")
    stream = b"".join(chacha_block(key, 1 + i, nonce)
                      for i in range((len(pt) + 63) // 64))
    ct = bytes(a ^ b for a, b in zip(pt, stream))
    pad = lambda b: b + bytes(-len(b) % 16)
    mac = pad(ad) + pad(ct) + struct.pack("<QQ", len(ad), len(ct))
    return ct + poly1305(chacha_block(key, 0, nonce)[:32], mac)


def hkdf(ck, ikm):
    mac = lambda k, m: hmac.new(k, m, hashlib.sha256).digest()
    temp = mac(ck, ikm)
    o1 = mac(temp, b"\1")
    return o1, mac(temp, o1 + b"\2")


# Tokens as the specification prints them; es and se from Alice's side.
PATTERNS = {
    "XX": ("", ["e", "e ee s es", "s se"]),
    "IK": ("s", ["e es s ss", "e ee se"]),
    "XXfallback": ("e", ["e ee s es", "s se"]),
}


class Handshake:
    """Both sides at once: alice and bob are {"s": secret, "e": secret}."""

    def __init__(self, name, prologue, alice, bob, known=None):
        self.alice, self.bob = alice, bob
        pre, self.messages = PATTERNS[name]
        label = f"Noise_{name}_25519_ChaChaPoly_SHA256".encode()
        self.h = label.ljust(32, b"\0") if len(label) <= 32 else \
            hashlib.sha256(label).digest()
        self.ck, self.k, self.n, self.step = self.h, None, 0, 0
        self.alice_writes = name != "XXfallback"
        # The key Alice holds to be Bob's; another one in a failing IK.
        self.bob_s = known or public(bob["s"])
        self.mix_hash(prologue)
        if pre == "s":
            self.mix_hash(self.bob_s)
        if pre == "e":
            self.mix_hash(public(alice["e"]))

    def mix_hash(self, data):
        self.h = hashlib.sha256(self.h + data).digest()

    def encrypt(self, pt):
        ct = pt
        if self.k:
            ct = seal(self.k, self.n, self.h, pt)
            self.n += 1
        self.mix_hash(ct)
        return ct

    def dh(self, token):
        if token[1] == "s" and token[0] == "e" or token == "ss":
            secret = self.alice["e" if token == "es" else "s"]
            return x25519(secret, self.bob_s)
        return x25519(self.alice[token[0]], public(self.bob[token[1]]))

    def write(self, payload):
        writer = self.alice if self.alice_writes else self.bob
        out = b""
        for t in self.messages[self.step].split():
            if t == "e":
                out += public(writer["e"])
                self.mix_hash(public(writer["e"]))
            elif t == "s":
                out += self.encrypt(public(writer["s"]))
            else:
                self.ck, self.k = hkdf(self.ck, self.dh(t))
                self.n = 0
        out += self.encrypt(payload)
        self.step += 1
        self.alice_writes = not self.alice_writes
        return out

    def split(self):
        """(key of the pattern's initiator, key of its responder)"""
        return hkdf(self.ck, b"")


def secret(label):
    return hashlib.sha256(b"sotto test vector: " + label.encode()).digest()


ALICE = {"s": secret("alice static"), "e": secret("alice ephemeral")}
BOB = {"s": secret("bob static"), "e": secret("bob ephemeral")}
OLD_BOB = public(secret("bob static of last year"))


def vector(name, payloads, prologue):
    """A text file: keys, then 'message PAYLOAD CIPHERTEXT' lines in turn."""
    lines = ["# SPDX-License-Identifier: GPL-3.0-or-later",
             "# Made by generate.py. Alice writes the 1st, 3rd, ... message.",
             f"pattern {name}", f"prologue {prologue.hex()}",
             f"alice_static {ALICE['s'].hex()}",
             f"alice_ephemeral {ALICE['e'].hex()}",
             f"bob_static {BOB['s'].hex()}", f"bob_ephemeral {BOB['e'].hex()}"]
    payloads = list(payloads)
    messages = []
    if name == "XXfallback":
        ik = Handshake("IK", prologue, ALICE, BOB, OLD_BOB)
        lines += ["# the first message is IK's, to a key Bob no longer has",
                  f"alice_knows {OLD_BOB.hex()}"]
        messages.append((payloads[0], ik.write(payloads.pop(0))))
    elif name == "IK":
        lines.append(f"alice_knows {public(BOB['s']).hex()}")
    hs = Handshake(name, prologue, ALICE, BOB)
    for _ in PATTERNS[name][1]:
        messages.append((payloads[0], hs.write(payloads.pop(0))))
    first, second = hs.split()
    to_bob, to_alice = (second, first) if name == "XXfallback" else \
        (first, second)
    sent = {to_bob: 0, to_alice: 0}
    for pt in payloads:
        key = to_bob if len(messages) % 2 == 0 else to_alice
        messages.append((pt, seal(key, sent[key], b"", pt)))
        sent[key] += 1
    lines.append(f"handshake_hash {hs.h.hex()}")
    lines += [f"message {p.hex() or '-'} {c.hex()}" for p, c in messages]
    with open(os.path.join(HERE, name.lower() + ".txt"), "w") as f:
        f.write("\n".join(lines) + "\n")


def record(msg):
    return struct.pack(">H", len(msg)) + msg


def hex_file(name, what, data):
    """docs/protocol.md quotes the hex lines of these files as they are."""
    text = data.hex()
    with open(os.path.join(HERE, "..", "protocol", name + ".hex"), "w") as f:
        f.write(f"# SPDX-License-Identifier: GPL-3.0-or-later\n# {what}\n")
        for i in range(0, len(text), 64):
            f.write(text[i:i + 64] + "\n")


def pipe_examples():
    prologue = b"Sotto/1"
    hello = struct.pack(">IBHI", 15, 1, 1, 1) + b"\x0a\x0bsotto 0.1.0\x10\x01"
    hex_file("frame_hello", "REQUEST HELLO {client sotto 0.1.0, protocol 1}",
             hello)
    frames = {
        "frame_ping": ("REQUEST PING, id 7, body {echo abc}",
                       struct.pack(">IBHI", 5, 1, 2, 7) + b"\x0a\x03abc"),
        "frame_pong": ("RESPONSE PING, id 7, body {echo abc}",
                       struct.pack(">IBHI", 5, 2, 2, 7) + b"\x0a\x03abc"),
        "frame_error": ("ERROR to PING, id 7: {code -17, text slow down, "
                        "retry_after_ms 1500}",
                        error_frame()),
        "frame_ack": ("EVENT ACK {seq 300}",
                      struct.pack(">IBHI", 3, 4, 101, 0) + b"\x08\xac\x02"),
    }
    for name, (what, data) in frames.items():
        hex_file(name, what, data)

    hs = Handshake("XX", prologue, ALICE, BOB)
    hex_file("xx_1_client", "opening of first contact",
             b"ST\1\1" + record(hs.write(b"")))
    hex_file("xx_2_relay", "answer: mode 1", b"\1" + record(hs.write(b"")))
    hex_file("xx_3_client", "third message with the HELLO frame",
             record(hs.write(hello)))

    hs = Handshake("IK", prologue, ALICE, BOB)
    hex_file("ik_1_client", "opening with the HELLO frame",
             b"ST\1\2" + record(hs.write(hello)))
    hex_file("ik_2_relay", "answer: mode 2", b"\2" + record(hs.write(b"")))
    to_bob, to_alice = hs.split()
    hex_file("ik_3_client", "the empty record, then PING",
             record(seal(to_bob, 0, b"", b"")) +
             record(seal(to_bob, 1, b"", frames["frame_ping"][1])))
    hex_file("ik_4_relay", "the answer to PING",
             record(seal(to_alice, 0, b"", frames["frame_pong"][1])))

    ik = Handshake("IK", prologue, ALICE, BOB, OLD_BOB)
    hs = Handshake("XXfallback", prologue, ALICE, BOB)
    hex_file("fallback_1_client", "opening to a key the relay has not",
             b"ST\1\2" + record(ik.write(hello)))
    hex_file("fallback_2_relay", "answer: mode 3",
             b"\3" + record(hs.write(b"")))
    hex_file("fallback_3_client", "last message with the HELLO frame",
             record(hs.write(hello)))


def error_frame():
    code, varint = 2**64 - 17, b""  # protobuf's int32: sign-extended
    while code:
        varint += bytes([code & 127 | (128 if code > 127 else 0)])
        code >>= 7
    body = b"\x08" + varint + b"\x12\x09slow down" + b"\x18\xdc\x0b"
    return struct.pack(">IBHI", len(body), 3, 2, 7) + body


def main():
    assert x25519(bytes.fromhex(  # RFC 7748 §5.2
        "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
        bytes.fromhex(
        "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")
    ).hex().startswith("c3da55379de9c690")
    data = [b"", b"a", b"early bytes" * 46, b"x" * 63, b"y" * 64, b"z" * 65,
            b"", b"last one"]
    vector("XX", [b"", b"", data[2]] + data[3:], b"Sotto/1")
    vector("IK", [data[2], b""] + data[1:], b"Sotto/1")
    vector("XXfallback", [data[2], b"from bob", data[2]] + data[3:], b"")
    pipe_examples()


if __name__ == "__main__":
    main()
