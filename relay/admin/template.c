/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "relay/admin/template.h"

static const char *const names[] = {
#define X(name, doc) #name,
    TEMPLATE_FIELDS(X)
#undef X
};

/*
 * Is p at "{letters}"? Returns its length, 0 when it is not; *field is the
 * field's number, -1 when it has none.
 */
static size_t
field_at(const char *p, int *field)
{
	size_t n, i;

	if (*p != '{')
		return 0;
	n = strspn(p + 1, "abcdefghijklmnopqrstuvwxyz");
	if (n == 0 || p[1 + n] != '}')
		return 0;
	*field = -1;
	for (i = 0; i < ARRAY_LEN(names); i++)
		if (strlen(names[i]) == n && memcmp(names[i], p + 1, n) == 0)
			*field = (int)i;
	return n + 2;
}

int
template_check(const char *tmpl, unsigned *fields, char *bad, size_t cap)
{
	unsigned seen = 0;
	int field;
	size_t n;

	if (strnlen(tmpl, TEMPLATE_MAX + 1) > TEMPLATE_MAX) {
		if (bad != NULL)
			(void)snprintf(
			    bad, cap, "it is over %d bytes long", TEMPLATE_MAX);
		return ERR_RANGE;
	}
	for (; *tmpl != '\0'; tmpl += n) {
		n = field_at(tmpl, &field);
		if (n == 0) {
			n = 1;
			continue;
		}
		if (field < 0) {
			if (bad != NULL)
				(void)snprintf(bad, cap,
				    "%.*s is none of {phone}, {digits}, "
				    "{code}, {relay}",
				    n > 32 ? 32 : (int)n, tmpl);
			return ERR_FORMAT;
		}
		seen |= 1U << field;
	}
	if (fields != NULL)
		*fields = seen;
	return 0;
}

/* ---- escaping ----------------------------------------------------------------- */

static int
put_text(struct buf *b, const char *s)
{
	return buf_put(b, s, strlen(s));
}

static int
put_plain(struct buf *b, unsigned char c)
{
	return buf_put_u8(b, c);
}

static int
put_url(struct buf *b, unsigned char c)
{
	bool free = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
		    (c >= 'a' && c <= 'z') ||
		    (c != '\0' && strchr("-._~", c) != NULL);

	return free ? buf_put_u8(b, c) : buf_printf(b, "%%%02X", c);
}

static int
put_json(struct buf *b, unsigned char c)
{
	if (c == '"' || c == '\\')
		return buf_printf(b, "\\%c", c);
	if (c == '\n')
		return put_text(b, "\\n");
	/* DEL and "<" need not be, but then no reader can be led astray. */
	if (c < 0x20 || c == 0x7f || c == '<')
		return buf_printf(b, "\\u%04x", c);
	return buf_put_u8(b, c);
}

static int
put_xml(struct buf *b, unsigned char c)
{
	if (c < 0x20 && c != '\t' && c != '\n' && c != '\r')
		return 0; /* no way to write it in XML 1.0 */
	if (c == '\0' || strchr("&<>\"'\t\n\r", c) == NULL)
		return buf_put_u8(b, c);
	return buf_printf(b, "&#%d;", c);
}

static int
put_header(struct buf *b, unsigned char c)
{
	return c < 0x20 || c == 0x7f ? 0 : buf_put_u8(b, c);
}

int
template_escape(
    struct buf *b, enum template_kind kind, const char *s, size_t len)
{
	static int (*const put[])(struct buf * b, unsigned char c) = {
	    [TEMPLATE_PLAIN] = put_plain,
	    [TEMPLATE_URL] = put_url,
	    [TEMPLATE_JSON] = put_json,
	    [TEMPLATE_XML] = put_xml,
	    [TEMPLATE_HEADER] = put_header,
	};
	size_t i, at = b->len;
	int r = 0;

	for (i = 0; r == 0 && i < len; i++)
		r = put[kind](b, (unsigned char)s[i]);
	if (r != 0)
		b->len = at;
	return r;
}

int
template_render(struct buf *b, const char *tmpl, enum template_kind kind,
    const struct template_values *values)
{
	size_t n, at = b->len;
	const char *v;
	int r, field;

	r = template_check(tmpl, NULL, NULL, 0);
	for (; r == 0 && *tmpl != '\0'; tmpl += n) {
		n = field_at(tmpl, &field);
		if (n == 0) {
			n = 1;
			r = buf_put_u8(b, (uint8_t)*tmpl);
			continue;
		}
		v = values->v[field];
		r = template_escape(b, kind, v, strlen(v));
	}
	if (r != 0)
		b->len = at;
	return r;
}

enum template_kind
template_kind_of(const char *content_type)
{
	static const struct {
		const char *word;
		enum template_kind kind;
	} types[] = {
	    {"json", TEMPLATE_JSON},
	    {"x-www-form-urlencoded", TEMPLATE_URL},
	    {"xml", TEMPLATE_XML},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(types); i++)
		if (strcasestr(content_type, types[i].word) != NULL)
			return types[i].kind;
	return TEMPLATE_PLAIN;
}
