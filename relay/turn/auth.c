/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * auth.c — who may ask (RFC 8489 §9.2.4), and how often those who do not say.
 *
 * A nonce is its time and a code over that and the client's address, so none is
 * remembered. It begins with the cookie of §9.2: password algorithms are known.
 */
#include <sodium.h>

#include "relay/turn/priv.h"

#define COOKIE	   "obMatJos2gAAA" /* bit 0: password algorithms (§18.1) */
#define COOKIE_LEN 13
#define STAMP_LEN  4
#define CODE_LEN   16
#define NONCE_CAP  (COOKIE_LEN + 2 * (STAMP_LEN + CODE_LEN) + 1)

/* PASSWORD-ALGORITHMS: SHA-256, MD5, without parameters. */
static const uint8_t algorithms[8] = {0, 2, 0, 0, 0, 1, 0, 0};

/* ---- nonces ---------------------------------------------------------------------- */

static void
nonce_make(const struct turn *t, const union sa *from, uint32_t stamp,
    char out[static NONCE_CAP])
{
	uint8_t b[STAMP_LEN + CODE_LEN], in[STAMP_LEN + 16];
	struct net_addr a = net_addr_of(&from->sa);

	memcpy(in, &stamp, STAMP_LEN);
	memcpy(in + STAMP_LEN, a.ip, 16);
	memcpy(b, &stamp, STAMP_LEN);
	crypto_generichash(b + STAMP_LEN, CODE_LEN, in, sizeof(in),
	    t->nonce_key, sizeof(t->nonce_key));
	memcpy(out, COOKIE, COOKIE_LEN);
	sodium_bin2hex(out + COOKIE_LEN, NONCE_CAP - COOKIE_LEN, b, sizeof(b));
}

static bool
nonce_good(
    const struct worker *w, const union sa *from, const struct stun_attr *a)
{
	char again[NONCE_CAP];
	uint32_t stamp;
	size_t n;

	if (a->len != NONCE_CAP - 1 ||
	    sodium_hex2bin((uint8_t *)&stamp, sizeof(stamp),
		(const char *)a->v + COOKIE_LEN, (size_t)2 * STAMP_LEN, NULL,
		&n, NULL) != 0 ||
	    n != sizeof(stamp) || w->now_s - stamp > NONCE_S)
		return false;
	nonce_make(w->t, from, stamp, again);
	return sodium_memcmp(again, a->v, a->len) == 0;
}

void
auth_challenge(const struct asked *q, struct stun_out *o)
{
	char nonce[NONCE_CAP];

	nonce_make(q->w->t, &q->from->addr, q->w->now_s, nonce);
	stun_put_text(o, STUN_ATTR_REALM, q->w->t->realm);
	stun_put_text(o, STUN_ATTR_NONCE, nonce);
	stun_put(
	    o, STUN_ATTR_PASSWORD_ALGORITHMS, algorithms, sizeof(algorithms));
}

/* ---- names and keys ---------------------------------------------------------------- */

static bool
is_text(const struct stun_attr *a, const char *text)
{
	return a->len == strlen(text) && memcmp(a->v, text, a->len) == 0;
}

/* §9.2.4: what was offered comes back, and one of it is chosen; or neither. */
static bool
algorithm_of(const struct stun_msg *m, enum stun_algorithm *out)
{
	struct stun_attr all, one;
	bool has_all = stun_find(m, STUN_ATTR_PASSWORD_ALGORITHMS, &all);
	bool has_one = stun_find(m, STUN_ATTR_PASSWORD_ALGORITHM, &one);

	*out = STUN_MD5;
	if (!has_all && !has_one)
		return true;
	if (!has_all || !has_one || all.len != sizeof(algorithms) ||
	    memcmp(all.v, algorithms, sizeof(algorithms)) != 0)
		return false;
	*out = (enum stun_algorithm)(one.v[0] << 8 | one.v[1]);
	return (*out == STUN_MD5 || *out == STUN_SHA256) && one.v[2] == 0 &&
	       one.v[3] == 0;
}

