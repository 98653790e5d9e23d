/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sodium.h>

#include "common/noise/pipe.h"
#include "common/proto/frame.h"
#include "common/proto/method.h"
#include "common/proto/relay.pb-c.h"
#include "common/signal/sender_key.h"
#include "common/signal/session.h"
#include "tests/bench/group_peers.h"
#include "tests/bench/group_people.h"
#include "tui/engine/content.h"

#define CONNECTING 64 /* that do so at once */
#define STREAM_MAX (16u << 20)
#define KEYS_MAX   8 /* sender keys of one sender that a device keeps */

struct got_key {
	struct distribution_id id;
	struct buf record;
};

struct peer {
	struct peers *all;
	struct person_device d;
	int fd;
	bool ready;
	struct pipe pipe;
	struct buf in, out, frames;
	uint64_t ack; /* to be told; 0: nothing */
	struct buf session; /* record with the sender's device */
	struct got_key keys[KEYS_MAX];
	size_t n_keys;
	uint32_t first, last; /* texts */
};

struct peers {
	struct uri relay;
	struct noise_public relay_key;
	uint8_t sender[16];
	uint32_t sender_device;
	struct peer *v; /* PEOPLE_DEVICES */
	int epoll;
	uint32_t connecting, next; /* under way; next to begin */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool started, stop; /* under lock */
	struct peers_count count; /* under lock */
};

static NORETURN void
die(const char *what)
{
	(void)fprintf(stderr, "group peers: %s\n", what);
	exit(1);
}

static void
must(int r, const char *what)
{
	if (r == 0)
		return;
	(void)fprintf(stderr, "group peers: %s: %s\n", what, err_str(r));
	exit(1);
}

/* ---- pre-keys --------------------------------------------------------------------- */

static int
signed_get(void *ctx, uint32_t id, struct signed_pre_key *out)
{
	const struct peer *p = ctx;

	if (id != p->d.signed_key.id)
		return ERR_NOTFOUND;
	*out = p->d.signed_key;
	return 0;
}

static int
one_time_get(void *ctx, uint32_t id, struct one_time_pre_key *out)
{
	const struct peer *p = ctx;

	if (id < PERSON_ONE_ID || id >= PERSON_ONE_ID + PEOPLE_KEYS)
		return ERR_NOTFOUND;
	*out = p->d.one_time[id - PERSON_ONE_ID];
	return 0;
}

static int
kyber_get(void *ctx, uint32_t id, struct kyber_pre_key *out)
{
	const struct peer *p = ctx;

	if (id >= PERSON_ONE_ID && id < PERSON_ONE_ID + PEOPLE_KEYS)
		*out = p->d.kyber[id - PERSON_ONE_ID];
	else if (id == PERSON_LAST_ID)
		*out = p->d.last_resort;
	else
		return ERR_NOTFOUND;
	return 0;
}

/* ---- what comes ------------------------------------------------------------------- */

static struct got_key *
key_of(struct peer *p, const struct distribution_id *id)
{
	size_t i;

	for (i = 0; i < p->n_keys; i++)
		if (memcmp(p->keys[i].id.b, id->b, sizeof(id->b)) == 0)
			return &p->keys[i];
	return NULL;
}

static struct sender_key_name
name_of(const struct peer *p, const struct distribution_id *id)
{
	struct sender_key_name n = {
	    .device = p->all->sender_device, .distribution = *id};

	memcpy(n.account, p->all->sender, sizeof(n.account));
	return n;
}

static void
replace(struct buf *to, struct buf *from, size_t max)
{
	buf_clear(to);
	*to = *from;
	buf_init(from, max);
}

static void
take_key(struct peer *p, const ProtobufCBinaryData *msg)
{
	struct sender_key_result res;
	struct sender_key_name name;
	struct distribution_id id;
	struct got_key *k;

	must(sender_key_distribution_peek(msg->data, msg->len, &id), "key");
	k = key_of(p, &id);
	if (k == NULL) {
		if (p->n_keys == KEYS_MAX)
			die("more sender keys than expected");
		k = &p->keys[p->n_keys++];
		k->id = id;
		buf_init(&k->record, SENDER_KEY_RECORD_MAX);
	}
	name = name_of(p, &id);
	must(sender_key_process(
		 &name, k->record.p, k->record.len, msg->data, msg->len, &res),
	    "sender key");
	replace(&k->record, &res.record, SENDER_KEY_RECORD_MAX);
	sender_key_result_clear(&res);
	p->all->count.keys++;
}

