/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * group_link.c — invite links as text: the relay's URI with
 * ?group=, then base64url of group id and token, 64 characters.
 * docs/protocol.md §1.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/engine/group_int.h"

#define PARAM	 "group="
#define CODE_LEN 64 /* characters: 48 bytes */

int
group_link_parse(const char *text, uint8_t id[static GROUP_ID_LEN],
    uint8_t token[static GROUP_TOKEN_LEN], struct uri *relay, const char **why)
{
	uint8_t raw[GROUP_ID_LEN + GROUP_TOKEN_LEN];
	const char *code = strstr(text, PARAM), *end;
	size_t len;
	int r = 0;

	*why = "That is no invite link of a group.";
	memset(relay, 0, sizeof(*relay));
	if (code != NULL) {
		r = uri_parse(text, relay, NULL);
		code += strlen(PARAM);
	} else {
		code = text + strspn(text, " \t\r\n");
	}
	if (r != 0 || strlen(code) < CODE_LEN)
		return ERR_FORMAT;
	end = code + CODE_LEN;
	if (strchr("&# \t\r\n", *end) == NULL) /* NUL is found too */
		return ERR_FORMAT;
	if (sodium_base642bin(raw, sizeof(raw), code, CODE_LEN, NULL, &len,
		NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
	    len != sizeof(raw))
		return ERR_FORMAT;
	memcpy(id, raw, GROUP_ID_LEN);
	memcpy(token, raw + GROUP_ID_LEN, GROUP_TOKEN_LEN);
	sodium_memzero(raw, sizeof(raw));
	return 0;
}

/* Our relay with its key, and without the invite that we once had. */
static int
relay_text(struct engine *e, struct buf *out)
{
	const struct store_account *row = &e->keys->row;
	struct uri u;
	int r = uri_parse(row->relay_uri, &u, NULL);

	if (r != 0)
		return r;
	memset(u.invite, 0, sizeof(u.invite));
	u.has_key = row->has_relay_key;
	memcpy(u.key, row->relay_key, sizeof(u.key));
	r = uri_format(&u, out);
	return r == 0 ? buf_put_u8(out, 0) : r;
}

int
group_link_format(struct engine *e, const uint8_t id[static GROUP_ID_LEN],
    const uint8_t token[static GROUP_TOKEN_LEN], struct buf *out)
{
	uint8_t raw[GROUP_ID_LEN + GROUP_TOKEN_LEN];
	char code[CODE_LEN + 1];
	const char *uri, *key;
	struct buf relay;
	int r;

	memcpy(raw, id, GROUP_ID_LEN);
	memcpy(raw + GROUP_ID_LEN, token, GROUP_TOKEN_LEN);
	sodium_bin2base64(code, sizeof(code), raw, sizeof(raw),
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	buf_init(&relay, URI_TEXT_MAX);
	r = relay_text(e, &relay);
	if (r == 0) {
		uri = (const char *)relay.p;
		key = strchr(uri, '#');
		if (key == NULL)
			key = uri + strlen(uri);
		r = buf_printf(out, "%.*s?%s%s%s", (int)(key - uri), uri, PARAM,
		    code, key);
	}
	buf_clear(&relay);
	sodium_memzero(raw, sizeof(raw));
	sodium_memzero(code, sizeof(code));
	return r;
}
