/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "common/conf.h"
#include "tui/screen/prefs.h"
#include "tui/screen/raster.h"

const char *const prefs_notify_words[] = {
    "none", "bell", "private", "sender", "full", NULL};
const char *const prefs_theme_words[] = {"auto", "dark", "light", "mono", NULL};
const char *const prefs_picture_words[] = {
#define X(name, word) word,
    PICTURE_MODES(X)
#undef X
	NULL};

static const struct conf_row rows[] = {
    {.name = "notify",
	.type = CONF_ENUM,
	.off = offsetof(struct prefs, notify),
	.def = "private",
	.choices = prefs_notify_words,
	.doc = "What a notification tells of a new message."},
    {.name = "notify-mentions",
	.type = CONF_BOOL,
	.off = offsetof(struct prefs, notify_mentions),
	.def = "yes",
	.doc = "A muted group tells when somebody names you in it."},
    {.name = "theme",
	.type = CONF_ENUM,
	.off = offsetof(struct prefs, theme),
	.def = "auto",
	.choices = prefs_theme_words,
	.doc = "Colours for a dark or a light terminal, or none."},
    {.name = "pictures",
	.type = CONF_ENUM,
	.off = offsetof(struct prefs, pictures),
	.def = "auto",
	.choices = prefs_picture_words,
	.doc = "How pictures are drawn, or off; auto asks the terminal."},
    {.name = "mouse",
	.type = CONF_BOOL,
	.off = offsetof(struct prefs, mouse),
	.def = "no",
	.doc = "Wheel and clicks; hold Shift to mark text."},
};

static const struct conf_spec spec = {
    .prog = "sotto",
    .prefix = "SOTTO_SCREEN",
    .about = "The screen's settings.",
    .rows = rows,
    .nrows = ARRAY_LEN(rows),
    .size = sizeof(struct prefs),
};

void
prefs_defaults(struct prefs *p)
{
	*p = (struct prefs){.notify = NOTIFY_PRIVATE,
	    .notify_mentions = true,
	    .theme = THEME_AUTO};
}

int
prefs_parse(struct prefs *p, const char *name, const char *text, size_t len,
    char *why, size_t cap)
{
	struct conf_src src = {
	    .file_name = name, .text = text, .text_len = len};
	struct conf_err err = {{0}};
	struct prefs fresh = {0};
	int r = conf_load(&spec, &src, &fresh, NULL, &err);

	if (r == 0)
		*p = fresh;
	else
		snprintf(why, cap, "%s", err.text);
	return r;
}

int
prefs_write(const struct prefs *p, struct buf *out)
{
	return conf_print_values(&spec, p, out);
}
