/* SPDX-License-Identifier: GPL-3.0-or-later */
/* group_follow.c — the chain: entries are verified by the lists of devices of
 * who made them, applied one by one, and what they did is told. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/engine/group_int.h"
#include "tui/engine/group_send.h"
#include "tui/store/store_status.h"

/* ---- who signed ------------------------------------------------------------------ */

/* Which list of devices is missing, if a judgement needs one. */
struct judge {
	struct engine *e;
	bool lacks;
	uint8_t account[STORE_ID_LEN];
	bool gone; /* a device that was one once signed it */
};

static int
key_of(void *ctx, const uint8_t account[static GROUP_ACCOUNT_LEN],
    uint32_t device, uint32_t list_version, struct identity_pk *out)
{
	struct judge *j = ctx;
	const struct groups *gs = j->e->groups;
	struct store_device d;
	int r;

	if (own_account(j->e, account) && device == j->e->self.device) {
		*out = j->e->keys->identity.pk;
		return 0;
	}
	r = keys_of_device(j->e, account, device, list_version, out);
	if (r == ERR_BUSY && gs != NULL && gs->held_settled &&
	    memcmp(gs->held_account, account, STORE_ID_LEN) == 0)
		r = ERR_NOTFOUND;
	if (r == ERR_BUSY) {
		j->lacks = true;
		memcpy(j->account, account, STORE_ID_LEN);
	}
	if (r == ERR_NOTFOUND)
		j->gone =
		    store_device_get(j->e->store, account, device, &d) == 0;
	return r;
}

/* ---- effects ----------------------------------------------------------------------- */

/* Somebody is gone who has our sender key. */
static bool
somebody_gone(const struct group_view *before, const struct group_entry *en)
{
	return before != NULL &&
	       (en->kind == GROUP_REMOVE || en->kind == GROUP_LEAVE);
}

/* The admin that comes first sees to a new secret at once; the others, when
 * they come by and it is still due. */
static int
see_to_rekey(
    struct engine *e, struct store_group *g, const struct group_view *now)
{
	struct group_intent in = {.kind = GROUP_REKEY};
	struct group_member m;
	enum group_why why;
	int64_t id;
	size_t i;
	int r;

	if (!now->pub.rekey_due)
		return 0;
	for (i = 0; i < now->pub.n_members; i++) {
		group_public_member(&now->pub, i, &m);
		if (m.role == GROUP_ADMIN)
			break;
	}
	if (i == now->pub.n_members || !own_account(e, m.account))
		return 0;
	r = group_change_add(e, g, &in, &id, &why);
	return r == ERR_FULL || r == ERR_DENIED ? 0 : r;
}

/* Who asked to be let in, or was named, and is in now: the chat begins. */
static int
tell_line(struct engine *e, struct store_group *g, const struct group_entry *en,
    const struct group_view *before, const struct group_view *now)
{
	char *line = group_sentence(e, en, before, now);
	int r;

	if (line == NULL)
		return ERR_NOMEM;
	r = line[0] != '\0' ? note_add(e, g->chat, STORE_MSG_NOTE, line) : 0;
	free(line);
	return r;
}

int
group_effects(struct engine *e, struct store_group *g,
    const struct group_view *before, const struct group_entry *en)
{
	struct group_view now;
	int r = group_view_open(&now, g->record, g->len);

	if (r != 0)
		return r;
	r = tell_line(e, g, en, before, &now);
	if (r == 0 && somebody_gone(before, en))
		r = group_keys_rotate(e, g->id, GROUP_ROTATE_LEFT);
	if (en->kind == GROUP_LEAVE && own_account(e, en->actor))
		g->standing = STORE_GROUP_LEFT;
	if (r == 0 && g->standing == STORE_GROUP_MEMBER)
		r = see_to_rekey(e, g, &now);
	else if (r == 0)
		r = group_changes_end(
		    e, g, "You are not in the group any more.");
	group_view_clear(&now);
	return r == 0 ? group_save(e, g) : r;
}

/* ---- applying ------------------------------------------------------------------------- */

/* An entry that does not hold. Nothing has changed. */
static int
refused(struct engine *e, struct store_group *g, const struct judge *j,
    uint32_t version, enum group_why why)
{
	/* By a device that has been removed since, perhaps rightly: a member
	 * can say whether it was before or after. */
	if (why == GROUP_WHY_NO_DEVICE && j->gone) {
		group_todo(g, STORE_GROUP_ASK_WELCOME, 0);
		return group_save(e, g);
	}
	return group_alarm(e, g, (int)why, version);
}

static int
advance(struct engine *e, struct store_group *g, const struct group_entry *en,
    struct buf *rec)
{
	struct group_view before;
	const bool had = g->len > 0;
	int r = had ? group_view_open(&before, g->record, g->len) : 0;

	if (r != 0)
		return r;
	r = group_advance(e, g, rec);
	if (r == 0)
		r = group_effects(e, g, had ? &before : NULL, en);
	if (had)
		group_view_clear(&before);
	return r;
}

/* One entry. ERR_BUSY a list is missing; ERR_AGAIN entries before it. */
static int
apply(struct engine *e, struct store_group *g, const uint8_t *p, size_t len)
{
	struct judge j = {.e = e};
	const struct group_keys keys = {key_of, &j};
	enum group_why why = GROUP_WHY_NONE;
	struct group_entry en;
	struct buf rec;
	bool ours = false;
	int r = group_entry_open(&en, p, len, &why);

	if (r != 0)
		return r == ERR_DENIED ? refused(e, g, &j, g->version + 1, why)
				       : r;
	r = group_change_came(e, g, &en, &ours);
	if (r == 0 && !ours) {
		r = group_apply(
		    g->record, g->len, p, len, &keys, &rec, NULL, &why);
		if (r == 0) {
			r = advance(e, g, &en, &rec);
			buf_clear(&rec);
		} else if (r == ERR_NOTFOUND) {
			r = 0; /* version 1, and no CREATE */
		} else if (r == ERR_DENIED) {
			r = refused(e, g, &j, en.version, why);
		} else if (r == ERR_BUSY && e->groups != NULL) {
			memcpy(
			    e->groups->held_account, j.account, STORE_ID_LEN);
			e->groups->held_settled = false;
		}
	}
	group_entry_clear(&en);
	return r == ERR_DUP ? 0 : r;
}

