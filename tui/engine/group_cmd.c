/* SPDX-License-Identifier: GPL-3.0-or-later */
/* group_cmd.c — what a person does with groups. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/engine/group_int.h"

/* A sentence for what cannot be done. */
static void
refuse(struct engine *e, uint64_t tag, int r, enum group_why why)
{
	if (r == ERR_DENIED)
		reply_error(e, tag, r, "Not changed: %s.", group_why_str(why));
	else if (r == ERR_FULL)
		reply_error(e, tag, r,
		    "Too many changes of this group wait for the relay.");
	else if (r == ERR_RANGE)
		reply_error(e, tag, r, "That is too long, or too many.");
	else
		reply_error(e, tag, r, NULL);
}

/* Answer now, or when the relay has said what it thinks of it. */
static void
kept(struct engine *e, const struct store_group *g, int64_t id, uint64_t tag)
{
	if (!group_wait(e, g, id, tag))
		group_reply(e, tag, g->id);
	groups_wake(e);
}

static void
create(struct engine *e, uint64_t tag, const struct group_intent *in)
{
	enum group_why why = GROUP_WHY_NONE;
	struct store_group g = {0};
	int64_t id = 0;
	int r = txn_begin(e);

	if (r == 0)
		r = txn_end(e, group_create(e, in, &g, &id, &why));
	if (r == 0)
		kept(e, &g, id, tag);
	else
		refuse(e, tag, r, why);
	store_group_clear(&g);
}

/* May changes be made at all? False: it was answered. */
static bool
is_open(struct engine *e, uint64_t tag, const struct store_group *g,
    const struct group_intent *in)
{
	if (g->alarm != 0 && !g->alarm_accepted && in->kind != GROUP_LEAVE) {
		reply_error(
		    e, tag, ERR_UNTRUSTED, "%s", group_alarm_text(g->alarm));
		return false;
	}
	if (g->standing == STORE_GROUP_MEMBER ||
	    g->standing == STORE_GROUP_MAKING ||
	    (g->standing == STORE_GROUP_ASKED && in->kind == GROUP_DECLINE))
		return true;
	reply_error(e, tag, ERR_STATE,
	    g->standing == STORE_GROUP_ADDED
		? "Waiting for what a member tells about the group."
		: "You are not in this group.");
	return false;
}

static void
change(struct engine *e, struct cmd *c, struct group_intent *in)
{
	enum group_why why = GROUP_WHY_NONE;
	uint8_t gid[GROUP_ID_LEN];
	struct store_group g = {0};
	int64_t id = 0;
	int r = store_group_by_chat(e->store, c->chat, gid);

	if (r == 0)
		r = store_group_get(e->store, gid, &g);
	if (r == ERR_NOTFOUND) {
		reply_error(e, c->tag, r, "There is no such group.");
		return;
	}
	if (r == 0 && !is_open(e, c->tag, &g, in)) {
		store_group_clear(&g);
		return;
	}
	if (r == 0)
		r = txn_begin(e);
	if (r == 0)
		r = txn_end(e, group_change_add(e, &g, in, &id, &why));
	if (r == 0)
		kept(e, &g, id, c->tag);
	else
		refuse(e, c->tag, r, why);
	store_group_clear(&g);
}

/* Oneself is in a group that one makes. */
static void
drop_own(struct engine *e, struct group_intent *in)
{
	size_t i, n = 0;

	for (i = 0; i < in->n_accounts; i++)
		if (!own_account(e, in->accounts[i]))
			memmove(in->accounts[n++], in->accounts[i],
			    GROUP_ACCOUNT_LEN);
	in->n_accounts = n;
}

void
cmd_group_change(struct engine *e, struct cmd *c)
{
	struct group_intent in = {0};
	int r = group_intent_unpack(&in, c->data, c->data_len);

	if (r != 0) {
		reply_error(e, c->tag, r, NULL);
		return;
	}
	if (in.kind == GROUP_LINK && in.has_token)
		randombytes_buf(in.token, sizeof(in.token));
	if (in.kind == GROUP_CREATE) {
		drop_own(e, &in);
		create(e, c->tag, &in);
	} else {
		change(e, c, &in);
	}
	group_intent_clear(&in);
}

