# SPDX-License-Identifier: GPL-3.0-or-later
"""Two people, the command line, a real relay."""
import json
import signal
import subprocess

from harness import DEADLINE, SOTTO, Person, Relay


def texts(messages):
    return [m["text"] for m in messages]


def test_two_people_talk_both_ways(relay, anna, ben):
    anna.run("send", ben.phone, "Hello Ben ❤️")
    got = ben.messages()
    assert texts(got) == ["Hello Ben ❤️"]
    assert got[0]["from"] == anna.phone
    assert got[0]["name"] == "Anna"
    ben.run("send", anna.phone, "Hello\nAnna")
    assert texts(anna.messages()) == ["Hello\nAnna"]
    # nothing comes twice
    assert anna.messages() == [] and ben.messages() == []


def test_a_message_to_somebody_offline_waits_on_the_relay(relay, anna, ben):
    for i in range(30):
        anna.run("send", ben.phone, f"number {i}")
    assert texts(ben.messages()) == [f"number {i}" for i in range(30)]


def test_a_message_without_a_relay_waits_in_the_outbox(relay, anna, ben):
    anna.run("send", ben.phone, "first")
    relay.stop()
    late = anna.run("--timeout=1s", "send", ben.phone, "second", check=False)
    assert late.returncode == 8, late.stderr
    assert "outbox" in late.stderr
    relay.restart()
    anna.run("send", ben.phone, "third")
    assert texts(ben.messages()) == ["first", "second", "third"]


def test_ticks_move_to_delivered_and_read(relay, anna, ben):
    anna.run("send", ben.phone, "tick")
    ben.messages()
    anna.messages()  # takes the receipt
    row = export(anna)[-1]
    assert row["text"] == "tick" and row["state"] == "delivered", row


def export(person):
    out = person.run("export").stdout
    return [json.loads(line) for line in out.splitlines()]


def test_recv_follows_and_a_killed_reader_loses_nothing(relay, anna, ben):
    proc, out = ben.spawn("recv", "--json")
    anna.run("send", ben.phone, "while it reads")
    out.wait("while it reads")
    proc.kill()
    proc.wait()
    anna.run("send", ben.phone, "while nobody reads")
    rest = texts(ben.messages())
    assert rest[-1] == "while nobody reads"
    # the cursor moves after the line is out: at most that line comes again
    assert rest[:-1] in ([], ["while it reads"])


def test_recv_ends_at_once_when_asked(relay, anna, ben):
    proc, out = ben.spawn("recv")
    anna.run("send", ben.phone, "it reads")
    out.wait("Anna: it reads")
    proc.send_signal(signal.SIGINT)
    assert proc.wait(10) == 0
    assert out.rest().count("it reads") == 1


def test_wrong_passphrase_says_so(relay, anna):
    anna.env["SOTTO_PASSPHRASE"] = "not hers"
    done = anna.run("list", check=False)
    assert done.returncode == 5
    assert "passphrase" in done.stderr


def test_one_process_a_profile(relay, anna, ben):
    proc, out = anna.spawn("recv", "--json")
    anna_pid = proc.pid
    ben.run("send", anna.phone, "are you there")
    out.wait("are you there")
    done = anna.run("list", check=False)
    assert done.returncode == 6
    assert str(anna_pid) in done.stderr
    proc.terminate()
    assert proc.wait(10) == 0


def test_profiles_are_apart(relay, folder):
    cara = Person(folder / "cara", "Cara", "+4915550000033").register(relay)
    done = cara.run("--profile", "work", "list", check=False)
    assert done.returncode == 4
    assert "register" in done.stderr


def test_unknown_number_and_nonsense(relay, anna):
    done = anna.run("send", "+4915559999999", "hi", check=False)
    assert done.returncode == 7, done.stderr
    done = anna.run("send", "12ab", "hi", check=False)
    assert done.returncode != 0 and "letters" in done.stderr
    done = anna.run("sned", "x", check=False)
    assert done.returncode == 2 and "send" in done.stderr


def test_wrong_code_is_refused_and_may_be_repeated(relay, folder):
    dora = Person(folder / "dora", "Dora", "+4915550000044")
    proc, out = dora.spawn("register", "--relay", relay.uri, "--phone",
                           dora.phone, "--name", dora.name)
    out.wait("(?i)code")
    code = relay.code(dora.phone)
    wrong = "000000" if code != "000000" else "000001"
    proc.stdin.write(f"{wrong}\n{code}\n".encode())
    proc.stdin.close()
    text = out.rest()
    assert proc.wait(30) == 0, text
    assert "Registered" in text


def test_safety_numbers_agree_and_a_new_key_blocks(relay, anna, ben, folder):
    anna.run("send", ben.phone, "hi")
    ben.messages()
    ours = json.loads(anna.run("--json", "safety", ben.phone).stdout)
    theirs = json.loads(ben.run("--json", "safety", anna.phone).stdout)
    assert ours["safety"] == theirs["safety"] and len(ours["safety"]) == 60
    assert ours["trust"] == "first-use"
    anna.run("safety", ben.phone, "--verify")
    # Ben registers anew elsewhere: another identity key
    again = Person(folder / "ben2", "Ben", ben.phone).register(relay)
    again.run("send", anna.phone, "new machine")
    assert texts(anna.messages()) == ["new machine"]
    done = anna.run("send", ben.phone, "secret", check=False)
    assert done.returncode == 10, done.stderr
    anna.run("safety", ben.phone, "--accept")
    anna.run("send", ben.phone, "welcome back")
    assert "welcome back" in texts(again.messages())
    # the old device learns that it is one no more
    old = ben.run("recv", "--once", check=False)
    assert old.returncode == 4, old.stderr


