/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "relay/queue/deliver.h"
#include "relay/queue/window.h"

#define POOL_MAX 64 /* of each kind, kept by a loop */

/* A page of the queue being read. */
struct page {
	struct op_queue_read op;
	struct list link; /* in the pool */
	struct service_loop *sl;
	struct slab_ref conn;
	uint64_t top; /* delivery.top when it was asked for */
};

/* An acknowledgement on its way to the disk. */
struct ack {
	struct op_queue_ack op;
	struct list link; /* in the pool */
	struct service_loop *sl;
	struct slab_ref conn;
};

/* What a session has while messages are on their way to its device. */
struct delivery {
	struct list link; /* in queue_loop.acks, or in the pool */
	struct slab_ref conn;
	struct page *page; /* being read */
	struct ack *ack; /* being written */
	uint64_t top; /* the newest message known to wait */
	uint64_t acked; /* by the device */
	bool more; /* the queue was not read to its end */
	bool first; /* no page has been read yet */
	struct window window;
};

struct queue_loop {
	struct list acks; /* deliveries with something to acknowledge */
	struct list deliveries, pages, written; /* pools */
	size_t ndeliveries, npages, nwritten;
};

/* ---- pools ---------------------------------------------------------------------------- */

int
queue_loop_new(struct queue_loop **out)
{
	struct queue_loop *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return ERR_NOMEM;
	list_init(&q->acks);
	list_init(&q->deliveries);
	list_init(&q->pages);
	list_init(&q->written);
	*out = q;
	return 0;
}

static struct queue_loop *
queue_of(const struct conn *c)
{
	return service_of(c)->queue;
}

static void on_page(struct store_op *op);
static void on_ack_written(struct store_op *op);

/* An op keeps its memory from use to use: it is made ready once. */
static struct page *
page_get(struct service_loop *sl)
{
	struct list *node = list_pop(&sl->queue->pages);
	struct page *p;

	if (node != NULL) {
		sl->queue->npages--;
		return LIST_OF(node, struct page, link);
	}
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return NULL;
	store_op_init(&p->op.op, STORE_QUEUE_READ, &sl->sink, on_page, p);
	p->sl = sl;
	return p;
}

static void
page_free(struct page *p)
{
	store_op_clear(&p->op.op);
	free(p);
}

static void
page_put(struct queue_loop *q, struct page *p)
{
	if (q->npages >= POOL_MAX / 8) {
		page_free(p);
		return;
	}
	list_add(&q->pages, &p->link);
	q->npages++;
}

static struct ack *
ack_get(struct service_loop *sl)
{
	struct list *node = list_pop(&sl->queue->written);
	struct ack *a;

	if (node != NULL) {
		sl->queue->nwritten--;
		return LIST_OF(node, struct ack, link);
	}
	a = calloc(1, sizeof(*a));
	if (a == NULL)
		return NULL;
	store_op_init(&a->op.op, STORE_QUEUE_ACK, &sl->sink, on_ack_written, a);
	a->sl = sl;
	return a;
}

static void
ack_put(struct queue_loop *q, struct ack *a)
{
	if (q->nwritten >= POOL_MAX) {
		free(a);
		return;
	}
	list_add(&q->written, &a->link);
	q->nwritten++;
}

static struct delivery *
delivery_get(struct conn *c, struct session *s)
{
	struct queue_loop *q = queue_of(c);
	struct list *node;

	if (s->delivery != NULL)
		return s->delivery;
	node = list_pop(&q->deliveries);
	if (node != NULL) {
		q->ndeliveries--;
		s->delivery = LIST_OF(node, struct delivery, link);
		memset(s->delivery, 0, sizeof(*s->delivery));
	} else {
		s->delivery = calloc(1, sizeof(*s->delivery));
	}
	if (s->delivery == NULL) {
		conn_close(c, CLOSE_ERROR);
		return NULL;
	}
	s->delivery->conn = conn_ref(c);
	s->delivery->top = s->delivery->acked = s->sent_seq;
	return s->delivery;
}

