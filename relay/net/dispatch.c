/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <string.h>

#include "relay/net/dispatch.h"

void
dispatch_init(struct dispatch *d, const struct net_rule *rules, size_t n)
{
	size_t i;

	assert(n < UINT8_MAX);
	memset(d, 0, sizeof(*d));
	d->rules = rules;
	for (i = 0; i < n; i++) {
		assert(rules[i].number <= DISPATCH_NUMBER_MAX);
		assert(d->row[rules[i].number] == 0);
		d->row[rules[i].number] = (uint8_t)(i + 1);
	}
}

static const struct net_rule *
find(const struct dispatch *d, uint16_t number)
{
	uint8_t row = number <= DISPATCH_NUMBER_MAX ? d->row[number] : 0;

	return row != 0 ? &d->rules[row - 1] : NULL;
}

static bool
allowed(const struct net_rule *r, uint8_t state)
{
	return state == 0 ? r->early : (r->states & state) != 0;
}

/* The header as a frame without body. */
static int
read_header(const uint8_t *p, size_t len, struct frame *f)
{
	uint32_t id;

	if (len < FRAME_HEADER)
		return ERR_AGAIN;
	id = get_be32(p + 7);
	if (p[4] != FRAME_REQUEST && p[4] != FRAME_EVENT)
		return ERR_FORMAT;
	if ((p[4] == FRAME_EVENT) != (id == 0) || get_be32(p) > FRAME_BODY_MAX)
		return ERR_FORMAT;
	*f = (struct frame){
	    .kind = (enum frame_kind)p[4],
	    .method = get_be16(p + 5),
	    .id = id,
	    .len = get_be32(p),
	};
	return 0;
}

int
dispatch_judge(const struct dispatch *d, uint8_t state, const uint8_t *p,
    size_t len, struct frame *head, const struct net_rule **rule)
{
	const struct net_rule *found;
	struct frame f;
	int r;

	r = read_header(p, len, &f);
	if (r != 0)
		return r;
	found = find(d, f.method);
	if (found == NULL || found->kind != f.kind)
		r = ERR_VERSION;
	else if (!allowed(found, state))
		r = ERR_STATE;
	else if (f.len > found->body_max)
		r = ERR_RANGE;
	/* Nobody waits for the answer to an event: nothing could be told. */
	if (r != 0 && f.kind == FRAME_EVENT)
		return ERR_FORMAT;
	*head = f;
	*rule = found;
	return r;
}

int
dispatch_decode(const struct net_rule *rule, const struct frame *f,
    struct arena *a, ProtobufCMessage **msg)
{
	ProtobufCMessage *m;

	m = protobuf_c_message_unpack(rule->desc, &a->pb, f->len, f->body);
	if (m != NULL) {
		*msg = m;
		return 0;
	}
	return a->err != 0 ? a->err : ERR_FORMAT;
}