static void
take_text(struct peer *p, const char *text)
{
	uint32_t n = (uint32_t)strtoul(text, NULL, 10);

	if (n == 0 || (p->last != 0 && n != p->last + 1))
		p->all->count.wrong++;
	if (p->first == 0)
		p->first = n;
	p->last = n;
	p->all->count.texts++;
}

static void
take_content(struct peer *p, const struct buf *b)
{
	Sotto__Content__Content *c;

	must(content_open(b->p, b->len, &c), "content");
	switch (c->body_case) {
	case SOTTO__CONTENT__CONTENT__BODY_SENDER_KEY:
		take_key(p, &c->sender_key->distribution);
		break;
	case SOTTO__CONTENT__CONTENT__BODY_GROUP:
		p->all->count.papers++;
		break;
	case SOTTO__CONTENT__CONTENT__BODY_TEXT:
		take_text(p, c->text->text);
		break;
	default:
		break;
	}
	content_free(c);
}

static void
open_pairwise(struct peer *p, const Sotto__Relay__DeliverEvent__Item *it)
{
	const struct signal_local local = {.identity = &p->d.identity,
	    .registration_id = p->d.registration_id,
	    .rng = &signal_rng_system,
	    .now_ms = PEOPLE_ADDED_MS};
	const struct signal_prekeys keys = {
	    signed_get, one_time_get, kyber_get, p};
	struct session_opened o;
	int r = session_decrypt(&local, p->session.p, p->session.len, &keys,
	    (enum signal_type)it->type, it->ciphertext.data, it->ciphertext.len,
	    &o);

	if (r != 0) {
		p->all->count.wrong++;
		return;
	}
	replace(&p->session, &o.record, SESSION_RECORD_MAX);
	take_content(p, &o.plaintext);
	session_opened_clear(&o);
}

static void
open_group(struct peer *p, const Sotto__Relay__DeliverEvent__Item *it)
{
	struct sender_key_result res;
	struct sender_key_name name;
	struct distribution_id id;
	struct got_key *k;
	int r = sender_key_message_peek(
	    it->ciphertext.data, it->ciphertext.len, &id);

	k = r == 0 ? key_of(p, &id) : NULL;
	if (k != NULL) {
		name = name_of(p, &id);
		r = sender_key_decrypt(&name, k->record.p, k->record.len,
		    it->ciphertext.data, it->ciphertext.len, &res);
	}
	if (k == NULL || r != 0) {
		p->all->count.wrong++;
		return;
	}
	replace(&k->record, &res.record, SENDER_KEY_RECORD_MAX);
	take_content(p, &res.bytes);
	sender_key_result_clear(&res);
}

static void
take_item(struct peer *p, const Sotto__Relay__DeliverEvent__Item *it)
{
	p->all->count.bytes += it->ciphertext.len;
	if (it->type == SIGNAL_MESSAGE || it->type == SIGNAL_PRE_KEY_MESSAGE)
		open_pairwise(p, it);
	else if (it->type == SIGNAL_SENDER_KEY_MESSAGE)
		open_group(p, it);
	else
		p->all->count.entries++;
	if (it->seq != 0)
		p->ack = it->seq;
}

static void
on_deliver(struct peer *p, const struct frame *f)
{
	Sotto__Relay__DeliverEvent *ev =
	    sotto__relay__deliver_event__unpack(NULL, f->len, f->body);
	size_t i;

	if (ev == NULL)
		die("a DELIVER that is none");
	pthread_mutex_lock(&p->all->lock);
	for (i = 0; i < ev->n_items; i++)
		take_item(p, ev->items[i]);
	if (ev->queue_empty && !p->ready) {
		p->ready = true;
		p->all->connecting--;
		p->all->count.ready++;
	}
	pthread_cond_signal(&p->all->cond);
	pthread_mutex_unlock(&p->all->lock);
	sotto__relay__deliver_event__free_unpacked(ev, NULL);
}

