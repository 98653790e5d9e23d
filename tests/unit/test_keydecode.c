/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"
#include "tui/screen/keys.h"

#define LOG_CAP 4096

/* Events as words, so that a table can say what is expected. */
static void
log_event(char *log, const struct key *ev)
{
	char name[KEYS_NAME_CAP];
	size_t n = strlen(log);

	if (n > 0 && n < LOG_CAP - 1)
		log[n++] = ' ';
	switch (ev->type) {
	case KT_PRESS:
		snprintf(log + n, LOG_CAP - n, "%s",
		    key_format(name, ev->code, ev->mods));
		break;
	case KT_PASTE:
		snprintf(log + n, LOG_CAP - n, "paste(%.*s)%s", (int)ev->len,
		    ev->text, ev->cut ? "+" : "");
		break;
	case KT_MOUSE:
		snprintf(log + n, LOG_CAP - n, "mouse%d/%u@%d,%d",
		    (int)ev->mouse, ev->mods, ev->x, ev->y);
		break;
	case KT_FOCUS:
		snprintf(log + n, LOG_CAP - n, "focus%d", ev->on);
		break;
	case KT_REPLY:
		snprintf(log + n, LOG_CAP - n, "reply%d:%d,%d,%d",
		    (int)ev->reply, ev->arg[0], ev->arg[1], ev->arg[2]);
		break;
	}
}

static void
feed(struct keys *k, char *log, const char *s, size_t n)
{
	const uint8_t *p = (const uint8_t *)s;
	struct key ev;
	size_t used;

	while (n > 0) {
		used = keys_feed(k, p, n);
		assert_true(used > 0 && used <= n);
		p += used;
		n -= used;
		while (keys_next(k, &ev))
			log_event(log, &ev);
	}
}

static void
flush(struct keys *k, char *log)
{
	struct key ev;

	if (keys_wait_ms(k) == 0)
		return;
	keys_timeout(k);
	while (keys_next(k, &ev))
		log_event(log, &ev);
	assert_int_equal(keys_wait_ms(k), 0);
}

struct row {
	const char *bytes;
	const char *events;
};

