/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/engine_rig_groups.h"

#include <sodium.h>

#include "common/buf.h"
#include "common/group/pub.h"
#include "common/proto/method.h"
#include "tui/store/store_group.h"

#define DEVICES_MAX 8 /* of an account */

/* ---- what the relay keeps -------------------------------------------------------- */

static struct er_group *
find(struct er_net *net, unsigned world, const ProtobufCBinaryData *id)
{
	struct er_group *g;

	for (g = net->groups; g != NULL; g = g->next)
		if (g->world == world && id->len == GROUP_ID_LEN &&
		    memcmp(g->id, id->data, GROUP_ID_LEN) == 0)
			return g;
	return NULL;
}

struct er_group *
er_group_last(struct er_net *net, unsigned world)
{
	struct er_group *g = net->groups;

	while (g != NULL && g->world != world)
		g = g->next;
	return g;
}

static struct er_group *
group_add(struct er_net *net, const uint8_t *id, unsigned world)
{
	struct er_group *g = calloc(1, sizeof(*g));

	assert_non_null(g);
	memcpy(g->id, id, GROUP_ID_LEN);
	g->world = world;
	buf_init(&g->record, GROUP_PUBLIC_MAX);
	g->next = net->groups;
	net->groups = g;
	return g;
}

static void
entry_add(struct er_group *g, const uint8_t *p, size_t len)
{
	struct er_entry *e;

	g->entries = realloc(g->entries, (g->n + 1) * sizeof(*g->entries));
	assert_non_null(g->entries);
	e = &g->entries[g->n++];
	e->p = malloc(len);
	assert_non_null(e->p);
	memcpy(e->p, p, len);
	e->len = len;
}

void
er_group_fork(struct er_net *net, struct er_group *g)
{
	struct er_group *copy = group_add(net, g->id, 1);
	uint32_t i;

	assert_ok(buf_put(&copy->record, g->record.p, g->record.len));
	for (i = 0; i < g->n; i++)
		entry_add(copy, g->entries[i].p, g->entries[i].len);
}

void
er_groups_clear(struct er_net *net)
{
	struct er_group *g;
	uint32_t i;

	while ((g = net->groups) != NULL) {
		net->groups = g->next;
		for (i = 0; i < g->n; i++)
			free(g->entries[i].p);
		free(g->entries);
		buf_clear(&g->record);
		free(g);
	}
}

static bool
is_member(const struct buf *record, const uint8_t *account)
{
	struct group_public v;

	if (record->len == 0)
		return false;
	assert_ok(group_public_open(&v, record->p, record->len));
	return group_public_find(&v, account, NULL);
}

/* ---- changes ------------------------------------------------------------------------ */

static int
sender_key(void *ctx, const uint8_t account[static GROUP_ACCOUNT_LEN],
    uint32_t device, uint32_t list_version, struct identity_pk *out)
{
	const struct er_person *p = ctx;

	(void)list_version;
	if (memcmp(account, p->account, GROUP_ACCOUNT_LEN) != 0 ||
	    device != p->device)
		return ERR_NOTFOUND;
	return identity_pk_get(out, p->identity, STORE_PUB_LEN);
}

static bool
is_named(const struct group_entry *e, const uint8_t *account)
{
	for (size_t i = 0; i < e->n_accounts; i++)
		if (memcmp(e->accounts + i * GROUP_ACCOUNT_LEN, account,
			GROUP_ACCOUNT_LEN) == 0)
			return true;
	return memcmp(e->actor, account, GROUP_ACCOUNT_LEN) == 0;
}

