/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a public record where it lies; apply.c changes it. */
#include <string.h>

#include <sodium.h>

#include "common/group/layout.h"

static const char *const sentences[] = {
#define X(name, text) [GROUP_WHY_##name] = text,
    GROUP_WHYS(X)
#undef X
};

static const char *const names[] = {
#define X(name, text) [GROUP_WHY_##name] = #name,
    GROUP_WHYS(X)
#undef X
};

const char *
group_why_str(enum group_why why)
{
	return (size_t)why < ARRAY_LEN(sentences) ? sentences[why] : "?";
}

const char *
group_why_name(enum group_why why)
{
	return (size_t)why < ARRAY_LEN(names) ? names[why] : "?";
}

/* ---- layout ------------------------------------------------------------------ */

/* Hashed before the state, so that nothing else can pass for one. */
static const char context[] = "sotto group state";

void
layout_hash(
    uint8_t out[static GROUP_HASH_LEN], const uint8_t *record, size_t len)
{
	crypto_hash_sha256_state h;

	crypto_hash_sha256_init(&h);
	crypto_hash_sha256_update(
	    &h, (const uint8_t *)context, sizeof(context));
	crypto_hash_sha256_update(&h, record + PUB_AT_ID, len - PUB_AT_ID);
	crypto_hash_sha256_final(&h, out);
}

