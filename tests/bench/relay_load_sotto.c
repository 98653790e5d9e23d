/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay_load_sotto.c — our own protocol: Noise, frames, SEND, DELIVER, ACK. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/noise/pipe.h"
#include "common/proto/frame.h"
#include "common/proto/method.h"
#include "common/proto/relay.pb-c.h"
#include "tests/bench/relay_load.h"
#include "tests/bench/relay_people.h"

struct world {
	const struct people *people;
	struct noise_public key;
	uint32_t senders; /* people [0, senders) send, the rest receive */
};

struct state {
	struct pipe pipe;
	struct noise_keypair me;
	struct buf frames; /* plaintext that came */
	struct buf plain; /* plaintext to be sealed */
	uint64_t ack; /* seq to acknowledge; 0: none */
	uint32_t id;
	uint64_t message, start; /* an id: number and chance, so none returns */
	uint8_t *send_frame; /* a whole SEND; the parts below are patched */
	size_t send_len, id_at, body_at;
};

static struct world world;

static uint32_t
person_of(const struct peer *p)
{
	return p->role == LOAD_SENDER ? p->index : world.senders + p->index;
}

static void
put_frame(struct buf *b, enum frame_kind kind, uint16_t method, uint32_t id,
    const void *body, size_t len)
{
	const struct frame f = {kind, method, id, body, len};

	if (frame_put(b, &f) != 0)
		load_die("memory");
}

static void
sotto_open(struct peer *p)
{
	Sotto__Relay__HelloRequest h = SOTTO__RELAY__HELLO_REQUEST__INIT;
	struct state *s = calloc(1, sizeof(*s));
	char name[] = "bench";
	uint8_t body[64];
	struct buf early;
	size_t n;

	if (s == NULL)
		load_die("memory");
	p->state = s;
	randombytes_buf(&s->start, sizeof(s->start));
	buf_init(&s->frames, 16u << 20);
	buf_init(&s->plain, 16u << 20);
	buf_init(&early, PIPE_EARLY_MAX);
	people_key(&s->me, person_of(p));
	h.client = name;
	h.protocol = 1;
	n = sotto__relay__hello_request__pack(&h, body);
	put_frame(&early, FRAME_REQUEST, METHOD_HELLO, 1, body, n);
	s->id = 1;
	if (pipe_init_client(&s->pipe, &s->me, &world.key, early.p, early.len,
		NULL, &p->out) != 0)
		load_die("handshake");
	buf_clear(&early);
}

/* The frame of a SEND with an id and a body to be filled in. */
static void
make_send(struct state *s, uint32_t to)
{
	static const uint8_t id[16] = "0123456789abcde";
	uint8_t body[LOAD_BODY];
	Sotto__Relay__SendRequest req = SOTTO__RELAY__SEND_REQUEST__INIT;
	Sotto__Relay__AccountEnvelopes acc =
	    SOTTO__RELAY__ACCOUNT_ENVELOPES__INIT;
	Sotto__Relay__DeviceEnvelope env = SOTTO__RELAY__DEVICE_ENVELOPE__INIT;
	Sotto__Relay__AccountEnvelopes *accs = &acc;
	Sotto__Relay__DeviceEnvelope *envs = &env;
	struct buf b;
	uint8_t packed[512];
	size_t n;

	memset(body, '#', sizeof(body));
	req.message_id.data = (uint8_t *)(uintptr_t)id;
	req.message_id.len = sizeof(id);
	req.accounts = &accs;
	req.n_accounts = acc.n_devices = 1;
	acc.account_id.data = world.people->account[world.senders + to].b;
	acc.account_id.len = 16;
	acc.devices = &envs;
	env.device_id = 1;
	env.registration_id = PEOPLE_REGISTRATION_ID;
	env.type = 2;
	env.ciphertext.data = body;
	env.ciphertext.len = sizeof(body);
	n = sotto__relay__send_request__pack(&req, packed);
	buf_init(&b, 1024);
	put_frame(&b, FRAME_REQUEST, METHOD_SEND, 1, packed, n);
	s->id_at = (size_t)((uint8_t *)memmem(b.p, b.len, id, 16) - b.p);
	s->body_at =
	    (size_t)((uint8_t *)memmem(b.p, b.len, body, LOAD_BODY) - b.p);
	buf_detach(&b, &s->send_frame, &s->send_len);
}