def test_search_finds_words(relay, anna, ben):
    anna.run("send", ben.phone, "the quick brown fox")
    anna.run("send", ben.phone, "Ärger im Büro")
    hit = json.loads(anna.run("--json", "search", "buro").stdout)
    assert hit["text"] == "Ärger im Büro" and hit["outgoing"]
    assert anna.run("search", "nothere", check=False).returncode == 7


def test_every_command_speaks_json(relay, anna, ben, folder):
    """One object a line, and nothing else, on standard output."""
    carl = Person(folder / "carl", "Carl", "+4915550000088")
    proc = subprocess.Popen(
        [SOTTO, "--json", "register", "--relay", relay.uri, "--phone",
         carl.phone], env=carl.env, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    code = relay.code(carl.phone)
    # what people copy along is dropped, what no code can be is not sent
    out, err = proc.communicate(f"abc\n{code[:3]} {code[3:]}\n", DEADLINE)
    assert proc.returncode == 0, err
    assert json.loads(out) == {"registered": carl.phone, "device": 1}
    assert "digits only" in err and "Code:" in err

    def objects(*args):
        out = anna.run("--json", *args).stdout
        return [json.loads(line) for line in out.splitlines()]

    anna.run("send", ben.phone, "hello there")
    ben.run("send", anna.phone, "hello back")
    (got,) = objects("recv", "--once")
    assert got["text"] == "hello back" and got["from"] == ben.phone
    (chat,) = objects("list")
    assert chat["phone"] == ben.phone and chat["last_text"] == "hello back"
    assert [hit["text"] for hit in objects("search", "hello")] == [
        "hello back", "hello there"]
    (number,) = objects("safety", ben.phone)
    assert len(number["safety"]) == 60
    (me,) = objects("profile")
    assert me["phone"] == anna.phone and me["name"] == "Anna"
    (device,) = objects("devices")
    assert device["device"] == 1 and device["this"]


def test_ways_to_unlock(relay, anna, folder):
    """By a command, whose first line counts; by a file; by nothing."""
    phrase = anna.env.pop("SOTTO_PASSPHRASE")
    script = folder / "phrase"
    script.write_text(f"#!/bin/sh\necho '{phrase}'\necho more\n")
    script.chmod(0o700)
    assert anna.phone in anna.run(
        "profile", f"--passphrase-command={script}").stdout
    done = anna.run("profile", "--passphrase-command=echo wrong", check=False)
    assert done.returncode == 5 and "passphrase" in done.stderr
    heard = folder / "heard"
    anna.env["SOTTO_PIN"] = "739100"
    anna.run("profile", f"--passphrase-command=env >{heard}; {script}")
    del anna.env["SOTTO_PIN"]
    heard = heard.read_text()
    assert "HOME=" in heard and "739100" not in heard
    assert "GNUTLS_NO" not in heard
    done = anna.run("profile", "--passphrase-command=false", check=False)
    assert done.returncode == 5
    assert anna.run("profile", stdin="", check=False).returncode == 5
    short = folder / "key"
    short.write_bytes(b"x" * 31)
    short.chmod(0o600)
    done = anna.run("profile", f"--key-file={short}", check=False)
    assert done.returncode != 0 and done.stderr != ""


def test_invite_only(folder):
    relay = Relay(folder / "r2", "--registration=invite")
    try:
        eve = Person(folder / "eve", "Eve", "+4915550000055")
        done = eve.run("register", "--relay", relay.uri, "--phone", eve.phone,
                       "--name", "Eve", stdin="", check=False)
        assert done.returncode != 0 and "invit" in done.stderr.lower()
        link = relay.ctl("invite").stdout
        link = [w for w in link.split() if w.startswith("sotto://")][0]
        assert "invite=" in link and "#" in link
        relay.uri = link
        eve.register(relay)
        # an invite for one is used up
        fay = Person(folder / "fay", "Fay", "+4915550000066")
        done = fay.run("register", "--relay", link, "--phone", fay.phone,
                       "--name", "Fay", stdin="", check=False)
        assert done.returncode == 9, done.stderr
    finally:
        relay.stop()


def test_help_names_every_command():
    out = subprocess.run([SOTTO, "--help"], capture_output=True, text=True,
                         check=True).stdout
    for word in ("register", "send", "recv", "list", "search", "safety",
                 "profile", "--profile", "--json"):
        assert word in out


def test_a_wrong_configuration_file_is_named_with_its_line(folder):
    person = Person(folder / "x", "X", "+4915550000077")
    config = person.home / ".config/sotto/default"
    config.mkdir(mode=0o700, parents=True)
    (config / "config").write_text("timeout = 5s\ncolour = 3\n")
    done = person.run("list", check=False)
    assert done.returncode == 3
    assert "config:2:" in done.stderr and "colour" in done.stderr
    (config / "config").unlink()
    assert person.run("--colour", check=False).returncode == 2