/* To everybody of this world whom it concerns, but the sending device. */
static void
tell_entry(struct er_net *net, const struct er_group *g,
    const struct buf *before, struct er_person *from, const uint8_t *entry,
    size_t len)
{
	Sotto__Relay__DeliverEvent__Item it =
	    SOTTO__RELAY__DELIVER_EVENT__ITEM__INIT;
	enum group_why why;
	struct group_entry e;

	assert_ok(group_entry_open(&e, entry, len, &why));
	it.message_id = (ProtobufCBinaryData){STORE_ID_LEN, e.hash};
	it.group_id = (ProtobufCBinaryData){GROUP_ID_LEN, e.id};
	it.type = 64;
	it.ciphertext = (ProtobufCBinaryData){len, (uint8_t *)(uintptr_t)entry};
	for (size_t i = 0; i < ER_PEOPLE; i++) {
		struct er_person *to = &net->p[i];

		if (to->net != NULL && to != from && to->listed &&
		    to->world == g->world &&
		    (is_member(before, to->account) ||
			is_member(&g->record, to->account) ||
			is_named(&e, to->account)))
			er_queue(net, from, to, &it);
	}
	group_entry_clear(&e);
}

static int
change(struct er_net *net, struct er_request *rq,
    const Sotto__Relay__GroupChangeRequest *req,
    Sotto__Relay__GroupChangeResponse *res, ProtobufCBinaryData *entries,
    const char **text)
{
	const struct group_keys keys = {sender_key, rq->from};
	const ProtobufCBinaryData bytes = req->entry;
	enum group_why why = GROUP_WHY_NONE;
	struct buf before, after;
	struct group_entry e;
	struct er_group *g;
	uint32_t i;
	int r;

	r = group_entry_open(&e, bytes.data, bytes.len, &why);
	assert_ok(r);
	g = find(
	    net, rq->from->world, &(ProtobufCBinaryData){GROUP_ID_LEN, e.id});
	buf_init(&before, GROUP_PUBLIC_MAX);
	if (g != NULL)
		assert_ok(buf_put(&before, g->record.p, g->record.len));
	r = group_public_apply(
	    before.p, before.len, bytes.data, bytes.len, &keys, &after, &why);
	*text = r == ERR_DENIED ? group_why_str(why) : "";
	if (r == 0) {
		if (g == NULL)
			g = group_add(net, e.id, rq->from->world);
		buf_clear(&g->record);
		g->record = after;
		entry_add(g, bytes.data, bytes.len);
		tell_entry(net, g, &before, rq->from, bytes.data, bytes.len);
		res->version = g->n;
	} else if (r == ERR_DUP) {
		res->version = g->n;
		r = 0;
	} else if (r == ERR_EXISTS) {
		res->conflict = true;
		res->version = g->n;
		res->entries = entries;
		for (i = e.version; i <= g->n && res->n_entries < 64 &&
				    is_member(&g->record, rq->from->account);
		     i++)
			entries[res->n_entries++] = (ProtobufCBinaryData){
			    g->entries[i - 1].len, g->entries[i - 1].p};
		r = 0;
	}
	buf_clear(&before);
	group_entry_clear(&e);
	return r;
}

static int
do_change(struct er_net *net, struct er_request *rq, struct buf *out,
    const char **text)
{
	Sotto__Relay__GroupChangeResponse res =
	    SOTTO__RELAY__GROUP_CHANGE_RESPONSE__INIT;
	ProtobufCBinaryData entries[64];
	Sotto__Relay__GroupChangeRequest *req =
	    sotto__relay__group_change_request__unpack(NULL, rq->len, rq->body);
	int r;

	assert_non_null(req);
	r = change(net, rq, req, &res, entries, text);
	if (r == 0)
		assert_ok(pack_into(out, &res.base));
	sotto__relay__group_change_request__free_unpacked(req, NULL);
	return net->lose_answers && r == 0 ? ERR_CLOSED : r;
}

/* ---- reading ------------------------------------------------------------------------- */

static int
do_entries(struct er_net *net, struct er_request *rq, struct buf *out)
{
	Sotto__Relay__GroupEntriesResponse res =
	    SOTTO__RELAY__GROUP_ENTRIES_RESPONSE__INIT;
	ProtobufCBinaryData v[16];
	Sotto__Relay__GroupEntriesRequest *req =
	    sotto__relay__group_entries_request__unpack(
		NULL, rq->len, rq->body);
	const struct er_group *g;
	uint32_t i;
	int r = ERR_NOTFOUND;

	assert_non_null(req);
	g = find(net, rq->from->world, &req->group_id);
	if (g != NULL && is_member(&g->record, rq->from->account)) {
		res.version = g->n;
		res.entries = v;
		i = req->from_version == 0 ? 1 : req->from_version;
		for (; i <= g->n && res.n_entries < ARRAY_LEN(v); i++)
			v[res.n_entries++] = (ProtobufCBinaryData){
			    g->entries[i - 1].len, g->entries[i - 1].p};
		res.more = i <= g->n;
		assert_ok(pack_into(out, &res.base));
		r = 0;
	}
	sotto__relay__group_entries_request__free_unpacked(req, NULL);
	return r;
}

