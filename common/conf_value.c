/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/conf_value.h"
#include "common/text.h"

#define SHOWN_MAX 60 /* cells of a value quoted in a message */

/* Text of a value under way. */
struct part {
	const char *s;
	size_t len;
};

static void *
field(const struct conf_row *row, void *conf)
{
	return (char *)conf + row->off;
}

static const void *
field_of(const struct conf_row *row, const void *conf)
{
	return (const char *)conf + row->off;
}

bool
conf_is_list(const struct conf_row *row)
{
	return row->type == CONF_ADDRS || row->type == CONF_LIST;
}

static int PRINTF(2, 3) refuse(struct conf_err *why, const char *fmt, ...)
{
	va_list ap;

	if (why != NULL) {
		va_start(ap, fmt);
		vsnprintf(why->text, sizeof(why->text), fmt, ap);
		va_end(ap);
	}
	return ERR_CONFIG;
}

/* The value for a message; a secret is not repeated. */
static const char *
shown(const struct conf_row *row, struct part v, char out[static SHOWN_MAX * 4])
{
	char clean[CONF_ERR_MAX];
	size_t n;

	if (row->flags & CONF_SECRET)
		return "the value";
	if (v.len == 0)
		return "\"\"";
	n = text_sanitize(clean, sizeof(clean), v.s, v.len, TEXT_LINE_NL);
	text_elide(out, SHOWN_MAX * 4, clean, n, SHOWN_MAX, NULL);
	return out;
}

/* ---- numbers ------------------------------------------------------------- */

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit size_units[] = {
    {"", 1},
    {"B", 1},
    {"K", 1ULL << 10},
    {"KiB", 1ULL << 10},
    {"M", 1ULL << 20},
    {"MiB", 1ULL << 20},
    {"G", 1ULL << 30},
    {"GiB", 1ULL << 30},
    {"T", 1ULL << 40},
    {"TiB", 1ULL << 40},
};

static const struct unit time_units[] = {
    {"ms", 1},
    {"s", 1000},
    {"m", 60 * 1000},
    {"h", 60 * 60 * 1000},
    {"d", 24 * 60 * 60 * 1000},
};

/* Digits at the front into *n; false when there are none or too many. */
static bool
take_digits(struct part *v, uint64_t *n)
{
	size_t i;
	uint64_t d, sum = 0;

	for (i = 0; i < v->len && v->s[i] >= '0' && v->s[i] <= '9'; i++) {
		d = (uint64_t)(v->s[i] - '0');
		if (sum > (UINT64_MAX - d) / 10)
			return false;
		sum = sum * 10 + d;
	}
	v->s += i;
	v->len -= i;
	*n = sum;
	return i > 0;
}

static bool
take_unit(struct part *v, const struct unit *units, size_t n, uint64_t *factor)
{
	size_t i, len = 0;

	while (len < v->len && (v->s[len] < '0' || v->s[len] > '9'))
		len++;
	for (i = 0; i < n; i++) {
		if (strlen(units[i].name) != len ||
		    memcmp(units[i].name, v->s, len) != 0)
			continue;
		*factor = units[i].factor;
		v->s += len;
		v->len -= len;
		return true;
	}
	return false;
}

static bool
parse_plain(struct part v, uint64_t *out)
{
	return take_digits(&v, out) && v.len == 0;
}

static bool
parse_size(struct part v, uint64_t *out)
{
	uint64_t n, factor;

	if (!take_digits(&v, &n) ||
	    !take_unit(&v, size_units, ARRAY_LEN(size_units), &factor) ||
	    v.len != 0 || n > UINT64_MAX / factor)
		return false;
	*out = n * factor;
	return true;
}

/* "1h30m"; only 0 goes without a unit. */
static bool
parse_duration(struct part v, uint64_t *out)
{
	uint64_t n, factor, sum = 0;

	if (v.len == 1 && v.s[0] == '0') {
		*out = 0;
		return true;
	}
	do {
		if (!take_digits(&v, &n) ||
		    !take_unit(
			&v, time_units, ARRAY_LEN(time_units), &factor) ||
		    n > (UINT64_MAX - sum) / factor)
			return false;
		sum += n * factor;
	} while (v.len > 0);
	*out = sum;
	return true;
}

