/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/text.h"
#include "tui/screen/keys.h"

enum state {
	GROUND,
	UTF8, /* seq holds the first bytes of a character */
	ESC, /* ESC came */
	CSI, /* seq holds what came after ESC [ */
	CSI_LINUX, /* ESC [ [ of the Linux console: one letter follows */
	CSI_SKIP, /* too long: ignored up to its final byte */
	SS3,
	X10, /* three bytes of an old mouse report follow */
	STRING, /* OSC, DCS, APC, PM: seq holds its start */
	STRING_ESC, /* ESC inside: a backslash ends the string */
	PASTE,
};

#define ESC_WAIT_MS    25 /* a lone ESC, or ESC and a letter */
#define SEQ_WAIT_MS    100 /* inside a sequence */
#define STRING_WAIT_MS 1000 /* inside an answer of the terminal */
#define PASTE_WAIT_MS  2000 /* a paste whose end got lost */

static const char paste_end[] = "\033[201~";

void
keys_init(struct keys *k)
{
	memset(k, 0, sizeof(*k));
	buf_init(&k->paste, KEYS_PASTE_MAX);
}

void
keys_clear(struct keys *k)
{
	buf_clear(&k->paste);
	sodium_memzero(k->seq, sizeof(k->seq));
	sodium_memzero(k->out, sizeof(k->out));
	keys_init(k);
}

/* ---- events ready to be fetched ---------------------------------------------- */

static void
ready(struct keys *k, const struct key *ev)
{
	if (k->nout < ARRAY_LEN(k->out))
		k->out[k->nout++] = *ev;
}

bool
keys_next(struct keys *k, struct key *ev)
{
	if (k->nout == 0)
		return false;
	*ev = k->out[0];
	k->nout--;
	memmove(&k->out[0], &k->out[1], k->nout * sizeof(k->out[0]));
	sodium_memzero(&k->out[k->nout], sizeof(k->out[0]));
	return true;
}

/* Names, cases and modifiers the same way whatever the terminal sent. */
static void
press(struct keys *k, uint32_t code, unsigned mods)
{
	bool chord = (mods & (MOD_CTRL | MOD_ALT)) != 0;

	if (code == '[' && (mods & MOD_CTRL)) {
		code = K_ESC;
		mods &= ~(unsigned)MOD_CTRL;
	} else if (chord && code >= 'A' && code <= 'Z') {
		code += 'a' - 'A';
		if (!(mods & MOD_CTRL))
			mods |= MOD_SHIFT;
	} else if (!chord && (mods & MOD_SHIFT) && code >= 'a' && code <= 'z') {
		code -= 'a' - 'A';
	}
	if (code < K_NAMED && !(chord && code >= 'a' && code <= 'z'))
		mods &= ~(unsigned)MOD_SHIFT;
	ready(k, &(struct key){.type = KT_PRESS, .code = code, .mods = mods});
}

/* A byte below 0x20, or DEL, that is no ESC. */
static void
control(struct keys *k, uint8_t c, unsigned mods)
{
	switch (c) {
	case '\r':
		press(k, K_ENTER, mods);
		break;
	case '\t':
		press(k, K_TAB, mods);
		break;
	case 0x7f:
		press(k, K_BACKSPACE, mods);
		break;
	case 0:
		press(k, ' ', mods | MOD_CTRL);
		break;
	default: /* 0x01..0x1a Ctrl-A.., 0x1c..0x1f Ctrl-\ ] ^ _ */
		press(k, c < 0x1b ? c + 0x60u : c + 0x40u, mods | MOD_CTRL);
		break;
	}
}

static void
reset(struct keys *k)
{
	sodium_memzero(k->seq, k->n);
	k->n = 0;
	k->alt = false;
	k->state = GROUND;
}

/* ---- parameters ----------------------------------------------------------------- */

#define PARAMS_MAX 24

