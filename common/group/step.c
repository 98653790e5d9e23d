/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules of groups: who may do what, and what it does. docs/groups.md §4. */
#include <string.h>

#include <sodium.h>

#include "common/group/entry.h"
#include "common/group/layout.h"
#include "common/group/pub.h"

enum by {
	BY_FOUNDER, /* before the first entry */
	BY_MEMBER,
	BY_EDITOR, /* a member whom the permissions let */
	BY_ADDER,
	BY_ADMIN,
	BY_OUTSIDER, /* no member */
	BY_ANYBODY,
};

enum part {
	HAS_ACCOUNTS = 1,
	HAS_ADMINS = 2,
	HAS_PERMISSIONS = 4,
	HAS_LINK = 8,
	HAS_PROOF = 16,
	HAS_REKEY = 32,
	HAS_SEALED = 64,
};

typedef enum group_why (*step_fn)(struct pub *p, const struct group_entry *e);

static const uint8_t *
account_at(const uint8_t *list, size_t i)
{
	return list + i * GROUP_ACCOUNT_LEN;
}

static enum group_why
put_all(struct pub *p, const struct group_entry *e, const uint8_t *list,
    size_t n, enum group_role role)
{
	size_t i;

	if (n > GROUP_MEMBERS_MAX - p->n_members)
		return GROUP_WHY_FULL;
	for (i = 0; i < n; i++) {
		if (pub_find(p, account_at(list, i), NULL))
			return GROUP_WHY_ALREADY;
		pub_put(p, account_at(list, i), role, e->version);
		pub_drop_request(p, account_at(list, i));
	}
	return GROUP_WHY_NONE;
}

static enum group_why
do_create(struct pub *p, const struct group_entry *e)
{
	enum group_why why;

	memcpy(p->id, e->id, sizeof(p->id));
	p->permissions = e->permissions;
	why = put_all(p, e, e->actor, 1, GROUP_ADMIN);
	if (why == GROUP_WHY_NONE)
		why = put_all(p, e, e->accounts, e->n_accounts, GROUP_MEMBER);
	if (why == GROUP_WHY_NONE)
		why = put_all(p, e, e->admins, e->n_admins, GROUP_ADMIN);
	return why;
}

static bool
is_admin(const struct pub *p, const uint8_t *account)
{
	size_t at;

	return pub_find(p, account, &at) && p->members[at].role == GROUP_ADMIN;
}

static enum group_why
do_add(struct pub *p, const struct group_entry *e)
{
	enum group_why why;

	if (e->n_accounts + e->n_admins == 0)
		return GROUP_WHY_MALFORMED;
	if (e->n_admins > 0 && !is_admin(p, e->actor))
		return GROUP_WHY_NOT_ADMIN;
	why = put_all(p, e, e->accounts, e->n_accounts, GROUP_MEMBER);
	if (why == GROUP_WHY_NONE)
		why = put_all(p, e, e->admins, e->n_admins, GROUP_ADMIN);
	return why;
}

static void
close_link(struct pub *p)
{
	p->link = GROUP_LINK_NONE;
	memset(p->link_key, 0, sizeof(p->link_key));
}

/* Whoever is removed may know the link, so it does not outlive them. */
static enum group_why
do_remove(struct pub *p, const struct group_entry *e)
{
	size_t i;

	for (i = 0; i < e->n_accounts; i++) {
		if (!pub_find(p, account_at(e->accounts, i), NULL))
			return GROUP_WHY_ABSENT;
		if (memcmp(account_at(e->accounts, i), e->actor,
			GROUP_ACCOUNT_LEN) == 0)
			return GROUP_WHY_MALFORMED; /* that is to leave */
		pub_drop(p, account_at(e->accounts, i));
	}
	close_link(p);
	return GROUP_WHY_NONE;
}

/* Somebody must be admin: the one who is a member for longest; of those who
 * came with one entry, the one whose account is lowest. */
static void
heir_becomes_admin(struct pub *p)
{
	struct group_member *heir = NULL;
	size_t i;

	for (i = 0; i < p->n_members; i++)
		if (heir == NULL || p->members[i].since < heir->since)
			heir = &p->members[i];
	if (heir != NULL)
		heir->role = GROUP_ADMIN;
}

static enum group_why
do_leave(struct pub *p, const struct group_entry *e)
{
	pub_drop(p, e->actor);
	p->rekey_due = true;
	if (pub_admins(p) == 0)
		heir_becomes_admin(p);
	if (p->n_members == 0) {
		p->n_requests = 0;
		close_link(p);
	}
	return GROUP_WHY_NONE;
}

