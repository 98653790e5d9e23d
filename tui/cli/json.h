/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * json.h — writes JSON (RFC 8259) into a buf, one value, commas and escapes
 * included. The first error sticks: write on, ask json_end() once.
 *
 *	json_begin(&j, &b);
 *	json_obj(&j);
 *	json_key(&j, "text");
 *	json_str(&j, text);
 *	json_close(&j);
 *	r = json_end(&j);
 */
#ifndef TUI_CLI_JSON_H
#define TUI_CLI_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"

#define JSON_DEPTH_MAX 32

struct json {
	struct buf *b; /* borrowed */
	int err; /* the first error, 0 */
	unsigned depth;
	bool comma; /* before the next value or key */
	bool keyed; /* a key waits for its value */
	char closing[JSON_DEPTH_MAX]; /* } or ] of each open level */
};

/* Appends to b; what is there already stays. */
void json_begin(struct json *j, struct buf *b);

/* Close what is open, and tell. Returns 0; ERR_FULL, ERR_NOMEM by the buf;
 * ERR_STATE when the calls made no value (key without value, too deep, ...). */
int json_end(struct json *j) MUST_USE;

void json_obj(struct json *j);
void json_arr(struct json *j);
void json_close(struct json *j); /* the innermost object or array */
void json_key(struct json *j, const char *key);

/* Bytes that are not UTF-8 become U+FFFD; everything below U+0020, U+007F and
 * C1 is escaped, so that a terminal is safe. NULL writes null. */
void json_str(struct json *j, const char *s);
void json_strn(struct json *j, const char *s, size_t len);
void json_u64(struct json *j, uint64_t n);
void json_i64(struct json *j, int64_t n);
void json_bool(struct json *j, bool v);
void json_null(struct json *j);
void json_hex(struct json *j, const uint8_t *p, size_t len); /* a string */

/* "key": value in one call. */
void json_kv_str(struct json *j, const char *key, const char *s);
void json_kv_u64(struct json *j, const char *key, uint64_t n);
void json_kv_i64(struct json *j, const char *key, int64_t n);
void json_kv_bool(struct json *j, const char *key, bool v);
void json_kv_hex(struct json *j, const char *key, const uint8_t *p, size_t len);

#endif