struct params {
	char mark; /* '<', '?', '>', '=' in front, or 0 */
	int n;
	int v[PARAMS_MAX]; /* -1: empty */
	int sub[PARAMS_MAX]; /* first sub-parameter, -1: none */
};

/* "?1;2:3;4" of len bytes; numbers stop growing at a million. */
static void
params_parse(struct params *p, const uint8_t *s, size_t len)
{
	int *at;
	size_t i = 0;
	int colons = 0;

	memset(p, 0, sizeof(*p));
	memset(p->v, 0xff, sizeof(p->v));
	memset(p->sub, 0xff, sizeof(p->sub));
	if (len > 0 && s[0] >= '<' && s[0] <= '?')
		p->mark = (char)s[i++];
	p->n = len > i ? 1 : 0;
	for (; i < len && p->n <= PARAMS_MAX; i++) {
		if (s[i] == ';') {
			p->n++;
			colons = 0;
		} else if (s[i] == ':') {
			colons++;
		} else if (s[i] >= '0' && s[i] <= '9' && colons < 2) {
			at = colons ? &p->sub[p->n - 1] : &p->v[p->n - 1];
			if (*at < 1000000)
				*at = (*at < 0 ? 0 : *at * 10) + (s[i] - '0');
		}
	}
	if (p->n > PARAMS_MAX)
		p->n = PARAMS_MAX;
}

static int
param(const struct params *p, int i, int def)
{
	return i < p->n && p->v[i] >= 0 ? p->v[i] : def;
}

/* The modifier parameter counts from 1: 1 + bits. */
static unsigned
param_mods(const struct params *p, int i)
{
	unsigned m = (unsigned)param(p, i, 1);

	return m == 0 ? 0 : (m - 1) & 15u;
}

/* kitty reports the release of a key as sub-parameter 3. */
static bool
is_release(const struct params *p, int i)
{
	return i < p->n && p->sub[i] == 3;
}

/* ---- CSI ------------------------------------------------------------------------- */

static void byte(struct keys *k, uint8_t c);

struct final_row {
	char final;
	uint32_t code;
	unsigned mods;
};

static const struct final_row csi_finals[] = {
    {'A', K_UP, 0},
    {'B', K_DOWN, 0},
    {'C', K_RIGHT, 0},
    {'D', K_LEFT, 0},
    {'F', K_END, 0},
    {'H', K_HOME, 0},
    {'P', K_F1, 0},
    {'Q', K_F2, 0},
    {'R', K_F3, 0},
    {'S', K_F4, 0},
    {'Z', K_TAB, MOD_SHIFT},
    {'a', K_UP, MOD_SHIFT}, /* rxvt */
    {'b', K_DOWN, MOD_SHIFT},
    {'c', K_RIGHT, MOD_SHIFT},
    {'d', K_LEFT, MOD_SHIFT},
};

static const struct final_row ss3_finals[] = {
    {'A', K_UP, 0},
    {'B', K_DOWN, 0},
    {'C', K_RIGHT, 0},
    {'D', K_LEFT, 0},
    {'F', K_END, 0},
    {'H', K_HOME, 0},
    {'M', K_ENTER, 0},
    {'P', K_F1, 0},
    {'Q', K_F2, 0},
    {'R', K_F3, 0},
    {'S', K_F4, 0},
    {'a', K_UP, MOD_CTRL}, /* rxvt */
    {'b', K_DOWN, MOD_CTRL},
    {'c', K_RIGHT, MOD_CTRL},
    {'d', K_LEFT, MOD_CTRL},
};

struct number_row {
	int number;
	uint32_t code;
};

static const struct number_row tilde_numbers[] = {
    {1, K_HOME},
    {2, K_INSERT},
    {3, K_DELETE},
    {4, K_END},
    {5, K_PGUP},
    {6, K_PGDN},
    {7, K_HOME},
    {8, K_END},
    {11, K_F1},
    {12, K_F2},
    {13, K_F3},
    {14, K_F4},
    {15, K_F5},
    {17, K_F6},
    {18, K_F7},
    {19, K_F8},
    {20, K_F9},
    {21, K_F10},
    {23, K_F11},
    {24, K_F12},
};

