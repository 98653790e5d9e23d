/* SPDX-License-Identifier: GPL-3.0-or-later */
/* group_send.c — rows of the outbox that are for a group. Who gets our key:
 * group_give.c. */
#include "tui/engine/group_send.h"

#include <stdlib.h>
#include <string.h>

#include "common/proto/frame.h"
#include "tui/engine/content.h"
#include "tui/engine/draft.h"
#include "tui/engine/group_room.h"
#include "tui/store/store_message.h"
#include "tui/store/store_sent.h"

#define REFUSALS_MAX 10 /* stale answers in a row for one message */

/* ---- rooms ------------------------------------------------------------------- */

struct group_room *
group_room_get(struct engine *e, const uint8_t group[static STORE_ID_LEN])
{
	struct group_room *g;

	for (g = e->rooms; g != NULL; g = g->next)
		if (memcmp(g->id, group, STORE_ID_LEN) == 0)
			return g;
	g = calloc(1, sizeof(*g));
	if (g == NULL)
		return NULL;
	memcpy(g->id, group, STORE_ID_LEN);
	g->next = e->rooms;
	e->rooms = g;
	return g;
}

void
group_send_close(struct engine *e)
{
	struct group_room *g;

	while ((g = e->rooms) != NULL) {
		e->rooms = g->next;
		free(g->places);
		free(g->without);
		free(g->accounts);
		free(g);
	}
}

bool
group_send_turn(struct engine *e)
{
	struct group_room *g;
	bool any = false;

	e->slice_end_ns = uv_hrtime() + ROOM_SLICE_NS;
	for (g = e->rooms; g != NULL; g = g->next) {
		any |= g->wanted;
		g->wanted = false; /* until its row says so again */
	}
	return any;
}

bool
group_send_busy(const struct engine *e)
{
	const struct group_room *g;

	for (g = e->rooms; g != NULL; g = g->next)
		if (g->asking || (g->wanted && g->sliced))
			return true;
	return false;
}

/* What keys could not be had may be had now. */
void
group_send_link_lost(struct engine *e)
{
	struct group_room *g;

	for (g = e->rooms; g != NULL; g = g->next) {
		g->settled = false;
		g->n_without = 0;
		g->hold_until_ms = 0;
	}
}

/* ---- sealing ----------------------------------------------------------------- */

/* The content as it is sealed: with how far we are in the group's chain. */
static int
with_head(
    const struct buf *content, const struct group_view *v, struct buf *out)
{
	Sotto__Content__GroupHead head = SOTTO__CONTENT__GROUP_HEAD__INIT;
	Sotto__Content__Content *c = NULL;
	int r = content_open(content->p, content->len, &c);

	buf_init(out, CONTENT_MAX);
	if (r != 0)
		return r;
	head.version = v->pub.version;
	head.hash = (ProtobufCBinaryData){
	    GROUP_HASH_LEN, (uint8_t *)(uintptr_t)v->pub.head};
	c->group_head = &head;
	r = content_seal(out, c);
	c->group_head = NULL;
	content_free(c);
	return r;
}

static int
seal_with(struct engine *e, const uint8_t group[static STORE_ID_LEN],
    const struct buf *content, const struct group_view *v,
    struct store_own_key *k, struct buf *out)
{
	struct buf full;
	int r;

	if (v == NULL) /* a status post: no chain */
		return sender_keys_seal(
		    e, group, content->p, content->len, k, out);
	r = with_head(content, v, &full);
	if (r == 0)
		r = sender_keys_seal(e, group, full.p, full.len, k, out);
	buf_clear(&full);
	return r;
}

/* What is no message is in the log of all that is sent. */
static int
log_content(struct engine *e, const Sotto__Content__Content *c,
    const struct buf *content, const uint8_t group[static STORE_ID_LEN])
{
	struct store_sent row = {.sent_ms = engine_now_ms(),
	    .content = content->p,
	    .len = content->len};
	struct store_sent old;
	int r = store_sent_get(e->store, c->message_id.data, group, &old);

	if (r == 0)
		store_sent_clear(&old); /* sealed anew */
	if (r != ERR_NOTFOUND)
		return r;
	memcpy(row.message_id, c->message_id.data, STORE_ID_LEN);
	memcpy(row.account, group, STORE_ID_LEN);
	row.has_about = c->body_case == SOTTO__CONTENT__CONTENT__BODY_EDIT &&
			c->edit->message_id.len == STORE_ID_LEN;
	if (row.has_about)
		memcpy(row.about, c->edit->message_id.data, STORE_ID_LEN);
	return store_sent_add(e->store, &row, false);
}

