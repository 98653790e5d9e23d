/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/group/layout.h"
#include "common/group/pub.h"

static void
read_fixed(struct pub *p, const struct group_public *v)
{
	memcpy(p->id, v->id, sizeof(p->id));
	p->version = v->version;
	memcpy(p->head, v->head, sizeof(p->head));
	p->epoch = v->epoch;
	p->epoch_version = v->epoch_version;
	memcpy(p->secret_hash, v->secret_hash, sizeof(p->secret_hash));
	p->rekey_due = v->rekey_due;
	p->permissions = v->permissions;
	p->link = v->link;
	memcpy(p->link_key, v->link_key, sizeof(p->link_key));
	p->sealed_version = v->sealed_version;
	memcpy(p->sealed, v->sealed, v->sealed_len);
	p->sealed_len = v->sealed_len;
}

static void
read_lists(struct pub *p, const struct group_public *v)
{
	const uint8_t *q = v->requests;
	size_t i;

	p->n_members = v->n_members;
	for (i = 0; i < v->n_members; i++)
		group_public_member(v, i, &p->members[i]);
	p->n_requests = v->n_requests;
	for (i = 0; i < v->n_requests; i++, q += PUB_REQUEST_LEN) {
		memcpy(p->requests[i].account, q, GROUP_ACCOUNT_LEN);
		p->requests[i].since = get_be32(q + GROUP_ACCOUNT_LEN);
	}
}

int
pub_new(struct pub **out, const uint8_t *record, size_t len)
{
	struct group_public v;
	struct pub *p;
	int r;

	if (len > 0) {
		r = group_public_open(&v, record, len);
		if (r != 0)
			return r;
	}
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return ERR_NOMEM;
	if (len > 0) {
		read_fixed(p, &v);
		read_lists(p, &v);
	}
	*out = p;
	return 0;
}

static void
write_fixed(const struct pub *p, uint8_t b[static PUB_AT_LISTS])
{
	b[PUB_AT_FORMAT] = PUB_FORMAT;
	memcpy(b + PUB_AT_HEAD, p->head, GROUP_HASH_LEN);
	memcpy(b + PUB_AT_ID, p->id, GROUP_ID_LEN);
	put_be32(b + PUB_AT_VERSION, p->version);
	put_be32(b + PUB_AT_EPOCH, p->epoch);
	put_be32(b + PUB_AT_EPOCH_VERSION, p->epoch_version);
	memcpy(b + PUB_AT_SECRET_HASH, p->secret_hash, GROUP_HASH_LEN);
	b[PUB_AT_REKEY_DUE] = p->rekey_due;
	b[PUB_AT_SEND] = (uint8_t)p->permissions.send;
	b[PUB_AT_EDIT] = (uint8_t)p->permissions.edit;
	b[PUB_AT_ADD] = (uint8_t)p->permissions.add;
	b[PUB_AT_LINK] = (uint8_t)p->link;
	memcpy(b + PUB_AT_LINK_KEY, p->link_key, GROUP_LINK_KEY_LEN);
	put_be32(b + PUB_AT_SEALED_VERSION, p->sealed_version);
	crypto_hash_sha256(b + PUB_AT_SEALED_HASH, p->sealed, p->sealed_len);
	put_be16(b + PUB_AT_N_MEMBERS, (uint16_t)p->n_members);
	put_be16(b + PUB_AT_N_REQUESTS, (uint16_t)p->n_requests);
}

int
pub_write(const struct pub *p, struct buf *out)
{
	size_t i, need = PUB_AT_LISTS + p->n_members * PUB_MEMBER_LEN +
			 p->n_requests * PUB_REQUEST_LEN + p->sealed_len;
	uint8_t *b;
	int r = buf_reserve(out, need);

	if (r != 0)
		return r;
	b = out->p + out->len;
	write_fixed(p, b);
	b += PUB_AT_LISTS;
	for (i = 0; i < p->n_members; i++, b += PUB_MEMBER_LEN) {
		memcpy(b, p->members[i].account, GROUP_ACCOUNT_LEN);
		b[GROUP_ACCOUNT_LEN] = (uint8_t)p->members[i].role;
		put_be32(b + GROUP_ACCOUNT_LEN + 1, p->members[i].since);
	}
	for (i = 0; i < p->n_requests; i++, b += PUB_REQUEST_LEN) {
		memcpy(b, p->requests[i].account, GROUP_ACCOUNT_LEN);
		put_be32(b + GROUP_ACCOUNT_LEN, p->requests[i].since);
	}
	memcpy(b, p->sealed, p->sealed_len);
	out->len += need;
	return 0;
}

int
pub_hash(const struct pub *p, uint8_t out[static GROUP_HASH_LEN])
{
	struct buf b;
	int r;

	buf_init(&b, GROUP_PUBLIC_MAX);
	r = pub_write(p, &b);
	if (r == 0)
		layout_hash(out, b.p, b.len - p->sealed_len);
	buf_clear(&b);
	return r;
}

bool
pub_find(const struct pub *p, const uint8_t *account, size_t *at)
{
	return layout_search(
	    p->members, p->n_members, sizeof(p->members[0]), account, at);
}

bool
pub_find_request(const struct pub *p, const uint8_t *account, size_t *at)
{
	return layout_search(
	    p->requests, p->n_requests, sizeof(p->requests[0]), account, at);
}

void
pub_put(
    struct pub *p, const uint8_t *account, enum group_role role, uint32_t since)
{
	struct group_member *m;
	size_t at;
	bool there = pub_find(p, account, &at);

	assert(!there && p->n_members < GROUP_MEMBERS_MAX);
	(void)there;
	m = &p->members[at];
	memmove(m + 1, m, (p->n_members - at) * sizeof(*m));
	memcpy(m->account, account, GROUP_ACCOUNT_LEN);
	m->role = role;
	m->since = since;
	p->n_members++;
}

void
pub_drop(struct pub *p, const uint8_t *account)
{
	struct group_member *m;
	size_t at;

	if (!pub_find(p, account, &at))
		return;
	m = &p->members[at];
	p->n_members--;
	memmove(m, m + 1, (p->n_members - at) * sizeof(*m));
}

void
pub_put_request(struct pub *p, const uint8_t *account, uint32_t since)
{
	struct pub_request *q;
	size_t at;
	bool there = pub_find_request(p, account, &at);

	assert(!there && p->n_requests < GROUP_REQUESTS_MAX);
	(void)there;
	q = &p->requests[at];
	memmove(q + 1, q, (p->n_requests - at) * sizeof(*q));
	memcpy(q->account, account, GROUP_ACCOUNT_LEN);
	q->since = since;
	p->n_requests++;
}

void
pub_drop_request(struct pub *p, const uint8_t *account)
{
	struct pub_request *q;
	size_t at;

	if (!pub_find_request(p, account, &at))
		return;
	q = &p->requests[at];
	p->n_requests--;
	memmove(q, q + 1, (p->n_requests - at) * sizeof(*q));
}

size_t
pub_admins(const struct pub *p)
{
	size_t i, n = 0;

	for (i = 0; i < p->n_members; i++)
		n += p->members[i].role == GROUP_ADMIN;
	return n;
}
