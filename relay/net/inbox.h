/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * inbox.h — a peer's plaintext as frames: keeps what is not whole yet or may
 * not be taken yet, skips the bodies of refused frames. No I/O.
 */
#ifndef RELAY_NET_INBOX_H
#define RELAY_NET_INBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"
#include "relay/net/dispatch.h"

/* One whole frame, and what one turn may bring behind it. */
#define INBOX_MAX (FRAME_HEADER + FRAME_BODY_MAX + 256 * 1024)

struct inbox {
	struct buf part; /* empty: owns no memory */
	uint32_t skip; /* bytes of a refused body still to come */
};

struct inbox_ops {
	/* May one more frame be taken? Asked before each. */
	bool (*ready)(void *ctx);
	/* The peer's state as for dispatch_judge(). */
	uint8_t (*state)(void *ctx);
	void (*take)(
	    void *ctx, const struct net_rule *rule, const struct frame *f);
	/* A request the peer must be told about; err as dispatch_judge(). */
	void (*refuse)(void *ctx, const struct frame *head, int err);
};

void inbox_init(struct inbox *b);
void inbox_clear(struct inbox *b);

/*
 * Take every whole frame of what is kept and of p[0..len) behind it, as long
 * as ready() says so; keep the rest. len 0 goes on with what is kept.
 * Returns 0; ERR_FORMAT the peer broke the rules; ERR_FULL over INBOX_MAX;
 * ERR_NOMEM. After an error the connection is of no use any more.
 */
int inbox_feed(struct inbox *b, const struct dispatch *d, const uint8_t *p,
    size_t len, const struct inbox_ops *ops, void *ctx) MUST_USE;

#endif
