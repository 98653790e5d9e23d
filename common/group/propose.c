/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes of our own: made, and made again after another was first. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/group/draft.h"
#include "common/group/pub.h"

/* ---- proposing --------------------------------------------------------------- */

/* The state after the draft, and its hash into the draft. */
static int
step_draft(struct draft *d, struct pub *p, enum group_why *why)
{
	*why = pub_step(p, &d->e);
	if (*why != GROUP_WHY_NONE)
		return ERR_DENIED;
	if (d->lacks_secret)
		return ERR_NOTFOUND;
	return pub_hash(p, d->state_hash);
}

static int
record_after(
    struct group_record **r, const struct draft *d, const struct pub *p)
{
	enum group_meta_state ignored;
	struct buf b;
	int e;

	buf_init(&b, GROUP_PUBLIC_MAX);
	e = pub_write(p, &b);
	if (e == 0)
		e = *r == NULL ? record_new(r, b.p, b.len)
			       : record_advance(*r, &b);
	buf_clear(&b);
	if (e == 0 && d->e.has_rekey)
		e = record_put_secret(*r, d->e.epoch, d->secret);
	if (e == 0)
		e = record_open_meta(*r, &ignored);
	return e;
}

static int
sign_draft(struct draft *d, const struct group_actor *me, struct pub *p,
    struct buf *entry)
{
	int e;

	d->e.device = me->device;
	d->e.list_version = me->list_version;
	d->e.when_ms = me->now_ms;
	e = entry_sign(&d->e, me->identity, me->rng, entry);
	if (e == 0)
		memcpy(p->head, d->e.hash, sizeof(p->head));
	return e;
}

int
group_propose(const uint8_t *record, size_t len, const struct group_actor *me,
    const struct group_intent *in, struct group_proposal *out,
    enum group_why *why)
{
	struct group_proposal made = {{0}, {0}};
	struct group_record *r = NULL;
	struct pub *p = NULL;
	struct draft d = {0};
	int e = 0;

	*why = GROUP_WHY_NONE;
	buf_init(&made.entry, GROUP_ENTRY_MAX);
	if (len > 0)
		e = record_open(&r, record, len);
	if (e == 0)
		e = draft_make(&d, r, me->account, in, me->rng);
	if (e == 0)
		e = r != NULL ? pub_new(&p, r->pub_bytes.p, r->pub_bytes.len)
			      : pub_new(&p, NULL, 0);
	if (e == 0)
		e = step_draft(&d, p, why);
	if (e == 0)
		e = sign_draft(&d, me, p, &made.entry);
	if (e == 0)
		e = record_after(&r, &d, p);
	if (e == 0)
		e = record_pack(r, &made.record);
	if (e == 0)
		*out = made;
	else
		buf_clear(&made.entry);
	draft_clear(&d);
	record_free(r);
	free(p);
	return e;
}

void
group_proposal_clear(struct group_proposal *p)
{
	buf_clear(&p->entry);
	buf_clear(&p->record);
}

/* ---- rebasing ---------------------------------------------------------------- */

/* Whether there is something to do yet about an account. */
static bool
still_wanted(const struct group_public *v, enum group_kind kind,
    const uint8_t account[static GROUP_ACCOUNT_LEN])
{
	struct group_member m = {.role = GROUP_MEMBER};
	bool member = group_public_find(v, account, &m);

	switch (kind) {
	case GROUP_ADD:
		return !member;
	case GROUP_REMOVE:
		return member;
	case GROUP_PROMOTE:
		return member && m.role != GROUP_ADMIN;
	case GROUP_DEMOTE:
		return member && m.role == GROUP_ADMIN;
	default: /* APPROVE, DECLINE */
		return group_public_asked(v, account);
	}
}

static size_t
shorten(const struct group_public *v, enum group_kind kind,
    uint8_t (*to)[GROUP_ACCOUNT_LEN], const uint8_t (*from)[GROUP_ACCOUNT_LEN],
    size_t n)
{
	size_t i, kept = 0;

	for (i = 0; i < n; i++)
		if (still_wanted(v, kind, from[i]))
			memmove(to[kept++], from[i], GROUP_ACCOUNT_LEN);
	return kept;
}

static unsigned
fields_left(const struct group_record *r, const struct group_intent *in)
{
	const struct group_permissions *p = &r->pub.permissions;
	const struct group_permissions *q = &in->permissions;
	const struct group_meta *a = &r->meta, *b = &in->meta;
	unsigned same = 0;

	if (in->kind == GROUP_PERMIT)
		return in->fields &
		       ((p->send != q->send ? GROUP_F_SEND : 0u) |
			   (p->edit != q->edit ? GROUP_F_EDIT : 0u) |
			   (p->add != q->add ? GROUP_F_ADD : 0u));
	same |= strcmp(a->name, b->name) == 0 ? GROUP_F_NAME : 0u;
	same |= strcmp(a->about, b->about) == 0 ? GROUP_F_ABOUT : 0u;
	same |= a->timer_s == b->timer_s ? GROUP_F_TIMER : 0u;
	if (a->picture_len == b->picture_len &&
	    memcmp(a->picture, b->picture, a->picture_len) == 0)
		same |= GROUP_F_PICTURE;
	return in->fields & ~same &
	       (GROUP_F_NAME | GROUP_F_ABOUT | GROUP_F_TIMER | GROUP_F_PICTURE);
}