/* The largest unit that divides n, of those with the longest names. */
static const char *
with_unit(uint64_t n, const struct unit *units, size_t count, size_t first,
    size_t step, char *out)
{
	size_t i, best = first;

	for (i = first; i < count; i += step)
		if (n >= units[i].factor && n % units[i].factor == 0)
			best = i;
	snprintf(out, CONF_NUMBER_CAP, "%" PRIu64 "%s", n / units[best].factor,
	    units[best].factor == 1 && first == 1 ? "" : units[best].name);
	return out;
}

const char *
conf_number_str(
    const struct conf_row *row, uint64_t n, char out[static CONF_NUMBER_CAP])
{
	if (row->type == CONF_SIZE)
		return with_unit(
		    n, size_units, ARRAY_LEN(size_units), 1, 2, out);
	if (row->type == CONF_DURATION && n > 0)
		return with_unit(
		    n, time_units, ARRAY_LEN(time_units), 0, 1, out);
	snprintf(out, CONF_NUMBER_CAP, "%" PRIu64, n);
	return out;
}

static const char *
number_wanted(const struct conf_row *row)
{
	switch (row->type) {
	case CONF_SIZE:
		return "is no size (4096, 64KiB, 10MiB, 1GiB)";
	case CONF_DURATION:
		return "is no time (500ms, 30s, 5m, 12h, 7d)";
	default:
		return "is no number";
	}
}

static bool
parse_number(const struct conf_row *row, struct part v, uint64_t *n)
{
	switch (row->type) {
	case CONF_SIZE:
		return parse_size(v, n);
	case CONF_DURATION:
		return parse_duration(v, n);
	default:
		return parse_plain(v, n);
	}
}

static uint64_t
upper_limit(const struct conf_row *row)
{
	if (row->max != 0)
		return row->max;
	return row->type == CONF_U32 ? UINT32_MAX : UINT64_MAX;
}

static int
set_number(
    const struct conf_row *row, void *conf, struct part v, struct conf_err *why)
{
	char text[SHOWN_MAX * 4], limit[CONF_NUMBER_CAP];
	const uint64_t max = upper_limit(row);
	uint64_t n;
	uint32_t small;

	if (!parse_number(row, v, &n))
		return refuse(
		    why, "%s %s", shown(row, v, text), number_wanted(row));
	if (n < row->min)
		return refuse(why, "%s is below %s", shown(row, v, text),
		    conf_number_str(row, row->min, limit));
	if (n > max)
		return refuse(why, "%s is above %s", shown(row, v, text),
		    conf_number_str(row, max, limit));
	small = (uint32_t)n;
	if (row->type == CONF_U32)
		memcpy(field(row, conf), &small, sizeof(small));
	else
		memcpy(field(row, conf), &n, sizeof(n));
	return 0;
}

/* ---- words and text ------------------------------------------------------ */

static bool
is_word(struct part v, const char *word)
{
	return strlen(word) == v.len && memcmp(word, v.s, v.len) == 0;
}

static int
set_bool(
    const struct conf_row *row, void *conf, struct part v, struct conf_err *why)
{
	static const char *const words[] = {
	    "no", "yes", "false", "true", "off", "on", "0", "1"};
	char text[SHOWN_MAX * 4];
	size_t i;
	bool b;

	for (i = 0; i < ARRAY_LEN(words); i++) {
		if (!is_word(v, words[i]))
			continue;
		b = i % 2 == 1;
		memcpy(field(row, conf), &b, sizeof(b));
		return 0;
	}
	return refuse(why, "%s is neither yes nor no", shown(row, v, text));
}

static int
set_enum(
    const struct conf_row *row, void *conf, struct part v, struct conf_err *why)
{
	char text[SHOWN_MAX * 4], all[CONF_ERR_MAX / 2] = "";
	size_t n = 0;
	int i;

	for (i = 0; row->choices[i] != NULL; i++) {
		if (is_word(v, row->choices[i])) {
			memcpy(field(row, conf), &i, sizeof(i));
			return 0;
		}
		if (n < sizeof(all))
			n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s",
			    i == 0 ? "" : ", ", row->choices[i]);
	}
	return refuse(why, "%s is none of %s", shown(row, v, text), all);
}

static bool
has_controls(struct part v)
{
	size_t i;

	for (i = 0; i < v.len; i++)
		if (((unsigned char)v.s[i] < 0x20 && v.s[i] != '\t') ||
		    v.s[i] == 0x7f)
			return true;
	return !text_is_utf8(v.s, v.len);
}