static enum group_why
set_roles(struct pub *p, const struct group_entry *e, enum group_role role)
{
	size_t i, at;

	for (i = 0; i < e->n_accounts; i++) {
		if (!pub_find(p, account_at(e->accounts, i), &at))
			return GROUP_WHY_ABSENT;
		if (p->members[at].role == role)
			return GROUP_WHY_ALREADY;
		p->members[at].role = role;
	}
	return pub_admins(p) > 0 ? GROUP_WHY_NONE : GROUP_WHY_LAST_ADMIN;
}

static enum group_why
do_promote(struct pub *p, const struct group_entry *e)
{
	return set_roles(p, e, GROUP_ADMIN);
}

static enum group_why
do_demote(struct pub *p, const struct group_entry *e)
{
	return set_roles(p, e, GROUP_MEMBER);
}

static enum group_why
do_permit(struct pub *p, const struct group_entry *e)
{
	p->permissions = e->permissions;
	return GROUP_WHY_NONE;
}

/* Another link, or none: who asked by the old one is forgotten. */
static enum group_why
do_link(struct pub *p, const struct group_entry *e)
{
	p->n_requests = 0;
	close_link(p);
	if (e->link_key == NULL)
		return GROUP_WHY_NONE;
	p->link = e->approval ? GROUP_LINK_APPROVAL : GROUP_LINK_OPEN;
	memcpy(p->link_key, e->link_key, sizeof(p->link_key));
	return GROUP_WHY_NONE;
}

static enum group_why
by_link(const struct pub *p, const struct group_entry *e, enum group_link need)
{
	if (p->link != need)
		return GROUP_WHY_NO_LINK;
	return entry_proof_ok(e, p->link_key) ? GROUP_WHY_NONE
					      : GROUP_WHY_PROOF;
}

static enum group_why
do_join(struct pub *p, const struct group_entry *e)
{
	enum group_why why = by_link(p, e, GROUP_LINK_OPEN);

	if (why == GROUP_WHY_NONE)
		why = put_all(p, e, e->actor, 1, GROUP_MEMBER);
	return why;
}

static enum group_why
do_request(struct pub *p, const struct group_entry *e)
{
	enum group_why why = by_link(p, e, GROUP_LINK_APPROVAL);

	if (why != GROUP_WHY_NONE)
		return why;
	if (pub_find_request(p, e->actor, NULL))
		return GROUP_WHY_ALREADY;
	if (p->n_requests == GROUP_REQUESTS_MAX)
		return GROUP_WHY_FULL;
	pub_put_request(p, e->actor, e->version);
	return GROUP_WHY_NONE;
}

static enum group_why
all_asked(const struct pub *p, const struct group_entry *e)
{
	size_t i;

	for (i = 0; i < e->n_accounts; i++)
		if (!pub_find_request(p, account_at(e->accounts, i), NULL))
			return GROUP_WHY_ABSENT;
	return GROUP_WHY_NONE;
}

static enum group_why
do_approve(struct pub *p, const struct group_entry *e)
{
	enum group_why why = all_asked(p, e);

	if (why == GROUP_WHY_NONE)
		why = put_all(p, e, e->accounts, e->n_accounts, GROUP_MEMBER);
	return why;
}

/* By an admin; or one's own request, taken back. */
static enum group_why
do_decline(struct pub *p, const struct group_entry *e)
{
	enum group_why why = all_asked(p, e);
	bool own = e->n_accounts == 1 &&
		   memcmp(e->accounts, e->actor, GROUP_ACCOUNT_LEN) == 0;
	size_t i;

	if (!own && !pub_find(p, e->actor, NULL))
		return GROUP_WHY_NOT_MEMBER;
	if (!own && !is_admin(p, e->actor))
		return GROUP_WHY_NOT_ADMIN;
	for (i = 0; why == GROUP_WHY_NONE && i < e->n_accounts; i++)
		pub_drop_request(p, account_at(e->accounts, i));
	return why;
}

static enum group_why
do_nothing(struct pub *p, const struct group_entry *e)
{
	(void)p;
	(void)e;
	return GROUP_WHY_NONE; /* the sealed part is all there is */
}

#define LISTS  (HAS_ACCOUNTS | HAS_ADMINS)
#define REKEYS (HAS_REKEY | HAS_SEALED)

