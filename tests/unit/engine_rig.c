/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/engine_rig.h"

#include <sodium.h>

#include "common/proto/method.h"
#include "tui/engine/media.h"
#include "tui/store/store_session.h"

struct link {
	struct er_person *p;
	const struct link_events *events;
	void *ctx;
};

static struct er_net *the_net; /* whose links these are */

/* ---- tui/net/link.h ---------------------------------------------------------- */

int
link_new(struct link **out, uv_loop_t *loop, const struct link_opts *opts,
    const struct link_events *events, void *ctx)
{
	struct link *l;

	(void)loop;
	(void)opts;
	alloc_spare(1);
	l = calloc(1, sizeof(*l));
	alloc_spare(0);
	assert_non_null(l);
	for (size_t i = 0; i < ER_PEOPLE; i++)
		if (the_net->p[i].e == ctx)
			l->p = &the_net->p[i];
	assert_non_null(l->p);
	l->events = events;
	l->ctx = ctx;
	*out = l;
	return 0;
}

void
link_free(struct link *l)
{
	struct er_request *rq;

	if (l == NULL)
		return;
	for (rq = l->p->net->first; rq != NULL; rq = rq->next)
		if (rq->from == l->p)
			rq->cb = NULL;
	l->p->online = false;
	free(l);
}

void
link_start(struct link *l)
{
	(void)l;
}

void
link_stop(struct link *l)
{
	l->p->online = false;
}

void
link_retry_now(struct link *l)
{
	(void)l;
}

void
link_hold(struct link *l, uint32_t ms)
{
	(void)ms; /* the test says when it is back */
	l->p->online = false;
}

void
link_set_relay_key(struct link *l, const struct noise_public *key)
{
	(void)l;
	(void)key;
}

enum link_state
link_state(const struct link *l)
{
	return l->p->online ? LINK_OPEN : LINK_OFFLINE;
}

int
link_request(struct link *l, uint16_t method, const void *body, size_t len,
    uint32_t timeout_ms, link_reply_fn *cb, void *ctx)
{
	struct er_net *net = l->p->net;
	struct er_request *rq;

	(void)timeout_ms;
	if (!l->p->online)
		return ERR_STATE;
	alloc_spare(1);
	rq = calloc(1, sizeof(*rq));
	assert_non_null(rq);
	*rq = (struct er_request){
	    NULL, l->p, method, malloc(len + 1), len, cb, ctx};
	alloc_spare(0);
	assert_non_null(rq->body);
	if (len > 0)
		memcpy(rq->body, body, len);
	*net->last = rq;
	net->last = &rq->next;
	return 0;
}

static void
item_free(struct er_item *it)
{
	free(it->msg.message_id.data);
	free(it->msg.sender_account.data);
	free(it->msg.ciphertext.data);
	if (it->msg.group_id.len > 0)
		free(it->msg.group_id.data);
	free(it);
}

int
link_event(struct link *l, uint16_t method, const void *body, size_t len)
{
	Sotto__Relay__AckEvent *ack;
	struct er_item *it;

	assert_int_equal(method, EVENT_ACK);
	alloc_spare(1);
	ack = sotto__relay__ack_event__unpack(NULL, len, body);
	assert_non_null(ack);
	while ((it = l->p->queue) != NULL && it->msg.seq <= ack->seq) {
		l->p->queue = it->next;
		item_free(it);
	}
	sotto__relay__ack_event__free_unpacked(ack, NULL);
	alloc_spare(0);
	return 0;
}

void
link_forget(struct link *l, const void *ctx)
{
	struct er_request *rq;

	for (rq = l->p->net->first; rq != NULL; rq = rq->next)
		if (rq->from == l->p && rq->ctx == ctx)
			rq->cb = NULL;
}

/* ---- the relay ----------------------------------------------------------------- */

struct er_person *
er_device(
    struct er_net *net, const ProtobufCBinaryData *account, uint32_t device)
{
	for (size_t i = 0; i < ER_PEOPLE; i++)
		if (net->p[i].net != NULL && net->p[i].device == device &&
		    account->len == STORE_ID_LEN &&
		    memcmp(net->p[i].account, account->data, STORE_ID_LEN) == 0)
			return &net->p[i];
	return NULL;
}

static ProtobufCBinaryData
bytes_dup(const void *p, size_t len)
{
	ProtobufCBinaryData d = {len, malloc(len + 1)};

	assert_non_null(d.data);
	memcpy(d.data, p, len);
	return d;
}

static bool
is_repeat(struct er_person *to, const uint8_t *id)
{
	for (size_t i = 0; i < to->n_ids; i++)
		if (memcmp(to->ids[i], id, STORE_ID_LEN) == 0)
			return true;
	to->ids = realloc(to->ids, (to->n_ids + 1) * sizeof(*to->ids));
	assert_non_null(to->ids);
	memcpy(to->ids[to->n_ids++], id, STORE_ID_LEN);
	return false;
}

