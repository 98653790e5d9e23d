/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_print.c — what the rows say to people. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/conf.h"
#include "common/conf_value.h"
#include "common/text.h"

#define COLUMNS 78

static int
put(struct buf *b, const char *s)
{
	return buf_put(b, s, strlen(s));
}

int
conf_print_wrapped(struct buf *b, const char *prefix, const char *text)
{
	struct text_wrap w;
	struct text_line l;
	size_t n;
	int r = 0;

	text_wrap_init(&w, text, strlen(text),
	    COLUMNS - text_width(prefix, strlen(prefix)));
	while (r == 0 && text_wrap_next(&w, &l)) {
		n = l.len;
		while (n > 0 && text[l.start + n - 1] == ' ')
			n--;
		r = buf_printf(b, "%s%.*s\n", prefix, (int)n, text + l.start);
	}
	return r;
}

static const char *
type_word(const struct conf_row *row)
{
	static const char *const words[] = {
#define X(name, field, word) [CONF_##name] = (word),
		CONF_TYPES(X)
#undef X
	};

	return words[row->type];
}

static bool
has_range(const struct conf_row *row)
{
	return row->type >= CONF_U32 && row->type <= CONF_DURATION &&
	       (row->min > 0 || row->max > 0);
}

/* "1 to 100000 messages; default 1000." */
static int
put_facts(struct buf *b, const struct conf_row *row)
{
	char lo[CONF_NUMBER_CAP], hi[CONF_NUMBER_CAP];
	const char *unit = row->unit == NULL ? "" : row->unit;
	size_t i;
	int r = 0;

	if (row->type == CONF_ENUM)
		for (i = 0; r == 0 && row->choices[i] != NULL; i++)
			r = buf_printf(b, "%s%s", i == 0 ? "One of " : ", ",
			    row->choices[i]);
	else if (has_range(row) && row->max == 0)
		r = buf_printf(b, "At least %s%s%s",
		    conf_number_str(row, row->min, lo),
		    unit[0] == '\0' ? "" : " ", unit);
	else if (has_range(row))
		r = buf_printf(b, "%s to %s%s%s",
		    conf_number_str(row, row->min, lo),
		    conf_number_str(row, row->max, hi),
		    unit[0] == '\0' ? "" : " ", unit);
	else if (unit[0] != '\0')
		r = buf_printf(b, "In %s", unit);
	if (r != 0 || (row->type == CONF_BOOL && (row->flags & CONF_FLAG_ONLY)))
		return r;
	if (row->type == CONF_ENUM || has_range(row) || unit[0] != '\0')
		r = put(b, "; default ");
	else
		r = put(b, "Default: ");
	if (r == 0)
		r = put(b, row->def == NULL	 ? "none"
			   : row->def[0] == '\0' ? "empty"
						 : row->def);
	return r != 0 ? r : put(b, ".");
}

/* doc, then what put_facts() says, as one text. */
static int
put_doc(struct buf *b, const struct conf_row *row, const char *prefix)
{
	struct buf text;
	int r;

	buf_init(&text, CONF_VALUE_MAX);
	r = buf_printf(&text, "%s ", row->doc);
	if (r == 0)
		r = put_facts(&text, row);
	if (r == 0 && (row->flags & CONF_NO_RELOAD))
		r = put(&text, " A change needs a restart.");
	if (r == 0)
		r = buf_put_u8(&text, '\0');
	if (r == 0)
		r = conf_print_wrapped(b, prefix, (const char *)text.p);
	buf_clear(&text);
	return r;
}

static int
put_flag(struct buf *b, const struct conf_row *row)
{
	int r = row->letter == 0 ? put(b, "      ")
				 : buf_printf(b, "  -%c, ", row->letter);

	if (r == 0)
		r = buf_printf(b, "--%s", row->name);
	if (r == 0 && row->type != CONF_BOOL)
		r = buf_printf(b, " %s", type_word(row));
	else if (r == 0 && !(row->flags & CONF_FLAG_ONLY))
		r = buf_printf(b, ", --no-%s", row->name);
	return r != 0 ? r : put(b, "\n");
}

int
conf_print_flags(const struct conf_spec *spec, struct buf *b)
{
	const struct conf_row *row = spec->rows;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < spec->nrows; i++, row++) {
		if (row->group != NULL || i == 0)
			r = buf_printf(b, "\n%s:\n",
			    row->group == NULL ? "Options" : row->group);
		if (r == 0)
			r = put_flag(b, row);
		if (r == 0)
			r = put_doc(b, row, "          ");
	}
	return r;
}

int
conf_print_help(const struct conf_spec *spec, struct buf *b)
{
	int r;

	r = buf_printf(b, "Usage: %s %s\n", spec->prog,
	    spec->usage == NULL ? "[OPTION...]" : spec->usage);
	if (r == 0)
		r = conf_print_wrapped(b, "", spec->about);
	return r != 0 ? r : conf_print_flags(spec, b);
}