/* Each row is fed whole, byte by byte, and at every split in two. */
static const struct row rows[] = {
    {"a", "a"},
    {"A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
	"A \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
    {"\x01\x0b\x1a\x1f\x1c", "Ctrl-A Ctrl-K Ctrl-Z Ctrl-_ Ctrl-\\"},
    {"\r\t\x7f\x08\n", "Enter Tab Backspace Ctrl-H Ctrl-J"},
    {"\033", "Esc"},
    {"\033\033", "Esc"}, /* a burst of two is one: ESC ESC may be Alt */
    {"\033\033\033", "Esc Esc"},
    {"\033a\033A\0331", "Alt-A Alt-Shift-A Alt-1"},
    {"\033\xc3\xa9", "Alt-\xc3\xa9"},
    {"\033\r\033\x7f\033\x02", "Alt-Enter Alt-Backspace Ctrl-Alt-B"},
    {"\033\033x", "Esc Alt-X"},
    {"\033/\033<", "Alt-/ Alt-<"},
    {"\033[", "Alt-["},
    {"\033O", "Alt-Shift-O"},
    {"\033]", "Alt-]"},
    {"\033_", "Alt-_"},
    {"\033[A\033[B\033[C\033[D\033[H\033[F", "Up Down Right Left Home End"},
    {"\033OA\033OB\033OP\033OS\033OM", "Up Down F1 F4 Enter"},
    {"\033[1;5C\033[1;3A\033[1;2D\033[1;6B",
	"Ctrl-Right Alt-Up Shift-Left Ctrl-Shift-Down"},
    {"\033[2~\033[3~\033[5~\033[6~\033[5;3~\033[3;5~",
	"Insert Delete PgUp PgDn Alt-PgUp Ctrl-Delete"},
    {"\033[1~\033[4~\033[7~\033[8~", "Home End Home End"},
    {"\033[11~\033[15~\033[17~\033[24~", "F1 F5 F6 F12"},
    {"\033[[A\033[[E", "F1 F5"}, /* Linux console */
    {"\033[Z", "Shift-Tab"},
    {"\033[5^\033[6@", "Ctrl-PgUp Ctrl-Shift-PgDn"}, /* rxvt */
    {"\033Oa\033[a", "Ctrl-Up Shift-Up"}, /* rxvt */
    {"\033\033[A", "Alt-Up"}, /* rxvt */
    {"\033O5A", "Ctrl-Up"},
    {"\033[1;9A", "Super-Up"},
    /* kitty: CSI-u */
    {"\033[27u\033[97;5u\033[97;3u\033[13;2u\033[13;3u",
	"Esc Ctrl-A Alt-A Shift-Enter Alt-Enter"},
    {"\033[105;5u\033[109;5u\033[91;5u", "Ctrl-I Ctrl-M Esc"},
    {"\033[97;6u\033[97;4u\033[97:65;2u", "Ctrl-Shift-A Alt-Shift-A A"},
    {"\033[97:9999999;2u\033[97:7;2u\033[9999999u\033[55296u", "A A"},
    {"\033[97;1:3u\033[1;1:3A", ""}, /* releases */
    {"\033[233u\033[57399u\033[57414u\033[57441u", "\xc3\xa9 0 Enter"},
    {"\033[32;2u\033[32;5u", "Space Ctrl-Space"},
    /* xterm: modifyOtherKeys */
    {"\033[27;2;13~\033[27;5;9~\033[27;5;97~", "Shift-Enter Ctrl-Tab Ctrl-A"},
    /* paste */
    {"\033[200~ab\rc\r\nd\ne\033[201~x", "paste(ab\nc\nd\ne) x"},
    {"\033[200~\033[A\033[20\033[201~", "paste(\033[A\033[20)"},
    {"\033[200~\033[201~", "paste()"},
    {"\033[200~lost", "paste(lost)"},
    {"\033[201~", ""},
    /* mouse, focus */
    {"\033[<0;3;4M\033[<0;3;4m\033[<64;1;1M\033[<65;80;24M",
	"mouse0/0@2,3 mouse2/0@0,0 mouse3/0@79,23"},
    {"\033[<2;3;4M\033[<16;1;1M\033[<35;1;1M", "mouse1/0@2,3 mouse0/4@0,0"},
    {"\033[M !!\033[M#!!", "mouse0/0@0,0"},
    {"\033[I\033[O", "focus1 focus0"},
    /* answers */
    {"\033[?62;22c", "reply0:0,22,0"},
    {"\033[?62;22;4c", "reply0:1,22,0"},
    {"\033[?65;1;2;6;9;15;16;17;18;21;22;28;4;29c", "reply0:1,1,0"},
    {"\033[?4c", "reply0:0,0,0"}, /* its own class, no sixels */
    {"\033[6;20;10t\033[8;24;80t\033[6;0;10t", "reply4:20,10,0"},
    {"\033P>|tmux 3.3a\033\\", "reply5:1,0,0"},
    {"\033P>|kitty(0.35.2)\033\\\033P>|kitty(0.27.1)\033\\",
	"reply5:2,0,0 reply5:0,0,0"},
    {"\033P>|ghostty 1.0\033\\\033P>|foot(1.13.1)\033\\",
	"reply5:2,0,0 reply5:0,0,0"},
    {"\033_Gi=31;OK\033\\\033_Gi=31;EINVAL:x\033\\",
	"reply6:1,0,0 reply6:0,0,0"},
    {"\033]1337;ReportCellSize=20.0;10.0;1.0\033\\", "reply7:0,0,0"},
    {"\033]1337;ReportCell\033\\\033_Gi=3;OK\033\\", ""},
    {"\033[?2026;2$y\033[?2027;0$y", "reply1:2026,2,0 reply1:2027,0,0"},
    {"\033[?1u", "reply2:1,0,0"},
    {"\033]11;rgb:ffff/8080/0000\033\\", "reply3:255,128,0"},
    {"\033]11;rgb:ff/80/00\007", "reply3:255,128,0"},
    {"\033]11;rgba:f/8/0/f\007", "reply3:255,136,0"},
    {"\033]11;rgb:ff/80\007\033]10;rgb:1/1/1\007a", "a"},
    {"\033P1$r0m\033\\a", "a"},
    /* what makes no sense is dropped, what follows is not */
    {"\033[999;1;1;1;1;1;1;1;1;1;1z\033[?9Xa", "a"},
    {"\xff\xc3(", "\xef\xbf\xbd \xef\xbf\xbd ("},
    {"\xe2\x82\x1b[A", "\xef\xbf\xbd Up"},
    {"\xed\xa0\x80", "\xef\xbf\xbd"}, /* a surrogate */
    {"\xc2\x85z", "z"}, /* C1 */
    {"\033[\r", "Enter"},
    {"\033[1;\033[B", "Down"},
    {"\033]11;rgb\030a\033]11;\033[Ab", "a Up b"},
};

static void
test_keys__every_split_gives_the_events_of_the_table(void **state)
{
	struct keys k;
	char log[LOG_CAP];
	size_t i, at, n;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		n = strlen(rows[i].bytes);
		for (at = 0; at <= n; at++) {
			keys_init(&k);
			log[0] = '\0';
			feed(&k, log, rows[i].bytes, at);
			feed(&k, log, rows[i].bytes + at, n - at);
			flush(&k, log);
			assert_string_equal(log, rows[i].events);
			keys_clear(&k);
		}
		keys_init(&k);
		log[0] = '\0';
		for (at = 0; at < n; at++)
			feed(&k, log, rows[i].bytes + at, 1);
		flush(&k, log);
		assert_string_equal(log, rows[i].events);
		keys_clear(&k);
	}
}

static void
test_keys_feed__nul_is_ctrl_space(void **state)
{
	struct keys k;
	char log[LOG_CAP] = "";

	(void)state;
	keys_init(&k);
	feed(&k, log, "\0a", 2);
	assert_string_equal(log, "Ctrl-Space a");
	keys_clear(&k);
}