void
er_queue(struct er_net *net, struct er_person *from, struct er_person *to,
    const Sotto__Relay__DeliverEvent__Item *msg)
{
	struct er_item *it, **at = &to->queue;

	if (is_repeat(to, msg->message_id.data))
		return;
	it = calloc(1, sizeof(*it));
	assert_non_null(it);
	it->msg = *msg;
	it->msg.message_id =
	    bytes_dup(msg->message_id.data, msg->message_id.len);
	it->msg.sender_account = bytes_dup(from->account, STORE_ID_LEN);
	it->msg.sender_device = from->device;
	it->msg.ciphertext =
	    bytes_dup(msg->ciphertext.data, msg->ciphertext.len);
	if (msg->group_id.len > 0)
		it->msg.group_id =
		    bytes_dup(msg->group_id.data, msg->group_id.len);
	it->msg.server_time_ms = engine_now_ms();
	it->msg.seq = ++to->seq;
	if (net->bend != NULL)
		net->bend(net, from, to, &it->msg);
	while (*at != NULL)
		at = &(*at)->next;
	*at = it;
}

static void
queue_item(struct er_net *net, struct er_person *from, struct er_person *to,
    const Sotto__Relay__SendRequest *req,
    const Sotto__Relay__DeviceEnvelope *env)
{
	Sotto__Relay__DeliverEvent__Item it =
	    SOTTO__RELAY__DELIVER_EVENT__ITEM__INIT;

	it.message_id = req->message_id;
	it.type = env->type;
	it.ciphertext = env->ciphertext;
	er_queue(net, from, to, &it);
}

struct er_stale {
	Sotto__Relay__StaleDevices msg;
	uint32_t missing[8], extra[8], again[8];
};

static const Sotto__Relay__DeviceEnvelope *
envelope_for(const Sotto__Relay__AccountEnvelopes *acc, uint32_t device)
{
	for (size_t i = 0; i < acc->n_devices; i++)
		if (acc->devices[i]->device_id == device)
			return acc->devices[i];
	return NULL;
}

/* True when the set of devices is not right. */
static bool
compare(struct er_net *net, const struct er_person *from,
    const Sotto__Relay__AccountEnvelopes *acc, struct er_stale *st)
{
	const Sotto__Relay__DeviceEnvelope *env;
	Sotto__Relay__StaleDevices *m = &st->msg;
	const struct er_person *p;
	uint32_t d;

	sotto__relay__stale_devices__init(m);
	m->account_id = acc->account_id;
	if (net->gone != NULL && acc->account_id.len == STORE_ID_LEN &&
	    memcmp(net->gone, acc->account_id.data, STORE_ID_LEN) == 0)
		m->gone = true;
	m->missing = st->missing;
	m->extra = st->extra;
	m->reregistered = st->again;
	for (d = 1; d < 8; d++) {
		p = er_device(net, &acc->account_id, d);
		if (p == from || (p != NULL && !p->listed))
			p = NULL;
		env = envelope_for(acc, d);
		if (p != NULL && env == NULL)
			st->missing[m->n_missing++] = d;
		else if (p == NULL && env != NULL)
			st->extra[m->n_extra++] = d;
		else if (p != NULL &&
			 env->registration_id != p->registration_id)
			st->again[m->n_reregistered++] = d;
	}
	return m->gone || m->n_missing + m->n_extra + m->n_reregistered > 0;
}

static void
do_send(struct er_net *net, struct er_request *rq, struct buf *out)
{
	Sotto__Relay__SendResponse res = SOTTO__RELAY__SEND_RESPONSE__INIT;
	struct er_stale st[2];
	Sotto__Relay__StaleDevices *stale[2];
	Sotto__Relay__SendRequest *req =
	    sotto__relay__send_request__unpack(NULL, rq->len, rq->body);
	size_t i, k;

	assert_non_null(req);
	assert_in_range(req->n_accounts, 1, 2);
	assert_true(rq->from->listed);
	rq->from->sends++;
	for (i = 0; i < req->n_accounts; i++)
		if (compare(net, rq->from, req->accounts[i], &st[i]))
			stale[res.n_stale++] = &st[i].msg;
	res.stale = stale;
	for (i = 0; res.n_stale == 0 && !req->ephemeral && i < req->n_accounts;
	     i++)
		for (k = 0; k < req->accounts[i]->n_devices; k++)
			queue_item(net, rq->from,
			    er_device(net, &req->accounts[i]->account_id,
				req->accounts[i]->devices[k]->device_id),
			    req, req->accounts[i]->devices[k]);
	assert_ok(pack_into(out, &res.base));
	sotto__relay__send_request__free_unpacked(req, NULL);
}

