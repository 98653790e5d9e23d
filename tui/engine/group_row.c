/* SPDX-License-Identifier: GPL-3.0-or-later */
/* group_row.c — groups as fronts see them. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/engine/group_int.h"

/* ---- members ----------------------------------------------------------------------- */

static int
fill_member(struct engine *e, struct group_member_row *out,
    const uint8_t *account, bool admin, bool asks)
{
	char who[GROUP_WHO_MAX];
	struct store_contact c;

	memcpy(out->account, account, sizeof(out->account));
	out->you = own_account(e, account);
	out->admin = admin;
	out->asks = asks;
	out->name = strdup(group_who(e, account, who));
	if (out->you)
		out->phone = strdup(e->self.phone);
	else
		out->phone = strdup(
		    store_contact_get(e->store, account, &c) == 0 ? c.phone
								  : "");
	return out->name != NULL && out->phone != NULL ? 0 : ERR_NOMEM;
}

static int
fill_members(
    struct engine *e, struct group_row *out, const struct group_view *v)
{
	struct group_member m;
	size_t i;
	int r = 0;

	out->members = calloc(
	    v->pub.n_members + v->pub.n_requests + 1, sizeof(*out->members));
	if (out->members == NULL)
		return ERR_NOMEM;
	for (i = 0; r == 0 && i < v->pub.n_members; i++) {
		group_public_member(&v->pub, i, &m);
		r = fill_member(e, &out->members[out->n_rows++], m.account,
		    m.role == GROUP_ADMIN, false);
	}
	for (i = 0; r == 0 && i < v->pub.n_requests; i++)
		r = fill_member(e, &out->members[out->n_rows++],
		    group_public_request(&v->pub, i), false, true);
	return r;
}

/* ---- one row --------------------------------------------------------------------------- */

static int
fill_link(struct engine *e, struct group_row *out, const struct store_group *g)
{
	struct buf b;
	int r;

	if (!g->has_token || !out->has_link || !out->admin)
		return 0;
	buf_init(&b, GROUP_LINK_TEXT_MAX);
	r = group_link_format(e, g->id, g->token, &b);
	if (r == 0)
		out->link = strndup((const char *)b.p, b.len);
	if (b.p != NULL)
		sodium_memzero(b.p, b.len);
	buf_clear(&b);
	return r == 0 && out->link == NULL ? ERR_NOMEM : r;
}

static int
fill_view(struct engine *e, struct group_row *out, const struct store_group *g,
    const struct group_view *v)
{
	const uint8_t *us = e->self.account;
	const bool in = g->standing == STORE_GROUP_MEMBER ||
			g->standing == STORE_GROUP_MAKING;

	out->version = v->pub.version;
	out->n_members = (uint32_t)v->pub.n_members;
	out->n_asking = (uint32_t)v->pub.n_requests;
	out->timer_s = v->meta.timer_s;
	out->admin = in && group_public_is_admin(&v->pub, us);
	out->may_send = in && group_public_may_send(&v->pub, us) &&
			(g->alarm == 0 || g->alarm_accepted);
	out->may_edit = in && group_public_may_edit(&v->pub, us);
	out->may_add = in && group_public_may_add(&v->pub, us);
	out->admins_send = v->pub.permissions.send == GROUP_ADMINS;
	out->admins_edit = v->pub.permissions.edit == GROUP_ADMINS;
	out->admins_add = v->pub.permissions.add == GROUP_ADMINS;
	out->has_link = v->pub.link != GROUP_LINK_NONE;
	out->link_approval = v->pub.link == GROUP_LINK_APPROVAL;
	free(out->name);
	free(out->about);
	out->name = clean_text(v->meta.name, STORE_TEXT_MAX, TEXT_LINE);
	out->about = clean_text(v->meta.about, STORE_TEXT_MAX, TEXT_MULTI);
	return out->name != NULL && out->about != NULL ? fill_link(e, out, g)
						       : ERR_NOMEM;
}

/* Of a group in the making: what it will be. */
static int
open_best(struct engine *e, const struct store_group *g, struct group_view *v)
{
	struct store_change c;
	int r;

	if (g->len > 0)
		return group_view_open(v, g->record, g->len);
	r = store_change_first(e->store, g->id, &c);
	if (r != 0)
		return r;
	r = c.record_len > 0 ? group_view_open(v, c.record, c.record_len)
			     : ERR_NOTFOUND;
	store_change_clear(&c);
	return r;
}

