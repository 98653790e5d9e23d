/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Input: the template, a NUL, a value. Whatever the template, the value cannot
 * leave its place: the escaped text holds nothing that ends it.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "relay/admin/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const ends[] = {
    [TEMPLATE_URL] = " \"<>&?/#\n\r+",
    [TEMPLATE_JSON] = "\n\r\x1b",
    [TEMPLATE_XML] = "<>\"'\n\r\x1b",
    [TEMPLATE_HEADER] = "\n\r\x1b",
};

/* The inside of a JSON string does not end it, nor escape what ends it. */
static void
check_json(const char *s)
{
	for (; *s != '\0'; s++) {
		assert(*s != '"');
		if (*s == '\\')
			assert(*++s != '\0');
	}
}

static void
try_kind(enum template_kind kind, const char *tmpl, const char *value)
{
	const struct template_values v = {.v = {value, value, value, value}};
	struct buf b, esc;
	int r;

	buf_init(&b, 1 << 20);
	buf_init(&esc, 1 << 20);
	assert(template_escape(&esc, kind, value, strlen(value)) == 0);
	assert(buf_put_u8(&esc, 0) == 0);
	if (kind != TEMPLATE_PLAIN)
		assert(strpbrk((char *)esc.p, ends[kind]) == NULL);
	if (kind == TEMPLATE_JSON)
		check_json((char *)esc.p);
	r = template_render(&b, tmpl, kind, &v);
	if (r == 0) {
		/* Without a field it is the template; with one, the value. */
		unsigned fields;

		assert(template_check(tmpl, &fields, NULL, 0) == 0);
		assert(buf_put_u8(&b, 0) == 0);
		if (fields == 0)
			assert(strcmp((char *)b.p, tmpl) == 0);
		else
			assert(strstr((char *)b.p, (char *)esc.p) != NULL);
	} else {
		assert(b.len == 0);
	}
	buf_clear(&b);
	buf_clear(&esc);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size > 0 ? memchr(data, 0, size) : NULL;
	char *tmpl, *value;
	int kind;

	if (nul == NULL || size > 2000)
		return 0;
	tmpl = strdup((const char *)data);
	value = strndup((const char *)nul + 1, size - (size_t)(nul + 1 - data));
	if (tmpl != NULL && value != NULL)
		for (kind = TEMPLATE_PLAIN; kind <= TEMPLATE_HEADER; kind++)
			try_kind((enum template_kind)kind, tmpl, value);
	free(tmpl);
	free(value);
	return 0;
}