static void
fill_bundle(Sotto__Relay__PreKeyBundle *b, struct er_person *of)
{
	Sotto__Relay__PreKeys *k = of->keys;

	sotto__relay__pre_key_bundle__init(b);
	assert_non_null(k);
	b->device_id = of->device;
	b->registration_id = of->registration_id;
	b->identity_key = (ProtobufCBinaryData){STORE_PUB_LEN, of->identity};
	b->signed_pre_key = k->signed_pre_key;
	if (of->one_time_used < k->n_one_time_pre_keys)
		b->one_time_pre_key = k->one_time_pre_keys[of->one_time_used++];
	b->kyber_pre_key = of->kyber_used < k->n_kyber_pre_keys
			       ? k->kyber_pre_keys[of->kyber_used++]
			       : k->kyber_last_resort;
}

static bool
is_asked(const Sotto__Relay__GetKeysRequest *req, uint32_t device)
{
	for (size_t i = 0; i < req->n_device_ids; i++)
		if (req->device_ids[i] == device)
			return true;
	return req->n_device_ids == 0;
}

static void
do_get_keys(struct er_net *net, struct er_request *rq, struct buf *out)
{
	Sotto__Relay__GetKeysResponse res =
	    SOTTO__RELAY__GET_KEYS_RESPONSE__INIT;
	Sotto__Relay__PreKeyBundle b[8], *bundles[8];
	Sotto__Relay__GetKeysRequest *req =
	    sotto__relay__get_keys_request__unpack(NULL, rq->len, rq->body);
	struct er_person *of;
	uint32_t ids[8], d;

	assert_non_null(req);
	rq->from->fetches += !req->list_only;
	for (d = 1; d < 8; d++) {
		of = er_device(net, &req->account_id, d);
		if (of == NULL || !of->listed)
			continue;
		if (d == 1)
			res.device_list =
			    (ProtobufCBinaryData){of->list_len, of->list};
		ids[res.n_device_ids++] = d;
		if (of == rq->from || req->list_only || !is_asked(req, d))
			continue;
		bundles[res.n_bundles] = &b[res.n_bundles];
		fill_bundle(&b[res.n_bundles++], of);
	}
	res.bundles = bundles;
	res.device_ids = ids;
	if (net->bend_keys != NULL)
		net->bend_keys(net, rq->from, &res);
	assert_ok(pack_into(out, &res.base));
	sotto__relay__get_keys_request__free_unpacked(req, NULL);
}

static void
do_put_keys(struct er_request *rq)
{
	struct er_person *p = rq->from;
	Sotto__Relay__PutKeysRequest *req =
	    sotto__relay__put_keys_request__unpack(NULL, rq->len, rq->body);

	assert_non_null(req);
	/* The rig keeps what makes a bundle; refills are not needed here. */
	if (p->keys != NULL || req->pre_keys->signed_pre_key == NULL) {
		sotto__relay__put_keys_request__free_unpacked(req, NULL);
		return;
	}
	p->keys = req->pre_keys;
	p->keys_owner = &req->base;
	p->one_time_used = p->kyber_used = 0;
}

/* Who is in the list of this first device's account? */
static void
note_listed(struct er_person *first)
{
	struct devicelist l;

	assert_ok(
	    devicelist_open(&l, first->account, first->list, first->list_len));
	for (size_t i = 0; i < ER_PEOPLE; i++) {
		struct er_person *p = &first->net->p[i];

		if (p->net != NULL &&
		    memcmp(p->account, first->account, STORE_ID_LEN) == 0)
			p->listed = p->device == 1 ||
				    devicelist_find(&l, p->device) != NULL;
	}
}

static void
do_set_list(struct er_request *rq)
{
	Sotto__Relay__SetDeviceListRequest *req =
	    sotto__relay__set_device_list_request__unpack(
		NULL, rq->len, rq->body);

	assert_non_null(req);
	free(rq->from->list);
	rq->from->list =
	    bytes_dup(req->device_list.data, req->device_list.len).data;
	rq->from->list_len = req->device_list.len;
	sotto__relay__set_device_list_request__free_unpacked(req, NULL);
	note_listed(rq->from);
}

/* ---- the relay: devices of an account ----------------------------------------- */

static void
do_link_open(struct er_net *net, struct er_request *rq, struct buf *out)
{
	Sotto__Relay__LinkOpenResponse res =
	    SOTTO__RELAY__LINK_OPEN_RESPONSE__INIT;
	Sotto__Relay__LinkOpenRequest *req =
	    sotto__relay__link_open_request__unpack(NULL, rq->len, rq->body);

	assert_non_null(req);
	if (req->mailbox.len == 0) {
		memset(net->box.id, ++net->box.id[0], sizeof(net->box.id));
		net->box.open = true;
		net->box.fresh = rq->from;
		net->box.trusted = NULL;
		rq->from->mail_number = 0;
	}
	res.mailbox = (ProtobufCBinaryData){sizeof(net->box.id), net->box.id};
	res.expires_ms = engine_now_ms() + 600000;
	assert_ok(pack_into(out, &res.base));
	sotto__relay__link_open_request__free_unpacked(req, NULL);
}