bool
layout_search(
    const void *base, size_t n, size_t size, const uint8_t *account, size_t *at)
{
	const uint8_t *p = base;
	size_t lo = 0, hi = n, mid;
	bool found = false;
	int c;

	while (lo < hi && !found) {
		mid = lo + (hi - lo) / 2;
		c = memcmp(p + mid * size, account, GROUP_ACCOUNT_LEN);
		found = c == 0;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (at != NULL)
		*at = found ? hi : lo;
	return found;
}

bool
layout_ascends(const uint8_t *p, size_t n, size_t size)
{
	size_t i;

	for (i = 1; i < n; i++)
		if (memcmp(p + (i - 1) * size, p + i * size,
			GROUP_ACCOUNT_LEN) >= 0)
			return false;
	return true;
}

/* ---- opening ----------------------------------------------------------------- */

static void
view_fixed(struct group_public *v, const uint8_t *p)
{
	*v = (struct group_public){
	    .id = p + PUB_AT_ID,
	    .version = get_be32(p + PUB_AT_VERSION),
	    .head = p + PUB_AT_HEAD,
	    .epoch = get_be32(p + PUB_AT_EPOCH),
	    .epoch_version = get_be32(p + PUB_AT_EPOCH_VERSION),
	    .secret_hash = p + PUB_AT_SECRET_HASH,
	    .rekey_due = p[PUB_AT_REKEY_DUE],
	    .permissions.send = p[PUB_AT_SEND],
	    .permissions.edit = p[PUB_AT_EDIT],
	    .permissions.add = p[PUB_AT_ADD],
	    .link = p[PUB_AT_LINK],
	    .link_key = p + PUB_AT_LINK_KEY,
	    .sealed_version = get_be32(p + PUB_AT_SEALED_VERSION),
	    .n_members = get_be16(p + PUB_AT_N_MEMBERS),
	    .n_requests = get_be16(p + PUB_AT_N_REQUESTS),
	    .members = p + PUB_AT_LISTS,
	};
	v->requests = v->members + v->n_members * PUB_MEMBER_LEN;
	v->sealed = v->requests + v->n_requests * PUB_REQUEST_LEN;
}

static bool
version_ok(const struct group_public *v, uint32_t version)
{
	return version >= 1 && version <= v->version;
}

static bool
fixed_ok(const struct group_public *v, const uint8_t *p)
{
	bool no_key = sodium_is_zero(v->link_key, GROUP_LINK_KEY_LEN) != 0;

	return v->version >= 1 && v->epoch >= 1 &&
	       version_ok(v, v->epoch_version) &&
	       version_ok(v, v->sealed_version) && p[PUB_AT_REKEY_DUE] <= 1 &&
	       p[PUB_AT_SEND] <= GROUP_ADMINS &&
	       p[PUB_AT_EDIT] <= GROUP_ADMINS &&
	       p[PUB_AT_ADD] <= GROUP_ADMINS &&
	       p[PUB_AT_LINK] <= GROUP_LINK_APPROVAL &&
	       (v->link == GROUP_LINK_NONE) == no_key;
}

static bool
members_ok(struct group_public *v)
{
	const uint8_t *p = v->members;
	size_t i;

	for (i = 0; i < v->n_members; i++, p += PUB_MEMBER_LEN) {
		if (p[GROUP_ACCOUNT_LEN] > GROUP_ADMIN ||
		    !version_ok(v, get_be32(p + GROUP_ACCOUNT_LEN + 1)))
			return false;
		v->n_admins += p[GROUP_ACCOUNT_LEN] == GROUP_ADMIN;
	}
	if (v->n_members == 0) /* ended */
		return v->n_requests == 0 && v->link == GROUP_LINK_NONE;
	return v->n_admins > 0 &&
	       layout_ascends(v->members, v->n_members, PUB_MEMBER_LEN);
}

static bool
requests_ok(const struct group_public *v)
{
	size_t i;

	for (i = 0; i < v->n_requests; i++)
		if (group_public_find(v, group_public_request(v, i), NULL) ||
		    !version_ok(v, get_be32(group_public_request(v, i) +
					    GROUP_ACCOUNT_LEN)))
			return false;
	return layout_ascends(v->requests, v->n_requests, PUB_REQUEST_LEN);
}

static bool
sealed_ok(const struct group_public *v, const uint8_t *p)
{
	uint8_t h[GROUP_HASH_LEN];

	crypto_hash_sha256(h, v->sealed, v->sealed_len);
	return memcmp(h, p + PUB_AT_SEALED_HASH, sizeof(h)) == 0;
}

int
group_public_open(struct group_public *out, const uint8_t *p, size_t len)
{
	struct group_public v;
	size_t lists;

	if (len < 1)
		return ERR_FORMAT;
	if (p[PUB_AT_FORMAT] != PUB_FORMAT)
		return ERR_VERSION;
	if (len < PUB_AT_LISTS || len > GROUP_PUBLIC_MAX)
		return ERR_FORMAT;
	view_fixed(&v, p);
	if (v.n_members > GROUP_MEMBERS_MAX ||
	    v.n_requests > GROUP_REQUESTS_MAX)
		return ERR_FORMAT;
	lists = v.n_members * PUB_MEMBER_LEN + v.n_requests * PUB_REQUEST_LEN;
	if (len - PUB_AT_LISTS < lists)
		return ERR_FORMAT;
	v.sealed_len = len - PUB_AT_LISTS - lists;
	if (v.sealed_len == 0 || v.sealed_len > GROUP_SEALED_MAX)
		return ERR_FORMAT;
	if (!fixed_ok(&v, p) || !members_ok(&v) || !requests_ok(&v) ||
	    !sealed_ok(&v, p))
		return ERR_FORMAT;
	*out = v;
	return 0;
}

void
group_public_hash(
    const struct group_public *v, uint8_t out[static GROUP_HASH_LEN])
{
	const uint8_t *record = v->members - PUB_AT_LISTS;

	layout_hash(out, record, (size_t)(v->sealed - record));
}

/* ---- looking ----------------------------------------------------------------- */

void
group_public_member(
    const struct group_public *v, size_t i, struct group_member *out)
{
	const uint8_t *p = v->members + i * PUB_MEMBER_LEN;

	memcpy(out->account, p, GROUP_ACCOUNT_LEN);
	out->role = p[GROUP_ACCOUNT_LEN];
	out->since = get_be32(p + GROUP_ACCOUNT_LEN + 1);
}

bool
group_public_find(const struct group_public *v,
    const uint8_t account[static GROUP_ACCOUNT_LEN], struct group_member *out)
{
	size_t at;

	if (!layout_search(
		v->members, v->n_members, PUB_MEMBER_LEN, account, &at))
		return false;
	if (out != NULL)
		group_public_member(v, at, out);
	return true;
}

const uint8_t *
group_public_request(const struct group_public *v, size_t i)
{
	return v->requests + i * PUB_REQUEST_LEN;
}

bool
group_public_asked(const struct group_public *v,
    const uint8_t account[static GROUP_ACCOUNT_LEN])
{
	return layout_search(
	    v->requests, v->n_requests, PUB_REQUEST_LEN, account, NULL);
}

static bool
permitted(
    const struct group_public *v, const uint8_t *account, enum group_who who)
{
	struct group_member m;

	return group_public_find(v, account, &m) &&
	       (who == GROUP_EVERYBODY || m.role == GROUP_ADMIN);
}

bool
group_public_may_send(const struct group_public *v,
    const uint8_t account[static GROUP_ACCOUNT_LEN])
{
	return permitted(v, account, v->permissions.send);
}

bool
group_public_may_edit(const struct group_public *v,
    const uint8_t account[static GROUP_ACCOUNT_LEN])
{
	return permitted(v, account, v->permissions.edit);
}

bool
group_public_may_add(const struct group_public *v,
    const uint8_t account[static GROUP_ACCOUNT_LEN])
{
	return permitted(v, account, v->permissions.add);
}

bool
group_public_is_admin(const struct group_public *v,
    const uint8_t account[static GROUP_ACCOUNT_LEN])
{
	return permitted(v, account, GROUP_ADMINS);
}
