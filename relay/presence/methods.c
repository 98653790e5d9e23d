/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "relay/presence/methods.h"

/* ---- telling ----------------------------------------------------------------------------- */

struct tell_mail {
	struct net_mail mail;
	struct slab_ref conn;
	struct account_id account;
	struct presence_view view;
};

static void
on_tell(struct net_loop *l, struct net_mail *m)
{
	Sotto__Relay__PresenceEvent ev = SOTTO__RELAY__PRESENCE_EVENT__INIT;
	Sotto__Relay__PresenceEvent__Item item, *ptr = &item;
	struct tell_mail *t = (void *)m;
	struct conn *c = conn_of(l, t->conn);

	sotto__relay__presence_event__item__init(&item);
	item.account_id.data = t->account.b;
	item.account_id.len = sizeof(t->account.b);
	item.online = t->view.online;
	item.last_seen_ms = t->view.last_seen_ms;
	ev.items = &ptr;
	ev.n_items = 1;
	/* Nothing durable: who does not read does not get it. */
	if (c != NULL && conn_pending(c) <= NET_OUT_HIGH)
		(void)conn_event(c, EVENT_PRESENCE, &ev.base);
	free(t);
}

static void
tell(void *arg, const struct route_place *watcher,
    const struct account_id *account, const struct presence_view *view)
{
	struct service_loop *sl = arg;
	struct tell_mail *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return;
	t->mail.fn = on_tell;
	t->conn = watcher->conn;
	t->account = *account;
	t->view = *view;
	net_post(sl->net, net_loop_at(sl->sv->net, watcher->loop), &t->mail);
}

/* ---- methods ------------------------------------------------------------------------------ */

/* Ids as the table wants them; heap. 0, ERR_FORMAT, ERR_RANGE, ERR_NOMEM. */
static int
copy_ids(const ProtobufCBinaryData *in, size_t n, size_t max,
    struct account_id **out)
{
	struct account_id *v;
	size_t i;

	if (n > max)
		return ERR_RANGE;
	for (i = 0; i < n; i++)
		if (in[i].len != sizeof(v->b))
			return ERR_FORMAT;
	v = malloc(n * sizeof(*v) + 1);
	if (v == NULL)
		return ERR_NOMEM;
	for (i = 0; i < n; i++)
		memcpy(v[i].b, in[i].data, sizeof(v[i].b));
	*out = v;
	return 0;
}

static void
finish(struct conn *c, const struct net_request *rq, int err)
{
	Sotto__Relay__Empty empty = SOTTO__RELAY__EMPTY__INIT;

	if (err != 0) {
		conn_refuse(c, rq, err, NULL, 0);
		return;
	}
	session_of(c)->present = true;
	conn_reply(c, rq, &empty.base);
}

void
on_set_presence_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__SetPresenceRequest *req = (const void *)msg;
	struct service_loop *sl = service_of(c);
	struct route_place here = session_place(c);
	struct presence_rules rules = {
	    .share = req->share,
	    .share_last_seen = req->share_last_seen,
	    .n_allowed = req->n_allowed,
	};
	struct account_id *ids = NULL;
	int r;

	if (session_limit(c, rq, LIMIT_PRESENCE, 1) != 0)
		return;
	r = copy_ids(req->allowed, req->n_allowed, PRESENCE_ALLOWED_MAX, &ids);
	rules.allowed = ids;
	if (r == 0)
		r = presence_set(sl->sv->presence, &session_of(c)->account,
		    &here, &rules, req->away, relay_clock_wall(sl->sv->clock),
		    tell, sl);
	free(ids);
	finish(c, rq, r);
}

void
on_subscribe_presence_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__SubscribePresenceRequest *req = (const void *)msg;
	struct service_loop *sl = service_of(c);
	struct route_place here = session_place(c);
	struct account_id *ids = NULL;
	int r;

	if (session_limit(c, rq, LIMIT_PRESENCE, 1) != 0)
		return;
	r = copy_ids(
	    req->accounts, req->n_accounts, PRESENCE_WATCHED_MAX, &ids);
	if (r == 0)
		r = presence_watch(sl->sv->presence, &session_of(c)->account,
		    &here, ids, req->n_accounts, tell, sl);
	free(ids);
	finish(c, rq, r);
}

void
presence_offline(struct conn *c, struct session *s)
{
	struct service_loop *sl = service_of(c);
	struct route_place here = session_place(c);

	if (!s->present)
		return;
	s->present = false;
	presence_gone(sl->sv->presence, &s->account, &here,
	    relay_clock_wall(sl->sv->clock), tell, sl);
}