static int
do_link_send(struct er_net *net, struct er_request *rq)
{
	Sotto__Relay__LinkSendRequest *req =
	    sotto__relay__link_send_request__unpack(NULL, rq->len, rq->body);
	struct er_person *to;
	struct er_blob *m;
	int r = ERR_NOTFOUND;

	assert_non_null(req);
	if (!net->box.open || memcmp(req->mailbox.data, net->box.id, 16) != 0)
		goto out;
	if (net->box.trusted == NULL && rq->from != net->box.fresh) {
		net->box.trusted = rq->from;
		rq->from->mail_number = 0;
	}
	if (rq->from != net->box.fresh && rq->from != net->box.trusted)
		goto out;
	to = rq->from == net->box.fresh ? net->box.trusted : net->box.fresh;
	m = malloc(sizeof(*m) + req->blob.len);
	if (to == NULL || m == NULL) {
		free(m);
		goto out;
	}
	m->next = NULL;
	m->number = ++to->mail_number;
	m->len = req->blob.len;
	memcpy(m->b, req->blob.data, m->len);
	if (to->mail == NULL)
		to->mail_tail = &to->mail;
	*to->mail_tail = m;
	to->mail_tail = &m->next;
	r = 0;
out:
	sotto__relay__link_send_request__free_unpacked(req, NULL);
	return r;
}

static void
do_link_authorize(struct er_net *net, struct er_request *rq, struct buf *out)
{
	Sotto__Relay__LinkAuthorizeResponse res =
	    SOTTO__RELAY__LINK_AUTHORIZE_RESPONSE__INIT;

	assert_ptr_equal(rq->from, net->box.trusted);
	assert_int_equal(rq->from->device, 1);
	net->box.device = res.device_id = net->last_device++ + 2;
	assert_ok(pack_into(out, &res.base));
}

static void
do_link_finish(struct er_net *net, struct er_request *rq, struct buf *out)
{
	Sotto__Relay__LinkFinishResponse res =
	    SOTTO__RELAY__LINK_FINISH_RESPONSE__INIT;
	Sotto__Relay__LinkFinishRequest *req =
	    sotto__relay__link_finish_request__unpack(NULL, rq->len, rq->body);
	struct er_person *p = rq->from;

	assert_non_null(req);
	assert_ptr_equal(p, net->box.fresh);
	if (p->keys_owner != NULL)
		protobuf_c_message_free_unpacked(p->keys_owner, NULL);
	memcpy(p->account, net->box.trusted->account, STORE_ID_LEN);
	p->device = net->box.device;
	p->registration_id = req->registration_id;
	memcpy(p->identity, req->identity_key.data, STORE_PUB_LEN);
	p->keys = req->pre_keys;
	p->keys_owner = &req->base;
	p->one_time_used = p->kyber_used = 0;
	res.account_id = (ProtobufCBinaryData){STORE_ID_LEN, p->account};
	res.device_id = p->device;
	assert_ok(pack_into(out, &res.base));
}

static void
do_own_devices(struct er_net *net, struct er_request *rq, struct buf *out)
{
	Sotto__Relay__OwnDevicesResponse res =
	    SOTTO__RELAY__OWN_DEVICES_RESPONSE__INIT;
	Sotto__Relay__OwnDevicesResponse__Device v[8], *ptr[8];
	const ProtobufCBinaryData account = {STORE_ID_LEN, rq->from->account};
	const struct er_person *p;
	uint32_t d;

	for (d = 1; d < 8; d++) {
		p = er_device(net, &account, d);
		if (p == NULL)
			continue;
		ptr[res.n_devices] = &v[res.n_devices];
		sotto__relay__own_devices_response__device__init(
		    &v[res.n_devices]);
		v[res.n_devices].device_id = d;
		v[res.n_devices].seen_ms = 3600000;
		v[res.n_devices++].listed = p->listed;
	}
	res.devices = ptr;
	assert_ok(pack_into(out, &res.base));
}

static int
do_remove(struct er_net *net, struct er_request *rq)
{
	Sotto__Relay__RemoveDeviceRequest *req =
	    sotto__relay__remove_device_request__unpack(
		NULL, rq->len, rq->body);
	const ProtobufCBinaryData account = {STORE_ID_LEN, rq->from->account};
	struct er_person *p;

	assert_non_null(req);
	p = er_device(net, &account, req->device_id);
	sotto__relay__remove_device_request__free_unpacked(req, NULL);
	if (p == NULL)
		return ERR_NOTFOUND;
	p->device = 0;
	p->listed = false;
	p->removed = true;
	return 0;
}

