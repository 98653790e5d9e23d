/* SPDX-License-Identifier: GPL-3.0-or-later */
/* request.c — requests and their answers. RFC 8656 §7 to §12. */
#include <stdlib.h>
#include <unistd.h>

#include <sodium.h>

#include "relay/turn/priv.h"

#define UDP_PROTOCOL 17

typedef enum stun_code request_fn(struct asked *q, struct stun_out *o);

/* ---- Binding ----------------------------------------------------------------------- */

static enum stun_code
on_binding(struct asked *q, struct stun_out *o)
{
	struct stun_addr addr;

	sa_to_stun(&addr, &q->from->addr);
	stun_put_addr(o,
	    q->m->cookie ? STUN_ATTR_XOR_MAPPED_ADDRESS
			 : STUN_ATTR_MAPPED_ADDRESS,
	    &addr);
	return STUN_CODE_NONE;
}

/* ---- Allocate ------------------------------------------------------------------------ */

/* What an Allocate asks for. */
struct wish {
	int family;
	uint32_t lifetime;
	bool even, pair;
	const uint8_t *token; /* NULL: none */
	bool more; /* another address of the other family */
};

static uint32_t
lifetime_of(const struct stun_msg *m)
{
	struct stun_attr a;
	uint32_t s;

	if (!stun_find(m, STUN_ATTR_LIFETIME, &a))
		return LIFETIME_DEFAULT;
	s = stun_u32(&a);
	if (s < LIFETIME_DEFAULT)
		return LIFETIME_DEFAULT;
	return s < LIFETIME_MAX ? s : LIFETIME_MAX;
}

static enum stun_code
family_of(const struct asked *q, const struct stun_attr *a, int *out)
{
	int family = a->v[0] == STUN_IPV4   ? AF_INET
		     : a->v[0] == STUN_IPV6 ? AF_INET6
					    : 0;

	if (family == 0 || q->w->t->relay[family == AF_INET6].sa.sa_family == 0)
		return STUN_CODE_FAMILY;
	*out = family;
	return STUN_CODE_NONE;
}

/* §7.2, in its order */
static enum stun_code
wish_of(const struct asked *q, struct wish *w)
{
	struct stun_attr transport, token, family, more, even;
	const struct stun_msg *m = q->m;
	bool has_token, has_family, has_even;

	if (!stun_find(m, STUN_ATTR_REQUESTED_TRANSPORT, &transport))
		return STUN_CODE_BAD_REQUEST;
	if (transport.v[0] != UDP_PROTOCOL)
		return STUN_CODE_TRANSPORT;
	has_token = stun_find(m, STUN_ATTR_RESERVATION_TOKEN, &token);
	has_family = stun_find(m, STUN_ATTR_REQUESTED_FAMILY, &family);
	has_even = stun_find(m, STUN_ATTR_EVEN_PORT, &even);
	w->more = stun_find(m, STUN_ATTR_ADDITIONAL_FAMILY, &more);
	w->token = has_token ? token.v : NULL;
	w->even = has_even;
	w->pair = has_even && (even.v[0] & 0x80) != 0;
	w->lifetime = lifetime_of(m);
	if ((has_token && (has_even || has_family || w->more)) ||
	    (w->more && (has_family || w->pair || more.v[0] != STUN_IPV6)))
		return STUN_CODE_BAD_REQUEST;
	w->family = q->w->t->relay[0].sa.sa_family != 0 ? AF_INET : AF_INET6;
	if (has_family)
		return family_of(q, &family, &w->family);
	/* §7.2: without the attribute it is IPv4 */
	return has_token || w->family == AF_INET ? STUN_CODE_NONE
						 : STUN_CODE_FAMILY;
}

/* A socket for it. */
static enum stun_code
socket_for(struct asked *q, const struct wish *w, struct alloc *a)
{
	struct turn *t = q->w->t;
	int second = -1, r;
	union sa next;

	if (w->token != NULL) {
		r = port_claim(
		    t, w->token, q->w->now_ms, &a->w.fd, &a->relayed);
		return r == 0 ? STUN_CODE_NONE : STUN_CODE_CAPACITY;
	}
	r = port_open(t, w->family, w->even, &a->w.fd, &a->relayed,
	    w->pair ? &second : NULL);
	if (r != 0)
		return STUN_CODE_CAPACITY;
	if (!w->pair)
		return STUN_CODE_NONE;
	next = a->relayed;
	sa_set_port(&next, (uint16_t)(sa_port(&a->relayed) + 1));
	if (port_reserve(t, second, &next, q->w->now_ms, a->token) == 0) {
		a->reserved = true;
		return STUN_CODE_NONE;
	}
	close(second);
	return STUN_CODE_CAPACITY;
}

