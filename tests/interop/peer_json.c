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

int
peer_serve(const struct peer_cmd *cmds, size_t n, void *peer)
{
	char *line = NULL, *text;
	size_t cap = 0;
	const char *err;
	json_t *req, *reply;

	while (getline(&line, &cap, stdin) > 0) {
		reply = json_object();
		req = json_loads(line, 0, NULL);
		err = req == NULL ? "no JSON"
				  : dispatch(cmds, n, peer, req, reply);
		if (err != NULL) {
			json_object_clear(reply);
			json_object_set_new(reply, "err", json_string(err));
		}
		json_object_set_new(reply, "ok", json_integer(err == NULL));
		text = json_dumps(reply, JSON_COMPACT);
		if (text == NULL || puts(text) < 0 || fflush(stdout) != 0)
			return 1;
		free(text);
		json_decref(req);
		json_decref(reply);
	}
	free(line);
	return 0;
}
