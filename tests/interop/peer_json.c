/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tests/interop/peer_json.h"

uint8_t *
peer_bytes(json_t *req, const char *name, size_t *len)
{
	const char *hex = json_string_value(json_object_get(req, name));
	const char *end = NULL;
	uint8_t *p;

	if (hex == NULL)
		return NULL;
	p = malloc(strlen(hex) / 2 + 1);
	if (p == NULL)
		return NULL;
	if (sodium_hex2bin(p, strlen(hex) / 2 + 1, hex, strlen(hex), NULL, len,
		&end) != 0 ||
	    *end != '\0') {
		free(p);
		return NULL;
	}
	return p;
}

bool
peer_fixed(json_t *req, const char *name, void *out, size_t len)
{
	size_t n;
	uint8_t *p = peer_bytes(req, name, &n);
	bool ok = p != NULL && n == len;

	if (ok)
		memcpy(out, p, len);
	free(p);
	return ok;
}

uint32_t
peer_u32(json_t *req, const char *name, uint32_t absent)
{
	json_t *v = json_object_get(req, name);

	return json_is_integer(v) ? (uint32_t)json_integer_value(v) : absent;
}

bool
peer_flag(json_t *req, const char *name, bool absent)
{
	json_t *v = json_object_get(req, name);

	return json_is_boolean(v) ? json_is_true(v) : absent;
}

bool
peer_address(json_t *req, const char *name, char *out, size_t cap)
{
	json_t *a = json_object_get(req, name);
	const char *who = json_string_value(json_object_get(a, "name"));
	int n;

	if (who == NULL)
		return false;
	n = snprintf(out, cap, "%s.%u", who, peer_u32(a, "dev", 1));
	return n > 0 && (size_t)n < cap;
}

void
peer_put(json_t *reply, const char *name, const void *p, size_t len)
{
	char *hex = malloc(2 * len + 1);

	if (hex == NULL)
		abort();
	sodium_bin2hex(hex, 2 * len + 1, p, len);
	json_object_set_new(reply, name, json_string(hex));
	free(hex);
}

void
peer_put_u32(json_t *reply, const char *name, uint32_t v)
{
	json_object_set_new(reply, name, json_integer(v));
}

/* ---- randomness that can be had again -------------------------------------- */

static struct {
	uint8_t seed[randombytes_SEEDBYTES];
	uint64_t calls;
} tape;

static const char *
tape_name(void)
{
	return "seeded";
}

static void
tape_buf(void *out, const size_t n)
{
	uint8_t seed[randombytes_SEEDBYTES];

	memcpy(seed, tape.seed, sizeof(seed));
	memcpy(seed, &tape.calls, sizeof(tape.calls));
	tape.calls++;
	randombytes_buf_deterministic(out, n, seed);
}

static uint32_t
tape_random(void)
{
	uint32_t v;

	tape_buf(&v, sizeof(v));
	return v;
}

static randombytes_implementation seeded = {
    .implementation_name = tape_name,
    .random = tape_random,
    .buf = tape_buf,
};

void
peer_seed(json_t *req)
{
	json_t *s = json_object_get(req, "seed");

	if (!json_is_string(s))
		return;
	crypto_generichash(tape.seed, sizeof(tape.seed),
	    (const uint8_t *)json_string_value(s), json_string_length(s), NULL,
	    0);
	tape.calls = 0;
	randombytes_set_implementation(&seeded);
}

/* ---- lines ------------------------------------------------------------------ */

static const char *
dispatch(const struct peer_cmd *cmds, size_t n, void *peer, json_t *req,
    json_t *reply)
{
	const char *cmd = json_string_value(json_object_get(req, "cmd"));
	size_t i;

	if (cmd == NULL)
		return "no cmd";
	for (i = 0; i < n; i++) {
		if (strcmp(cmds[i].name, cmd) == 0)
			return cmds[i].fn(peer, req, reply);
	}
	return "unknown cmd";
}

/* The reply to one request, "ok" and "err" set. */
static json_t *
answer(const struct peer_cmd *cmds, size_t n, void *peer, json_t *req)
{
	json_t *reply = json_object();
	const char *err = dispatch(cmds, n, peer, req, reply);

	if (err != NULL) {
		json_object_clear(reply);
		json_object_set_new(reply, "err", json_string(err));
	}
	json_object_set_new(reply, "ok", json_integer(err == NULL));
	return reply;
}

static json_t *
answer_all(const struct peer_cmd *cmds, size_t n, void *peer, json_t *reqs)
{
	json_t *replies, *req;
	size_t i;

	if (!json_is_array(reqs))
		return answer(cmds, n, peer, reqs);
	replies = json_array();
	json_array_foreach(reqs, i, req)
	{
		json_array_append_new(replies, answer(cmds, n, peer, req));
	}
	return replies;
}

int
peer_serve(const struct peer_cmd *cmds, size_t n, void *peer)
{
	char *line = NULL, *text;
	json_t *reqs, *replies;
	size_t cap = 0;

	while (getline(&line, &cap, stdin) > 0) {
		reqs = json_loads(line, 0, NULL);
		replies = answer_all(cmds, n, peer, reqs);
		text = json_dumps(replies, JSON_COMPACT);
		if (text == NULL || puts(text) < 0 || fflush(stdout) != 0)
			return 1;
		free(text);
		json_decref(reqs);
		json_decref(replies);
	}
	free(line);
	return 0;
}