static void
hash_of(uint8_t out[static WHO_LEN], const uint8_t *p, size_t len)
{
	crypto_generichash(out, WHO_LEN, p, len, NULL, 0);
}

/* A name holds while its time has not come; who has an allocation may keep it
 * beyond that, so that no call is cut. */
static bool
name_good(struct asked *q, const struct stun_attr *name)
{
	uint64_t expires_s;
	size_t who;

	if (name->len == 0 ||
	    turn_cred_split(name->v, name->len, &expires_s, &who) != 0)
		return false;
	hash_of(q->who, name->v, name->len);
	hash_of(q->quota, name->v + who, name->len - who);
	return expires_s > relay_clock_wall(q->w->t->clock) / 1000 ||
	       (q->a != NULL && memcmp(q->a->who, q->who, sizeof(q->who)) == 0);
}

static void
make_key(struct asked *q, const struct stun_attr *name, enum stun_algorithm a)
{
	const struct turn *t = q->w->t;
	char password[TURN_PASSWORD_CAP];

	turn_cred_password(
	    password, t->secret, strlen(t->secret), name->v, name->len);
	stun_key_long(&q->key, a, name->v, name->len, t->realm, password);
	sodium_memzero(password, sizeof(password));
}

enum stun_code
auth_check(struct asked *q)
{
	const struct stun_msg *m = q->m;
	struct stun_attr name, realm, nonce;
	enum stun_algorithm algorithm;

	if (m->mac == 0 && m->mac256 == 0)
		return STUN_CODE_UNAUTHENTICATED;
	if (!stun_find(m, STUN_ATTR_USERNAME, &name)) {
		/* Names come and go: none is known by its hash, and we do not
		 * say that we could. */
		return stun_find(m, STUN_ATTR_USERHASH, &name)
			   ? STUN_CODE_UNAUTHENTICATED
			   : STUN_CODE_BAD_REQUEST;
	}
	if (!stun_find(m, STUN_ATTR_REALM, &realm) ||
	    !stun_find(m, STUN_ATTR_NONCE, &nonce) ||
	    !algorithm_of(m, &algorithm))
		return STUN_CODE_BAD_REQUEST;
	if (!nonce_good(q->w, &q->from->addr, &nonce))
		return STUN_CODE_STALE_NONCE;
	if (!is_text(&realm, q->w->t->realm) || !name_good(q, &name))
		return STUN_CODE_UNAUTHENTICATED;
	make_key(q, &name, algorithm);
	if (stun_check(m, q->key.b, q->key.len) != 0)
		return STUN_CODE_UNAUTHENTICATED;
	q->signing = true;
	if (q->a != NULL && memcmp(q->a->who, q->who, sizeof(q->who)) != 0)
		return STUN_CODE_CREDENTIALS;
	return STUN_CODE_NONE;
}

/* ---- those who do not say ------------------------------------------------------------ */

/* By network, as an answer to a forged address is a nuisance for one: /24 of
 * IPv4, /48 of IPv6. Places are shared by chance; that only slows down. */
bool
guard_take(struct worker *w, const union sa *from)
{
	const struct limit_rate *rate = &w->t->conf->turn.rate;
	struct net_addr a = net_addr_of(&from->sa);
	uint64_t now = w->now_ms * 1000, h, *full, cost;
	uint8_t net[16] = {0};

	if (rate->burst == 0)
		return true;
	memcpy(net, a.ip, net_addr_is_ipv4(&a) ? 15 : 6);
	crypto_shorthash((uint8_t *)&h, net, sizeof(net), w->guard.seed);
	full = &w->guard.full_us[h % GUARD_PLACES];
	cost = rate->per_ms * 1000 / rate->burst;
	if (*full + rate->per_ms * 1000 < now)
		*full = now - rate->per_ms * 1000;
	if (*full + cost > now) {
		w->counts.turn_rate_limited++;
		return false;
	}
	*full += cost;
	return true;
}