static void
delivery_put(struct queue_loop *q, struct session *s)
{
	struct delivery *d = s->delivery;

	s->delivery = NULL;
	list_del(&d->link);
	if (q->ndeliveries >= POOL_MAX) {
		free(d);
		return;
	}
	list_add(&q->deliveries, &d->link);
	q->ndeliveries++;
}

void
queue_loop_free(struct queue_loop *q)
{
	struct list *node;

	if (q == NULL)
		return;
	while ((node = list_pop(&q->deliveries)) != NULL)
		free(LIST_OF(node, struct delivery, link));
	while ((node = list_pop(&q->written)) != NULL)
		free(LIST_OF(node, struct ack, link));
	while ((node = list_pop(&q->pages)) != NULL)
		page_free(LIST_OF(node, struct page, link));
	free(q);
}

static bool
is_behind(const struct session *s, const struct delivery *d)
{
	return d->more || d->top > s->sent_seq;
}

/* Nothing to wait for: an idle device owns nothing here. */
static void
let_go_when_idle(struct conn *c, struct session *s)
{
	struct delivery *d = s->delivery;

	if (d != NULL && d->window.n == 0 && d->page == NULL &&
	    d->ack == NULL && !list_linked(&d->link) && !is_behind(s, d))
		delivery_put(queue_of(c), s);
}

/* ---- DELIVER ---------------------------------------------------------------------------- */

typedef Sotto__Relay__DeliverEvent deliver_event;
typedef Sotto__Relay__DeliverEvent__Item deliver_item;

static ProtobufCBinaryData
bytes_of(const void *p, size_t len)
{
	/* protobuf-c's bytes are not const; it only reads them. */
	return (ProtobufCBinaryData){
	    .len = len, .data = (uint8_t *)(uintptr_t)p};
}

static void
fill_item(deliver_item *it, const struct store_row *row)
{
	sotto__relay__deliver_event__item__init(it);
	it->seq = row->seq;
	it->message_id = bytes_of(row->message_id, sizeof(row->message_id));
	it->sender_account =
	    bytes_of(row->sender_account.b, sizeof(row->sender_account.b));
	it->sender_device = row->sender_device;
	it->type = row->type;
	it->ciphertext = bytes_of(row->body, row->len);
	it->server_time_ms = row->server_ms;
	it->expires_ms = row->expires_ms;
	if (row->in_group)
		it->group_id = bytes_of(row->group_id, sizeof(row->group_id));
}

/* One envelope as it comes; 0 or the connection is closed. */
static int
send_one(struct conn *c, const struct parcel *p, const struct store_envelope *e,
    bool queue_empty)
{
	struct store_row row = p->row;
	deliver_event ev = SOTTO__RELAY__DELIVER_EVENT__INIT;
	deliver_item item, *ptr = &item;

	row.seq = p->ephemeral ? 0 : e->seq;
	row.type = e->type;
	row.len = e->len;
	row.body = e->body;
	fill_item(&item, &row);
	ev.items = &ptr;
	ev.n_items = 1;
	ev.queue_empty = queue_empty;
	metrics_add(METRIC_messages_delivered, 1);
	return conn_event(c, EVENT_DELIVER, &ev.base);
}

/* ---- reading the queue -------------------------------------------------------------------- */

static uint32_t
cost_of(size_t body)
{
	return (uint32_t)body + WINDOW_ROW;
}

