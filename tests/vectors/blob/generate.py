#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sealed blobs by another implementation, from docs/crypto.md §14 alone:
hashlib and python3-cryptography. One line each: size, key, salt, head, SHA-256
of the whole blob. Content: byte i is (i * 167 + (i >> 8) * 13) mod 256.

    tests/vectors/blob/generate.py > tests/vectors/blob/blobs.txt
"""
import hashlib
import struct

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

CHUNK = 65536
SIZES = [0, 1, 4095, 4096, 4097, 65535, 65536, 65537, 131072, 200000, 1000003]


def padded(size):
    if size < 4096:
        return 4096
    e = size.bit_length() - 1
    zeros = e - e.bit_length()
    return -(-size >> zeros) << zeros


def nonce(part, i):
    return struct.pack(">B3xQ", part, i)


def seal(content, key, salt):
    prefix = b"SOTTOBLB" + bytes([1, 16]) + bytes(6) + salt
    keys = hashlib.blake2b(
        b"sotto blob 1\0" + prefix, key=key, digest_size=64).digest()
    aead = ChaCha20Poly1305(keys[:32])
    size = struct.pack(">Q", len(content))
    head = prefix + keys[32:] + aead.encrypt(nonce(2, 0), size, b"")
    content += bytes(padded(len(content)) - len(content))
    n = -(-len(content) // CHUNK)
    body = b"".join(
        aead.encrypt(nonce(i == n - 1, i),
                     content[i * CHUNK:(i + 1) * CHUNK], b"")
        for i in range(n))
    return head, head + body


print("# SPDX-License-Identifier: GPL-3.0-or-later")
print("# made by generate.py: size key salt head digest")
for number, size in enumerate(SIZES):
    key = hashlib.sha256(b"key %d" % number).digest()
    salt = hashlib.sha256(b"salt %d" % number).digest()[:16]
    content = bytes((i * 167 + (i >> 8) * 13) & 255 for i in range(size))
    head, blob = seal(content, key, salt)
    print(size, key.hex(), salt.hex(), head.hex(),
          hashlib.sha256(blob).hexdigest())