static int
check_text(const struct conf_row *row, struct part v, struct conf_err *why)
{
	char text[SHOWN_MAX * 4];

	if (has_controls(v))
		return refuse(why, "%s has control characters or is not UTF-8",
		    shown(row, v, text));
	if (conf_is_list(row))
		return 0;
	if (row->type == CONF_PATH && v.len == 0)
		return refuse(why, "a path is needed");
	if (v.len < row->min)
		return refuse(why, "%s is shorter than %" PRIu64 " bytes",
		    shown(row, v, text), row->min);
	if (row->max != 0 && v.len > row->max)
		return refuse(why, "%s is longer than %" PRIu64 " bytes",
		    shown(row, v, text), row->max);
	return 0;
}

static int
set_text(
    const struct conf_row *row, void *conf, struct part v, struct conf_err *why)
{
	char *copy;
	int r = check_text(row, v, why);

	if (r != 0)
		return r;
	copy = strndup(v.s, v.len);
	if (copy == NULL)
		return ERR_NOMEM;
	conf_value_clear(row, conf);
	memcpy(field(row, conf), &copy, sizeof(copy));
	return 0;
}

static int
list_append(struct conf_list *l, struct part v)
{
	char **grown, *copy;

	copy = strndup(v.s, v.len);
	if (copy == NULL)
		return ERR_NOMEM;
	grown = realloc(l->v, (l->n + 1) * sizeof(*grown));
	if (grown == NULL) {
		free(copy);
		return ERR_NOMEM;
	}
	l->v = grown;
	l->v[l->n++] = copy;
	return 0;
}

static int
add_item(
    const struct conf_row *row, void *conf, struct part v, struct conf_err *why)
{
	const uint64_t max = row->max != 0 ? row->max : CONF_LIST_MAX;
	struct conf_list *l = field(row, conf);
	char text[SHOWN_MAX * 4], host[CONF_HOST_CAP], copy[CONF_VALUE_MAX + 1];
	uint16_t port;
	int r = check_text(row, v, why);

	if (r != 0)
		return r;
	if (v.len == 0)
		return refuse(why, "an item of the list is empty");
	if (l->n >= max)
		return refuse(why, "more than %" PRIu64 " values", max);
	if (row->type == CONF_ADDRS) {
		memcpy(copy, v.s, v.len);
		copy[v.len] = '\0';
		if (conf_addr_split(copy, host, &port) != 0)
			return refuse(why,
			    "%s is no address (host:port, [::1]:443, *:443)",
			    shown(row, v, text));
	}
	return list_append(l, v);
}

/* ---- the text of a file -------------------------------------------------- */

static struct part
trimmed(struct part v)
{
	while (v.len > 0 && (v.s[0] == ' ' || v.s[0] == '\t')) {
		v.s++;
		v.len--;
	}
	while (v.len > 0 && (v.s[v.len - 1] == ' ' || v.s[v.len - 1] == '\t'))
		v.len--;
	return v;
}

/* What v starts with is a comment (and v does not stand inside a word). */
static bool
is_comment(const char *s, size_t at)
{
	return s[at] == '#' &&
	       (at == 0 || s[at - 1] == ' ' || s[at - 1] == '\t');
}

/* A quoted text from v into out; v moves behind it. */
static int
take_quoted(struct part *v, char *out, size_t *len, struct conf_err *why)
{
	size_t i, n = 0;

	for (i = 1; i < v->len && v->s[i] != '"'; i++) {
		if (v->s[i] == '\\') {
			i++;
			if (i == v->len || (v->s[i] != '"' && v->s[i] != '\\'))
				return refuse(why,
				    "inside quotes \\ stands before \" or \\");
		}
		out[n++] = v->s[i];
	}
	if (i == v->len)
		return refuse(why, "the closing quote is missing");
	v->s += i + 1;
	v->len -= i + 1;
	*len = n;
	return 0;
}

/* A bare text up to a comment, for a list up to a comma; v moves behind. */
static struct part
take_bare(struct part *v, bool list, bool file)
{
	struct part got = *v;
	size_t i;

	for (i = 0; i < v->len; i++)
		if ((list && v->s[i] == ',') || (file && is_comment(v->s, i)))
			break;
	got.len = i;
	v->s += i;
	v->len -= i;
	return trimmed(got);
}

/* One value (or item) off the front of v, into got; out is its storage. */
static int
take_value(struct part *v, bool list, bool file, char *out, struct part *got,
    struct conf_err *why)
{
	size_t len = 0;
	int r;