static bool
proof_ok(const ProtobufCBinaryData *proof, const struct group_public *v,
    const uint8_t *asker)
{
	static const char label[] = "sotto group preview";
	uint8_t m[sizeof(label) + GROUP_ID_LEN + GROUP_ACCOUNT_LEN];

	if (proof->len != crypto_sign_BYTES || v->link == GROUP_LINK_NONE)
		return false;
	memcpy(m, label, sizeof(label));
	memcpy(m + sizeof(label), v->id, GROUP_ID_LEN);
	memcpy(m + sizeof(label) + GROUP_ID_LEN, asker, GROUP_ACCOUNT_LEN);
	return crypto_sign_verify_detached(
		   proof->data, m, sizeof(m), v->link_key) == 0;
}

static int
do_state(struct er_net *net, struct er_request *rq, struct buf *out)
{
	Sotto__Relay__GroupStateResponse res =
	    SOTTO__RELAY__GROUP_STATE_RESPONSE__INIT;
	Sotto__Relay__GroupStateRequest *req =
	    sotto__relay__group_state_request__unpack(NULL, rq->len, rq->body);
	const struct er_group *g;
	struct group_public v;
	int r = ERR_NOTFOUND;

	assert_non_null(req);
	g = find(net, rq->from->world, &req->group_id);
	if (g != NULL)
		assert_ok(group_public_open(&v, g->record.p, g->record.len));
	if (g != NULL && (group_public_find(&v, rq->from->account, NULL) ||
			     group_public_asked(&v, rq->from->account) ||
			     proof_ok(&req->proof, &v, rq->from->account))) {
		res.state = (ProtobufCBinaryData){g->record.len, g->record.p};
		assert_ok(pack_into(out, &res.base));
		r = 0;
	}
	sotto__relay__group_state_request__free_unpacked(req, NULL);
	return r;
}

static int
do_list(struct er_net *net, struct er_request *rq, struct buf *out)
{
	Sotto__Relay__GroupListResponse res =
	    SOTTO__RELAY__GROUP_LIST_RESPONSE__INIT;
	Sotto__Relay__GroupListResponse__Group v[64], *ptr[64];
	struct er_group *g;

	for (g = net->groups; g != NULL && res.n_groups < 64; g = g->next) {
		if (g->world != rq->from->world ||
		    !is_member(&g->record, rq->from->account))
			continue;
		sotto__relay__group_list_response__group__init(
		    &v[res.n_groups]);
		v[res.n_groups].group_id =
		    (ProtobufCBinaryData){GROUP_ID_LEN, g->id};
		v[res.n_groups].version = g->n;
		ptr[res.n_groups] = &v[res.n_groups];
		res.n_groups++;
	}
	res.groups = ptr;
	assert_ok(pack_into(out, &res.base));
	return 0;
}

/* ---- devices and messages --------------------------------------------------------------- */

struct listing {
	Sotto__Relay__AccountDevices acc[ER_PEOPLE], *ptr[ER_PEOPLE];
	Sotto__Relay__AccountDevices__Device dev[ER_PEOPLE * DEVICES_MAX],
	    *dev_ptr[ER_PEOPLE * DEVICES_MAX];
	uint8_t ids[ER_PEOPLE][STORE_ID_LEN];
	size_t n, n_dev;
	uint8_t digest[32];
};

