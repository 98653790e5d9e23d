/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "tui/cli/json.h"

static void
fail(struct json *j, int err)
{
	if (j->err == 0)
		j->err = err;
}

static void
put(struct json *j, const void *p, size_t len)
{
	if (j->err == 0)
		fail(j, buf_put(j->b, p, len));
}

static void
put_text(struct json *j, const char *s)
{
	put(j, s, strlen(s));
}

static bool
in_object(const struct json *j)
{
	return j->depth > 0 && j->closing[j->depth - 1] == '}';
}

/* What stands before a value; one value at the top, keys inside objects. */
static void
before_value(struct json *j)
{
	if (in_object(j) ? !j->keyed : (j->depth == 0 && j->comma))
		fail(j, ERR_STATE);
	if (j->comma && !j->keyed)
		put(j, ",", 1);
	j->comma = true;
	j->keyed = false;
}

void
json_begin(struct json *j, struct buf *b)
{
	*j = (struct json){.b = b};
}

int
json_end(struct json *j)
{
	while (j->err == 0 && j->depth > 0)
		json_close(j);
	if (!j->comma)
		fail(j, ERR_STATE); /* no value at all */
	return j->err;
}

static void
open_level(struct json *j, char opening, char closing)
{
	before_value(j);
	if (j->depth == JSON_DEPTH_MAX) {
		fail(j, ERR_STATE);
		return;
	}
	put(j, &opening, 1);
	j->closing[j->depth++] = closing;
	j->comma = false;
}

void
json_obj(struct json *j)
{
	open_level(j, '{', '}');
}

void
json_arr(struct json *j)
{
	open_level(j, '[', ']');
}

void
json_close(struct json *j)
{
	if (j->depth == 0 || j->keyed) {
		fail(j, ERR_STATE);
		return;
	}
	put(j, &j->closing[--j->depth], 1);
	j->comma = true;
}

/* One code point inside a string. */
static void
put_escaped(struct json *j, uint32_t cp)
{
	char out[16];
	size_t n;

	if (cp == '"' || cp == '\\')
		n = (size_t)snprintf(out, sizeof(out), "\\%c", (char)cp);
	else if (cp == '\n')
		n = (size_t)snprintf(out, sizeof(out), "\\n");
	else if (cp == '\t')
		n = (size_t)snprintf(out, sizeof(out), "\\t");
	else if (cp < 0x20 || (cp >= 0x7f && cp <= 0x9f))
		n = (size_t)snprintf(out, sizeof(out), "\\u%04x", cp);
	else
		n = text_encode(out, cp);
	put(j, out, n);
}

/* Bytes that may stay as they are. */
static size_t
plain_len(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (s[i] < 0x20 || s[i] > 0x7e || s[i] == '"' || s[i] == '\\')
			break;
	return i;
}

static void
put_string(struct json *j, const char *s, size_t len)
{
	uint32_t cp;
	size_t n;

	put(j, "\"", 1);
	while (len > 0 && j->err == 0) {
		n = plain_len(s, len);
		if (n > 0) {
			put(j, s, n);
		} else {
			n = text_codepoint(s, len, &cp);
			put_escaped(j, cp);
		}
		s += n;
		len -= n;
	}
	put(j, "\"", 1);
}

void
json_key(struct json *j, const char *key)
{
	if (!in_object(j) || j->keyed) {
		fail(j, ERR_STATE);
		return;
	}
	if (j->comma)
		put(j, ",", 1);
	put_string(j, key, strlen(key));
	put(j, ":", 1);
	j->keyed = true;
}

void
json_strn(struct json *j, const char *s, size_t len)
{
	before_value(j);
	put_string(j, s, len);
}

void
json_str(struct json *j, const char *s)
{
	if (s == NULL)
		json_null(j);
	else
		json_strn(j, s, strlen(s));
}

void
json_u64(struct json *j, uint64_t n)
{
	char out[24];

	snprintf(out, sizeof(out), "%" PRIu64, n);
	before_value(j);
	put_text(j, out);
}

void
json_i64(struct json *j, int64_t n)
{
	char out[24];

	snprintf(out, sizeof(out), "%" PRId64, n);
	before_value(j);
	put_text(j, out);
}

void
json_bool(struct json *j, bool v)
{
	before_value(j);
	put_text(j, v ? "true" : "false");
}

void
json_null(struct json *j)
{
	before_value(j);
	put_text(j, "null");
}

void
json_hex(struct json *j, const uint8_t *p, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	char two[2];
	size_t i;

	before_value(j);
	put(j, "\"", 1);
	for (i = 0; i < len; i++) {
		two[0] = digits[p[i] >> 4];
		two[1] = digits[p[i] & 15];
		put(j, two, 2);
	}
	put(j, "\"", 1);
}

void
json_kv_str(struct json *j, const char *key, const char *s)
{
	json_key(j, key);
	json_str(j, s);
}

void
json_kv_u64(struct json *j, const char *key, uint64_t n)
{
	json_key(j, key);
	json_u64(j, n);
}

void
json_kv_i64(struct json *j, const char *key, int64_t n)
{
	json_key(j, key);
	json_i64(j, n);
}

void
json_kv_bool(struct json *j, const char *key, bool v)
{
	json_key(j, key);
	json_bool(j, v);
}

void
json_kv_hex(struct json *j, const char *key, const uint8_t *p, size_t len)
{
	json_key(j, key);
	json_hex(j, p, len);
}