	*v = trimmed(*v);
	if ((!file && !list) || v->len == 0 || v->s[0] != '"') {
		*got = take_bare(v, list, file);
		return 0;
	}
	r = take_quoted(v, out, &len, why);
	if (r != 0)
		return r;
	*got = (struct part){out, len};
	*v = trimmed(*v);
	return 0;
}

static bool
at_end(struct part v, bool file)
{
	return v.len == 0 || (file && v.s[0] == '#');
}

static int
set_one(
    const struct conf_row *row, void *conf, struct part v, struct conf_err *why)
{
	switch (row->type) {
	case CONF_BOOL:
		return set_bool(row, conf, v, why);
	case CONF_U32:
	case CONF_U64:
	case CONF_SIZE:
	case CONF_DURATION:
		return set_number(row, conf, v, why);
	case CONF_ENUM:
		return set_enum(row, conf, v, why);
	case CONF_STRING:
	case CONF_PATH:
		return set_text(row, conf, v, why);
	case CONF_ADDRS:
	case CONF_LIST:
		return add_item(row, conf, v, why);
	}
	return ERR_INTERNAL;
}

static int
set_list(const struct conf_row *row, void *conf, struct part v, bool file,
    char *scratch, struct conf_err *why)
{
	struct part item;
	int r;

	v = trimmed(v);
	if (at_end(v, file))
		return 0; /* an empty list */
	for (;;) {
		r = take_value(&v, true, file, scratch, &item, why);
		if (r == 0)
			r = add_item(row, conf, item, why);
		if (r != 0 || at_end(v, file))
			return r;
		if (v.s[0] != ',')
			return refuse(why, "a comma is missing in the list");
		v.s++;
		v.len--;
	}
}

int
conf_value_set(const struct conf_row *row, void *conf, const char *s,
    size_t len, bool file, struct conf_err *why)
{
	char scratch[CONF_VALUE_MAX];
	struct part got, v = {s, len};
	int r;

	if (len > CONF_VALUE_MAX)
		return refuse(
		    why, "the value is longer than %d bytes", CONF_VALUE_MAX);
	if (conf_is_list(row)) {
		r = !file && (row->flags & CONF_WHOLE) != 0
			? add_item(row, conf, v, why)
			: set_list(row, conf, v, file, scratch, why);
	} else if (!file) {
		r = set_one(row, conf, v, why);
	} else {
		r = take_value(&v, false, true, scratch, &got, why);
		if (r == 0 && !at_end(v, true))
			r = refuse(why, "something stands behind the quotes");
		if (r == 0)
			r = set_one(row, conf, got, why);
	}
	if (row->flags & CONF_SECRET)
		sodium_memzero(scratch, sizeof(scratch));
	return r;
}

/* ---- and back ------------------------------------------------------------ */

static void
free_text(const struct conf_row *row, char *s)
{
	if (s != NULL && (row->flags & CONF_SECRET))
		sodium_memzero(s, strlen(s));
	free(s);
}

static size_t
field_size(const struct conf_row *row)
{
	static const size_t sizes[] = {
	    [CONF_BOOL] = sizeof(bool),
	    [CONF_U32] = sizeof(uint32_t),
	    [CONF_U64] = sizeof(uint64_t),
	    [CONF_SIZE] = sizeof(uint64_t),
	    [CONF_DURATION] = sizeof(uint64_t),
	    [CONF_STRING] = sizeof(char *),
	    [CONF_PATH] = sizeof(char *),
	    [CONF_ENUM] = sizeof(int),
	    [CONF_ADDRS] = sizeof(struct conf_list),
	    [CONF_LIST] = sizeof(struct conf_list),
	};

	return sizes[row->type];
}

static char *
text_of(const struct conf_row *row, const void *conf)
{
	char *s;

	memcpy(&s, field_of(row, conf), sizeof(s));
	return s;
}

static bool
is_text(const struct conf_row *row)
{
	return row->type == CONF_STRING || row->type == CONF_PATH;
}

void
conf_value_clear(const struct conf_row *row, void *conf)
{
	struct conf_list *l;
	size_t i;

	if (is_text(row)) {
		free_text(row, text_of(row, conf));
	} else if (conf_is_list(row)) {
		l = field(row, conf);
		for (i = 0; i < l->n; i++)
			free_text(row, l->v[i]);
		free(l->v);
	}
	memset(field(row, conf), 0, field_size(row));
}

static bool
same_text(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}

