/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "relay/session/task.h"

struct task *
task_new(struct conn *c, const struct net_request *rq, enum store_kind kind,
    void (*done)(struct store_op *op))
{
	struct task *t = calloc(1, sizeof(*t));

	if (t == NULL) {
		conn_refuse(c, rq, ERR_NOMEM, NULL, 0);
		return NULL;
	}
	t->sl = service_of(c);
	t->rq = *rq;
	store_op_init(&t->u.op, kind, &t->sl->sink, done, t);
	return t;
}

void
task_free(struct task *t)
{
	store_op_clear(&t->u.op);
	free(t->block);
	free(t);
}

void
task_submit(struct task *t)
{
	store_submit(t->sl->sv->store, &t->u.op);
}

int
task_copy(struct conn *c, struct task *t, const void *p, size_t len)
{
	t->block = malloc(len + 1);
	if (t->block == NULL) {
		conn_refuse(c, &t->rq, ERR_NOMEM, NULL, 0);
		task_free(t);
		return ERR_NOMEM;
	}
	if (len > 0)
		memcpy(t->block, p, len);
	return 0;
}

struct conn *
task_done(struct task *t, bool own)
{
	struct conn *c = conn_of(t->sl->net, t->rq.conn);
	int r = t->u.op.result;

	if (c != NULL && r == 0)
		return c;
	if (c != NULL && r == ERR_NOTFOUND && own)
		session_revoked(c, &t->rq);
	else if (c != NULL)
		session_store_failed(c, &t->rq, r);
	task_free(t);
	return NULL;
}

ProtobufCBinaryData
pb_view(const void *p, size_t len)
{
	return (ProtobufCBinaryData){
	    .len = len, .data = (uint8_t *)(uintptr_t)p};
}