static bool
same_link(const struct group_public *v, const struct group_intent *in)
{
	uint8_t key[GROUP_LINK_KEY_LEN];

	if (!in->has_token)
		return v->link == GROUP_LINK_NONE;
	group_link_key(key, in->token);
	return v->link ==
		   (in->approval ? GROUP_LINK_APPROVAL : GROUP_LINK_OPEN) &&
	       memcmp(key, v->link_key, sizeof(key)) == 0;
}

/* Shortens what (a copy, with lists of its own); true: nothing is left. */
static bool
nothing_left(const struct group_record *r, const uint8_t *account,
    struct group_intent *what)
{
	const struct group_public *v = &r->pub;
	bool member = group_public_find(v, account, NULL);

	switch (what->kind) {
	case GROUP_LEAVE:
		return !member;
	case GROUP_JOIN:
		return member;
	case GROUP_REQUEST:
		return member || group_public_asked(v, account);
	case GROUP_REKEY:
		return what->epoch == 0 ? !v->rekey_due
					: v->epoch != what->epoch;
	case GROUP_LINK:
		return same_link(v, what);
	case GROUP_EDIT:
	case GROUP_PERMIT:
		what->fields = fields_left(r, what);
		return what->fields == 0;
	case GROUP_CREATE:
		return true; /* the record is there */
	default:
		what->n_accounts = shorten(v, what->kind, what->accounts,
		    (const uint8_t(*)[GROUP_ACCOUNT_LEN])what->accounts,
		    what->n_accounts);
		what->n_admins = shorten(v, what->kind, what->admins,
		    (const uint8_t(*)[GROUP_ACCOUNT_LEN])what->admins,
		    what->n_admins);
		return what->n_accounts + what->n_admins == 0;
	}
}

static int
still_allowed(const struct group_record *r, const uint8_t *account,
    const struct group_intent *what, enum group_why *why)
{
	struct pub *p = NULL;
	struct draft d;
	int e;

	e = draft_make(&d, r, account, what, NULL);
	if (e == 0)
		e = pub_new(&p, r->pub_bytes.p, r->pub_bytes.len);
	if (e == 0)
		e = step_draft(&d, p, why);
	draft_clear(&d);
	free(p);
	return e;
}

static void
commit(struct group_intent *in, const struct group_intent *what)
{
	in->fields = what->fields;
	in->n_accounts = what->n_accounts;
	in->n_admins = what->n_admins;
	if (what->n_accounts > 0)
		memcpy(in->accounts, what->accounts,
		    what->n_accounts * GROUP_ACCOUNT_LEN);
	if (what->n_admins > 0)
		memcpy(in->admins, what->admins,
		    what->n_admins * GROUP_ACCOUNT_LEN);
}

/* Heap copies of both lists in one. */
static int
copy_lists(struct group_intent *what, uint8_t (**own)[GROUP_ACCOUNT_LEN])
{
	size_t n = what->n_accounts + what->n_admins;
	uint8_t(*lists)[GROUP_ACCOUNT_LEN];

	if (what->n_accounts > GROUP_MEMBERS_MAX ||
	    what->n_admins > GROUP_MEMBERS_MAX)
		return ERR_RANGE;
	lists = calloc(n + 1, GROUP_ACCOUNT_LEN);
	if (lists == NULL)
		return ERR_NOMEM;
	if (what->n_accounts > 0)
		memcpy(lists, what->accounts,
		    what->n_accounts * GROUP_ACCOUNT_LEN);
	if (what->n_admins > 0)
		memcpy(lists + what->n_accounts, what->admins,
		    what->n_admins * GROUP_ACCOUNT_LEN);
	what->accounts = lists;
	what->admins = lists + what->n_accounts;
	*own = lists;
	return 0;
}

int
group_rebase(const uint8_t *record, size_t len,
    const uint8_t account[static GROUP_ACCOUNT_LEN], struct group_intent *in,
    enum group_why *why)
{
	struct group_intent what = *in;
	uint8_t(*lists)[GROUP_ACCOUNT_LEN] = NULL;
	struct group_record *r = NULL;
	int e;

	*why = GROUP_WHY_NONE;
	e = record_open(&r, record, len);
	if (e == 0)
		e = copy_lists(&what, &lists);
	if (e == 0 && nothing_left(r, account, &what))
		e = ERR_DUP;
	if (e == 0)
		e = still_allowed(r, account, &what, why);
	if (e == 0)
		commit(in, &what);
	free(lists);
	record_free(r);
	sodium_memzero(&what, sizeof(what));
	return e;
}
