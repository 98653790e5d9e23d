/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/group/draft.h"
#include "common/group/layout.h"
#include "common/group/seal.h"

void
draft_clear(struct draft *d)
{
	buf_clear(&d->accounts);
	buf_clear(&d->admins);
	buf_clear(&d->sealed);
	sodium_memzero(d, sizeof(*d));
}

void
draft_merge_meta(struct group_meta *m, const struct group_intent *in)
{
	if (in->fields & GROUP_F_NAME)
		memcpy(m->name, in->meta.name, sizeof(m->name));
	if (in->fields & GROUP_F_ABOUT)
		memcpy(m->about, in->meta.about, sizeof(m->about));
	if (in->fields & GROUP_F_PICTURE) {
		memcpy(m->picture, in->meta.picture, sizeof(m->picture));
		m->picture_len = in->meta.picture_len;
	}
	if (in->fields & GROUP_F_TIMER)
		m->timer_s = in->meta.timer_s;
}

void
draft_merge_permissions(
    struct group_permissions *p, const struct group_intent *in)
{
	if (in->fields & GROUP_F_SEND)
		p->send = in->permissions.send;
	if (in->fields & GROUP_F_EDIT)
		p->edit = in->permissions.edit;
	if (in->fields & GROUP_F_ADD)
		p->add = in->permissions.add;
}

static int
by_account(const void *a, const void *b)
{
	return memcmp(a, b, GROUP_ACCOUNT_LEN);
}

/* Sorted as entries want it; the same account twice is once. */
static int
put_list(struct buf *b, const uint8_t (*list)[GROUP_ACCOUNT_LEN], size_t n)
{
	size_t i, kept = 0;
	int r;

	buf_init(b, GROUP_MEMBERS_MAX * GROUP_ACCOUNT_LEN);
	if (n == 0)
		return 0;
	r = buf_put(b, list, n * GROUP_ACCOUNT_LEN);
	if (r != 0)
		return r == ERR_FULL ? ERR_RANGE : r;
	qsort(b->p, n, GROUP_ACCOUNT_LEN, by_account);
	for (i = 0; i < n; i++) {
		if (kept > 0 &&
		    by_account(b->p + (kept - 1) * GROUP_ACCOUNT_LEN,
			b->p + i * GROUP_ACCOUNT_LEN) == 0)
			continue;
		memmove(b->p + kept++ * GROUP_ACCOUNT_LEN,
		    b->p + i * GROUP_ACCOUNT_LEN, GROUP_ACCOUNT_LEN);
	}
	b->len = kept * GROUP_ACCOUNT_LEN;
	return 0;
}

static int
make_lists(struct draft *d, const struct group_intent *in)
{
	size_t i;
	int r;

	r = put_list(&d->accounts,
	    (const uint8_t(*)[GROUP_ACCOUNT_LEN])in->accounts, in->n_accounts);
	if (r == 0)
		r = put_list(&d->admins,
		    (const uint8_t(*)[GROUP_ACCOUNT_LEN])in->admins,
		    in->n_admins);
	if (r != 0)
		return r;
	d->e.accounts = d->accounts.p;
	d->e.n_accounts = d->accounts.len / GROUP_ACCOUNT_LEN;
	d->e.admins = d->admins.p;
	d->e.n_admins = d->admins.len / GROUP_ACCOUNT_LEN;
	for (i = 0; i < d->e.n_admins; i++)
		if (layout_search(d->e.accounts, d->e.n_accounts,
			GROUP_ACCOUNT_LEN, d->e.admins + i * GROUP_ACCOUNT_LEN,
			NULL))
			return ERR_RANGE; /* one person, two roles */
	return 0;
}