/* CSI-u: controls by their byte, the keypad by kitty's private numbers. */
static const struct number_row csi_u_numbers[] = {
    {9, K_TAB},
    {13, K_ENTER},
    {27, K_ESC},
    {127, K_BACKSPACE},
    {57409, '.'},
    {57410, '/'},
    {57411, '*'},
    {57412, '-'},
    {57413, '+'},
    {57414, K_ENTER},
    {57415, '='},
    {57417, K_LEFT},
    {57418, K_RIGHT},
    {57419, K_UP},
    {57420, K_DOWN},
    {57421, K_PGUP},
    {57422, K_PGDN},
    {57423, K_HOME},
    {57424, K_END},
    {57425, K_INSERT},
    {57426, K_DELETE},
};

static void
final_press(struct keys *k, const struct final_row *rows, size_t n, char final,
    unsigned mods)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (rows[i].final == final) {
			press(k, rows[i].code, rows[i].mods | mods);
			return;
		}
	}
}

static bool
number_find(const struct number_row *rows, size_t n, int number, uint32_t *code)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (rows[i].number == number) {
			*code = rows[i].code;
			return true;
		}
	}
	return false;
}

/* Characters people type: no controls, no surrogates, and not the private
 * numbers kitty uses for modifiers on their own and media keys. */
static bool
is_typed(int number)
{
	return number >= ' ' && !(number >= 0x7f && number < 0xa0) &&
	       !(number >= 0xd800 && number <= 0xf8ff) && number <= 0x10ffff;
}

/* A character with modifiers: CSI-u and modifyOtherKeys. */
static void
csi_u(struct keys *k, int number, int shifted, unsigned mods)
{
	uint32_t code;

	if (number_find(
		csi_u_numbers, ARRAY_LEN(csi_u_numbers), number, &code)) {
		press(k, code, mods);
	} else if (number >= 57399 && number <= 57408) { /* keypad digits */
		press(k, (uint32_t)number - 57399 + '0', mods);
	} else if (is_typed(number)) {
		if ((mods & MOD_SHIFT) && !(mods & MOD_CTRL) &&
		    is_typed(shifted))
			number = shifted;
		press(k, (uint32_t)number, mods);
	}
}

static void
mouse(struct keys *k, int b, int x, int y, bool pressed)
{
	struct key ev = {.type = KT_MOUSE, .x = x - 1, .y = y - 1};

	if (!pressed || (b & 32) || x < 1 || y < 1)
		return; /* releases and motion */
	ev.mods = (b & 4 ? MOD_SHIFT : 0u) | (b & 8 ? MOD_ALT : 0u) |
		  (b & 16 ? MOD_CTRL : 0u);
	if (b & 64)
		ev.mouse = b & 1 ? MOUSE_WHEEL_DOWN : MOUSE_WHEEL_UP;
	else
		ev.mouse = (b & 3) == 0 ? MOUSE_LEFT : MOUSE_OTHER;
	ready(k, &ev);
}

/* ?62;4;...: sixels are 4. */
static void
da1(struct key *ev, const struct params *p)
{
	int i;

	ev->reply = REPLY_DA1;
	ev->arg[0] = 0;
	for (i = 1; i < p->n; i++)
		if (p->v[i] == 4)
			ev->arg[0] = 1;
}

/* 6;height;width t */
static void
cell_size(struct keys *k, const struct params *p)
{
	struct key ev = {.type = KT_REPLY, .reply = REPLY_CELL};

	ev.arg[0] = param(p, 1, 0);
	ev.arg[1] = param(p, 2, 0);
	if (param(p, 0, 0) == 6 && ev.arg[0] > 0 && ev.arg[1] > 0)
		ready(k, &ev);
}