/* Every member of whom the rig has a device; a ghost has none. */
static void
list_devices(struct er_net *net, const struct er_group *g, struct listing *l)
{
	crypto_hash_sha256_state h;
	struct group_public v;
	struct group_member m;
	uint8_t number[8];

	l->n = l->n_dev = 0;
	crypto_hash_sha256_init(&h);
	assert_ok(group_public_open(&v, g->record.p, g->record.len));
	for (size_t i = 0; i < v.n_members; i++) {
		Sotto__Relay__AccountDevices *a = &l->acc[l->n];

		group_public_member(&v, i, &m);
		sotto__relay__account_devices__init(a);
		memcpy(l->ids[l->n], m.account, STORE_ID_LEN);
		a->account_id =
		    (ProtobufCBinaryData){STORE_ID_LEN, l->ids[l->n]};
		a->devices = &l->dev_ptr[l->n_dev];
		for (uint32_t d = 1; d < DEVICES_MAX; d++) {
			const struct er_person *p =
			    er_device(net, &a->account_id, d);

			if (p == NULL || !p->listed)
				continue;
			l->dev_ptr[l->n_dev] = &l->dev[l->n_dev];
			sotto__relay__account_devices__device__init(
			    &l->dev[l->n_dev]);
			l->dev[l->n_dev].device_id = d;
			l->dev[l->n_dev++].registration_id = p->registration_id;
			a->n_devices++;
			put_be32(number, d);
			put_be32(number + 4, p->registration_id);
			crypto_hash_sha256_update(
			    &h, m.account, sizeof(m.account));
			crypto_hash_sha256_update(&h, number, sizeof(number));
		}
		if (a->n_devices > 0) {
			l->ptr[l->n] = a;
			l->n++;
		}
	}
	crypto_hash_sha256_final(&h, l->digest);
}

static int
do_devices(struct er_net *net, struct er_request *rq, struct buf *out)
{
	Sotto__Relay__GroupDevicesResponse res =
	    SOTTO__RELAY__GROUP_DEVICES_RESPONSE__INIT;
	Sotto__Relay__GroupDevicesRequest *req =
	    sotto__relay__group_devices_request__unpack(
		NULL, rq->len, rq->body);
	const struct er_group *g;
	struct listing l;
	int r = ERR_NOTFOUND;

	assert_non_null(req);
	g = find(net, rq->from->world, &req->group_id);
	if (g != NULL && is_member(&g->record, rq->from->account)) {
		list_devices(net, g, &l);
		res.version = g->n;
		res.digest = (ProtobufCBinaryData){sizeof(l.digest), l.digest};
		res.accounts = l.ptr;
		res.n_accounts = l.n;
		assert_ok(pack_into(out, &res.base));
		r = 0;
	}
	sotto__relay__group_devices_request__free_unpacked(req, NULL);
	return r;
}

static void
fan_out(struct er_net *net, struct er_request *rq, const struct listing *l,
    const Sotto__Relay__SendGroupRequest *req)
{
	Sotto__Relay__DeliverEvent__Item it =
	    SOTTO__RELAY__DELIVER_EVENT__ITEM__INIT;

	it.message_id = req->message_id;
	it.group_id = req->group_id;
	it.type = req->type;
	it.ciphertext = req->ciphertext;
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < l->acc[i].n_devices; k++) {
			struct er_person *to =
			    er_device(net, &l->acc[i].account_id,
				l->acc[i].devices[k]->device_id);

			if (to != rq->from)
				er_queue(net, rq->from, to, &it);
		}
}

static int
deliver_group(struct er_net *net, struct er_request *rq,
    const Sotto__Relay__SendGroupRequest *req, struct buf *out)
{
	Sotto__Relay__SendGroupResponse res =
	    SOTTO__RELAY__SEND_GROUP_RESPONSE__INIT;
	const struct er_group *g = find(net, rq->from->world, &req->group_id);
	struct group_public v;
	struct listing l;

	if (g == NULL || !is_member(&g->record, rq->from->account))
		return ERR_NOTFOUND;
	assert_ok(group_public_open(&v, g->record.p, g->record.len));
	if (!group_public_may_send(&v, rq->from->account))
		return ERR_DENIED;
	list_devices(net, g, &l);
	res.version = g->n;
	res.devices_digest = (ProtobufCBinaryData){sizeof(l.digest), l.digest};
	res.stale =
	    req->version != g->n ||
	    req->devices_digest.len != sizeof(l.digest) ||
	    memcmp(req->devices_digest.data, l.digest, sizeof(l.digest)) != 0;
	if (!res.stale && !req->ephemeral)
		fan_out(net, rq, &l, req);
	res.server_time_ms = engine_now_ms();
	assert_ok(pack_into(out, &res.base));
	return 0;
}

