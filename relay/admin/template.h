/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * template.h — texts with {phone}, {digits}, {code} and {relay} in them, for
 * the gateways that send one-time codes. Values are escaped for the place they
 * go to, so that none can leave it. Any other {...} in small letters is an
 * error; every other brace stands for itself, so JSON needs no escapes.
 */
#ifndef RELAY_ADMIN_TEMPLATE_H
#define RELAY_ADMIN_TEMPLATE_H

#include <stddef.h>

#include "common/base.h"
#include "common/buf.h"

#define TEMPLATE_MAX 4096 /* bytes of a template */

#define TEMPLATE_FIELDS(X) /* name, what it becomes */                         \
	X(phone, "the number with its +")                                      \
	X(digits, "the number without the +")                                  \
	X(code, "the code")                                                    \
	X(relay, "the relay's name")

enum template_field {
#define X(name, doc) TEMPLATE_F_##name,
	TEMPLATE_FIELDS(X)
#undef X
	    TEMPLATE_FIELD_COUNT
};

/* How values are escaped. */
enum template_kind {
	TEMPLATE_PLAIN, /* as they are: an argument, a text/plain body */
	TEMPLATE_URL, /* %XX but for A-Z a-z 0-9 - . _ ~: URLs, forms */
	TEMPLATE_JSON, /* the inside of a JSON string */
	TEMPLATE_XML, /* text or an attribute's value */
	TEMPLATE_HEADER, /* control characters are left out */
};

struct template_values {
	const char *v[TEMPLATE_FIELD_COUNT]; /* none NULL */
};

/*
 * Look at a template.
 *   fields  out, bit 1 << TEMPLATE_F_x for each that occurs; may be NULL
 *   bad     out on error, what is wrong with it, may be NULL; cap bytes
 * Returns 0; ERR_FORMAT unknown field; ERR_RANGE over TEMPLATE_MAX.
 */
int template_check(
    const char *tmpl, unsigned *fields, char *bad, size_t cap) MUST_USE;

/* Append the template with its values. 0; ERR_FORMAT; ERR_FULL; ERR_NOMEM;
 * on error b is as before. */
int template_render(struct buf *b, const char *tmpl, enum template_kind kind,
    const struct template_values *values) MUST_USE;

/* Append one escaped value. 0; ERR_FULL; ERR_NOMEM. */
int template_escape(
    struct buf *b, enum template_kind kind, const char *s, size_t len) MUST_USE;

/* The kind that a Content-Type asks for. */
enum template_kind template_kind_of(const char *content_type);

#endif