static void
csi_private(struct keys *k, const struct params *p, char final, bool dollar)
{
	struct key ev = {.type = KT_REPLY};

	if (p->mark == '<' && (final == 'M' || final == 'm')) {
		mouse(k, param(p, 0, 0), param(p, 1, 0), param(p, 2, 0),
		    final == 'M');
		return;
	}
	if (p->mark != '?')
		return;
	ev.arg[0] = param(p, 0, 0);
	ev.arg[1] = param(p, 1, 0);
	if (final == 'c')
		da1(&ev, p);
	else if (final == 'u')
		ev.reply = REPLY_KITTY;
	else if (final == 'y' && dollar)
		ev.reply = REPLY_MODE;
	else
		return;
	ready(k, &ev);
}

static void
csi_tilde(struct keys *k, const struct params *p, unsigned mods)
{
	uint32_t code;
	int number = param(p, 0, 0);

	if (number == 27)
		csi_u(k, param(p, 2, 0), -1, param_mods(p, 1) | mods);
	else if (!is_release(p, 1) &&
		 number_find(
		     tilde_numbers, ARRAY_LEN(tilde_numbers), number, &code))
		press(k, code, param_mods(p, 1) | mods);
}

static void
paste_start(struct keys *k)
{
	buf_reset(&k->paste);
	k->paste_cut = k->paste_cr = false;
	k->paste_match = 0;
	k->state = PASTE;
}

/* seq holds parameters and intermediates; final has come. */
static void
csi_done(struct keys *k, char final)
{
	unsigned alt = k->alt ? MOD_ALT : 0;
	size_t n = k->n;
	bool dollar = n > 0 && k->seq[n - 1] == '$';
	struct params p;

	while (n > 0 && k->seq[n - 1] < 0x30)
		n--; /* intermediates */
	params_parse(&p, k->seq, n);
	reset(k);
	if (p.mark != 0) {
		csi_private(k, &p, final, dollar);
	} else if (final == '~' && param(&p, 0, 0) == 200) {
		paste_start(k);
	} else if (final == '~') {
		csi_tilde(k, &p, alt);
	} else if (final == '^' || final == '@') { /* rxvt: Ctrl, Ctrl-Shift */
		csi_tilde(
		    k, &p, alt | MOD_CTRL | (final == '@' ? MOD_SHIFT : 0u));
	} else if (final == 'u') {
		if (!is_release(&p, 1))
			csi_u(k, param(&p, 0, 0), p.sub[0],
			    param_mods(&p, 1) | alt);
	} else if ((final == 'I' || final == 'O') && p.n == 0) {
		ready(k, &(struct key){.type = KT_FOCUS, .on = final == 'I'});
	} else if (final == 'M' && p.n == 0) {
		k->state = X10;
	} else if (final == 't') {
		cell_size(k, &p);
	} else if (!is_release(&p, 1)) {
		final_press(k, csi_finals, ARRAY_LEN(csi_finals), final,
		    param_mods(&p, 1) | alt);
	}
}

static void
csi_byte(struct keys *k, uint8_t c)
{
	if (c == '[' && k->n == 0) {
		k->state = CSI_LINUX;
	} else if (c >= 0x20 && c < 0x40) {
		if (k->n == sizeof(k->seq))
			k->state = CSI_SKIP;
		else
			k->seq[k->n++] = c;
	} else if (c >= 0x40 && c < 0x7f) {
		csi_done(k, (char)c);
	} else {
		reset(k); /* no sequence after all */
		byte(k, c);
	}
}

/* ---- strings: answers to what was asked ---------------------------------------- */

