/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "tests/interop/signal_peer.h"

/* Our own record of a distribution, or that of the device in field `from`. */
static struct group *
group(struct me *me, json_t *from, const struct distribution_id *id)
{
	struct sender_key_name name = {
	    .device = me->device, .distribution = *id};
	size_t i;

	memcpy(name.account, me->account, ACCOUNT_ID_LEN);
	if (from != NULL) {
		if (!get_uuid(from, "name", name.account))
			return NULL;
		name.device = peer_u32(from, "dev", 1);
	}
	for (i = 0; i < me->ngroups; i++) {
		if (memcmp(&me->group[i].name, &name, sizeof(name)) == 0)
			return &me->group[i];
	}
	if (me->ngroups == PEERS_MAX)
		return NULL;
	me->group[me->ngroups].name = name;
	buf_init(&me->group[me->ngroups].record, SENDER_KEY_RECORD_MAX);
	return &me->group[me->ngroups++];
}

static void
group_commit(struct group *g, struct sender_key_result *made)
{
	buf_clear(&g->record);
	g->record = made->record;
	buf_init(&made->record, 0);
	sender_key_result_clear(made);
}

const char *
cmd_skdm(void *peer, json_t *req, json_t *reply)
{
	struct me *me = peer;
	struct sender_key_result made;
	struct distribution_id id;
	struct group *g;
	int r;

	if (!get_uuid(req, "dist", id.b) || (g = group(me, NULL, &id)) == NULL)
		return "bad request";
	r = sender_key_distribute(
	    &g->name, g->record.p, g->record.len, &signal_rng_system, &made);
	if (r != 0)
		return err_name(r);
	peer_put(reply, "skdm", made.bytes.p, made.bytes.len);
	group_commit(g, &made);
	return NULL;
}

const char *
cmd_skprocess(void *peer, json_t *req, json_t *reply)
{
	struct sender_key_result made;
	struct distribution_id id;
	struct group *g = NULL;
	uint8_t *msg;
	size_t len;
	int r;

	msg = peer_bytes(req, "skdm", &len);
	if (msg == NULL)
		return "bad request";
	r = sender_key_distribution_peek(msg, len, &id);
	if (r == 0)
		g = group(peer, json_object_get(req, "from"), &id);
	if (r == 0 && g == NULL)
		r = ERR_FULL;
	if (r == 0)
		r = sender_key_process(
		    &g->name, g->record.p, g->record.len, msg, len, &made);
	free(msg);
	if (r != 0)
		return err_name(r);
	group_commit(g, &made);
	return NULL;
}

/* Forget our own key: the next `skdm` makes another. */
const char *
cmd_skreset(void *peer, json_t *req, json_t *reply)
{
	struct distribution_id id;
	struct group *g;

	if (!get_uuid(req, "dist", id.b) ||
	    (g = group(peer, NULL, &id)) == NULL)
		return "bad request";
	buf_clear(&g->record);
	buf_init(&g->record, SENDER_KEY_RECORD_MAX);
	return NULL;
}

/* Field `skip` as in `encrypt`. */
const char *
cmd_gencrypt(void *peer, json_t *req, json_t *reply)
{
	uint32_t skip = peer_u32(req, "skip", 0);
	struct sender_key_result made;
	struct distribution_id id;
	struct group *g;
	uint8_t *msg;
	size_t len;
	int r;

	if (!get_uuid(req, "dist", id.b) ||
	    (g = group(peer, NULL, &id)) == NULL)
		return "bad request";
	msg = peer_bytes(req, "msg", &len);
	if (msg == NULL)
		return "bad request";
	for (;;) {
		r = sender_key_encrypt(&g->name, g->record.p, g->record.len,
		    msg, len, &signal_rng_system, &made);
		if (r != 0 || skip == 0)
			break;
		skip--;
		group_commit(g, &made);
	}
	free(msg);
	if (r != 0)
		return err_name(r);
	peer_put_u32(reply, "type", SIGNAL_SENDER_KEY_MESSAGE);
	peer_put(reply, "ct", made.bytes.p, made.bytes.len);
	group_commit(g, &made);
	return NULL;
}

const char *
cmd_gdecrypt(void *peer, json_t *req, json_t *reply)
{
	struct sender_key_result made;
	struct distribution_id id;
	struct group *g = NULL;
	uint8_t *ct;
	size_t len;
	int r;

	ct = peer_bytes(req, "ct", &len);
	if (ct == NULL)
		return "bad request";
	r = sender_key_message_peek(ct, len, &id);
	if (r == 0)
		g = group(peer, json_object_get(req, "from"), &id);
	if (r == 0 && g == NULL)
		r = ERR_FULL;
	if (r == 0)
		r = sender_key_decrypt(
		    &g->name, g->record.p, g->record.len, ct, len, &made);
	free(ct);
	if (r != 0)
		return err_name(r);
	peer_put(reply, "msg", made.bytes.p, made.bytes.len);
	group_commit(g, &made);
	return NULL;
}
