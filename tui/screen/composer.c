/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/text.h"
#include "tui/engine/engine.h"
#include "tui/screen/composer.h"

void
composer_init(struct composer *c)
{
	memset(c, 0, sizeof(*c));
	edit_init(&c->edit, ENGINE_TEXT_MAX, EDIT_MULTI);
	c->width = 60;
}

static void
text_free(char *s)
{
	if (s != NULL)
		sodium_memzero(s, strlen(s));
	free(s);
}

void
composer_clear(struct composer *c)
{
	int i;

	for (i = 0; i < c->nsent; i++)
		text_free(c->sent[i]);
	text_free(c->kept);
	edit_clear(&c->edit);
	composer_init(c);
}

/* The text has changed by other means than Up and Down. */
static void
touched(struct composer *c)
{
	c->guarded = false;
	c->recalled = 0;
	text_free(c->kept);
	c->kept = NULL;
}

int
composer_set(struct composer *c, const char *text, size_t len)
{
	int r = edit_set(&c->edit, text, len);

	if (r == 0) {
		touched(c);
		c->top = 0;
	}
	return r;
}

bool
composer_empty(const struct composer *c)
{
	return edit_len(&c->edit) == 0;
}

const char *
composer_text(const struct composer *c)
{
	return edit_text(&c->edit);
}

int
composer_type(struct composer *c, uint32_t cp)
{
	int r = edit_type(&c->edit, cp);

	if (r == 0)
		touched(c);
	return r;
}

bool
composer_paste_asks(const char *s, size_t len)
{
	size_t i;
	int lines = 1;

	while (len > 0 && s[len - 1] == '\n')
		len--;
	for (i = 0; i < len; i++)
		lines += s[i] == '\n';
	return lines > COMPOSER_PASTE_MAX || len > ENGINE_TEXT_MAX / 2;
}

int
composer_paste(struct composer *c, const char *s, size_t len)
{
	int r = edit_paste(&c->edit, s, len);

	if (r == 0)
		touched(c);
	return r;
}

void
composer_sent(struct composer *c, const char *text)
{
	char *s = strdup(text);

	if (s == NULL)
		return;
	if (c->nsent == COMPOSER_SENT_MAX) {
		text_free(c->sent[0]);
		memmove(&c->sent[0], &c->sent[1],
		    (COMPOSER_SENT_MAX - 1) * sizeof(c->sent[0]));
		c->nsent--;
	}
	c->sent[c->nsent++] = s;
}

/* Show what was sent before (dir -1) or after it; one's own text comes last. */
static bool
recall(struct composer *c, int dir)
{
	int at = c->recalled == 0 ? c->nsent + 1 : c->recalled;
	const char *s;

	at += dir;
	if (at < 1 || (c->recalled == 0 && dir > 0))
		return false;
	if (c->recalled == 0) {
		c->kept = strdup(composer_text(c));
		if (c->kept == NULL)
			return false;
	}
	s = at > c->nsent ? c->kept : c->sent[at - 1];
	if (edit_set(&c->edit, s, strlen(s)) != 0)
		return false;
	c->recalled = at > c->nsent ? 0 : at;
	if (c->recalled == 0) {
		text_free(c->kept);
		c->kept = NULL;
	}
	c->guarded = false;
	return true;
}

bool
composer_act(struct composer *c, enum action act, bool *changed)
{
	size_t len = edit_len(&c->edit), done = c->edit.done;

	*changed = false;
	switch (act) {
	case ACT_NEWLINE:
		*changed = composer_type(c, '\n') == 0;
		return true;
	case ACT_ROW_UP:
		if (!edit_row(&c->edit, c->width, -1))
			*changed = recall(c, -1);
		return true;
	case ACT_ROW_DOWN:
		if (!edit_row(&c->edit, c->width, 1))
			*changed = recall(c, 1);
		return true;
	default:
		break;
	}
	if (!edit_act(&c->edit, act))
		return false;
	*changed = edit_len(&c->edit) != len || c->edit.done != done;
	if (*changed)
		touched(c);
	return true;
}

