/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/conf.h"
#include "common/conf_value.h"
#include "common/text.h"
#include "common/text_fuzzy.h"

/* Where a value came from, weakest first. */
enum level { LEVEL_DEFAULT, LEVEL_FILE, LEVEL_ENV, LEVEL_FLAG };

struct loader {
	const struct conf_spec *spec;
	const struct conf_src *src;
	void *conf; /* being filled */
	struct conf_err *why;
	unsigned char level[CONF_ROWS_MAX];
	unsigned line[CONF_ROWS_MAX]; /* in the file */
};

static const struct conf_row *
row_find(const struct conf_spec *spec, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < spec->nrows; i++)
		if (strlen(spec->rows[i].name) == len &&
		    memcmp(spec->rows[i].name, name, len) == 0)
			return &spec->rows[i];
	return NULL;
}

static const struct conf_row *
row_by_letter(const struct conf_spec *spec, char letter)
{
	size_t i;

	for (i = 0; i < spec->nrows; i++)
		if (spec->rows[i].letter == letter)
			return &spec->rows[i];
	return NULL;
}

/* Why->text becomes "where: what", clean whatever was quoted. */
static int
refuse(struct loader *l, const char *where, const char *what)
{
	char text[2 * CONF_ERR_MAX];
	int n;

	if (l->why == NULL)
		return ERR_CONFIG;
	n = snprintf(text, sizeof(text), "%s: %s", where, what);
	if (n < 0 || (size_t)n >= sizeof(text))
		n = (int)sizeof(text) - 1;
	text_sanitize(
	    l->why->text, sizeof(l->why->text), text, (size_t)n, TEXT_LINE);
	return ERR_CONFIG;
}

/* An unknown name, with the one that may have been meant. */
static int
refuse_unknown(struct loader *l, const char *where, const char *dashes,
    const char *name, size_t len)
{
	char text[CONF_ERR_MAX];
	const struct conf_spec *spec = l->spec;
	size_t i;

	for (i = 0; i < spec->nrows; i++) {
		if (!fuzzy_near(name, len, spec->rows[i].name,
			strlen(spec->rows[i].name)))
			continue;
		snprintf(text, sizeof(text), "unknown; did you mean %s%s?",
		    dashes, spec->rows[i].name);
		return refuse(l, where, text);
	}
	return refuse(l, where, "unknown");
}

/* A value from one level: stronger ones replace, equal ones add to a list. */
static int
set(struct loader *l, const struct conf_row *row, enum level level,
    const char *where, const char *s, size_t len)
{
	const size_t i = (size_t)(row - l->spec->rows);
	const bool file = level == LEVEL_FILE || level == LEVEL_DEFAULT;
	struct conf_err why = {""};
	int r;

	if (level > l->level[i]) {
		conf_value_clear(row, l->conf);
		l->level[i] = (unsigned char)level;
	}
	r = conf_value_set(row, l->conf, s, len, file, &why);
	return r == ERR_CONFIG ? refuse(l, where, why.text) : r;
}

static int
load_defaults(struct loader *l)
{
	const struct conf_row *row = l->spec->rows;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < l->spec->nrows; i++, row++)
		if (row->def != NULL)
			r = set(l, row, LEVEL_DEFAULT, row->name, row->def,
			    strlen(row->def));
	return r;
}

/* ---- file ---------------------------------------------------------------- */

static const char *
file_where(const struct loader *l, unsigned line, const char *name, size_t len,
    char out[static CONF_ERR_MAX])
{
	const char *file =
	    l->src->file_name == NULL ? "config" : l->src->file_name;

	if (len > 64)
		len = 64;
	snprintf(out, CONF_ERR_MAX, "%s:%u%s%.*s", file, line,
	    len > 0 ? ": " : "", (int)len, name);
	return out;
}