/* One of "rgb:h/h/h", 1 to 4 hex digits each, scaled to 0..255. */
static bool
hex_channel(const char **s, int *out)
{
	unsigned v = 0, digits = 0;
	char c;

	for (; digits < 4; (*s)++, digits++) {
		c = **s;
		if (c >= '0' && c <= '9')
			v = v * 16 + (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v * 16 + (unsigned)(c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			v = v * 16 + (unsigned)(c - 'A' + 10);
		else
			break;
	}
	if (digits == 0)
		return false;
	*out = (int)(v * 255 / ((1u << (4 * digits)) - 1));
	return true;
}

/* "rgb:..." or "rgba:..." */
static bool
background_reply(struct key *ev, const char *s)
{
	int i;

	ev->reply = REPLY_BACKGROUND;
	if (s[0] == 'a')
		s++;
	if (*s++ != ':')
		return false;
	for (i = 0; i < 3; i++) {
		if (!hex_channel(&s, &ev->arg[i]) || (i < 2 && *s++ != '/'))
			return false;
	}
	return true;
}

/* kitty knows placeholders since 0.28: "kitty(0.35.2)". */
static bool
is_new_kitty(const char *s)
{
	char *end;
	long major = strtol(s, &end, 10), minor = 0;

	if (*end == '.')
		minor = strtol(end + 1, NULL, 10);
	return major > 0 || minor >= 28;
}

static bool
name_reply(struct key *ev, const char *s)
{
	ev->reply = REPLY_NAME;
	if (strncmp(s, "tmux", 4) == 0)
		ev->arg[0] = NAME_TMUX;
	else if (strncmp(s, "ghostty", 7) == 0 ||
		 (strncmp(s, "kitty(", 6) == 0 && is_new_kitty(s + 6)))
		ev->arg[0] = NAME_PLACEHOLDERS;
	return true;
}

static bool
graphics_reply(struct key *ev, const char *s)
{
	ev->reply = REPLY_GRAPHICS;
	ev->arg[0] = strstr(s, ";OK") != NULL;
	return true;
}

static bool
iterm_reply(struct key *ev, const char *s)
{
	(void)s;
	ev->reply = REPLY_ITERM;
	return true;
}

/* How an answer begins, and who reads the rest. */
static const struct {
	const char *start;
	bool (*read)(struct key *ev, const char *rest);
} strings[] = {
    {"]11;rgb", background_reply},
    {"P>|", name_reply},
    {"_Gi=31", graphics_reply},
    {"]1337;ReportCellSize=", iterm_reply},
};

static void
string_done(struct keys *k)
{
	struct key ev = {.type = KT_REPLY};
	char text[KEYS_SEQ_MAX + 1];
	size_t i, n;

	memcpy(text, k->seq, k->n);
	text[k->n] = '\0';
	reset(k);
	for (i = 0; i < ARRAY_LEN(strings); i++) {
		n = strlen(strings[i].start);
		if (strncmp(text, strings[i].start, n) != 0)
			continue;
		if (strings[i].read(&ev, text + n))
			ready(k, &ev);
		return;
	}
}

static void
string_byte(struct keys *k, uint8_t c)
{
	if (k->state == STRING_ESC) {
		if (c == '\\') {
			string_done(k);
			return;
		}
		reset(k);
		k->state = ESC; /* the string was broken off by a sequence */
		byte(k, c);
		return;
	}
	if (c == 0x07)
		string_done(k);
	else if (c == 0x1b)
		k->state = STRING_ESC;
	else if (c == 0x18 || c == 0x1a)
		reset(k);
	else if (k->n < sizeof(k->seq))
		k->seq[k->n++] = c;
}

/* ---- one byte -------------------------------------------------------------------- */

/* Bytes of a character by its first one; 0 when none starts so. */
static size_t
utf8_need(uint8_t c)
{
	if (c >= 0xf0)
		return c < 0xf5 ? 4 : 0;
	if (c >= 0xe0)
		return 3;
	return c >= 0xc2 ? 2 : 0;
}

static void
utf8_done(struct keys *k)
{
	uint32_t cp;
	unsigned mods = k->alt ? MOD_ALT : 0;
	size_t used = text_codepoint((const char *)k->seq, k->n, &cp);

	if (used != k->n)
		cp = 0xfffd;
	reset(k);
	if (cp >= 0xa0)
		press(k, cp, mods);
}

static void
utf8_byte(struct keys *k, uint8_t c)
{
	if ((c & 0xc0) != 0x80) { /* broken off */
		reset(k);
		press(k, 0xfffd, 0);
		byte(k, c);
		return;
	}
	k->seq[k->n++] = c;
	if (k->n == utf8_need(k->seq[0]))
		utf8_done(k);
}

static void
ground_byte(struct keys *k, uint8_t c)
{
	unsigned mods = k->alt ? MOD_ALT : 0;

	if (c >= 0x80) {
		if (utf8_need(c) == 0) {
			reset(k);
			press(k, 0xfffd, 0);
			return;
		}
		k->seq[0] = c;
		k->n = 1;
		k->state = UTF8;
		return;
	}
	reset(k);
	if (c >= 0x20 && c != 0x7f)
		press(k, c, mods);
	else
		control(k, c, mods);
}

/* The byte after ESC. */
static void
esc_byte(struct keys *k, uint8_t c)
{
	switch (c) {
	case '[':
		k->state = CSI;
		break;
	case 'O':
		k->state = SS3;
		break;
	case ']':
	case 'P':
	case '_':
	case '^':
		k->seq[k->n++] = c;
		k->state = STRING;
		break;
	case 0x1b:
		/* ESC ESC [ A is Alt-Up of rxvt, otherwise a lone Esc. */
		if (k->alt)
			press(k, K_ESC, 0);
		k->alt = true;
		break;
	default:
		if (k->alt)
			press(k, K_ESC, 0);
		k->alt = true;
		k->state = GROUND;
		ground_byte(k, c);
		break;
	}
}

static void
ss3_byte(struct keys *k, uint8_t c)
{
	unsigned mods = k->alt ? MOD_ALT : 0;

	if (c < 0x20) {
		reset(k);
		byte(k, c);
		return;
	}
	if (c >= '0' && c <= '9' && k->n < 4) { /* SS3 5 A: old modifiers */
		k->seq[k->n++] = c;
		return;
	}
	if (k->n > 0)
		mods |= (unsigned)(k->seq[0] - '1') & 7u;
	reset(k);
	final_press(k, ss3_finals, ARRAY_LEN(ss3_finals), (char)c, mods);
}

static void
x10_byte(struct keys *k, uint8_t c)
{
	uint8_t b[3];

	k->seq[k->n++] = c;
	if (k->n < 3)
		return;
	memcpy(b, k->seq, 3);
	reset(k);
	mouse(k, b[0] - 32, b[1] - 32, b[2] - 32, ((b[0] - 32) & 3) != 3);
}

static void
csi_linux_byte(struct keys *k, uint8_t c)
{
	reset(k);
	if (c >= 'A' && c <= 'E')
		press(k, K_F1 + (c - 'A'), 0);
}

static void
byte(struct keys *k, uint8_t c)
{
	switch ((enum state)k->state) {
	case GROUND:
		if (c == 0x1b)
			k->state = ESC;
		else
			ground_byte(k, c);
		break;
	case UTF8:
		utf8_byte(k, c);
		break;
	case ESC:
		esc_byte(k, c);
		break;
	case CSI:
		csi_byte(k, c);
		break;
	case CSI_LINUX:
		csi_linux_byte(k, c);
		break;
	case CSI_SKIP:
		if (c < 0x20) {
			reset(k);
			byte(k, c);
		} else if (c >= 0x40 && c < 0x7f) {
			reset(k);
		}
		break;
	case SS3:
		ss3_byte(k, c);
		break;
	case X10:
		x10_byte(k, c);
		break;
	case STRING:
	case STRING_ESC:
		string_byte(k, c);
		break;
	case PASTE:
		break; /* keys_feed() */
	}
}

/* ---- paste ----------------------------------------------------------------------- */

static void
paste_put(struct keys *k, const uint8_t *p, size_t n)
{
	size_t room = k->paste.max - k->paste.len;

	if (n > room) {
		n = room;
		k->paste_cut = true;
	}
	if (buf_put(&k->paste, p, n) != 0)
		k->paste_cut = true;
}

static void
paste_put_byte(struct keys *k, uint8_t c)
{
	bool after_cr = k->paste_cr;

	k->paste_cr = c == '\r';
	if (c == '\n' && after_cr)
		return;
	if (c == '\r')
		c = '\n';
	paste_put(k, &c, 1);
}

static void
paste_finish(struct keys *k)
{
	struct key ev = {.type = KT_PASTE, .len = k->paste.len};

	ev.text = k->paste.len > 0 ? (const char *)k->paste.p : "";
	ev.cut = k->paste_cut;
	reset(k);
	ready(k, &ev);
	k->paste_done = true;
}

/* Bytes at the front that are neither ESC nor line ends. */
static size_t
plain_run(const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i] == 0x1b || p[i] == '\r' || p[i] == '\n')
			break;
	}
	return i;
}

