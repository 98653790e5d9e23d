# SPDX-License-Identifier: GPL-3.0-or-later
"""Replays the vectors that come with RFC 9605 (test-vectors.json).

    sframe_vectors.py BUILD-FOLDER FILE.json

Packets of suites that are not ours are counted and left out.
"""
import json
import pathlib
import subprocess
import sys


def main():
    build, path = sys.argv[1:]
    vectors = json.loads(pathlib.Path(path).read_text())
    asked = [(f"header {v['kid']} {v['ctr']}", v["encoded"])
             for v in vectors["header"]]
    asked += [(f"seal {v['cipher_suite']} {v['kid']} {v['ctr']} "
               f"{v['base_key'] or '-'} {v['metadata'] or '-'} "
               f"{v['pt'] or '-'}", v["ct"]) for v in vectors["sframe"]]
    done = subprocess.run(
        [f"{build}/tests/sframe_peer"], text=True, check=True,
        input="".join(line + "\n" for line, _ in asked), capture_output=True)
    got = done.stdout.splitlines()
    assert len(got) == len(asked)
    passed = failed = left_out = packets = 0
    for (line, want), have in zip(asked, got):
        if have == "none":
            left_out += 1
        elif have == want:
            passed += 1
            packets += line.startswith("seal")
        else:
            failed += 1
            print(f"FAIL  {line}: {have}, not {want}")
    failed += packets == 0  # a file without a packet of ours proves nothing
    print(f"{left_out} packets of other suites left out")
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