/* Who was a member then may ask for it again. */
static int
log_sent(struct engine *e, const struct buf *content,
    const uint8_t group[static STORE_ID_LEN], uint32_t version)
{
	struct store_group_sent sent = {
	    .version = version, .sent_ms = engine_now_ms()};
	Sotto__Content__Content *c = NULL;
	int r = content_open(content->p, content->len, &c);

	if (r != 0)
		return r;
	memcpy(sent.group, group, STORE_ID_LEN);
	memcpy(sent.message_id, c->message_id.data, STORE_ID_LEN);
	r = store_group_sent_put(e->store, &sent);
	if (r == 0 && !content_is_message(c))
		r = log_content(e, c, content, group);
	content_free(c);
	return r;
}

static int
set_bytes(ProtobufCBinaryData *out, const void *p, size_t len)
{
	uint8_t *q = malloc(len + 1);

	if (q == NULL)
		return ERR_NOMEM;
	memcpy(q, p, len);
	free(out->data);
	*out = (ProtobufCBinaryData){len, q};
	return 0;
}

/* Seal a row's content. The view is of the version that the room has. */
static int
seal_row(struct engine *e, const uint8_t group[static STORE_ID_LEN],
    Sotto__Content__Outgoing *o, const struct group_view *v)
{
	const struct buf content = {
	    .p = o->content.data, .len = o->content.len};
	struct store_own_key k;
	struct buf ct;
	int r = seal_with(e, group, &content, v, &k, &ct);

	if (r != 0)
		return r;
	r = set_bytes(&o->ciphertext, ct.p, ct.len);
	if (r == 0)
		r = set_bytes(&o->distribution, k.distribution, STORE_ID_LEN);
	if (r == 0 && v != NULL)
		r = log_sent(e, &content, group, v->pub.version);
	o->place = k.messages;
	o->ready = r == 0;
	buf_clear(&ct);
	return r;
}

/* Can everybody read what was sealed in this row? */
static bool
seal_holds(const Sotto__Content__Outgoing *o, const struct store_own_key *k)
{
	return o->ready && o->distribution.len == STORE_ID_LEN &&
	       memcmp(o->distribution.data, k->distribution, STORE_ID_LEN) ==
		   0 &&
	       o->place >= k->given_at;
}

static int
save_row(struct engine *e, int64_t id, const Sotto__Content__Outgoing *o)
{
	struct buf b;
	int r;

	buf_init(&b, FRAME_BODY_MAX);
	r = pack_into(&b, &o->base);
	if (r == 0)
		r = store_outbox_replace(e->store, id, b.p, b.len);
	buf_clear(&b);
	return r;
}

/* ---- a new row --------------------------------------------------------------- */

/* At once, when nobody is to be asked or given anything. */
static int
seal_early(struct engine *e, Sotto__Content__Outgoing *o)
{
	struct group_room *g = group_room_get(e, o->group_id.data);
	struct store_own_key k;
	struct group_view v;
	bool fresh = false;
	int r;

	if (g == NULL)
		return ERR_NOMEM;
	if (!g->known || !g->settled)
		return 0;
	r = group_view_get(e, g->id, &v);
	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	if (v.pub.version == g->version) {
		r = sender_keys_current(e, g->id, &k, &fresh);
		if (fresh)
			g->settled = false;
		else if (r == 0)
			r = seal_row(e, g->id, o, &v);
	}
	group_view_clear(&v);
	return r;
}

