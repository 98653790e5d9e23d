/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_dispatch.c — a peer's frames against every method's row: the first byte
 * is who the peer is, the second how the stream is cut. Whatever is taken was
 * allowed, and what a handler copies of it is within bounds.
 */
#include <stdlib.h>

#include "relay/keys/upload.h"
#include "relay/net/inbox.h"
#include "relay/queue/job.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct peer {
	struct arena arena;
	uint8_t state;
};

static const struct net_rule rules[] = {
#define X(name, number, states, max, req, resp, doc)                           \
	{FRAME_REQUEST, (number), (states), (number) <= METHOD_PING, (max),    \
	    &sotto__relay__##req##__descriptor, NULL},
    METHODS(X)
#undef X
	{FRAME_EVENT, EVENT_ACK, ST_DEVICE, false, 32,
	    &sotto__relay__ack_event__descriptor, NULL},
};

static bool
ready(void *ctx)
{
	(void)ctx;
	return true;
}

static uint8_t
state_of(void *ctx)
{
	return ((struct peer *)ctx)->state;
}

static void
use_send(const ProtobufCMessage *msg)
{
	const char *text;
	struct job *j;
	size_t i, k;

	if (job_new(&j, (const void *)msg, 65536, &text) != 0)
		return;
	for (i = 0, k = 0; i < j->op.n; i++)
		k += j->op.v[i].n;
	if (k != j->n)
		abort();
	job_unref(j);
}

static void
use_keys(const Sotto__Relay__PreKeys *in)
{
	struct store_keys keys;
	const char *text;
	void *block;

	if (in == NULL || upload_copy(in, &keys, &block, &text) != 0)
		return;
	if (keys.n_one_time != in->n_one_time_pre_keys)
		abort();
	free(block);
}

static void
take(void *ctx, const struct net_rule *rule, const struct frame *f)
{
	struct peer *p = ctx;
	ProtobufCMessage *msg;

	if ((p->state == 0 ? !rule->early : (p->state & rule->states) == 0) ||
	    f->len > rule->body_max || f->method != rule->number)
		abort();
	if (dispatch_decode(rule, f, &p->arena, &msg) == 0) {
		if (rule->number == METHOD_SEND)
			use_send(msg);
		if (rule->number == METHOD_PUT_KEYS)
			use_keys(((Sotto__Relay__PutKeysRequest *)(void *)msg)
				     ->pre_keys);
	}
	arena_reset(&p->arena);
}

static void
refuse(void *ctx, const struct frame *head, int err)
{
	(void)ctx;
	if (head->kind != FRAME_REQUEST || head->id == 0 || err == 0)
		abort();
}

static const struct inbox_ops ops = {ready, state_of, take, refuse};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct dispatch d;
	struct inbox b;
	struct peer p;
	size_t cut;

	if (len < 2)
		return 0;
	dispatch_init(&d, rules, ARRAY_LEN(rules));
	arena_init(&p.arena, DISPATCH_ARENA_MAX);
	inbox_init(&b);
	p.state = data[0] & ST_ANY;
	cut = data[1] < len - 2 ? data[1] : len - 2;
	if (inbox_feed(&b, &d, data + 2, cut, &ops, &p) == 0 &&
	    inbox_feed(&b, &d, data + 2 + cut, len - 2 - cut, &ops, &p) == 0 &&
	    b.part.len > INBOX_MAX)
		abort();
	inbox_clear(&b);
	arena_clear(&p.arena);
	return 0;
}