static void
answer(struct er_net *net, struct er_request *rq)
{
	struct link_reply rep = {.text = ""};
	struct buf out;

	buf_init(&out, 1 << 20);
	switch (rq->method) {
	case METHOD_SEND:
		do_send(net, rq, &out);
		break;
	case METHOD_GET_KEYS:
		do_get_keys(net, rq, &out);
		break;
	case METHOD_PUT_KEYS:
		do_put_keys(rq);
		break;
	case METHOD_SET_DEVICE_LIST:
		do_set_list(rq);
		break;
	case METHOD_LINK_OPEN:
		do_link_open(net, rq, &out);
		break;
	case METHOD_LINK_SEND:
		rep.err = do_link_send(net, rq);
		break;
	case METHOD_LINK_AUTHORIZE:
		do_link_authorize(net, rq, &out);
		break;
	case METHOD_LINK_FINISH:
		do_link_finish(net, rq, &out);
		break;
	case METHOD_OWN_DEVICES:
		do_own_devices(net, rq, &out);
		break;
	case METHOD_REGISTER:
	case METHOD_VERIFY_OTP:
	case METHOD_SET_PIN:
	case METHOD_CHANGE_NUMBER:
	case METHOD_DELETE_ACCOUNT:
	case METHOD_LOOKUP:
		if (net->account != NULL)
			net->account(net, rq, &rep, &out);
		break;
	case METHOD_REMOVE_DEVICE:
		rep.err = do_remove(net, rq);
		break;
	default: /* presence: nobody asks here */
		if (!er_group_answer(net, rq, &rep, &out))
			(void)er_status_answer(net, rq, &rep, &out);
		break;
	}
	rep.from_relay = rep.err != 0 && rep.err != ERR_CLOSED;
	rep.body = out.p;
	rep.len = out.len;
	alloc_spare(0);
	if (rq->cb != NULL)
		rq->cb(rq->ctx, &rep);
	alloc_spare(1);
	buf_clear(&out);
}

static void
request_free(struct er_request *rq)
{
	free(rq->body);
	free(rq);
}

/* The requests that are there now. */
static bool
answer_all(struct er_net *net)
{
	struct er_request *rq = net->first, *next, *held = NULL, **tail = &held;
	bool any = false;

	net->first = NULL;
	net->last = &net->first;
	for (; rq != NULL; rq = next) {
		next = rq->next;
		if (rq->from == net->slow && rq->method == METHOD_SEND) {
			rq->next = NULL;
			*tail = rq;
			tail = &rq->next;
			continue;
		}
		any = true;
		answer(net, rq);
		request_free(rq);
	}
	if (held != NULL) {
		*tail = net->first;
		if (net->first == NULL)
			net->last = tail;
		net->first = held;
	}
	return any;
}

static void
fail_requests(struct er_person *p)
{
	struct link_reply rep = {.err = ERR_CLOSED, .text = ""};
	struct er_request **at = &p->net->first, *rq;

	while ((rq = *at) != NULL) {
		if (rq->from != p) {
			at = &rq->next;
			continue;
		}
		*at = rq->next;
		if (rq->next == NULL)
			p->net->last = at;
		if (rq->cb != NULL)
			rq->cb(rq->ctx, &rep);
		request_free(rq);
	}
}

static void
copy_text(char *to, size_t cap, const char *from)
{
	snprintf(to, cap, "%s", from != NULL ? from : "");
}

static void
look_at(struct er_person *p, const struct engine_event *ev)
{
	p->fatal += ev->kind == EV_FATAL;
	p->errors += ev->kind == EV_ERROR;
	p->gone += ev->kind == EV_MSG_GONE;
	p->fresh += ev->kind == EV_MSG_NEW;
	p->done += ev->kind == EV_DONE;
	p->posts += ev->kind == EV_STATUS_NEW;
	p->posts_changed += ev->kind == EV_STATUS_CHANGED;
	p->posts_gone += ev->kind == EV_STATUS_GONE;
	if (ev->kind == EV_ERROR && ev->locked)
		p->locked = ev->tries_left;
	p->registered += ev->kind == EV_REGISTERED;
	p->ended += ev->kind == EV_LINK_ENDED;
	p->was_removed += ev->kind == EV_REMOVED;
	if (ev->kind == EV_ERROR || ev->kind == EV_LINK_ENDED)
		copy_text(p->why, sizeof(p->why), ev->text);
	if (ev->kind == EV_CHAT && !ev->chats->group)
		copy_text(p->title, sizeof(p->title), ev->chats->title);
	if (ev->kind == EV_LINK_OFFER)
		copy_text(p->offer, sizeof(p->offer), ev->text);
	if (ev->kind == EV_LINK_CODE) {
		copy_text(p->code, sizeof(p->code), ev->text);
		copy_text(p->new_name, sizeof(p->new_name), ev->name);
	}
}