/* ---- links ------------------------------------------------------------------------- */

static bool
is_our_relay(const struct engine *e, const struct uri *u)
{
	struct uri ours;

	return u->host[0] == '\0' ||
	       (uri_parse(e->keys->row.relay_uri, &ours, NULL) == 0 &&
		   strcmp(ours.host, u->host) == 0 && ours.port == u->port);
}

static int
join(struct engine *e, const uint8_t *gid, const uint8_t *token,
    struct store_group *g, int64_t *id)
{
	struct group_intent in = {.kind = GROUP_JOIN, .has_token = true};
	enum group_why why;
	int r = store_group_get(e->store, gid, g);

	if (r == ERR_NOTFOUND)
		r = group_begin(e, gid, STORE_GROUP_JOINING, g);
	if (r != 0)
		return r;
	if (g->standing == STORE_GROUP_MEMBER ||
	    g->standing == STORE_GROUP_ASKED)
		return ERR_EXISTS;
	g->standing = STORE_GROUP_JOINING;
	g->has_token = true;
	memcpy(g->token, token, sizeof(g->token));
	memcpy(in.token, token, sizeof(in.token));
	group_todo(g, STORE_GROUP_STATE, 0);
	r = group_change_add(e, g, &in, id, &why);
	sodium_memzero(&in.token, sizeof(in.token));
	return r;
}

void
cmd_group_join(struct engine *e, struct cmd *c)
{
	uint8_t gid[GROUP_ID_LEN], token[GROUP_TOKEN_LEN];
	struct store_group g = {0};
	const char *why = "";
	struct uri relay;
	int64_t id = 0;
	int r = group_link_parse(c->s[0], gid, token, &relay, &why);

	if (r != 0) {
		reply_error(e, c->tag, r, "%s", why);
		return;
	}
	if (!is_our_relay(e, &relay)) {
		reply_error(e, c->tag, ERR_RANGE,
		    "That group is on another relay: %s.", relay.host);
		return;
	}
	r = txn_begin(e);
	if (r == 0)
		r = txn_end(e, join(e, gid, token, &g, &id));
	if (r == ERR_EXISTS)
		reply_error(e, c->tag, r,
		    g.standing == STORE_GROUP_MEMBER
			? "You are in this group already."
			: "You have asked already: an admin decides.");
	else if (r != 0)
		refuse(e, c->tag, r, GROUP_WHY_NONE);
	else
		kept(e, &g, id, c->tag);
	sodium_memzero(token, sizeof(token));
	store_group_clear(&g);
}

/* ---- alarms -------------------------------------------------------------------------- */

static int
accept_alarm(struct engine *e, const uint8_t *gid)
{
	struct store_group g = {0};
	int r = store_group_peek(e->store, gid, &g);

	if (r != 0 || g.alarm == 0 || g.alarm_accepted)
		return r;
	g.alarm_accepted = true;
	r = note_add(e, g.chat, STORE_MSG_NOTE,
	    "You decided to go on. Only members that you know of can read "
	    "what you write.");
	return r == 0 ? group_save(e, &g) : r;
}

void
cmd_group_accept(struct engine *e, struct cmd *c)
{
	uint8_t gid[GROUP_ID_LEN];
	int r = store_group_by_chat(e->store, c->chat, gid);

	if (r == ERR_NOTFOUND) {
		reply_error(e, c->tag, r, "There is no such group.");
		return;
	}
	if (r == 0)
		r = txn_begin(e);
	if (r == 0)
		r = txn_end(e, accept_alarm(e, gid));
	if (r != 0) {
		reply_error(e, c->tag, r, NULL);
		return;
	}
	group_reply(e, c->tag, gid);
	outbox_kick(e);
}