static int
row_from(struct engine *e, struct group_row *out, const struct store_group *g,
    bool members)
{
	const uint32_t missing = STORE_GROUP_ENTRIES | STORE_GROUP_STATE |
				 STORE_GROUP_ASK_KEY | STORE_GROUP_ASK_WELCOME |
				 STORE_GROUP_HELD;
	struct group_view v;
	size_t pending = 0;
	int r = store_change_count(e->store, g->id, &pending);

	if (r != 0)
		return r;
	*out = (struct group_row){
	    .chat = g->chat,
	    .standing = (enum group_standing)g->standing,
	    .pending = (uint32_t)pending,
	    .catching_up = (g->todo & missing) != 0,
	    .alarm_accepted = g->alarm_accepted,
	    .name = strdup(""),
	    .about = strdup(""),
	    .failed = strdup(g->failed),
	};
	memcpy(out->id, g->id, sizeof(out->id));
	if (g->alarm != 0)
		out->alarm = strdup(group_alarm_text(g->alarm));
	if (out->name == NULL || out->about == NULL || out->failed == NULL ||
	    (g->alarm != 0 && out->alarm == NULL))
		return ERR_NOMEM;
	r = open_best(e, g, &v);
	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	r = fill_view(e, out, g, &v);
	if (r == 0 && members)
		r = fill_members(e, out, &v);
	group_view_clear(&v);
	return r;
}

/* ---- events ---------------------------------------------------------------------------------- */

static int
event_of(struct engine *e, uint64_t tag, const uint8_t *id, bool members,
    struct engine_event **out)
{
	struct engine_event *ev;
	struct store_group g = {0};
	int r = store_group_get(e->store, id, &g);

	if (r != 0)
		return r;
	ev = event_new(e, EV_GROUP, tag);
	if (ev != NULL)
		ev->groups = calloc(1, sizeof(*ev->groups));
	if (ev == NULL || ev->groups == NULL) {
		r = ERR_NOMEM;
	} else {
		ev->n = 1;
		ev->chat = g.chat;
		r = row_from(e, ev->groups, &g, members);
	}
	store_group_clear(&g);
	if (r == 0)
		*out = ev;
	else
		engine_event_free(ev);
	return r;
}

int
group_changed(struct engine *e, const uint8_t id[static GROUP_ID_LEN])
{
	struct engine_event *ev;
	int r = event_of(e, 0, id, false, &ev);

	if (r == 0)
		event_post_later(e, ev);
	return r;
}

void
group_reply(
    struct engine *e, uint64_t tag, const uint8_t id[static GROUP_ID_LEN])
{
	struct engine_event *ev;
	int r = event_of(e, tag, id, true, &ev);

	if (r == 0)
		event_post_later(e, ev);
	else
		reply_error(e, tag, r, NULL);
}

void
cmd_group(struct engine *e, struct cmd *c)
{
	uint8_t id[GROUP_ID_LEN];
	int r = store_group_by_chat(e->store, c->chat, id);

	if (r == ERR_NOTFOUND)
		reply_error(e, c->tag, r, "There is no such group.");
	else if (r != 0)
		reply_error(e, c->tag, r, NULL);
	else
		group_reply(e, c->tag, id);
}

static int
fill_groups(struct engine *e, struct engine_event *ev,
    const struct store_group *v, size_t n)
{
	struct store_group g = {0};
	size_t i;
	int r = 0;

	ev->groups = calloc(n + 1, sizeof(*ev->groups));
	if (ev->groups == NULL)
		return ERR_NOMEM;
	for (i = 0; r == 0 && i < n; i++) {
		r = store_group_get(e->store, v[i].id, &g);
		if (r != 0)
			return r;
		ev->n++;
		r = row_from(e, &ev->groups[i], &g, false);
		store_group_clear(&g);
	}
	return r;
}

void
cmd_groups(struct engine *e, struct cmd *c)
{
	struct engine_event *ev = event_new(e, EV_GROUPS, c->tag);
	struct store_group *v = NULL;
	size_t n = 0;
	int r;

	if (ev == NULL)
		return;
	r = store_group_list(e->store, &v, &n);
	if (r == 0)
		r = fill_groups(e, ev, v, n);
	free(v);
	if (r == 0) {
		event_post(e, ev);
		return;
	}
	engine_event_free(ev);
	reply_error(e, c->tag, r, NULL);
}
