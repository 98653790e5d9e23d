/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/net/inbox.h"

void
inbox_init(struct inbox *b)
{
	buf_init(&b->part, INBOX_MAX);
	b->skip = 0;
}

void
inbox_clear(struct inbox *b)
{
	buf_clear(&b->part);
	b->skip = 0;
}

static void
skip_body(struct inbox *b, struct cur *c)
{
	const uint8_t *p;
	size_t n = b->skip < c->left ? b->skip : c->left;

	if (cur_borrow(c, &p, n) == 0)
		b->skip -= (uint32_t)n;
}

/* One frame from c. ERR_AGAIN: the rest must wait. */
static int
take_one(struct inbox *b, const struct dispatch *d, struct cur *c,
    const struct inbox_ops *ops, void *ctx)
{
	const struct net_rule *rule;
	const uint8_t *p;
	struct frame f;
	int r;

	if (!ops->ready(ctx))
		return ERR_AGAIN;
	r = dispatch_judge(d, ops->state(ctx), c->p, c->left, &f, &rule);
	if (r == ERR_AGAIN || r == ERR_FORMAT)
		return r;
	if (r == 0 && c->left - FRAME_HEADER < f.len)
		return ERR_AGAIN;
	if (cur_borrow(c, &p, FRAME_HEADER) != 0)
		return ERR_AGAIN;
	if (r != 0) {
		b->skip = (uint32_t)f.len;
		ops->refuse(ctx, &f, r);
		return 0;
	}
	if (cur_borrow(c, &f.body, f.len) != 0)
		return ERR_AGAIN;
	ops->take(ctx, rule, &f);
	return 0;
}

static int
take_all(struct inbox *b, const struct dispatch *d, struct cur *c,
    const struct inbox_ops *ops, void *ctx)
{
	int r = 0;

	while (r == 0 && (c->left > 0)) {
		if (b->skip > 0)
			skip_body(b, c);
		else
			r = take_one(b, d, c, ops, ctx);
	}
	return r == ERR_AGAIN ? 0 : r;
}

int
inbox_feed(struct inbox *b, const struct dispatch *d, const uint8_t *p,
    size_t len, const struct inbox_ops *ops, void *ctx)
{
	struct cur c;
	int r;

	if (b->part.len == 0) {
		c = cur_of(p, len);
		r = take_all(b, d, &c, ops, ctx);
		return r != 0 ? r : buf_put(&b->part, c.p, c.left);
	}
	r = buf_put(&b->part, p, len);
	if (r != 0)
		return r;
	c = cur_of(b->part.p, b->part.len);
	r = take_all(b, d, &c, ops, ctx);
	if (r != 0)
		return r;
	if (c.left == 0)
		buf_clear(&b->part);
	else
		buf_drop(&b->part, b->part.len - c.left);
	return 0;
}