static void
drain_events(struct er_person *p)
{
	struct engine_event *ev;

	while ((ev = engine_next(p->e)) != NULL) {
		look_at(p, ev);
		if (ev->kind == EV_DEVICES) {
			engine_event_free(p->devices);
			p->devices = ev;
		} else {
			engine_event_free(ev);
		}
	}
}

static bool
deliver(struct er_person *p)
{
	Sotto__Relay__DeliverEvent ev = SOTTO__RELAY__DELIVER_EVENT__INIT;
	Sotto__Relay__DeliverEvent__Item *items[64];
	const struct er_item *it;
	struct link *l = p->e->link;
	struct buf b;

	for (it = p->queue; it != NULL && ev.n_items < 64; it = it->next)
		items[ev.n_items++] =
		    (Sotto__Relay__DeliverEvent__Item *)(uintptr_t)&it->msg;
	if (ev.n_items == 0)
		return false;
	ev.items = items;
	ev.queue_empty = it == NULL;
	buf_init(&b, 1 << 20);
	assert_ok(pack_into(&b, &ev.base));
	alloc_spare(0);
	l->events->on_event(l->ctx, EVENT_DELIVER, b.p, b.len);
	alloc_spare(1);
	buf_clear(&b);
	return true;
}

/* LINK events, and GOODBYE for who was removed. */
static bool
deliver_mail(struct er_person *p)
{
	Sotto__Relay__LinkEvent ev = SOTTO__RELAY__LINK_EVENT__INIT;
	Sotto__Relay__GoodbyeEvent bye = SOTTO__RELAY__GOODBYE_EVENT__INIT;
	struct link *l = p->e->link;
	struct er_blob *m = p->mail;
	char revoked[] = "revoked";
	struct buf b;

	buf_init(&b, 1 << 20);
	if (p->removed) {
		p->removed = false;
		bye.reason = revoked;
		assert_ok(pack_into(&b, &bye.base));
		alloc_spare(0);
		l->events->on_event(l->ctx, EVENT_GOODBYE, b.p, b.len);
		alloc_spare(1);
	} else if (m != NULL) {
		p->mail = m->next;
		ev.mailbox = (ProtobufCBinaryData){16, p->net->box.id};
		ev.number = m->number;
		ev.blob = (ProtobufCBinaryData){m->len, m->b};
		assert_ok(pack_into(&b, &ev.base));
		free(m);
		alloc_spare(0);
		l->events->on_event(l->ctx, EVENT_LINK, b.p, b.len);
		alloc_spare(1);
	}
	if (b.len == 0)
		return false;
	buf_clear(&b);
	return true;
}

bool
er_turn(struct er_net *net)
{
	bool any = false;

	alloc_spare(1);
	for (size_t i = 0; i < ER_PEOPLE; i++) {
		struct er_person *p = &net->p[i];

		if (p->e == NULL)
			continue;
		any |= uv_is_active((uv_handle_t *)&p->e->kick) &&
		       uv_timer_get_due_in(&p->e->kick) == 0;
		alloc_spare(0);
		uv_run(&p->e->loop, UV_RUN_NOWAIT);
		alloc_spare(1);
		if (p->online && !p->e->failed)
			any |= deliver_mail(p);
		if (p->online && !net->deaf && !p->e->failed)
			any |= deliver(p);
		drain_events(p);
	}
	any |= answer_all(net);
	alloc_spare(0);
	return any;
}

void
er_run(struct er_net *net)
{
	while (er_turn(net))
		;
}

/* ---- people -------------------------------------------------------------------- */

static struct engine *
engine_make(struct er_person *p)
{
	struct engine *e = calloc(1, sizeof(*e));

	assert_non_null(e);
	uv_mutex_init(&e->lock);
	e->cmds.tail = &e->cmds.head;
	e->events.tail = &e->events.head;
	e->pending.tail = &e->pending.head;
	e->reserve = event_alloc();
	e->dir = strdup(p->dir);
	e->opts.fast_kdf = true;
	assert_int_equal(uv_loop_init(&e->loop), 0);
	uv_timer_init(&e->loop, &e->timer);
	uv_timer_init(&e->loop, &e->kick);
	uv_timer_init(&e->loop, &e->link_timer);
	uv_timer_init(&e->loop, &e->expiry);
	uv_timer_init(&e->loop, &e->backup_timer);
	e->timer.data = e->kick.data = e->link_timer.data = e;
	e->expiry.data = e->backup_timer.data = e;
	return e;
}

