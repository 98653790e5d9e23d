/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/group/group.h"
#include "common/group/seal.h"
#include "common/proto/group.pb-c.h"
#include "common/signal/pb.h"

void
group_intent_clear(struct group_intent *in)
{
	free(in->accounts);
	free(in->admins);
	sodium_memzero(in, sizeof(*in));
}

int
group_intent_pack(const struct group_intent *in, struct buf *out)
{
	Sotto__Group__Intent m = SOTTO__GROUP__INTENT__INIT;
	Sotto__Group__Permissions perm = SOTTO__GROUP__PERMISSIONS__INIT;
	struct buf meta, b;
	int r;

	if (in->n_accounts > GROUP_MEMBERS_MAX ||
	    in->n_admins > GROUP_MEMBERS_MAX)
		return ERR_RANGE;
	buf_init(&meta, GROUP_SEALED_MAX);
	buf_init(&b, GROUP_INTENT_MAX);
	r = meta_pack(&in->meta, &meta);
	if (r != 0)
		goto out;
	m.kind = (Sotto__Group__Kind)in->kind;
	m.accounts = pb_bytes(in->accounts, in->n_accounts * GROUP_ACCOUNT_LEN);
	m.admins = pb_bytes(in->admins, in->n_admins * GROUP_ACCOUNT_LEN);
	perm.send = (Sotto__Group__Who)in->permissions.send;
	perm.edit = (Sotto__Group__Who)in->permissions.edit;
	perm.add = (Sotto__Group__Who)in->permissions.add;
	m.permissions = &perm;
	m.fields = in->fields;
	m.approval = in->approval;
	m.epoch = in->epoch;
	if (in->has_token)
		m.token = pb_bytes(in->token, GROUP_TOKEN_LEN);
	m.meta = pb_bytes(meta.p, meta.len);
	r = pb_pack(&b, &m.base);
out:
	buf_clear(&meta);
	if (r == 0)
		*out = b;
	else
		buf_clear(&b);
	return r == ERR_FULL ? ERR_RANGE : r;
}

static int
get_list(uint8_t (**to)[GROUP_ACCOUNT_LEN], size_t *n, ProtobufCBinaryData b)
{
	if (b.len == 0)
		return 0;
	if (b.len % GROUP_ACCOUNT_LEN != 0)
		return ERR_FORMAT;
	if (b.len / GROUP_ACCOUNT_LEN > GROUP_MEMBERS_MAX)
		return ERR_RANGE;
	*to = malloc(b.len);
	if (*to == NULL)
		return ERR_NOMEM;
	memcpy(*to, b.data, b.len);
	*n = b.len / GROUP_ACCOUNT_LEN;
	return 0;
}

static bool
who_ok(Sotto__Group__Who who)
{
	return (unsigned)who <= GROUP_ADMINS;
}

static int
read_intent(struct group_intent *in, const Sotto__Group__Intent *m)
{
	const Sotto__Group__Permissions *perm = m->permissions;
	int r;

	if ((unsigned)m->kind < GROUP_CREATE ||
	    (unsigned)m->kind > GROUP_REKEY || perm == NULL ||
	    !who_ok(perm->send) || !who_ok(perm->edit) || !who_ok(perm->add))
		return ERR_FORMAT;
	in->kind = (enum group_kind)m->kind;
	in->permissions.send = (enum group_who)perm->send;
	in->permissions.edit = (enum group_who)perm->edit;
	in->permissions.add = (enum group_who)perm->add;
	in->fields = m->fields;
	in->approval = m->approval;
	in->epoch = m->epoch;
	in->has_token = m->token.len > 0;
	if (in->has_token &&
	    pb_fixed(in->token, GROUP_TOKEN_LEN, m->token) != 0)
		return ERR_FORMAT;
	r = get_list(&in->accounts, &in->n_accounts, m->accounts);
	if (r == 0)
		r = get_list(&in->admins, &in->n_admins, m->admins);
	if (r == 0)
		r = meta_unpack(&in->meta, m->meta.data, m->meta.len);
	return r;
}

int
group_intent_unpack(struct group_intent *out, const uint8_t *p, size_t len)
{
	struct group_intent in = {0};
	ProtobufCMessage *m;
	struct pb_mem mem;
	int r;

	if (len > GROUP_INTENT_MAX)
		return ERR_RANGE;
	r = pb_unpack(&mem, &sotto__group__intent__descriptor, p, len, &m);
	if (r != 0)
		return r;
	r = read_intent(&in, (const Sotto__Group__Intent *)m);
	pb_free(&mem, m);
	if (r == 0)
		*out = in;
	else
		group_intent_clear(&in);
	return r;
}