static size_t
paste_bytes(struct keys *k, const uint8_t *p, size_t n)
{
	size_t i = 0, j, run;

	while (i < n && k->state == PASTE) {
		if (p[i] == (uint8_t)paste_end[k->paste_match]) {
			k->paste_match++;
			i++;
			if (k->paste_match == sizeof(paste_end) - 1)
				paste_finish(k);
			continue;
		}
		if (k->paste_match > 0) { /* only looked like the end */
			for (j = 0; j < k->paste_match; j++)
				paste_put_byte(k, (uint8_t)paste_end[j]);
			k->paste_match = 0;
			continue;
		}
		run = plain_run(p + i, n - i);
		if (run > 0) {
			k->paste_cr = false;
			paste_put(k, p + i, run);
			i += run;
		} else {
			paste_put_byte(k, p[i++]);
		}
	}
	return i;
}

/* ---- in and out ------------------------------------------------------------------ */

size_t
keys_feed(struct keys *k, const uint8_t *p, size_t n)
{
	size_t i = 0;

	if (k->paste_done && k->nout == 0) {
		buf_clear(&k->paste);
		k->paste_done = false;
	}
	while (i < n && k->nout == 0) {
		if (k->state == PASTE)
			i += paste_bytes(k, p + i, n - i);
		else
			byte(k, p[i++]);
	}
	return i;
}

unsigned
keys_wait_ms(const struct keys *k)
{
	switch ((enum state)k->state) {
	case GROUND:
		return 0;
	case PASTE:
		return PASTE_WAIT_MS;
	case STRING:
	case STRING_ESC:
		return k->n <= 1 ? ESC_WAIT_MS : STRING_WAIT_MS;
	default:
		return k->n <= 1 ? ESC_WAIT_MS : SEQ_WAIT_MS;
	}
}

void
keys_timeout(struct keys *k)
{
	enum state was = (enum state)k->state;
	uint8_t first = k->n > 0 ? k->seq[0] : 0;
	size_t n = k->n;

	if (was == GROUND)
		return;
	if (was == PASTE) {
		paste_finish(k);
		return;
	}
	reset(k);
	if (was == ESC)
		press(k, K_ESC, 0);
	else if (was == CSI && n == 0)
		press(k, '[', MOD_ALT);
	else if (was == SS3 && n == 0)
		press(k, 'O', MOD_ALT);
	else if (was == STRING && n == 1)
		press(k, first, MOD_ALT); /* Alt-], Alt-P, Alt-_, Alt-^ */
	else if (was == UTF8)
		press(k, 0xfffd, 0);
}