/* Hand out the rows of a page. */
static int
send_page(struct conn *c, struct session *s, struct delivery *d,
    const struct op_queue_read *op, bool queue_empty)
{
	deliver_event ev = SOTTO__RELAY__DELIVER_EVENT__INIT;
	deliver_item *items;
	uint32_t bytes = 0;
	size_t i;
	int r;

	items = malloc((op->n + 1) * sizeof(*items));
	ev.items = malloc((op->n + 1) * sizeof(deliver_item *));
	if (items == NULL || ev.items == NULL) {
		r = ERR_NOMEM;
		conn_close(c, CLOSE_ERROR);
		goto out;
	}
	for (i = 0; i < op->n; i++) {
		fill_item(&items[i], &op->v[i]);
		ev.items[i] = &items[i];
		bytes += cost_of(op->v[i].len);
	}
	ev.n_items = op->n;
	ev.queue_empty = queue_empty;
	if (op->n > 0) {
		s->sent_seq = op->v[op->n - 1].seq;
		window_add(&d->window, s->sent_seq, bytes, (uint32_t)op->n);
		metrics_add(METRIC_messages_delivered, (int64_t)op->n);
	}
	r = conn_event(c, EVENT_DELIVER, &ev.base);
out:
	free(items);
	free(ev.items);
	return r;
}

static void pull(struct conn *c, struct session *s, struct delivery *d);

static void
take_page(struct conn *c, struct session *s, struct page *p)
{
	struct delivery *d = s->delivery;
	bool first = d->first;
	uint64_t last = p->op.n > 0 ? p->op.v[p->op.n - 1].seq : 0;

	d->first = false;
	d->more = p->op.more;
	/*
	 * What was known to wait when the page was asked for had been
	 * committed before: what the page does not show of it is gone.
	 */
	if (!p->op.more && p->top > last)
		last = p->top;
	if ((p->op.n > 0 || first) &&
	    send_page(c, s, d, &p->op, !p->op.more && d->top <= last) != 0)
		return;
	if (s->sent_seq < last)
		s->sent_seq = last;
	if (d->top < s->sent_seq)
		d->top = s->sent_seq;
	pull(c, s, d);
	let_go_when_idle(c, s);
}

static void
on_page(struct store_op *op)
{
	struct page *p = op->ctx;
	struct queue_loop *q = p->sl->queue;
	struct conn *c = conn_of(p->sl->net, p->conn);
	struct session *s = c != NULL ? session_of(c) : NULL;

	/* The delivery may be another one by now: of another device. */
	if (s != NULL && s->delivery != NULL && s->delivery->page == p) {
		s->delivery->page = NULL;
		if (op->result == 0)
			take_page(c, s, p);
		else
			conn_close(c, CLOSE_ERROR);
	}
	page_put(q, p);
}

/* Read on, when there is something to read and room for it. */
static void
pull(struct conn *c, struct session *s, struct delivery *d)
{
	struct service_loop *sl = service_of(c);
	struct page *p;

	if (d->page != NULL || !is_behind(s, d) || !window_half(&d->window))
		return;
	p = page_get(sl);
	if (p == NULL) {
		conn_close(c, CLOSE_ERROR);
		return;
	}
	p->conn = conn_ref(c);
	p->top = d->top;
	p->op.dev = s->dev;
	p->op.after_seq = s->sent_seq;
	p->op.max_rows = window_room_messages(&d->window);
	p->op.max_bytes = window_room_bytes(&d->window);
	d->page = p;
	store_submit(sl->sv->store, &p->op.op);
}

void
queue_online(struct conn *c, struct session *s)
{
	struct delivery *d = delivery_get(c, s);

	if (d == NULL)
		return;
	d->first = d->more = true;
	pull(c, s, d);
}

/* ---- as it comes ---------------------------------------------------------------------------- */

static void
hand_out(struct conn *c, struct session *s, struct delivery *d,
    const struct parcel *p, const struct store_envelope *e)
{
	s->sent_seq = e->seq;
	window_add(&d->window, e->seq, cost_of(e->len), 1);
	(void)send_one(c, p, e, true);
}