static void
make_names(struct draft *d, const struct group_record *r,
    const uint8_t *account, const struct group_intent *in,
    const struct signal_rng *rng)
{
	struct group_entry *e = &d->e;

	e->kind = in->kind;
	e->version = 1;
	memcpy(e->actor, account, sizeof(e->actor));
	e->state_hash = d->state_hash;
	if (r != NULL) {
		e->version = r->pub.version + 1;
		memcpy(e->id, r->pub.id, sizeof(e->id));
		memcpy(e->prev, r->pub.head, sizeof(e->prev));
	} else if (rng != NULL) {
		rng->fill(rng->ctx, e->id, sizeof(e->id));
	}
}

static void
make_permissions(struct draft *d, const struct group_record *r,
    const struct group_intent *in)
{
	if (in->kind != GROUP_CREATE && in->kind != GROUP_PERMIT)
		return;
	d->e.has_permissions = true;
	d->e.permissions = in->permissions;
	if (in->kind == GROUP_PERMIT && r != NULL) {
		d->e.permissions = r->pub.permissions;
		draft_merge_permissions(&d->e.permissions, in);
	}
}

static void
make_link(struct draft *d, const struct group_intent *in)
{
	if (in->kind == GROUP_LINK) {
		d->e.has_link = true;
		if (!in->has_token)
			return;
		d->e.approval = in->approval;
		group_link_key(d->link_key, in->token);
		d->e.link_key = d->link_key;
	} else if (in->kind == GROUP_JOIN || in->kind == GROUP_REQUEST) {
		entry_prove(d->proof, &d->e, in->token);
		d->e.proof = d->proof;
	}
}

static void
make_secret(struct draft *d, const struct group_record *r,
    const struct group_intent *in, const struct signal_rng *rng)
{
	if (in->kind != GROUP_CREATE && in->kind != GROUP_REMOVE &&
	    in->kind != GROUP_REKEY)
		return;
	d->e.has_rekey = true;
	d->e.epoch = r != NULL ? r->pub.epoch + 1 : 1;
	d->e.secret_hash = d->secret_hash;
	if (rng == NULL)
		return;
	rng->fill(rng->ctx, d->secret, sizeof(d->secret));
	secret_hash(d->secret_hash, d->e.id, d->e.epoch, d->secret);
}

/* REKEY alone goes without the old secret: it repairs a group that lost it. */
static int
make_sealed(struct draft *d, const struct group_record *r,
    const struct group_intent *in, const struct signal_rng *rng)
{
	struct group_meta m = in->meta;
	const uint8_t *secret = r != NULL ? record_secret(r) : NULL;
	struct seal_place at = {d->e.id, d->e.epoch, d->e.version};
	int e;

	buf_init(&d->sealed, GROUP_SEALED_MAX);
	if (!d->e.has_rekey && in->kind != GROUP_EDIT)
		return 0;
	d->lacks_secret =
	    r != NULL && in->kind != GROUP_REKEY && secret == NULL;
	if (r != NULL)
		m = r->meta;
	if (in->kind == GROUP_EDIT) {
		draft_merge_meta(&m, in);
		at.epoch = r != NULL ? r->pub.epoch : 0;
	}
	if (d->e.has_rekey)
		secret = d->secret;
	if (rng == NULL || d->lacks_secret)
		e = buf_put(&d->sealed, "", 1);
	else
		e = meta_seal(&d->sealed, &at, secret, &m, rng);
	d->e.sealed = d->sealed.p;
	d->e.sealed_len = d->sealed.len;
	sodium_memzero(&m, sizeof(m));
	return e;
}

int
draft_make(struct draft *d, const struct group_record *r,
    const uint8_t *account, const struct group_intent *in,
    const struct signal_rng *rng)
{
	int e;

	memset(d, 0, sizeof(*d));
	if ((r == NULL) != (in->kind == GROUP_CREATE))
		return ERR_RANGE;
	e = make_lists(d, in);
	if (e != 0)
		return e;
	make_names(d, r, account, in, rng);
	make_permissions(d, r, in);
	make_link(d, in);
	make_secret(d, r, in, rng);
	return make_sealed(d, r, in, rng);
}