static int
put_sample_row(struct buf *b, const struct conf_row *row)
{
	int r = put(b, "\n");

	if (r == 0)
		r = put_doc(b, row, "# ");
	return r != 0 ? r
		      : buf_printf(b, "#%s =%s%s\n", row->name,
			    row->def == NULL || row->def[0] == '\0' ? "" : " ",
			    row->def == NULL ? "" : row->def);
}

int
conf_print_sample(const struct conf_spec *spec, struct buf *b)
{
	const struct conf_row *row = spec->rows;
	const char *group = NULL;
	size_t i;
	int r;

	r = buf_printf(b,
	    "# %s: settings. What is commented out has its "
	    "default.\n",
	    spec->prog);
	for (i = 0; r == 0 && i < spec->nrows; i++, row++) {
		if (row->group != NULL)
			group = row->group;
		if (row->flags & CONF_FLAG_ONLY)
			continue;
		if (group != NULL)
			r = buf_printf(b, "\n# ---- %s ----\n", group);
		group = NULL;
		if (r == 0)
			r = put_sample_row(b, row);
	}
	return r;
}

/* ---- man page ------------------------------------------------------------ */

/* Text that scdoc takes as it is. */
static int
put_escaped(struct buf *b, const char *s, size_t n)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < n; i++) {
		if (strchr("\\*_#.[]|<>~+-", s[i]) != NULL && s[i] != '\0')
			r = buf_put_u8(b, '\\');
		if (r == 0)
			r = buf_put_u8(b, (uint8_t)s[i]);
	}
	return r;
}

/* What put_doc() gives, escaped and indented under its term. */
static int
put_scdoc_doc(struct buf *b, const struct conf_row *row)
{
	struct buf text;
	const char *s, *end, *nl;
	int r;

	buf_init(&text, CONF_VALUE_MAX);
	r = put_doc(&text, row, "");
	s = (const char *)text.p;
	end = s == NULL ? NULL : s + text.len;
	while (r == 0 && s < end) {
		nl = memchr(s, '\n', (size_t)(end - s));
		r = put(b, "\t");
		if (r == 0)
			r = put_escaped(b, s, (size_t)(nl - s));
		if (r == 0)
			r = put(b, "\n");
		s = nl + 1;
	}
	buf_clear(&text);
	return r != 0 ? r : put(b, "\n");
}

static int
put_scdoc_row(struct buf *b, const struct conf_row *row)
{
	const bool flag = row->flags & CONF_FLAG_ONLY;
	int r;

	if (!flag)
		r = buf_printf(b, "*%s* = _%s_\n", row->name, type_word(row));
	else if (row->letter != 0)
		r = buf_printf(b, "*-%c*, *--%s*", row->letter, row->name);
	else
		r = buf_printf(b, "*--%s*", row->name);
	if (r == 0 && flag)
		r = row->type == CONF_BOOL
			? put(b, "\n")
			: buf_printf(b, " _%s_\n", type_word(row));
	return r != 0 ? r : put_scdoc_doc(b, row);
}

static int
put_scdoc(const struct conf_spec *spec, struct buf *b, unsigned flag)
{
	const struct conf_row *row = spec->rows;
	const char *group = NULL;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < spec->nrows; i++, row++) {
		if (row->group != NULL)
			group = row->group;
		if ((row->flags & CONF_FLAG_ONLY) != flag)
			continue;
		if (group != NULL && flag == 0)
			r = buf_printf(b, "## %s\n\n", group);
		group = NULL;
		if (r == 0)
			r = put_scdoc_row(b, row);
	}
	return r;
}

int
conf_print_scdoc(const struct conf_spec *spec, struct buf *b)
{
	return put_scdoc(spec, b, 0);
}

int
conf_print_scdoc_flags(const struct conf_spec *spec, struct buf *b)
{
	return put_scdoc(spec, b, CONF_FLAG_ONLY);
}

int
conf_print_values(const struct conf_spec *spec, const void *conf, struct buf *b)
{
	const struct conf_row *row = spec->rows;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < spec->nrows; i++, row++) {
		if (row->flags & CONF_FLAG_ONLY)
			continue;
		if (!conf_value_is_set(row, conf))
			r = buf_printf(b,
			    "%s%s =", conf_is_list(row) ? "" : "#", row->name);
		else if (row->flags & CONF_SECRET)
			r = buf_printf(b, "# %s is set, and secret", row->name);
		else
			r = buf_printf(b, "%s = ", row->name);
		if (r == 0 && !(row->flags & CONF_SECRET))
			r = conf_value_print(row, conf, b);
		if (r == 0)
			r = put(b, "\n");
	}
	return r;
}
