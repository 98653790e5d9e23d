/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/engine_rig.h"

#include <sodium.h>

#include "common/proto/method.h"
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
	(void)l;
	(void)ctx;
}

/* ---- the relay ----------------------------------------------------------------- */

static struct er_person *
person_of(struct er_net *net, const ProtobufCBinaryData *account)
{
	for (size_t i = 0; i < ER_PEOPLE; i++)
		if (net->p[i].net != NULL && account->len == STORE_ID_LEN &&
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

static void
queue_item(struct er_net *net, struct er_person *from, struct er_person *to,
    const Sotto__Relay__SendRequest *req,
    const Sotto__Relay__DeviceEnvelope *env)
{
	struct er_item *it, **at = &to->queue;

	if (is_repeat(to, req->message_id.data))
		return;
	it = calloc(1, sizeof(*it));
	assert_non_null(it);
	sotto__relay__deliver_event__item__init(&it->msg);
	it->msg.message_id =
	    bytes_dup(req->message_id.data, req->message_id.len);
	it->msg.sender_account = bytes_dup(from->account, STORE_ID_LEN);
	it->msg.sender_device = 1;
	it->msg.type = env->type;
	it->msg.ciphertext =
	    bytes_dup(env->ciphertext.data, env->ciphertext.len);
	it->msg.server_time_ms = engine_now_ms();
	it->msg.seq = ++to->seq;
	if (net->bend != NULL)
		net->bend(net, from, to, &it->msg);
	while (*at != NULL)
		at = &(*at)->next;
	*at = it;
}

static void
do_send(struct er_net *net, struct er_request *rq, struct buf *out)
{
	Sotto__Relay__SendResponse res = SOTTO__RELAY__SEND_RESPONSE__INIT;
	Sotto__Relay__StaleDevices st = SOTTO__RELAY__STALE_DEVICES__INIT;
	Sotto__Relay__StaleDevices *stale[1] = {&st};
	Sotto__Relay__SendRequest *req =
	    sotto__relay__send_request__unpack(NULL, rq->len, rq->body);
	const Sotto__Relay__DeviceEnvelope *env;
	struct er_person *to;
	uint32_t one = 1;

	assert_non_null(req);
	assert_int_equal(req->n_accounts, 1);
	to = person_of(net, &req->accounts[0]->account_id);
	assert_non_null(to);
	assert_int_equal(req->accounts[0]->n_devices, 1);
	env = req->accounts[0]->devices[0];
	rq->from->sends++;
	if (env->registration_id != to->registration_id) {
		st.account_id = req->accounts[0]->account_id;
		st.reregistered = &one;
		st.n_reregistered = 1;
		res.stale = stale;
		res.n_stale = 1;
	} else if (!req->ephemeral) {
		queue_item(net, rq->from, to, req, env);
	}
	assert_ok(pack_into(out, &res.base));
	sotto__relay__send_request__free_unpacked(req, NULL);
}

static void
do_get_keys(struct er_net *net, struct er_request *rq, struct buf *out)
{
	Sotto__Relay__GetKeysResponse res =
	    SOTTO__RELAY__GET_KEYS_RESPONSE__INIT;
	Sotto__Relay__PreKeyBundle b = SOTTO__RELAY__PRE_KEY_BUNDLE__INIT;
	Sotto__Relay__PreKeyBundle *bundles[1] = {&b};
	Sotto__Relay__GetKeysRequest *req =
	    sotto__relay__get_keys_request__unpack(NULL, rq->len, rq->body);
	struct er_person *of;
	Sotto__Relay__PreKeys *k;
	uint32_t one = 1;

	assert_non_null(req);
	of = person_of(net, &req->account_id);
	assert_non_null(of);
	assert_non_null(of->keys);
	k = of->keys->pre_keys;
	rq->from->fetches++;
	b.device_id = 1;
	b.registration_id = of->registration_id;
	b.identity_key = (ProtobufCBinaryData){STORE_PUB_LEN, of->identity};
	b.signed_pre_key = k->signed_pre_key;
	if (of->one_time_used < k->n_one_time_pre_keys)
		b.one_time_pre_key = k->one_time_pre_keys[of->one_time_used++];
	b.kyber_pre_key = of->kyber_used < k->n_kyber_pre_keys
			      ? k->kyber_pre_keys[of->kyber_used++]
			      : k->kyber_last_resort;
	res.device_list = (ProtobufCBinaryData){of->list_len, of->list};
	res.bundles = bundles;
	res.n_bundles = 1;
	res.device_ids = &one;
	res.n_device_ids = 1;
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
	p->keys = req;
	p->one_time_used = p->kyber_used = 0;
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
	default:
		break; /* presence: nobody asks here */
	}
	rep.body = out.p;
	rep.len = out.len;
	alloc_spare(0);
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
		rq->cb(rq->ctx, &rep);
		request_free(rq);
	}
}

static void
look_at(struct er_person *p, const struct engine_event *ev)
{
	p->fatal += ev->kind == EV_FATAL;
	p->errors += ev->kind == EV_ERROR;
	p->gone += ev->kind == EV_MSG_GONE;
	p->fresh += ev->kind == EV_MSG_NEW;
}

static void
drain_events(struct er_person *p)
{
	struct engine_event *ev;

	while ((ev = engine_next(p->e)) != NULL) {
		look_at(p, ev);
		engine_event_free(ev);
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
	e->timer.data = e->kick.data = e;
	return e;
}

static void
become(struct er_person *p)
{
	struct store_account *row = &p->e->keys->row;

	row->registered = true;
	memcpy(row->account, p->account, sizeof(row->account));
	row->device = 1;
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
	if (!p->e->self.registered)
		become(p);
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

	er_online(p, false);
	connection_close(e);
	uv_close((uv_handle_t *)&e->timer, on_closed);
	uv_close((uv_handle_t *)&e->kick, on_closed);
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

	h.account_id = (ProtobufCBinaryData){STORE_ID_LEN, p->account};
	h.device_id = 1;
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

static void
forget_person(struct er_person *p)
{
	struct er_item *it;

	while ((it = p->queue) != NULL) {
		p->queue = it->next;
		item_free(it);
	}
	if (p->keys != NULL)
		sotto__relay__put_keys_request__free_unpacked(p->keys, NULL);
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