/* kind, who may, parts it must have, parts it may have, what it does */
#define RULES(X)                                                               \
	X(CREATE, BY_FOUNDER, HAS_PERMISSIONS | REKEYS, LISTS, do_create)      \
	X(ADD, BY_ADDER, 0, LISTS, do_add)                                     \
	X(REMOVE, BY_ADMIN, HAS_ACCOUNTS | REKEYS, 0, do_remove)               \
	X(LEAVE, BY_MEMBER, 0, 0, do_leave)                                    \
	X(PROMOTE, BY_ADMIN, HAS_ACCOUNTS, 0, do_promote)                      \
	X(DEMOTE, BY_ADMIN, HAS_ACCOUNTS, 0, do_demote)                        \
	X(PERMIT, BY_ADMIN, HAS_PERMISSIONS, 0, do_permit)                     \
	X(LINK, BY_ADMIN, HAS_LINK, 0, do_link)                                \
	X(JOIN, BY_OUTSIDER, HAS_PROOF, 0, do_join)                            \
	X(REQUEST, BY_OUTSIDER, HAS_PROOF, 0, do_request)                      \
	X(APPROVE, BY_ADMIN, HAS_ACCOUNTS, 0, do_approve)                      \
	X(DECLINE, BY_ANYBODY, HAS_ACCOUNTS, 0, do_decline)                    \
	X(EDIT, BY_EDITOR, HAS_SEALED, 0, do_nothing)                          \
	X(REKEY, BY_ADMIN, REKEYS, 0, do_nothing)

static const struct rule {
	enum by by;
	unsigned must, may;
	step_fn step;
} rules[] = {
#define X(kind, by, must, may, fn) [GROUP_##kind] = {by, must, may, fn},
    RULES(X)
#undef X
};

static unsigned
parts_of(const struct group_entry *e)
{
	return (e->n_accounts > 0 ? HAS_ACCOUNTS : 0u) |
	       (e->n_admins > 0 ? HAS_ADMINS : 0u) |
	       (e->has_permissions ? HAS_PERMISSIONS : 0u) |
	       (e->has_link ? HAS_LINK : 0u) |
	       (e->proof != NULL ? HAS_PROOF : 0u) |
	       (e->has_rekey ? HAS_REKEY : 0u) |
	       (e->sealed_len > 0 ? HAS_SEALED : 0u);
}

static enum group_why
permitted(bool admin, enum group_who who)
{
	return admin || who == GROUP_EVERYBODY ? GROUP_WHY_NONE
					       : GROUP_WHY_NOT_PERMITTED;
}

static enum group_why
actor_ok(const struct pub *p, const struct group_entry *e, enum by by)
{
	bool member = pub_find(p, e->actor, NULL);
	bool admin = is_admin(p, e->actor);

	if (by == BY_FOUNDER || by == BY_ANYBODY)
		return GROUP_WHY_NONE;
	if (by == BY_OUTSIDER)
		return member ? GROUP_WHY_ALREADY : GROUP_WHY_NONE;
	if (!member)
		return GROUP_WHY_NOT_MEMBER;
	if (by == BY_ADMIN)
		return admin ? GROUP_WHY_NONE : GROUP_WHY_NOT_ADMIN;
	if (by == BY_EDITOR)
		return permitted(admin, p->permissions.edit);
	if (by == BY_ADDER)
		return permitted(admin, p->permissions.add);
	return GROUP_WHY_NONE;
}

/* A new secret, and metadata sealed with it. */
static void
take_sealed(struct pub *p, const struct group_entry *e)
{
	if (e->has_rekey) {
		p->epoch = e->epoch;
		p->epoch_version = e->version;
		memcpy(p->secret_hash, e->secret_hash, GROUP_HASH_LEN);
		p->rekey_due = false;
	}
	if (e->sealed_len > 0) {
		p->sealed_version = e->version;
		memcpy(p->sealed, e->sealed, e->sealed_len);
		p->sealed_len = e->sealed_len;
	}
}

enum group_why
pub_step(struct pub *p, const struct group_entry *e)
{
	const struct rule *rule;
	enum group_why why;
	unsigned parts = parts_of(e);

	if ((size_t)e->kind >= ARRAY_LEN(rules) || e->kind < GROUP_CREATE)
		return GROUP_WHY_UNKNOWN_KIND;
	rule = &rules[e->kind];
	if ((rule->by == BY_FOUNDER) != (p->version == 0) ||
	    (parts & rule->must) != rule->must ||
	    (parts & ~(rule->must | rule->may)) != 0)
		return GROUP_WHY_MALFORMED;
	if (p->version > 0 && p->n_members == 0)
		return GROUP_WHY_ENDED;
	if (e->has_rekey && e->epoch != p->epoch + 1)
		return GROUP_WHY_EPOCH;
	why = actor_ok(p, e, rule->by);
	if (why != GROUP_WHY_NONE)
		return why;
	p->version = e->version;
	why = rule->step(p, e);
	if (why == GROUP_WHY_NONE)
		take_sealed(p, e);
	return why;
}
