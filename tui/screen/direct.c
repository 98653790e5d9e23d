/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curses.h>
#include <sodium.h>
#include <term.h>

#include "tui/screen/direct.h"

#define ENTRY_MAX   (16 * 1024)
#define ENTRY_MAGIC 01036 /* term(5): numbers of 32 bits */

/* Colours 0 to 7 stay the terminal's own; ncurses resets with them. */
static const char setaf[] =
    "\033[%?%p1%{8}%<%t3%p1%d%e38;2;%p1%{65536}%/%d;%p1%{256}%/%{255}%&%d;"
    "%p1%{255}%&%d%;m";
static const char setab[] =
    "\033[%?%p1%{8}%<%t4%p1%d%e48;2;%p1%{65536}%/%d;%p1%{256}%/%{255}%&%d;"
    "%p1%{255}%&%d%;m";

/* The entry's numbers are little-endian. */
static int
put_le(struct buf *b, uint32_t v, unsigned bytes)
{
	int r = 0;

	for (; r == 0 && bytes > 0; bytes--, v >>= 8)
		r = buf_put_u8(b, (uint8_t)v);
	return r;
}

static size_t
count(NCURSES_CONST char *const *names)
{
	size_t n = 0;

	while (names[n] != NULL)
		n++;
	return n;
}

static int
put_numbers(struct buf *b)
{
	size_t i, n = count(numnames);
	int r = 0, v;

	for (i = 0; r == 0 && i < n; i++) {
		v = tigetnum(numnames[i]);
		if (strcmp(numnames[i], "colors") == 0)
			v = 0x1000000;
		else if (strcmp(numnames[i], "pairs") == 0)
			v = 0x10000;
		r = put_le(b, (uint32_t)(v < 0 ? -1 : v), 4);
	}
	return r;
}

static const char *
string_of(const char *name)
{
	const char *s;

	if (strcmp(name, "setaf") == 0)
		return setaf;
	if (strcmp(name, "setab") == 0)
		return setab;
	/* What would change the terminal's palette. */
	if (strcmp(name, "initc") == 0 || strcmp(name, "oc") == 0)
		return NULL;
	s = tigetstr(name);
	return s == (const char *)-1 ? NULL : s;
}

/* Offsets, then the texts they point into. */
static int
put_strings(struct buf *b, struct buf *table)
{
	size_t i, n = count(strnames);
	const char *s;
	int r = 0;

	for (i = 0; r == 0 && i < n; i++) {
		s = string_of(strnames[i]);
		r = put_le(b, s != NULL ? (uint32_t)table->len : 0xffff, 2);
		if (r == 0 && s != NULL)
			r = buf_put(table, s, strlen(s) + 1);
	}
	if (r == 0)
		r = buf_put(b, table->p, table->len);
	return r;
}

static int
put_flags(struct buf *b)
{
	size_t i, n = count(boolnames);
	int r = 0;

	for (i = 0; r == 0 && i < n; i++) {
		/* ccc: the palette may be changed; not by us */
		r = buf_put_u8(b, strcmp(boolnames[i], "ccc") != 0 &&
				      tigetflag(boolnames[i]) > 0);
	}
	return r;
}

/* One flag of its own: RGB. */
static int
put_extended(struct buf *b)
{
	static const uint16_t head[] = {1, 0, 0, 1, 4};
	size_t i;
	int r = b->len % 2 ? buf_put_u8(b, 0) : 0;

	for (i = 0; r == 0 && i < ARRAY_LEN(head); i++)
		r = put_le(b, head[i], 2);
	if (r == 0)
		r = buf_put(b, "\1\0", 2); /* the flag, padded */
	if (r == 0)
		r = put_le(b, 0, 2); /* where its name is */
	if (r == 0)
		r = buf_put(b, "RGB", 4);
	return r;
}

int
direct_entry(struct buf *out, const char *name)
{
	struct buf table, strings;
	uint32_t head[6];
	size_t i;
	int r;

	buf_init(&table, ENTRY_MAX);
	buf_init(&strings, ENTRY_MAX);
	r = put_strings(&strings, &table);
	head[0] = ENTRY_MAGIC;
	head[1] = (uint32_t)strlen(name) + 1;
	head[2] = (uint32_t)count(boolnames);
	head[3] = (uint32_t)count(numnames);
	head[4] = (uint32_t)count(strnames);
	head[5] = (uint32_t)table.len;
	for (i = 0; r == 0 && i < ARRAY_LEN(head); i++)
		r = put_le(out, head[i], 2);
	if (r == 0)
		r = buf_put(out, name, strlen(name) + 1);
	if (r == 0)
		r = put_flags(out);
	if (r == 0 && out->len % 2)
		r = buf_put_u8(out, 0);
	if (r == 0)
		r = put_numbers(out);
	if (r == 0)
		r = buf_put(out, strings.p, strings.len);
	if (r == 0)
		r = put_extended(out);
	buf_clear(&table);
	buf_clear(&strings);
	return r;
}

static bool
wanted(void)
{
	const char *v = getenv("COLORTERM"), *none = getenv("NO_COLOR");

	return v != NULL && (none == NULL || none[0] == '\0') &&
	       (strcmp(v, "truecolor") == 0 || strcmp(v, "24bit") == 0);
}

/* "hex:..." for $TERMINFO; heap, NULL when there is nothing to gain. */
static char *
entry_text(const char *name)
{
	struct buf b;
	char *text = NULL;
	int err;

	buf_init(&b, ENTRY_MAX);
	if (setupterm(NULL, STDOUT_FILENO, &err) != OK)
		return NULL;
	if (tigetnum("colors") == 256 && tigetflag("RGB") <= 0 &&
	    direct_entry(&b, name) == 0)
		text = malloc(4 + 2 * b.len + 1);
	if (text != NULL) {
		memcpy(text, "hex:", 4);
		sodium_bin2hex(text + 4, 2 * b.len + 1, b.p, b.len);
	}
	del_curterm(cur_term);
	buf_clear(&b);
	return text;
}

SCREEN *
direct_newterm(FILE *out)
{
	static const char name[] = "sotto-direct";
	const char *was = getenv("TERMINFO");
	char *keep = was != NULL ? strdup(was) : NULL, *text = NULL;
	SCREEN *scr = NULL;

	if (wanted() && (was == NULL || keep != NULL))
		text = entry_text(name);
	if (text != NULL && setenv("TERMINFO", text, 1) == 0) {
		scr = newterm(name, out, stdin);
		if (keep != NULL)
			setenv("TERMINFO", keep, 1);
		else
			unsetenv("TERMINFO");
	}
	if (scr == NULL)
		scr = newterm(NULL, out, stdin);
	free(text);
	free(keep);
	return scr;
}