static void
on_frame(struct peer *p, const struct frame *f)
{
	if (f->kind == FRAME_ERROR)
		die("the relay refuses");
	if (f->method == EVENT_GOODBYE)
		die("the relay says goodbye");
	if (f->method == EVENT_DELIVER)
		on_deliver(p, f);
}

/* ---- connections -------------------------------------------------------------------- */

static void
put_frame(struct buf *b, enum frame_kind kind, uint16_t method, uint32_t id,
    const void *body, size_t len)
{
	const struct frame f = {kind, method, id, body, len};

	must(frame_put(b, &f), "frame");
}

static void
watch(struct peer *p, int op)
{
	struct epoll_event ev = {.data.ptr = p};

	ev.events = EPOLLIN | (p->out.len > 0 ? EPOLLOUT : 0u);
	if (epoll_ctl(p->all->epoll, op, p->fd, &ev) != 0)
		die("epoll");
}

static void
connect_one(struct peer *p)
{
	Sotto__Relay__HelloRequest h = SOTTO__RELAY__HELLO_REQUEST__INIT;
	struct sockaddr_in sa = {.sin_family = AF_INET};
	uint8_t body[64];
	char name[] = "bench";
	struct buf early;

	sa.sin_port = htons(p->all->relay.port);
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (p->fd < 0 ||
	    (connect(p->fd, (struct sockaddr *)(void *)&sa, sizeof(sa)) != 0 &&
		errno != EINPROGRESS))
		die("connect");
	h.client = name;
	h.protocol = 1;
	buf_init(&early, PIPE_EARLY_MAX);
	put_frame(&early, FRAME_REQUEST, METHOD_HELLO, 1, body,
	    sotto__relay__hello_request__pack(&h, body));
	must(pipe_init_client(&p->pipe, &p->d.noise, &p->all->relay_key,
		 early.p, early.len, NULL, &p->out),
	    "handshake");
	buf_clear(&early);
	p->all->connecting++;
	watch(p, EPOLL_CTL_ADD);
}

static void
take_frames(struct peer *p)
{
	size_t used, at = 0;
	struct frame f;

	must(pipe_input(
		 &p->pipe, p->in.p, p->in.len, &used, &p->frames, &p->out),
	    "pipe");
	buf_drop(&p->in, used);
	while (frame_get(p->frames.p + at, p->frames.len - at, FRAME_BODY_MAX,
		   &f, &used) == 0) {
		on_frame(p, &f);
		at += used;
	}
	buf_drop(&p->frames, at);
	if (p->frames.len == 0)
		buf_clear(&p->frames);
}

static void
acknowledge(struct peer *p)
{
	Sotto__Relay__AckEvent ack = SOTTO__RELAY__ACK_EVENT__INIT;
	uint8_t body[16];
	struct buf plain;

	if (p->ack == 0 || pipe_state(&p->pipe) != PIPE_OPEN)
		return;
	ack.seq = p->ack;
	p->ack = 0;
	buf_init(&plain, 64);
	put_frame(&plain, FRAME_EVENT, EVENT_ACK, 0, body,
	    sotto__relay__ack_event__pack(&ack, body));
	must(pipe_seal(&p->pipe, plain.p, plain.len, &p->out), "seal");
	buf_clear(&plain);
}

static void
read_some(struct peer *p)
{
	static uint8_t b[256 * 1024];
	ssize_t n = read(p->fd, b, sizeof(b));

	if (n == 0 || (n < 0 && errno != EAGAIN))
		die("a connection is lost");
	if (n <= 0)
		return;
	must(buf_put(&p->in, b, (size_t)n), "memory");
	take_frames(p);
	if (p->in.len == 0)
		buf_clear(&p->in);
	acknowledge(p);
}

static void
write_some(struct peer *p)
{
	ssize_t n;

	if (p->out.len == 0)
		return;
	n = write(p->fd, p->out.p, p->out.len);
	if (n < 0 && errno != EAGAIN && errno != ENOTCONN)
		die("a connection is lost");
	if (n > 0)
		buf_drop(&p->out, (size_t)n);
	if (p->out.len == 0)
		buf_clear(&p->out);
}

