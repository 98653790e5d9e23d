/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "tui/screen/keymap.h"

const struct keymap_row keymap_rows[] = {
#define X(ctx, name, keys, label, help)                                        \
	{CTX_##ctx, ACT_##name, #name, keys, label, help},
    KEYMAP(X)
#undef X
};
const size_t keymap_nrows = ARRAY_LEN(keymap_rows);

static const char *const titles[] = {
#define X(name, title) [CTX_##name] = title,
    KEY_CONTEXTS(X)
#undef X
};

/* The table with its keys parsed, in the same order, made once. */
struct bound {
	enum key_ctx ctx;
	enum action action;
	struct key_prefix prefix;
	uint32_t code, last; /* a range: code..last */
	unsigned mods;
};

#define BOUND_MAX (4 * ARRAY_LEN(keymap_rows))

static struct bound bound[BOUND_MAX];
static size_t nbound;

const char *
keymap_ctx_title(enum key_ctx ctx)
{
	return titles[ctx];
}

/* One alternative of n bytes: "Ctrl-N", "Ctrl-X Ctrl-E", "Alt-1..9". */
static void
bind_key(const struct keymap_row *row, const char *s, size_t n)
{
	struct bound *b = &bound[nbound];
	const char *blank = memchr(s, ' ', n);
	bool range = n > 3 && s[n - 2] == '.' && s[n - 3] == '.';

	if (nbound == BOUND_MAX)
		return;
	*b = (struct bound){.ctx = row->ctx, .action = row->action};
	if (blank != NULL) {
		if (!key_parse(s, (size_t)(blank - s), &b->prefix.code,
			&b->prefix.mods))
			return;
		n -= (size_t)(blank + 1 - s);
		s = blank + 1;
	}
	if (!key_parse(s, range ? n - 3 : n, &b->code, &b->mods))
		return; /* test_keymap sees to it that all are good */
	b->last = range ? (uint32_t)s[n - 1] : b->code;
	nbound++;
}

static void
parse_all(void)
{
	const char *s, *end;
	size_t i;

	for (i = 0; i < keymap_nrows; i++) {
		for (s = keymap_rows[i].keys; s != NULL; s = end) {
			end = strstr(s, ", ");
			bind_key(&keymap_rows[i], s,
			    end != NULL ? (size_t)(end - s) : strlen(s));
			end = end != NULL ? end + 2 : NULL;
		}
	}
}

enum action
keymap_find(enum key_ctx ctx, const struct key_prefix *prefix,
    const struct key *key, int *digit)
{
	const struct bound *b;
	uint32_t code = prefix != NULL ? prefix->code : 0;
	unsigned mods = prefix != NULL ? prefix->mods : 0;

	if (nbound == 0)
		parse_all();
	for (b = bound; b < bound + nbound; b++) {
		if (b->ctx != ctx || b->mods != key->mods ||
		    key->code < b->code || key->code > b->last ||
		    b->prefix.code != code || b->prefix.mods != mods)
			continue;
		if (digit != NULL)
			*digit = b->last > b->code ? (int)(key->code - '0') : 0;
		return b->action;
	}
	return ACT_NONE;
}

bool
keymap_is_prefix(enum key_ctx ctx, const struct key *key)
{
	const struct bound *b;

	if (nbound == 0)
		parse_all();
	for (b = bound; b < bound + nbound; b++) {
		if (b->ctx == ctx && b->prefix.code == key->code &&
		    b->prefix.mods == key->mods)
			return true;
	}
	return false;
}

const char *
keymap_short(char out[static KEYS_NAME_CAP], enum action action)
{
	const char *s = action > ACT_NONE && (size_t)action <= keymap_nrows
			    ? keymap_rows[action - 1].keys
			    : "";
	size_t n = strcspn(s, ",");

	if (n > 5 && strncmp(s, "Ctrl-", 5) == 0 && memchr(s, ' ', n) == NULL)
		snprintf(out, KEYS_NAME_CAP, "^%.*s", (int)(n - 5), s + 5);
	else
		snprintf(out, KEYS_NAME_CAP, "%.*s", (int)n, s);
	return out;
}

int
keymap_markdown(struct buf *b)
{
	const struct keymap_row *row;
	enum key_ctx ctx = CTX_NONE;
	size_t i;
	int r;

	for (i = 0; i < keymap_nrows; i++) {
		row = &keymap_rows[i];
		if (row->ctx != ctx) {
			ctx = row->ctx;
			r = buf_printf(b,
			    "%s### %s\n\n| keys | what they do |\n"
			    "|---|---|\n",
			    i > 0 ? "\n" : "", titles[ctx]);
			if (r != 0)
				return r;
		}
		r = buf_printf(b, "| %s | %s |\n", row->keys, row->help);
		if (r != 0)
			return r;
	}
	return 0;
}