bool
conf_value_equal(const struct conf_row *row, const void *a, const void *b)
{
	const struct conf_list *la, *lb;
	size_t i;

	if (is_text(row))
		return same_text(text_of(row, a), text_of(row, b));
	if (!conf_is_list(row))
		return memcmp(field_of(row, a), field_of(row, b),
			   field_size(row)) == 0;
	la = field_of(row, a);
	lb = field_of(row, b);
	if (la->n != lb->n)
		return false;
	for (i = 0; i < la->n; i++)
		if (strcmp(la->v[i], lb->v[i]) != 0)
			return false;
	return true;
}

bool
conf_value_is_set(const struct conf_row *row, const void *conf)
{
	const struct conf_list *l;

	if (is_text(row))
		return text_of(row, conf) != NULL;
	if (!conf_is_list(row))
		return true;
	l = field_of(row, conf);
	return l->n > 0;
}

static bool
needs_quotes(const char *s, bool list)
{
	const size_t n = strlen(s);
	size_t i;

	if (n == 0 || s[0] == '"' || strchr(" \t", s[0]) != NULL ||
	    strchr(" \t", s[n - 1]) != NULL)
		return true;
	for (i = 0; i < n; i++)
		if ((list && s[i] == ',') || is_comment(s, i))
			return true;
	return false;
}

static int
print_text(struct buf *b, const char *s, bool list)
{
	int r;

	if (!needs_quotes(s, list))
		return buf_put(b, s, strlen(s));
	r = buf_put_u8(b, '"');
	for (; r == 0 && *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			r = buf_put_u8(b, '\\');
		if (r == 0)
			r = buf_put_u8(b, (uint8_t)*s);
	}
	return r != 0 ? r : buf_put_u8(b, '"');
}

static int
print_list(struct buf *b, const struct conf_list *l)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < l->n; i++) {
		if (i > 0)
			r = buf_put(b, ", ", 2);
		if (r == 0)
			r = print_text(b, l->v[i], true);
	}
	return r;
}

static int
print_number(const struct conf_row *row, const void *conf, struct buf *b)
{
	char text[CONF_NUMBER_CAP];
	uint32_t small;
	uint64_t n;

	if (row->type == CONF_U32) {
		memcpy(&small, field_of(row, conf), sizeof(small));
		n = small;
	} else {
		memcpy(&n, field_of(row, conf), sizeof(n));
	}
	conf_number_str(row, n, text);
	return buf_put(b, text, strlen(text));
}

static const char *
word_of(const struct conf_row *row, const void *conf)
{
	int i;
	bool b;

	if (row->type == CONF_ENUM) {
		memcpy(&i, field_of(row, conf), sizeof(i));
		return row->choices[i];
	}
	memcpy(&b, field_of(row, conf), sizeof(b));
	return b ? "yes" : "no";
}

int
conf_value_print(const struct conf_row *row, const void *conf, struct buf *b)
{
	const char *s;

	switch (row->type) {
	case CONF_BOOL:
	case CONF_ENUM:
		s = word_of(row, conf);
		return buf_put(b, s, strlen(s));
	case CONF_STRING:
	case CONF_PATH:
		s = text_of(row, conf);
		return s == NULL ? 0 : print_text(b, s, false);
	case CONF_ADDRS:
	case CONF_LIST:
		return print_list(b, field_of(row, conf));
	default:
		return print_number(row, conf, b);
	}
}

int
conf_addr_split(const char *s, char host[static CONF_HOST_CAP], uint16_t *port)
{
	const char *end, *colon;
	struct part digits;
	uint64_t n;

	if (s[0] == '[') {
		s++;
		end = strchr(s, ']');
		colon = end == NULL ? NULL : end + 1;
		if (colon == NULL || memchr(s, ':', (size_t)(end - s)) == NULL)
			return ERR_FORMAT;
	} else {
		end = colon = strchr(s, ':');
	}
	if (end == NULL || *colon != ':' || end == s ||
	    (size_t)(end - s) >= CONF_HOST_CAP ||
	    strcspn(s, " \t/@,\"") < (size_t)(end - s))
		return ERR_FORMAT;
	digits = (struct part){colon + 1, strlen(colon + 1)};
	if (digits.len > 5 || !parse_plain(digits, &n) || n > UINT16_MAX)
		return ERR_FORMAT;
	memcpy(host, s, (size_t)(end - s));
	host[end - s] = '\0';
	*port = (uint16_t)n;
	return 0;
}