static void
test_keys_feed__an_endless_sequence_is_ignored_to_its_end(void **state)
{
	struct keys k;
	char log[LOG_CAP] = "", junk[300];

	(void)state;
	memset(junk, '1', sizeof(junk));
	keys_init(&k);
	feed(&k, log, "\033[", 2);
	feed(&k, log, junk, sizeof(junk));
	feed(&k, log, "Ab", 2);
	assert_string_equal(log, "b");
	log[0] = '\0';
	feed(&k, log, "\033]11;rgb:", 9);
	feed(&k, log, junk, sizeof(junk));
	feed(&k, log, "\007c", 2);
	assert_string_equal(log, "c");
	log[0] = '\0';
	feed(&k, log, "\033[", 2);
	feed(&k, log, junk, sizeof(junk));
	feed(&k, log, "\033[Ad", 4); /* or to the next one */
	assert_string_equal(log, "Up d");
	keys_clear(&k);
}

static void
test_keys_feed__a_paste_is_cut_at_its_maximum(void **state)
{
	size_t n = KEYS_PASTE_MAX + 5;
	char *big = malloc(n);
	struct keys k;
	struct key ev;
	size_t used;

	(void)state;
	assert_non_null(big);
	memset(big, 'x', n);
	keys_init(&k);
	assert_int_equal(keys_feed(&k, (const uint8_t *)"\033[200~", 6), 6);
	used = keys_feed(&k, (const uint8_t *)big, n);
	assert_int_equal(used, n);
	assert_false(keys_next(&k, &ev));
	used = keys_feed(&k, (const uint8_t *)"\033[201~y", 7);
	assert_int_equal(used, 6);
	assert_true(keys_next(&k, &ev));
	assert_int_equal(ev.type, KT_PASTE);
	assert_int_equal(ev.len, KEYS_PASTE_MAX);
	assert_true(ev.cut);
	assert_int_equal(ev.text[ev.len - 1], 'x');
	used = keys_feed(&k, (const uint8_t *)"y", 1);
	assert_int_equal(used, 1);
	assert_true(keys_next(&k, &ev));
	assert_int_equal(ev.code, 'y');
	assert_null(k.paste.p); /* not kept in memory */
	keys_clear(&k);
	free(big);
}

static int
paste_step(void *arg)
{
	struct keys k;
	struct key ev;
	bool cut = true;

	(void)arg;
	keys_init(&k);
	keys_feed(&k, (const uint8_t *)"\033[200~hello\033[201~", 17);
	if (keys_next(&k, &ev))
		cut = ev.cut;
	keys_clear(&k);
	return cut ? ERR_NOMEM : 0;
}

static void
test_keys_feed__without_memory_a_paste_says_it_is_cut(void **state)
{
	(void)state;
	assert_int_equal(alloc_sweep(paste_step, NULL), 1);
}

static void
test_keys_wait_ms__waits_only_inside_something(void **state)
{
	struct keys k;
	char log[LOG_CAP] = "";

	(void)state;
	keys_init(&k);
	assert_int_equal(keys_wait_ms(&k), 0);
	feed(&k, log, "\033", 1);
	assert_in_range(keys_wait_ms(&k), 1, 25);
	feed(&k, log, "[1", 2);
	assert_true(keys_wait_ms(&k) > 0);
	feed(&k, log, ";5A", 3);
	assert_int_equal(keys_wait_ms(&k), 0);
	keys_timeout(&k);
	assert_string_equal(log, "Ctrl-Up");
	keys_clear(&k);
}

static void
test_key_parse__reads_what_key_format_writes(void **state)
{
	static const char *const names[] = {"a", "A", "Ctrl-A", "Alt-A",
	    "Ctrl-Alt-Shift-Up", "Space", "Ctrl-Space", "F12", "Alt-/",
	    "Ctrl-_", "Esc", "-", "Ctrl--", "\xc3\xa9"};
	char out[KEYS_NAME_CAP];
	unsigned mods;
	uint32_t code;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(names); i++) {
		assert_true(
		    key_parse(names[i], strlen(names[i]), &code, &mods));
		assert_string_equal(key_format(out, code, mods), names[i]);
	}
	assert_false(key_parse("", 0, &code, &mods));
	assert_false(key_parse("Foo", 3, &code, &mods));
	assert_false(key_parse("ab", 2, &code, &mods));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_keys__every_split_gives_the_events_of_the_table),
	    cmocka_unit_test(test_keys_feed__nul_is_ctrl_space),
	    cmocka_unit_test(
		test_keys_feed__an_endless_sequence_is_ignored_to_its_end),
	    cmocka_unit_test(test_keys_feed__a_paste_is_cut_at_its_maximum),
	    cmocka_unit_test(
		test_keys_feed__without_memory_a_paste_says_it_is_cut),
	    cmocka_unit_test(test_keys_wait_ms__waits_only_inside_something),
	    cmocka_unit_test(test_key_parse__reads_what_key_format_writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