/* As many as the settings allow, of all together and of this one. */
static enum stun_code
take_place(struct asked *q, struct alloc *a)
{
	struct turn *t = q->w->t;
	int r;

	if (atomic_fetch_add(&t->allocations, 1) >= t->conf->turn_allocations) {
		atomic_fetch_sub(&t->allocations, 1);
		return STUN_CODE_CAPACITY;
	}
	r = user_take(t, q->quota, &a->user);
	if (r == 0)
		return STUN_CODE_NONE;
	atomic_fetch_sub(&t->allocations, 1);
	return r == ERR_FULL ? STUN_CODE_QUOTA : STUN_CODE_CAPACITY;
}

static void
give_back(struct asked *q, struct alloc *a)
{
	if (a->w.fd >= 0)
		close(a->w.fd);
	user_drop(q->w->t, a->user);
	atomic_fetch_sub(&q->w->t->allocations, 1);
	free(a);
}

static enum stun_code
allocate(struct asked *q, const struct wish *w)
{
	struct alloc *a = calloc(1, sizeof(*a));
	enum stun_code code;

	if (a == NULL)
		return STUN_CODE_CAPACITY;
	a->w.fd = -1;
	code = take_place(q, a);
	if (code != STUN_CODE_NONE) {
		free(a);
		return code;
	}
	code = socket_for(q, w, a);
	a->listener = q->from->listener;
	a->stream = q->from->stream;
	a->client = q->from->addr;
	a->local = q->from->local;
	a->key = q->key;
	memcpy(a->who, q->who, sizeof(a->who));
	memcpy(a->tid, stun_tid(q->m), sizeof(a->tid));
	if (code == STUN_CODE_NONE && alloc_add(q->w, a) != 0)
		code = STUN_CODE_CAPACITY;
	if (code != STUN_CODE_NONE) {
		give_back(q, a);
		return code;
	}
	alloc_lifetime(q->w, a, w->lifetime);
	q->a = a;
	return STUN_CODE_NONE;
}

static void
put_allocation(const struct asked *q, const struct wish *w, struct stun_out *o)
{
	static const uint8_t no_ipv6[8] = {STUN_IPV6, 0, 4, 40};
	const struct alloc *a = q->a;
	union sa relayed = a->relayed;
	struct stun_addr addr;

	peer_outward(q->w->t, &relayed);
	sa_to_stun(&addr, &relayed);
	stun_put_addr(o, STUN_ATTR_XOR_RELAYED_ADDRESS, &addr);
	if (w->more) /* §7.3: one address is all we give */
		stun_put(
		    o, STUN_ATTR_ADDRESS_ERROR_CODE, no_ipv6, sizeof(no_ipv6));
	stun_put_u32(o, STUN_ATTR_LIFETIME,
	    (uint32_t)((a->expires_ms - q->w->now_ms) / 1000));
	if (a->reserved)
		stun_put(
		    o, STUN_ATTR_RESERVATION_TOKEN, a->token, sizeof(a->token));
	sa_to_stun(&addr, &q->from->addr);
	stun_put_addr(o, STUN_ATTR_XOR_MAPPED_ADDRESS, &addr);
}

static enum stun_code
on_allocate(struct asked *q, struct stun_out *o)
{
	enum stun_code code;
	struct wish w;

	/* The same request again: its answer was lost. */
	if (q->a != NULL &&
	    memcmp(q->a->tid, stun_tid(q->m), sizeof(q->a->tid)) != 0)
		return STUN_CODE_MISMATCH;
	code = wish_of(q, &w);
	if (code == STUN_CODE_NONE && q->a == NULL)
		code = allocate(q, &w);
	if (code == STUN_CODE_NONE)
		put_allocation(q, &w, o);
	return code;
}

/* ---- Refresh --------------------------------------------------------------------------- */