static int
set_from_file(struct loader *l, unsigned line, const char *name,
    size_t name_len, const char *value, size_t len)
{
	char where[CONF_ERR_MAX], text[64];
	const struct conf_row *row = row_find(l->spec, name, name_len);
	size_t i;

	file_where(l, line, name, name_len, where);
	if (row == NULL)
		return refuse_unknown(l, where, "", name, name_len);
	if (row->flags & CONF_FLAG_ONLY)
		return refuse(l, where, "can only be given as a flag");
	i = (size_t)(row - l->spec->rows);
	if (l->line[i] != 0 && !conf_is_list(row)) {
		snprintf(
		    text, sizeof(text), "already set in line %u", l->line[i]);
		return refuse(l, where, text);
	}
	l->line[i] = line;
	return set(l, row, LEVEL_FILE, where, value, len);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static int
load_line(struct loader *l, unsigned line, const char *s, size_t len)
{
	char where[CONF_ERR_MAX];
	const char *eq;
	size_t name_len;

	while (len > 0 && is_blank(s[0])) {
		s++;
		len--;
	}
	if (len == 0 || s[0] == '#')
		return 0;
	eq = memchr(s, '=', len);
	if (eq == NULL)
		return refuse(l, file_where(l, line, "", 0, where),
		    "a line is: name = value");
	name_len = (size_t)(eq - s);
	while (name_len > 0 && is_blank(s[name_len - 1]))
		name_len--;
	if (name_len == 0)
		return refuse(l, file_where(l, line, "", 0, where),
		    "a name is missing before =");
	return set_from_file(
	    l, line, s, name_len, eq + 1, len - (size_t)(eq + 1 - s));
}

static int
load_file(struct loader *l)
{
	const char *nl, *s = l->src->text;
	size_t n, left = s == NULL ? 0 : l->src->text_len;
	unsigned line = 1;
	int r = 0;

	if (left >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0) {
		s += 3; /* byte order mark of some editors */
		left -= 3;
	}
	for (; r == 0 && left > 0; line++) {
		nl = memchr(s, '\n', left);
		n = nl == NULL ? left : (size_t)(nl - s);
		r = load_line(
		    l, line, s, n > 0 && s[n - 1] == '\r' ? n - 1 : n);
		n += nl == NULL ? 0 : 1;
		s += n;
		left -= n;
	}
	return r;
}

/* ---- environment --------------------------------------------------------- */

static void
env_name(const struct conf_spec *spec, const struct conf_row *row,
    char out[static CONF_ERR_MAX])
{
	size_t i, n = (size_t)snprintf(
		      out, CONF_ERR_MAX, "%s_%s", spec->prefix, row->name);

	for (i = 0; i < n && i < CONF_ERR_MAX - 1; i++) {
		if (out[i] == '-')
			out[i] = '_';
		else if (out[i] >= 'a' && out[i] <= 'z')
			out[i] = (char)(out[i] - 'a' + 'A');
	}
}

static const char *
env_get(char *const *env, const char *name)
{
	const size_t n = strlen(name);

	for (; *env != NULL; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return *env + n + 1;
	return NULL;
}

static int
load_env(struct loader *l)
{
	const struct conf_row *row = l->spec->rows;
	char name[CONF_ERR_MAX];
	const char *value;
	size_t i;
	int r = 0;

	if (l->src->env == NULL || l->spec->prefix == NULL)
		return 0;
	for (i = 0; r == 0 && i < l->spec->nrows; i++, row++) {
		if (row->flags & CONF_FLAG_ONLY)
			continue;
		env_name(l->spec, row, name);
		value = env_get(l->src->env, name);
		if (value != NULL && value[0] != '\0')
			r = set(l, row, LEVEL_ENV, name, value, strlen(value));
	}
	return r;
}

/* ---- flags --------------------------------------------------------------- */

/* The value of a flag: what follows = or the letter, else the next argument. */
static int
set_flag(struct loader *l, const struct conf_row *row, const char *where,
    const char *value, int *i)
{
	if (value == NULL && row->type == CONF_BOOL)
		value = "yes";
	if (value == NULL) {
		if (*i + 1 >= l->src->argc)
			return refuse(l, where, "a value is missing");
		value = l->src->argv[++*i];
	}
	return set(l, row, LEVEL_FLAG, where, value, strlen(value));
}

static int
load_long(struct loader *l, const char *arg, int *i)
{
	const char *name = arg + 2;
	const size_t len = strcspn(name, "=");
	const char *value = name[len] == '=' ? name + len + 1 : NULL;
	const struct conf_row *row = row_find(l->spec, name, len);
	char where[CONF_ERR_MAX];

	snprintf(
	    where, sizeof(where), "--%.*s", (int)(len < 64 ? len : 64), name);
	if (row != NULL)
		return set_flag(l, row, where, value, i);
	if (len > 3 && memcmp(name, "no-", 3) == 0 && value == NULL) {
		row = row_find(l->spec, name + 3, len - 3);
		if (row != NULL && row->type == CONF_BOOL)
			return set_flag(l, row, where, "no", i);
	}
	return refuse_unknown(l, where, "--", name, len);
}

/* -v, -c value, -cvalue, -vc value */
static int
load_letters(struct loader *l, const char *arg, int *i)
{
	const struct conf_row *row;
	char where[3] = "-";
	int r = 0;

	for (arg++; r == 0 && *arg != '\0'; arg++) {
		where[1] = *arg;
		row = row_by_letter(l->spec, *arg);
		if (row == NULL)
			return refuse(l, where, "unknown");
		if (row->type != CONF_BOOL)
			return set_flag(
			    l, row, where, arg[1] == '\0' ? NULL : arg + 1, i);
		r = set_flag(l, row, where, NULL, i);
	}
	return r;
}

static int
load_flags(struct loader *l, int *rest)
{
	const char *arg;
	int i, r = 0;

	for (i = 1; r == 0 && i < l->src->argc; i++) {
		arg = l->src->argv[i];
		if (strcmp(arg, "--") == 0) {
			i++;
			break;
		}
		if (arg[0] != '-' || arg[1] == '\0')
			break;
		r = arg[1] == '-' ? load_long(l, arg, &i)
				  : load_letters(l, arg, &i);
	}
	if (r != 0)
		return r;
	if (rest != NULL)
		*rest = i < 1 ? 1 : i;
	else if (i < l->src->argc)
		return refuse(l, l->src->argv[i], "unexpected argument");
	return 0;
}

/* ---- all ----------------------------------------------------------------- */

/* A list is only complete when everything was read. */
static int
check_lists(struct loader *l)
{
	const struct conf_row *row = l->spec->rows;
	char text[CONF_ERR_MAX];
	struct conf_list list;
	size_t i;

	for (i = 0; i < l->spec->nrows; i++, row++) {
		if (!conf_is_list(row))
			continue;
		memcpy(&list, (const char *)l->conf + row->off, sizeof(list));
		if (list.n >= row->min)
			continue;
		snprintf(text, sizeof(text), "at least %u value%s needed",
		    (unsigned)row->min, row->min == 1 ? " is" : "s are");
		return refuse(l, row->name, text);
	}
	return 0;
}

int
conf_load(const struct conf_spec *spec, const struct conf_src *src, void *out,
    int *rest, struct conf_err *why)
{
	struct loader l = {.spec = spec, .src = src, .why = why};
	int r, first = 1;

	if (why != NULL)
		why->text[0] = '\0';
	if (spec->nrows > CONF_ROWS_MAX)
		return ERR_INTERNAL;
	l.conf = calloc(1, spec->size);
	if (l.conf == NULL)
		return ERR_NOMEM;
	r = load_defaults(&l);
	if (r == 0)
		r = load_file(&l);
	if (r == 0)
		r = load_env(&l);
	if (r == 0)
		r = load_flags(&l, rest == NULL ? NULL : &first);
	if (r == 0)
		r = check_lists(&l);
	if (r == 0) {
		memcpy(out, l.conf, spec->size);
		if (rest != NULL)
			*rest = first;
	} else {
		conf_clear(spec, l.conf);
	}
	free(l.conf);
	return r;
}

void
conf_clear(const struct conf_spec *spec, void *conf)
{
	size_t i;

	for (i = 0; i < spec->nrows; i++)
		conf_value_clear(&spec->rows[i], conf);
	memset(conf, 0, spec->size);
}

bool
conf_equal(const struct conf_spec *spec, const void *a, const void *b)
{
	size_t i;

	for (i = 0; i < spec->nrows; i++)
		if (!conf_value_equal(&spec->rows[i], a, b))
			return false;
	return true;
}
