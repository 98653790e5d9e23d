/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dispatch.h — which frames a peer may send, judged by the header alone. What
 * is refused is never buffered; what passes is decoded and handed to its
 * row's handler. docs/protocol.md §3.
 */
#ifndef RELAY_NET_DISPATCH_H
#define RELAY_NET_DISPATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "common/base.h"
#include "common/proto/frame.h"
#include "common/proto/method.h"
#include "relay/net/arena.h"
#include "relay/net/slab.h"

#define DISPATCH_NUMBER_MAX 255
#define DISPATCH_ARENA_MAX  ((size_t)8 * 1024 * 1024)

struct conn;

/* A request that is owed exactly one answer. Keep a copy. */
struct net_request {
	struct slab_ref conn;
	uint64_t start_us; /* when it was read, any clock that only grows */
	uint32_t id;
	uint16_t method;
};

/*
 * msg is decoded and lives until the handler returns. rq is NULL for an
 * event. A handler may close the connection.
 */
typedef void net_handler_fn(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);

struct net_rule {
	enum frame_kind kind; /* FRAME_REQUEST or FRAME_EVENT */
	uint16_t number; /* 1..DISPATCH_NUMBER_MAX */
	uint8_t states; /* enum method_state */
	bool early; /* also before the peer is known and confirmed */
	uint32_t body_max;
	const ProtobufCMessageDescriptor *desc;
	net_handler_fn *fn;
};

struct dispatch {
	const struct net_rule *rules; /* borrowed */
	uint8_t row[DISPATCH_NUMBER_MAX + 1]; /* 1-based; 0: unknown */
};

/* rules are borrowed; fewer than 255, each number once. */
void dispatch_init(struct dispatch *d, const struct net_rule *rules, size_t n);

/*
 * Judge the frame that starts at p[0..len).
 *   state  enum method_state bits of the peer; 0: not known yet
 *   head   out: kind, method, id and len; body stays NULL
 * Returns 0 and the rule: take it when its body has come. ERR_AGAIN: the
 * header is not whole. For the peer to be told, and its body to be skipped:
 * ERR_VERSION unknown method; ERR_STATE not allowed now; ERR_RANGE over the
 * row's maximum. ERR_FORMAT: no frame a peer may send, close. head is set in
 * all cases but ERR_AGAIN and ERR_FORMAT.
 */
int dispatch_judge(const struct dispatch *d, uint8_t state, const uint8_t *p,
    size_t len, struct frame *head, const struct net_rule **rule) MUST_USE;

/*
 * Decode a body. The message lives in the arena.
 * Returns 0; ERR_FORMAT no such message; ERR_RANGE it names more than fits
 * into memory set aside for it; ERR_NOMEM.
 */
int dispatch_decode(const struct net_rule *rule, const struct frame *f,
    struct arena *a, ProtobufCMessage **msg) MUST_USE;

#endif