static void
become(struct er_person *p)
{
	struct store_account *row = &p->e->keys->row;

	row->registered = true;
	memcpy(row->account, p->account, sizeof(row->account));
	row->device = p->device = 1;
	p->listed = true;
	snprintf(row->phone, sizeof(row->phone), "+4915550%05u", p->n);
	snprintf(row->name, sizeof(row->name), "Person %u", p->n);
	snprintf(
	    row->relay_uri, sizeof(row->relay_uri), "sotto://127.0.0.1:1/");
	assert_ok(account_save(p->e));
	assert_ok(self_load(p->e));
	p->registration_id = row->registration_id;
	memcpy(p->identity, row->identity_public, sizeof(p->identity));
	connection_dial(p->e);
}

void
er_start(struct er_person *p)
{
	struct cmd *c = cmd_new(CMD_UNLOCK, 0, PASS, NULL, NULL);

	assert_non_null(c);
	p->e = engine_make(p);
	cmd_unlock(p->e, c);
	cmd_free(c);
	assert_non_null(p->e->store);
	if (!p->e->self.registered && !p->blank)
		become(p);
	else if (p->e->self.registered && p->e->link == NULL)
		connection_dial(p->e);
	if (p->e->link != NULL)
		er_online(p, true);
}

static void
on_closed(uv_handle_t *h)
{
	(void)h;
}

void
er_stop(struct er_person *p)
{
	struct engine *e = p->e;

	if (e->link != NULL)
		er_online(p, false);
	connection_close(e);
	uv_close((uv_handle_t *)&e->link_timer, on_closed);
	uv_close((uv_handle_t *)&e->expiry, on_closed);
	uv_close((uv_handle_t *)&e->backup_timer, on_closed);
	uv_close((uv_handle_t *)&e->timer, on_closed);
	uv_close((uv_handle_t *)&e->kick, on_closed);
	media_close(e);
	uv_run(&e->loop, UV_RUN_DEFAULT);
	account_close(e);
	assert_int_equal(uv_loop_close(&e->loop), 0);
	drain_events(p);
	engine_event_free(e->reserve);
	uv_mutex_destroy(&e->lock);
	free(e->dir);
	free(e);
	p->e = NULL;
}

static void
say_hello(struct er_person *p, struct link *l)
{
	Sotto__Relay__HelloResponse h = SOTTO__RELAY__HELLO_RESPONSE__INIT;
	struct buf b;

	if (p->device != 0) {
		h.account_id = (ProtobufCBinaryData){STORE_ID_LEN, p->account};
		h.device_id = p->device;
	}
	h.one_time_pre_keys_left = p->keys != NULL ? 100 : 0;
	h.kyber_pre_keys_left = p->keys != NULL ? 100 : 0;
	buf_init(&b, 4096);
	assert_ok(pack_into(&b, &h.base));
	l->events->on_hello(l->ctx, b.p, b.len);
	buf_clear(&b);
}

void
er_online(struct er_person *p, bool online)
{
	struct link *l = p->e->link;
	struct link_status st = {
	    .state = online ? LINK_OPEN : LINK_OFFLINE, .reason = ""};

	p->online = online;
	if (!online)
		fail_requests(p);
	else
		say_hello(p, l);
	l->events->on_state(l->ctx, &st);
}

struct er_person *
er_add(struct er_net *net, unsigned n)
{
	struct er_person *p = net->p;

	while (p->net != NULL)
		p++;
	p->net = net;
	p->n = n;
	p->dir = dir_new();
	memcpy(p->account, id_of(n).b, STORE_ID_LEN);
	er_start(p);
	er_run(net);
	assert_non_null(p->keys);
	assert_non_null(p->list);
	return p;
}

struct er_person *
er_add_blank(struct er_net *net, unsigned n)
{
	struct er_person *p = net->p;

	while (p->net != NULL)
		p++;
	p->net = net;
	p->n = n;
	p->dir = dir_new();
	p->blank = true;
	er_start(p);
	return p;
}

void
er_cmd(struct er_person *p, enum cmd_kind kind, const char *s0, const char *s1,
    int64_t chat, uint32_t n)
{
	static cmd_fn *const fns[] = {
#define X(name, need, fn) [CMD_##name] = fn,
		ENGINE_CMDS(X)
#undef X
	};
	struct cmd *c;

	alloc_spare(1);
	c = cmd_new(kind, 9, s0, s1, NULL);
	assert_non_null(c);
	c->chat = chat;
	c->n = n;
	alloc_spare(0);
	fns[kind](p->e, c);
	alloc_spare(1);
	cmd_free(c);
	drain_events(p);
	alloc_spare(0);
}

void
er_link(struct er_net *net, struct er_person *fresh, struct er_person *first,
    const char *name)
{
	unsigned registered = fresh->registered;

	er_cmd(fresh, CMD_LINK_BEGIN, "sotto://127.0.0.1:1/", name, 0, 0);
	er_online(fresh, true);
	er_run(net);
	er_cmd(first, CMD_LINK_ANSWER, fresh->offer, NULL, 0, 0);
	er_run(net);
	assert_string_equal(fresh->code, first->code);
	assert_int_equal(strlen(first->code), 6);
	er_cmd(first, CMD_LINK_CONFIRM, NULL, NULL, 0, 1);
	er_run(net);
	assert_int_equal(fresh->registered, registered + 1);
	er_online(fresh, true);
	er_run(net);
}