static int
do_send_group(struct er_net *net, struct er_request *rq, struct buf *out)
{
	Sotto__Relay__SendGroupRequest *req =
	    sotto__relay__send_group_request__unpack(NULL, rq->len, rq->body);
	int r;

	assert_non_null(req);
	rq->from->sends++;
	r = deliver_group(net, rq, req, out);
	sotto__relay__send_group_request__free_unpacked(req, NULL);
	return net->lose_answers && r == 0 ? ERR_CLOSED : r;
}

bool
er_group_answer(struct er_net *net, struct er_request *rq,
    struct link_reply *rep, struct buf *out)
{
	switch (rq->method) {
	case METHOD_GROUP_CHANGE:
		rep->err = do_change(net, rq, out, &rep->text);
		return true;
	case METHOD_GROUP_ENTRIES:
		rep->err = do_entries(net, rq, out);
		return true;
	case METHOD_GROUP_STATE:
		rep->err = do_state(net, rq, out);
		return true;
	case METHOD_GROUP_LIST:
		rep->err = do_list(net, rq, out);
		return true;
	case METHOD_GROUP_DEVICES:
		rep->err = do_devices(net, rq, out);
		return true;
	case METHOD_SEND_GROUP:
		rep->err = do_send_group(net, rq, out);
		return true;
	default:
		return false;
	}
}

/* ---- lies ----------------------------------------------------------------------------------- */

void
er_group_forge(
    struct er_net *net, struct er_group *g, const uint8_t *entry, size_t len)
{
	struct er_person *from = NULL;
	enum group_why why;
	struct group_entry e;

	assert_ok(group_entry_open(&e, entry, len, &why));
	for (size_t i = 0; i < ER_PEOPLE && from == NULL; i++)
		if (net->p[i].net != NULL &&
		    memcmp(net->p[i].account, e.actor, GROUP_ACCOUNT_LEN) == 0)
			from = &net->p[i];
	assert_non_null(from);
	group_entry_clear(&e);
	entry_add(g, entry, len);
	tell_entry(net, g, &g->record, from, entry, len);
}

void
er_group_ghost(struct er_group *g, const uint8_t account[STORE_ID_LEN])
{
	struct pub *p;
	struct buf b;

	assert_ok(pub_new(&p, g->record.p, g->record.len));
	pub_put(p, account, GROUP_MEMBER, p->version);
	buf_init(&b, GROUP_PUBLIC_MAX);
	assert_ok(pub_write(p, &b));
	buf_clear(&g->record);
	g->record = b;
	free(p);
}

const char *
er_members(struct er_person *p, const uint8_t id[GROUP_ID_LEN])
{
	static char text[4][512];
	static unsigned turn;
	char *out = text[turn++ % 4];
	struct store_group g;
	struct group_member m;
	struct group_view v;
	size_t at = 0;

	snprintf(out, sizeof(text[0]), "-");
	if (store_group_get(p->e->store, id, &g) != 0)
		return out;
	if (g.len > 0) {
		assert_ok(group_view_open(&v, g.record, g.len));
		out[0] = '\0';
		for (size_t i = 0; i < v.pub.n_members && at < 480; i++) {
			group_public_member(&v.pub, i, &m);
			at += (size_t)snprintf(out + at, sizeof(text[0]) - at,
			    "%s%u%s", i > 0 ? " " : "",
			    get_be32(m.account + 12),
			    m.role == GROUP_ADMIN ? "*" : "");
		}
		group_view_clear(&v);
	}
	store_group_clear(&g);
	return out;
}