int
composer_lines(const struct composer *c, int w, int max)
{
	size_t n = text_wrap_count(
	    composer_text(c), edit_len(&c->edit), w - COMPOSER_PROMPT_W - 1);

	if (max > COMPOSER_LINES_MAX)
		max = COMPOSER_LINES_MAX;
	return n < (size_t)max ? (int)n : max;
}

void
composer_draw(struct draw *d, struct composer *c, struct box b,
    const char *hint, bool focus)
{
	const char *s = composer_text(c);
	int row, col, i = 0;
	struct text_wrap w;
	struct text_line l;

	/* One cell more than the text may take: the cursor's at its end. */
	c->width =
	    b.w - COMPOSER_PROMPT_W - 1 > 1 ? b.w - COMPOSER_PROMPT_W - 1 : 1;
	draw_fill(d, b, ST_COMPOSER);
	draw_sign(d, b.y, b.x, SIGN_PROMPT, ST_PROMPT);
	edit_where(&c->edit, c->width, &row, &col);
	if (row < c->top)
		c->top = row;
	if (row >= c->top + b.h)
		c->top = row - b.h + 1;
	text_wrap_init(&w, s, edit_len(&c->edit), c->width);
	for (; i < c->top + b.h && text_wrap_next(&w, &l); i++) {
		if (i >= c->top)
			draw_text(d, b.y + i - c->top, b.x + COMPOSER_PROMPT_W,
			    b.w - COMPOSER_PROMPT_W, s + l.start, l.len,
			    ST_COMPOSER);
	}
	if (i < c->top + b.h && c->top > 0) /* it has become shorter */
		c->top = i > b.h ? i - b.h : 0;
	if (composer_empty(c))
		draw_elide(d, b.y, b.x + COMPOSER_PROMPT_W,
		    b.w - COMPOSER_PROMPT_W, hint, ST_HINT);
	if (focus)
		draw_cursor(d, b.y + row - c->top,
		    b.x + COMPOSER_PROMPT_W +
			(col < c->width ? col : c->width));
}

/* ---- /commands ---------------------------------------------------------------- */

const struct command commands[] = {
#define X(word, args, action, help) {word, args, ACT_##action, help},
    COMMANDS(X)
#undef X
};
const size_t ncommands = ARRAY_LEN(commands);

/* Letters only: "/home/ann" is a path, not a command. */
static size_t
word_length(const char *s)
{
	size_t n = 0;

	while (s[n] >= 'a' && s[n] <= 'z')
		n++;
	return n;
}

enum slash
slash_parse(const char *text, const struct command **cmd, const char **args)
{
	const char *word = text + 1;
	size_t n, i;

	if (text[0] != '/')
		return SLASH_NONE;
	n = word_length(word);
	if (n == 0 || (word[n] != '\0' && word[n] != ' ') ||
	    strchr(text, '\n') != NULL)
		return SLASH_NONE;
	for (i = 0; i < ncommands; i++) {
		if (strlen(commands[i].word) == n &&
		    strncmp(commands[i].word, word, n) == 0) {
			*cmd = &commands[i];
			*args = word + n + strspn(word + n, " ");
			return SLASH_COMMAND;
		}
	}
	return SLASH_UNKNOWN;
}

bool
slash_complete(struct composer *c)
{
	const char *text = composer_text(c);
	const struct command *found = NULL;
	char line[64];
	size_t n, i;
	int len;

	if (text[0] != '/')
		return false;
	n = word_length(text + 1);
	if (text[1 + n] != '\0')
		return false;
	for (i = 0; i < ncommands; i++) {
		if (strncmp(commands[i].word, text + 1, n) != 0)
			continue;
		if (found != NULL)
			return true; /* not yet clear which */
		found = &commands[i];
	}
	if (found == NULL)
		return true;
	len = snprintf(line, sizeof(line), "/%s%s", found->word,
	    found->args[0] != '\0' ? " " : "");
	if (edit_replace(&c->edit, 0, edit_len(&c->edit), line, (size_t)len) ==
	    0)
		touched(c);
	return true;
}