static enum stun_code
on_refresh(struct asked *q, struct stun_out *o)
{
	struct stun_attr a;
	uint32_t lifetime = lifetime_of(q->m);
	int family;

	if (q->a == NULL)
		return STUN_CODE_MISMATCH;
	if (stun_find(q->m, STUN_ATTR_REQUESTED_FAMILY, &a) &&
	    (family_of(q, &a, &family) != STUN_CODE_NONE ||
		family != q->a->relayed.sa.sa_family))
		return STUN_CODE_PEER_FAMILY;
	if (stun_find(q->m, STUN_ATTR_LIFETIME, &a) && stun_u32(&a) == 0) {
		lifetime = 0;
		q->drop_after = true;
	} else {
		alloc_lifetime(q->w, q->a, lifetime);
	}
	stun_put_u32(o, STUN_ATTR_LIFETIME, lifetime);
	return STUN_CODE_NONE;
}

/* ---- CreatePermission, ChannelBind --------------------------------------------------------- */

static enum stun_code
peer_of(const struct asked *q, const struct stun_attr *a, union sa *out)
{
	struct stun_addr addr;

	if (stun_get_addr(q->m, a, &addr) != 0)
		return STUN_CODE_BAD_REQUEST;
	sa_of_stun(out, &addr);
	peer_inward(q->w->t, out);
	return out->sa.sa_family == q->a->relayed.sa.sa_family
		   ? STUN_CODE_NONE
		   : STUN_CODE_PEER_FAMILY;
}

/* Each XOR-PEER-ADDRESS is fine; how many there are. */
static enum stun_code
check_peers(const struct asked *q, size_t *n)
{
	struct stun_attr a;
	enum stun_code code;
	union sa peer;
	size_t at = 0;

	*n = 0;
	while (stun_next(q->m, &at, &a)) {
		if (a.type != STUN_ATTR_XOR_PEER_ADDRESS)
			continue;
		code = peer_of(q, &a, &peer);
		if (code != STUN_CODE_NONE)
			return code;
		sa_set_port(&peer, 0); /* §10.2: it does not count */
		if (!peer_allowed(q->w->t, &peer))
			return STUN_CODE_FORBIDDEN;
		++*n;
	}
	return *n > 0 ? STUN_CODE_NONE : STUN_CODE_BAD_REQUEST;
}

static enum stun_code
on_create_permission(struct asked *q, struct stun_out *o)
{
	struct stun_attr a;
	enum stun_code code;
	union sa peer;
	size_t at = 0, n;

	(void)o;
	if (q->a == NULL)
		return STUN_CODE_MISMATCH;
	code = check_peers(q, &n);
	if (code != STUN_CODE_NONE)
		return code;
	/* Those that are there already are counted twice: then it is full a
	 * little early, but nothing is half done. */
	if (n > PERMISSIONS_MAX || (n > 1 && !permission_fits(q->w, q->a, n)))
		return STUN_CODE_CAPACITY;
	while (stun_next(q->m, &at, &a)) {
		if (a.type != STUN_ATTR_XOR_PEER_ADDRESS ||
		    peer_of(q, &a, &peer) != STUN_CODE_NONE)
			continue;
		if (permission_add(q->w, q->a, &peer) != 0)
			return STUN_CODE_CAPACITY;
	}
	return STUN_CODE_NONE;
}

/* §12.2; RFC 5766's clients take numbers up to 0x7fff. */
static enum stun_code
on_channel_bind(struct asked *q, struct stun_out *o)
{
	struct stun_attr number, a;
	enum stun_code code;
	union sa peer;
	uint32_t n;

	(void)o;
	if (q->a == NULL)
		return STUN_CODE_MISMATCH;
	if (!stun_find(q->m, STUN_ATTR_CHANNEL_NUMBER, &number) ||
	    !stun_find(q->m, STUN_ATTR_XOR_PEER_ADDRESS, &a))
		return STUN_CODE_BAD_REQUEST;
	n = stun_u32(&number) >> 16;
	if (n < STUN_CHANNEL_MIN || n >= 0x8000)
		return STUN_CODE_BAD_REQUEST;
	code = peer_of(q, &a, &peer);
	if (code != STUN_CODE_NONE)
		return code;
	if (!peer_allowed(q->w->t, &peer) || sa_port(&peer) == 0)
		return STUN_CODE_FORBIDDEN;
	switch (channel_bind(q->w, q->a, (uint16_t)n, &peer)) {
	case 0:
		return STUN_CODE_NONE;
	case ERR_STATE:
		return STUN_CODE_BAD_REQUEST;
	default:
		return STUN_CODE_CAPACITY;
	}
}