int
group_follow(struct engine *e, struct store_group *g)
{
	uint32_t version;
	int64_t id;
	uint8_t *p;
	size_t len;
	int r = 0;

	if (groups_get(e) == NULL)
		return ERR_NOMEM;
	for (;;) {
		r = store_entry_first(e->store, g->id, &id, &version, &p, &len);
		if (r == ERR_NOTFOUND) {
			g->todo &= ~(uint32_t)STORE_GROUP_HELD;
			r = g->len > 0 ? group_papers(e, g) : 0;
			return r == 0 ? store_group_put(e->store, g) : r;
		}
		if (r != 0)
			return r;
		/* A welcome is the better beginning: its sender has a name. */
		r = g->len == 0 && (version > 1 || !e->groups->from_start)
			? ERR_AGAIN
			: apply(e, g, p, len);
		free(p);
		if (r == ERR_AGAIN) {
			if (g->wanted < version)
				g->wanted = version;
			g->todo &= ~(uint32_t)STORE_GROUP_HELD;
			group_todo(g, STORE_GROUP_ENTRIES,
			    g->len == 0 ? GROUP_HEARD_MS : 0);
			return store_group_put(e->store, g);
		}
		if (r == ERR_BUSY) {
			group_todo(g, STORE_GROUP_HELD, 0);
			return store_group_put(e->store, g);
		}
		if (r == 0)
			r = store_entry_delete(e->store, id);
		if (r != 0)
			return r;
	}
}

/* ---- what the relay brings --------------------------------------------------------------- */

int
group_hold(
    struct engine *e, struct store_group *g, const uint8_t *entry, size_t len)
{
	struct group_entry en;
	enum group_why why;
	uint32_t version = g->version + 1; /* of one that cannot be read */
	int r = group_entry_open(&en, entry, len, &why);

	if (r == ERR_NOMEM)
		return r;
	if (r == 0) {
		r = memcmp(en.id, g->id, GROUP_ID_LEN);
		version = en.version;
		group_entry_clear(&en);
		if (r != 0)
			return 0;
	}
	return len > GROUP_ENTRY_MAX
		   ? 0
		   : store_entry_hold(e->store, g->id, version, entry, len);
}

static bool
names(const struct group_entry *en, const uint8_t *account)
{
	size_t i;

	for (i = 0; i < en->n_accounts; i++)
		if (memcmp(en->accounts + i * GROUP_ACCOUNT_LEN, account,
			GROUP_ACCOUNT_LEN) == 0)
			return true;
	for (i = 0; i < en->n_admins; i++)
		if (memcmp(en->admins + i * GROUP_ACCOUNT_LEN, account,
			GROUP_ACCOUNT_LEN) == 0)
			return true;
	return memcmp(en->actor, account, GROUP_ACCOUNT_LEN) == 0;
}

/* Somebody whom the person has blocked does not put them anywhere. */
static int
by_blocked(struct engine *e, const struct group_entry *en, bool *yes)
{
	struct store_contact c;
	int r;

	*yes = false;
	if (en->kind != GROUP_CREATE && en->kind != GROUP_ADD)
		return 0; /* we have asked to come in */
	r = store_contact_get(e->store, en->actor, &c);
	*yes = r == 0 && c.blocked;
	return r == ERR_NOTFOUND ? 0 : r;
}

/* The first that is heard of a group. ERR_NOTFOUND: it is not about us. */
static int
hear(struct engine *e, const uint8_t *entry, size_t len,
    const uint8_t id[static GROUP_ID_LEN], struct store_group *g)
{
	struct group_entry en;
	enum group_why why;
	bool us, blocked;
	int r = group_entry_open(&en, entry, len, &why);

	if (r != 0)
		return r == ERR_DENIED ? ERR_NOTFOUND : r;
	us = memcmp(en.id, id, GROUP_ID_LEN) == 0 &&
	     (en.kind == GROUP_CREATE || en.kind == GROUP_ADD ||
		 en.kind == GROUP_APPROVE || en.kind == GROUP_JOIN ||
		 en.kind == GROUP_REQUEST) &&
	     names(&en, e->self.account);
	r = by_blocked(e, &en, &blocked);
	group_entry_clear(&en);
	if (r != 0)
		return r;
	return us && !blocked ? group_begin(e, id, STORE_GROUP_ADDED, g)
			      : ERR_NOTFOUND;
}

int
group_entry_take(struct engine *e, const uint8_t id[static GROUP_ID_LEN],
    const uint8_t *entry, size_t len)
{
	struct store_group g = {0};
	int r = store_group_get(e->store, id, &g);

	if (memcmp(id, store_status_list, STORE_ID_LEN) == 0)
		return 0; /* no group can have this id */
	if (r == ERR_NOTFOUND)
		r = hear(e, entry, len, id, &g);
	if (r == ERR_NOTFOUND)
		return 0;
	if (r == 0)
		r = group_hold(e, &g, entry, len);
	if (r == 0)
		r = group_follow(e, &g);
	store_group_clear(&g);
	groups_wake(e);
	return r;
}