static void *
play(void *ctx)
{
	struct epoll_event ev[64];
	struct peers *all = ctx;
	struct peer *p;
	bool stop;
	int i, n;

	do {
		while (
		    all->next < PEOPLE_DEVICES && all->connecting < CONNECTING)
			connect_one(&all->v[all->next++]);
		n = epoll_wait(all->epoll, ev, ARRAY_LEN(ev), 50);
		for (i = 0; i < n; i++) {
			p = ev[i].data.ptr;
			if (ev[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
				read_some(p);
			write_some(p);
			watch(p, EPOLL_CTL_MOD);
		}
		pthread_mutex_lock(&all->lock);
		stop = all->stop;
		pthread_mutex_unlock(&all->lock);
	} while (!stop);
	return NULL;
}

/* ---- all of them --------------------------------------------------------------------- */

struct peers *
peers_new(
    const struct uri *relay, const uint8_t sender[static 16], uint32_t device)
{
	struct peers *all = calloc(1, sizeof(*all));
	uint32_t i;

	if (all == NULL)
		die("memory");
	all->v = calloc(PEOPLE_DEVICES, sizeof(*all->v));
	all->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (all->v == NULL || all->epoll < 0)
		die("memory");
	all->relay = *relay;
	memcpy(all->relay_key.b, relay->key, sizeof(all->relay_key.b));
	memcpy(all->sender, sender, sizeof(all->sender));
	all->sender_device = device;
	pthread_mutex_init(&all->lock, NULL);
	pthread_cond_init(&all->cond, NULL);
	for (i = 0; i < PEOPLE_DEVICES; i++) {
		struct peer *p = &all->v[i];

		p->all = all;
		p->fd = -1;
		person_device_make(&p->d, i);
		buf_init(&p->in, STREAM_MAX);
		buf_init(&p->out, STREAM_MAX);
		buf_init(&p->frames, STREAM_MAX);
		buf_init(&p->session, SESSION_RECORD_MAX);
	}
	return all;
}

static void
peer_clear(struct peer *p)
{
	size_t i;

	if (p->fd >= 0)
		close(p->fd);
	pipe_clear(&p->pipe);
	buf_clear(&p->in);
	buf_clear(&p->out);
	buf_clear(&p->frames);
	buf_clear(&p->session);
	for (i = 0; i < p->n_keys; i++)
		buf_clear(&p->keys[i].record);
}

void
peers_free(struct peers *all)
{
	size_t i;

	if (all == NULL)
		return;
	if (all->started) {
		pthread_mutex_lock(&all->lock);
		all->stop = true;
		pthread_mutex_unlock(&all->lock);
		pthread_join(all->thread, NULL);
	}
	for (i = 0; i < PEOPLE_DEVICES; i++)
		peer_clear(&all->v[i]);
	close(all->epoll);
	pthread_cond_destroy(&all->cond);
	pthread_mutex_destroy(&all->lock);
	free(all->v);
	free(all);
}

void
peers_connect(struct peers *all)
{
	if (pthread_create(&all->thread, NULL, play, all) != 0)
		die("thread");
	all->started = true;
	pthread_mutex_lock(&all->lock);
	while (all->count.ready < PEOPLE_DEVICES)
		pthread_cond_wait(&all->cond, &all->lock);
	pthread_mutex_unlock(&all->lock);
}

void
peers_wait(struct peers *all, uint64_t texts)
{
	pthread_mutex_lock(&all->lock);
	while (all->count.texts < texts)
		pthread_cond_wait(&all->cond, &all->lock);
	pthread_mutex_unlock(&all->lock);
}

void
peers_count(struct peers *all, struct peers_count *out)
{
	pthread_mutex_lock(&all->lock);
	*out = all->count;
	pthread_mutex_unlock(&all->lock);
}

void
peers_range(struct peers *all, uint32_t device, uint32_t *first, uint32_t *last)
{
	pthread_mutex_lock(&all->lock);
	*first = all->v[device].first;
	*last = all->v[device].last;
	pthread_mutex_unlock(&all->lock);
}
