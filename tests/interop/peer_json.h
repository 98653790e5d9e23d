/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * peer_json.h — what the peers under test share: one JSON request a line on
 * standard input, one reply a line on standard output, bytes as hex.
 * The protocol is described in tests/interop/README.md.
 */
#ifndef TESTS_INTEROP_PEER_JSON_H
#define TESTS_INTEROP_PEER_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

/*
 * One command: read fields of req, set fields of reply. Returns NULL, or a
 * word that becomes "err".
 */
typedef const char *(*peer_fn)(void *peer, json_t *req, json_t *reply);

struct peer_cmd {
	const char *name;
	peer_fn fn;
};

/* Serve until end of input; the exit status of the program. */
int peer_serve(const struct peer_cmd *cmds, size_t n, void *peer);

/*
 * Bytes of a hex field: heap, the caller frees; *len tells how many. NULL when
 * the field is absent or no hex. Never NULL for an empty string.
 */
uint8_t *peer_bytes(json_t *req, const char *name, size_t *len);

/* Exactly len bytes into out; false when the field is not that. */
bool peer_fixed(json_t *req, const char *name, void *out, size_t len);

/*
 * With a field "seed" (any text), all that libsodium draws from now on follows
 * from it: the same conversation again has the same keys. For tests alone.
 */
void peer_seed(json_t *req);

uint32_t peer_u32(json_t *req, const char *name, uint32_t absent);
bool peer_flag(json_t *req, const char *name, bool absent);

/* "name.dev" of the address object in field name; false when it is none. */
bool peer_address(json_t *req, const char *name, char *out, size_t cap);

void peer_put(json_t *reply, const char *name, const void *p, size_t len);
void peer_put_u32(json_t *reply, const char *name, uint32_t v);

#endif