static void
forget_person(struct er_person *p)
{
	struct er_item *it;

	while ((it = p->queue) != NULL) {
		p->queue = it->next;
		item_free(it);
	}
	while (p->mail != NULL) {
		struct er_blob *m = p->mail;

		p->mail = m->next;
		free(m);
	}
	engine_event_free(p->devices);
	p->devices = NULL;
	if (p->keys_owner != NULL)
		protobuf_c_message_free_unpacked(p->keys_owner, NULL);
	p->keys_owner = NULL;
	p->keys = NULL;
	free(p->ids);
	p->ids = NULL;
	p->n_ids = 0;
	free(p->list);
	p->list = NULL;
	p->list_len = 0;
	if (p->e != NULL)
		er_stop(p);
	dir_free(p->dir);
	p->dir = NULL;
}

void
er_drop(struct er_person *p)
{
	forget_person(p);
	*p = (struct er_person){.net = NULL};
}

void
er_anew(struct er_person *p)
{
	forget_person(p);
	p->dir = dir_new();
	er_start(p);
	er_run(p->net);
}

void
er_init(struct er_net *net)
{
	memset(net, 0, sizeof(*net));
	net->last = &net->first;
	the_net = net;
	assert_true(sodium_init() >= 0);
}

void
er_clear(struct er_net *net)
{
	for (size_t i = 0; i < ER_PEOPLE; i++)
		if (net->p[i].net != NULL)
			forget_person(&net->p[i]);
	er_groups_clear(net);
}

/* ---- what people do -------------------------------------------------------------- */

int64_t
er_chat(struct er_person *p, const struct er_person *with)
{
	struct store_contact c;
	int64_t chat;

	assert_ok(txn_begin(p->e));
	assert_ok(contact_ensure(p->e, with->account, NULL, NULL, &c));
	assert_ok(store_chat_open(p->e->store, STORE_CHAT_PERSON, with->account,
	    engine_now_ms(), &chat));
	assert_ok(txn_end(p->e, 0));
	return chat;
}

bool
er_say(struct er_person *p, const struct er_person *to, const char *text)
{
	struct cmd *c;
	unsigned before = p->errors + p->fatal;

	alloc_spare(1);
	c = cmd_new(CMD_SEND_TEXT, 7, text, NULL, NULL);
	assert_non_null(c);
	c->chat = er_chat(p, to);
	drain_events(p);
	alloc_spare(0);
	cmd_send_text(p->e, c);
	alloc_spare(1);
	cmd_free(c);
	drain_events(p);
	alloc_spare(0);
	return p->errors + p->fatal == before;
}

void
er_read(struct er_person *p, const struct er_person *with)
{
	struct store_messages page;
	struct cmd *c;

	alloc_spare(1);
	c = cmd_new(CMD_MARK_READ, 8, NULL, NULL, NULL);
	assert_non_null(c);
	c->chat = er_chat(p, with);
	assert_ok(store_message_before(p->e->store, c->chat, 0, 1, &page));
	assert_int_equal(page.n, 1);
	c->id = page.v[0].id;
	store_messages_clear(&page);
	alloc_spare(0);
	cmd_mark_read(p->e, c);
	alloc_spare(1);
	cmd_free(c);
	alloc_spare(0);
}

void
er_break(struct er_person *p, const struct er_person *with,
    void (*f)(struct buf *rec))
{
	struct buf rec;

	buf_init(&rec, SESSION_RECORD_MAX);
	assert_ok(store_session_get(p->e->store, with->account, 1, &rec));
	f(&rec);
	assert_ok(store_session_put(
	    p->e->store, with->account, 1, rec.p, rec.len, engine_now_ms()));
	buf_clear(&rec);
}

const char *
er_shows(struct er_person *p, const struct er_person *with)
{
	static const char *const states[] = {"pending", "sent", "delivered",
	    "read", "failed", "received", "waiting"};
	static char text[4][4096];
	static unsigned turn;
	char *out = text[turn++ % 4];
	struct store_messages page;
	size_t i, at = 0;

	assert_ok(store_message_before(
	    p->e->store, er_chat(p, with), 0, STORE_PAGE_MAX, &page));
	out[0] = '\0';
	for (i = 0; i < page.n && at < sizeof(text[0]); i++)
		at += (size_t)snprintf(out + at, sizeof(text[0]) - at,
		    "%s%s:%s", i > 0 ? " " : "",
		    page.v[i].dir == STORE_NOTE ? "note"
						: states[page.v[i].state],
		    page.v[i].dir == STORE_NOTE ? "" : page.v[i].text);
	store_messages_clear(&page);
	return out;
}