static void
take_mail(struct conn *c, struct session *s, const struct parcel *p,
    const struct store_envelope *e)
{
	struct delivery *d;
	bool behind;

	if (e->seq <= s->sent_seq)
		return;
	d = delivery_get(c, s);
	if (d == NULL)
		return;
	behind = is_behind(s, d) || d->page != NULL;
	if (d->top < e->seq)
		d->top = e->seq;
	/* prev_seq: another loop's message may still be on its way here. */
	if (!behind && e->prev_seq <= s->sent_seq && window_open(&d->window))
		hand_out(c, s, d, p, e);
	else
		pull(c, s, d);
}

void
deliver_mail(struct net_loop *l, struct net_mail *mail)
{
	struct parcel_mail *m = (void *)mail;
	struct parcel *p = m->parcel;
	struct conn *c = conn_of(l, m->to);
	struct session *s = c != NULL ? session_of(c) : NULL;

	if (s == NULL || !s->online || s->dev != m->env->dev)
		goto out;
	if (!p->ephemeral)
		take_mail(c, s, p, m->env);
	else if (conn_pending(c) <= NET_OUT_HIGH)
		(void)send_one(c, p, m->env, false);
out:
	parcel_unref(p);
}

/* ---- ACK -------------------------------------------------------------------------------------- */

static void
on_ack_written(struct store_op *op)
{
	struct ack *a = op->ctx;
	struct queue_loop *q = a->sl->queue;
	struct conn *c = conn_of(a->sl->net, a->conn);
	struct session *s = c != NULL ? session_of(c) : NULL;

	if (op->result == 0)
		metrics_add(METRIC_messages_acked, (int64_t)a->op.deleted);
	if (s != NULL && s->delivery != NULL && s->delivery->ack == a) {
		struct delivery *d = s->delivery;

		d->ack = NULL;
		/* What failed is written with the next one. */
		if (d->acked > a->op.seq && !list_linked(&d->link))
			list_add(&q->acks, &d->link);
		let_go_when_idle(c, s);
	}
	ack_put(q, a);
}

/* d NULL: its session is gone, nobody waits. */
static void
submit_ack(struct service_loop *sl, store_dev dev, uint64_t seq, struct conn *c,
    struct delivery *d)
{
	struct ack *a = ack_get(sl);

	if (a == NULL)
		return; /* it will get them again, and say so again */
	a->op.dev = dev;
	a->op.seq = seq;
	a->conn = (struct slab_ref){0, 0};
	if (d != NULL) {
		a->conn = conn_ref(c);
		d->ack = a;
	}
	store_submit(sl->sv->store, &a->op.op);
}

void
queue_turn(struct net_loop *l)
{
	struct service_loop *sl = net_user(l);
	struct list todo;
	struct list *node;

	list_init(&todo);
	list_splice(&todo, &sl->queue->acks);
	while ((node = list_pop(&todo)) != NULL) {
		struct delivery *d = LIST_OF(node, struct delivery, link);
		struct conn *c = conn_of(l, d->conn);

		if (c != NULL && d->ack == NULL)
			submit_ack(sl, session_of(c)->dev, d->acked, c, d);
	}
}

void
on_ack_event(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__AckEvent *ack = (const void *)msg;
	struct session *s = session_of(c);
	struct delivery *d = s->delivery;
	uint64_t seq = ack->seq;

	(void)rq;
	/* Nothing can be acknowledged that was not handed out here. */
	if (seq > s->sent_seq)
		seq = s->sent_seq;
	if (d == NULL || seq <= d->acked)
		return;
	d->acked = seq;
	window_ack(&d->window, seq);
	if (d->ack == NULL && !list_linked(&d->link))
		list_add(&queue_of(c)->acks, &d->link);
	pull(c, s, d);
}

void
queue_offline(struct conn *c, struct session *s)
{
	struct service_loop *sl = service_of(c);
	struct delivery *d = s->delivery;
	uint64_t written;

	if (d == NULL)
		return;
	written = d->ack != NULL ? d->ack->op.seq : 0;
	if ((list_linked(&d->link) || d->ack != NULL) && d->acked > written)
		submit_ack(sl, s->dev, d->acked, NULL, NULL);
	delivery_put(sl->queue, s);
}