/* ---- answers -------------------------------------------------------------------------------- */

static const struct {
	uint16_t method;
	bool open; /* to anyone */
	request_fn *handle;
} rules[] = {
    {STUN_BINDING, true, on_binding},
    {STUN_ALLOCATE, false, on_allocate},
    {STUN_REFRESH, false, on_refresh},
    {STUN_CREATE_PERMISSION, false, on_create_permission},
    {STUN_CHANNEL_BIND, false, on_channel_bind},
};

static void
sign(const struct asked *q, struct stun_out *o)
{
	if (q->signing && q->m->mac256 != 0)
		stun_put_mac256(o, q->key.b, q->key.len);
	else if (q->signing)
		stun_put_mac(o, q->key.b, q->key.len);
	if (q->m->fingerprint)
		stun_put_fingerprint(o);
}

static void
fail(struct asked *q, struct stun_out *o, enum stun_code code)
{
	stun_answer(o, o->p, o->cap, STUN_ERROR, q->m);
	stun_put_error(o, code);
	if (code == STUN_CODE_UNAUTHENTICATED || code == STUN_CODE_STALE_NONCE)
		auth_challenge(q, o);
	if (code == STUN_CODE_UNKNOWN_ATTRIBUTE)
		stun_put_unknown(o, q->unknown,
		    q->n_unknown < ARRAY_LEN(q->unknown)
			? q->n_unknown
			: ARRAY_LEN(q->unknown));
	if (code != STUN_CODE_UNAUTHENTICATED && code != STUN_CODE_STALE_NONCE)
		q->w->counts.turn_refused++;
}

static enum stun_code
answer(struct asked *q, struct stun_out *o, size_t rule)
{
	enum stun_code code = rules[rule].open ? STUN_CODE_NONE : auth_check(q);

	if (code != STUN_CODE_NONE)
		return code;
	q->n_unknown = stun_unknown(q->m, q->unknown, ARRAY_LEN(q->unknown));
	/* RFC 3489 knows no such thing as an unknown attribute's answer that
	 * its clients would need here. */
	if (q->n_unknown > 0 && q->m->cookie)
		return STUN_CODE_UNKNOWN_ATTRIBUTE;
	return rules[rule].handle(q, o);
}

static void
deliver(const struct asked *q, uint8_t *p, size_t len, uint16_t slot)
{
	const struct from *f = q->from;

	if (f->stream == NULL) {
		udp_to_client(
		    q->w, f->listener, &f->addr, &f->local, p, len, slot);
		return;
	}
	stream_send(q->w, f->stream, p, len, false);
	slot_give(q->w, slot);
}

static void
handle(struct asked *q, size_t rule)
{
	uint16_t slot = slot_take(q->w);
	enum stun_code code;
	struct stun_out o;
	size_t len;

	if (slot == SLOT_NONE) /* it comes again */
		return;
	stun_answer(&o, slot_bytes(q->w, slot), ANSWER_CAP, STUN_SUCCESS, q->m);
	code = answer(q, &o, rule);
	/* Answers to nobody in particular are few: they could be meant for
	 * somebody else's address. */
	if (!q->signing && !guard_take(q->w, &q->from->addr)) {
		slot_give(q->w, slot);
		return;
	}
	if (code != STUN_CODE_NONE)
		fail(q, &o, code);
	sign(q, &o);
	len = stun_end(&o);
	if (len > 0)
		deliver(q, o.p, len, slot);
	else
		slot_give(q->w, slot);
	/* The stream may have broken, and its allocation gone with it. */
	if (q->drop_after && q->a->w.fd >= 0)
		alloc_free(q->w, q->a);
}

void
request(struct worker *w, const struct from *f, const struct stun_msg *m)
{
	struct asked q = {.w = w, .from = f, .m = m};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rules); i++)
		if (rules[i].method == m->method)
			break;
	/* Without the cookie there is nothing but Binding. */
	if (i == ARRAY_LEN(rules) || (!m->cookie && !rules[i].open)) {
		w->counts.turn_malformed++;
		return;
	}
	w->counts.turn_requests++;
	q.a = rules[i].open ? NULL : alloc_find(w, f);
	handle(&q, i);
	sodium_memzero(&q.key, sizeof(q.key));
}