int
group_send_add(struct engine *e, const uint8_t group[static STORE_ID_LEN],
    const struct buf *content, int64_t message,
    const uint8_t message_id[static STORE_ID_LEN])
{
	Sotto__Content__Outgoing *o = malloc(sizeof(*o));
	struct store_outgoing row = {
	    .message = message, .created_ms = engine_now_ms()};
	struct buf b;
	int64_t id;
	int r;

	if (o == NULL)
		return ERR_NOMEM;
	sotto__content__outgoing__init(o);
	buf_init(&b, FRAME_BODY_MAX);
	r = set_bytes(&o->group_id, group, STORE_ID_LEN);
	if (r == 0)
		r = set_bytes(&o->content, content->p, content->len);
	if (r == 0)
		r = seal_early(e, o);
	if (r == 0)
		r = pack_into(&b, &o->base);
	if (r == 0) {
		memcpy(row.message_id, message_id, STORE_ID_LEN);
		row.request = b.p;
		row.len = b.len;
		r = store_outbox_add(e->store, &row, &id);
	}
	buf_clear(&b);
	sotto__content__outgoing__free_unpacked(o, NULL);
	return r;
}

/* ---- a row on its way out ---------------------------------------------------- */

static int
seal_and_save(struct engine *e, struct group_room *g, int64_t row,
    Sotto__Content__Outgoing *o, const struct group_view *v)
{
	struct store_own_key k;
	bool fresh = false;
	int r = sender_keys_own(e, g->id, &k);

	if (r == 0 && seal_holds(o, &k))
		return 0;
	if (r == 0 || r == ERR_NOTFOUND)
		r = sender_keys_current(e, g->id, &k, &fresh);
	if (r == 0 && fresh)
		g->settled = false;
	if (r != 0 || fresh)
		return r;
	r = seal_row(e, g->id, o, v);
	return r == 0 ? save_row(e, row, o) : r;
}

int
group_room_seal(struct engine *e, struct group_room *g, int64_t row,
    Sotto__Content__Outgoing *o, const struct group_view *v, bool *ready)
{
	int r = txn_begin(e);

	if (r == 0)
		r = txn_end(e, seal_and_save(e, g, row, o, v));
	*ready = r == 0 && g->settled && o->ready;
	if (r == 0 && !g->settled)
		outbox_wake(e); /* a key has just come to its end */
	if (*ready && g->n_doubted > 0)
		g->settled = false; /* ask again whether they are trusted */
	return r;
}

/* Is what we know of devices of the version that we follow? */
static int
same_version(struct engine *e, struct group_room *g, const struct group_view *v,
    bool *yes)
{
	*yes = g->known && g->version == v->pub.version;
	if (*yes || !g->known)
		return 0;
	if (g->version < v->pub.version) {
		g->known = false;
		return 0;
	}
	*yes = group_overridden(e, g->id);
	return *yes ? 0 : group_relay_at(e, g->id, g->version);
}

static int
ready_now(struct engine *e, struct group_room *g,
    const struct store_outgoing *row, Sotto__Content__Outgoing *o,
    const struct group_view *v, bool *ready)
{
	bool same;
	int r = same_version(e, g, v, &same);

	if (r != 0)
		return r;
	if (!g->known)
		group_room_ask(e, g);
	if (!same)
		return 0;
	if (!g->settled)
		r = group_room_settle(e, g, v);
	return r == 0 && g->settled
		   ? group_room_seal(e, g, row->id, o, v, ready)
		   : r;
}

int
group_send_ready(struct engine *e, const struct store_outgoing *row,
    Sotto__Content__Outgoing *o, bool *ready, const char **why)
{
	struct group_room *g;
	struct group_view v;
	int r;

	*ready = false;
	*why = NULL;
	if (o->group_id.len != STORE_ID_LEN)
		return ERR_FORMAT;
	r = group_may_send(e, o->group_id.data, why);
	if (r == ERR_NOTFOUND || r == ERR_DENIED)
		return ERR_DENIED;
	if (r != 0) /* ERR_STATE, ERR_UNTRUSTED: it waits */
		return r == ERR_STATE || r == ERR_UNTRUSTED ? 0 : r;
	g = group_room_get(e, o->group_id.data);
	if (g == NULL)
		return ERR_NOMEM;
	r = group_view_get(e, g->id, &v);
	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	r = ready_now(e, g, row, o, &v, ready);
	g->wanted = r == 0 && !*ready;
	group_view_clear(&v);
	return r;
}

