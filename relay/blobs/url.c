/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "common/buf.h"
#include "relay/blobs/url.h"

void
blob_account_tag(const uint8_t secret[static BLOB_SECRET_LEN],
    const struct account_id *id, uint8_t out[static BLOB_TAG])
{
	static const uint8_t label[] = "sotto blob account";
	crypto_generichash_state st;
	uint8_t full[16];

	crypto_generichash_init(&st, secret, BLOB_SECRET_LEN, sizeof(full));
	crypto_generichash_update(&st, label, sizeof(label));
	crypto_generichash_update(&st, id->b, sizeof(id->b));
	crypto_generichash_final(&st, full, sizeof(full));
	memcpy(out, full, BLOB_TAG);
	sodium_memzero(&st, sizeof(st));
}

static void
sign(const uint8_t secret[static BLOB_SECRET_LEN], const struct blob_grant *g,
    uint8_t mac[static BLOB_MAC_LEN])
{
	static const uint8_t label[] = "sotto blob url 1";
	crypto_generichash_state st;
	uint8_t fixed[17];

	fixed[0] = (uint8_t)g->verb;
	put_be64(fixed + 1, g->size);
	put_be64(fixed + 9, g->expires_s);
	crypto_generichash_init(&st, secret, BLOB_SECRET_LEN, BLOB_MAC_LEN);
	crypto_generichash_update(&st, label, sizeof(label));
	crypto_generichash_update(&st, fixed, sizeof(fixed));
	crypto_generichash_update(&st, g->locator.b, sizeof(g->locator.b));
	crypto_generichash_update(&st, g->account, sizeof(g->account));
	crypto_generichash_final(&st, mac, BLOB_MAC_LEN);
	sodium_memzero(&st, sizeof(st));
}

void
blob_name(const struct blob_locator *l, char out[static BLOB_NAME_CAP])
{
	sodium_bin2hex(out, BLOB_NAME_CAP, l->b, sizeof(l->b));
}

void
blob_path(const uint8_t secret[static BLOB_SECRET_LEN],
    const struct blob_grant *g, char out[static BLOB_PATH_CAP])
{
	char name[BLOB_NAME_CAP], tag[2 * BLOB_TAG + 1],
	    hex[2 * BLOB_MAC_LEN + 1];
	uint8_t mac[BLOB_MAC_LEN];

	sign(secret, g, mac);
	blob_name(&g->locator, name);
	sodium_bin2hex(tag, sizeof(tag), g->account, sizeof(g->account));
	sodium_bin2hex(hex, sizeof(hex), mac, sizeof(mac));
	(void)snprintf(out, BLOB_PATH_CAP, "/b/%s/%c-%llx-%llx-%s-%s", name,
	    (char)g->verb, (unsigned long long)g->size,
	    (unsigned long long)g->expires_s, tag, hex);
}

/* ---- reading ------------------------------------------------------------------ */

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* n bytes of lower-case digits; *p moves behind them. */
static int
get_bytes(const char **p, uint8_t *out, size_t n)
{
	size_t i;
	int hi, lo;

	for (i = 0; i < n; i++, *p += 2) {
		hi = digit((*p)[0]);
		lo = hi < 0 ? -1 : digit((*p)[1]);
		if (lo < 0)
			return ERR_FORMAT;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	return 0;
}

/* Up to 16 digits, the first no zero: one way to write a number. */
static int
get_number(const char **p, uint64_t *out)
{
	uint64_t v = 0;
	int n, d;

	for (n = 0; (d = digit(**p)) >= 0; n++, ++*p) {
		if (n == 16 || (n == 1 && v == 0))
			return ERR_FORMAT;
		v = v << 4 | (uint64_t)d;
	}
	*out = v;
	return n > 0 ? 0 : ERR_FORMAT;
}

static int
get_char(const char **p, char c)
{
	if (**p != c)
		return ERR_FORMAT;
	++*p;
	return 0;
}

int
blob_name_read(const char *name, struct blob_locator *l)
{
	struct blob_locator got;

	if (get_bytes(&name, got.b, sizeof(got.b)) != 0 || *name != '\0')
		return ERR_FORMAT;
	*l = got;
	return 0;
}

static int
parse(const char *p, struct blob_grant *g, uint8_t mac[static BLOB_MAC_LEN])
{
	int r;

	if (strncmp(p, "/b/", 3) != 0)
		return ERR_FORMAT;
	p += 3;
	r = get_bytes(&p, g->locator.b, sizeof(g->locator.b));
	if (r == 0)
		r = get_char(&p, '/');
	if (r == 0 && *p != BLOB_VERB_PUT && *p != BLOB_VERB_GET)
		r = ERR_FORMAT;
	if (r != 0)
		return r;
	g->verb = (enum blob_verb) * p++;
	r = get_char(&p, '-');
	if (r == 0)
		r = get_number(&p, &g->size);
	if (r == 0)
		r = get_char(&p, '-');
	if (r == 0)
		r = get_number(&p, &g->expires_s);
	if (r == 0)
		r = get_char(&p, '-');
	if (r == 0)
		r = get_bytes(&p, g->account, sizeof(g->account));
	if (r == 0)
		r = get_char(&p, '-');
	if (r == 0)
		r = get_bytes(&p, mac, BLOB_MAC_LEN);
	return r == 0 && *p != '\0' ? ERR_FORMAT : r;
}

int
blob_path_read(const uint8_t secret[static BLOB_SECRET_LEN], const char *path,
    uint64_t now_s, struct blob_grant *out)
{
	uint8_t mac[BLOB_MAC_LEN], want[BLOB_MAC_LEN];
	struct blob_grant g;
	int r;

	r = parse(path, &g, mac);
	if (r != 0)
		return r;
	sign(secret, &g, want);
	if (sodium_memcmp(mac, want, sizeof(mac)) != 0)
		return ERR_AUTH;
	if (g.expires_s <= now_s)
		return ERR_EXPIRED;
	*out = g;
	return 0;
}