static void
sotto_send(struct peer *p, uint32_t to, const uint8_t *body)
{
	struct state *s = p->state;

	if (s->send_frame == NULL)
		make_send(s, to);
	s->message++;
	put_be32(s->send_frame + 7, ++s->id);
	memcpy(s->send_frame + s->id_at, &s->message, sizeof(s->message));
	memcpy(s->send_frame + s->id_at + 8, &s->start, sizeof(s->start));
	memcpy(s->send_frame + s->body_at, body, LOAD_BODY);
	if (buf_put(&s->plain, s->send_frame, s->send_len) != 0)
		load_die("memory");
}

static void
on_deliver(struct peer *p, const struct frame *f)
{
	struct state *s = p->state;
	Sotto__Relay__DeliverEvent *ev =
	    sotto__relay__deliver_event__unpack(NULL, f->len, f->body);
	size_t i;

	if (ev == NULL)
		load_die("a DELIVER that is none");
	for (i = 0; i < ev->n_items; i++) {
		load_got(p, ev->items[i]->ciphertext.data,
		    ev->items[i]->ciphertext.len);
		s->ack = ev->items[i]->seq;
	}
	sotto__relay__deliver_event__free_unpacked(ev, NULL);
}

static void
on_frame(struct peer *p, const struct frame *f)
{
	if (f->kind == FRAME_ERROR)
		load_die("the relay refuses");
	if (f->method == METHOD_HELLO)
		load_ready(p);
	else if (f->method == METHOD_SEND && f->len > 12)
		load_die("the relay knows other devices");
	else if (f->method == METHOD_SEND)
		load_acked(p, 1);
	else if (f->method == EVENT_DELIVER)
		on_deliver(p, f);
	else if (f->method == EVENT_GOODBYE)
		load_die("the relay says goodbye");
}

static void
sotto_input(struct peer *p)
{
	struct state *s = p->state;
	size_t used, at = 0;
	struct frame f;

	if (pipe_input(
		&s->pipe, p->in.p, p->in.len, &used, &s->frames, &p->out) != 0)
		load_die("the pipe broke");
	buf_drop(&p->in, used);
	if (pipe_state(&s->pipe) == PIPE_JUDGE)
		load_die("the relay shows another key");
	while (frame_get(s->frames.p + at, s->frames.len - at, FRAME_BODY_MAX,
		   &f, &used) == 0) {
		on_frame(p, &f);
		at += used;
	}
	buf_drop(&s->frames, at);
	if (s->frames.len == 0)
		buf_clear(&s->frames);
}

static void
sotto_flush(struct peer *p)
{
	Sotto__Relay__AckEvent ack = SOTTO__RELAY__ACK_EVENT__INIT;
	struct state *s = p->state;
	uint8_t body[16];

	if (s->ack != 0) {
		ack.seq = s->ack;
		s->ack = 0;
		put_frame(&s->plain, FRAME_EVENT, EVENT_ACK, 0, body,
		    sotto__relay__ack_event__pack(&ack, body));
	}
	if (s->plain.len == 0 || pipe_state(&s->pipe) != PIPE_OPEN)
		return;
	if (pipe_seal(&s->pipe, s->plain.p, s->plain.len, &p->out) != 0)
		load_die("seal");
	buf_clear(&s->plain);
}

static void
sotto_close(struct peer *p)
{
	struct state *s = p->state;

	if (s == NULL)
		return;
	pipe_clear(&s->pipe);
	buf_clear(&s->frames);
	buf_clear(&s->plain);
	free(s->send_frame);
	free(s);
	p->state = NULL;
}

void
load_sotto(struct load_proto *proto, const struct people *people,
    const uint8_t key[static 32], uint16_t port, uint32_t senders)
{
	world.people = people;
	world.senders = senders;
	memcpy(world.key.b, key, sizeof(world.key.b));
	*proto = (struct load_proto){
	    .name = "sotto",
	    .host = "127.0.0.1",
	    .port = port,
	    .open = sotto_open,
	    .input = sotto_input,
	    .send = sotto_send,
	    .close = sotto_close,
	    .flush = sotto_flush,
	};
}