int
group_send_request(struct engine *e, const struct store_outgoing *row,
    const Sotto__Content__Outgoing *o, struct buf *out)
{
	Sotto__Relay__SendGroupRequest req =
	    SOTTO__RELAY__SEND_GROUP_REQUEST__INIT;
	struct group_room *g = group_room_get(e, o->group_id.data);

	if (g == NULL)
		return ERR_NOMEM;
	req.group_id = o->group_id;
	req.version = g->version;
	req.devices_digest =
	    (ProtobufCBinaryData){sizeof(g->digest), g->digest};
	req.message_id = (ProtobufCBinaryData){
	    STORE_ID_LEN, (uint8_t *)(uintptr_t)row->message_id};
	req.type = SIGNAL_SENDER_KEY_MESSAGE;
	req.ciphertext = o->ciphertext;
	return pack_into(out, &req.base);
}

int
group_room_stale(struct engine *e, struct group_room *g, int64_t row,
    Sotto__Content__Outgoing *o, const Sotto__Relay__SendGroupResponse *res)
{
	/* Several rows may be told the same: what has been asked since stays. */
	if (g->version != res->version ||
	    res->devices_digest.len != sizeof(g->digest) ||
	    memcmp(g->digest, res->devices_digest.data, sizeof(g->digest)) != 0)
		g->known = g->settled = false;
	return o->refusals++ >= REFUSALS_MAX ? ERR_DENIED : save_row(e, row, o);
}

int
group_send_stale(struct engine *e, const struct store_outgoing *row,
    Sotto__Content__Outgoing *o, const Sotto__Relay__SendGroupResponse *res)
{
	struct group_room *g = group_room_get(e, o->group_id.data);
	int r;

	if (g == NULL)
		return ERR_NOMEM;
	r = group_room_stale(e, g, row->id, o, res);
	return r == 0 && res->version > 0
		   ? group_relay_at(e, g->id, res->version)
		   : r;
}

/* ---- typing ------------------------------------------------------------------ */

int
group_send_typing(
    struct engine *e, const uint8_t group[static STORE_ID_LEN], struct buf *out)
{
	Sotto__Content__Typing typing = SOTTO__CONTENT__TYPING__INIT;
	Sotto__Relay__SendGroupRequest req =
	    SOTTO__RELAY__SEND_GROUP_REQUEST__INIT;
	struct group_room *g = group_room_get(e, group);
	struct store_own_key k;
	struct group_view v;
	struct buf b, ct;
	struct draft d = {0};
	bool fresh;
	int r;

	if (g == NULL)
		return ERR_NOMEM;
	if (!g->known || !g->settled ||
	    engine_now_ms() < g->typed_ms + GROUP_TYPING_MS)
		return 0; /* nobody is asked for this */
	g->typed_ms = engine_now_ms();
	r = group_view_get(e, group, &v);
	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	buf_init(&b, CONTENT_MAX);
	buf_init(&ct, 0);
	if (v.pub.version != g->version || v.pub.n_members > GROUP_TYPING_MAX)
		goto out;
	r = sender_keys_current(e, group, &k, &fresh);
	if (r != 0 || fresh) {
		g->settled = false;
		goto out;
	}
	draft_init(&d);
	typing.started = true;
	d.c.group_id = (ProtobufCBinaryData){STORE_ID_LEN, g->id};
	d.c.body_case = SOTTO__CONTENT__CONTENT__BODY_TYPING;
	d.c.typing = &typing;
	r = content_seal(&b, &d.c);
	if (r == 0)
		r = seal_with(e, group, &b, &v, &k, &ct);
	if (r == 0) {
		req.group_id = d.c.group_id;
		req.version = g->version;
		req.devices_digest =
		    (ProtobufCBinaryData){sizeof(g->digest), g->digest};
		req.message_id = d.c.message_id;
		req.type = SIGNAL_SENDER_KEY_MESSAGE;
		req.ciphertext = (ProtobufCBinaryData){ct.len, ct.p};
		req.ephemeral = true;
		r = pack_into(out, &req.base);
	}
out:
	buf_clear(&ct);
	buf_clear(&b);
	group_view_clear(&v);
	return r;
}
