/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * task.h — one store operation on behalf of a request: who waits for it, and
 * what it borrows. A handler makes a task, fills in its operation, submits it;
 * done() answers and frees it.
 */
#ifndef RELAY_SESSION_TASK_H
#define RELAY_SESSION_TASK_H

#include "relay/session/session.h"

struct task {
	struct service_loop *sl;
	struct net_request rq;
	void *block; /* what the operation borrows; free() */
	union {
		struct store_op op;
		struct op_lookup lookup;
		struct op_devices devices;
		struct op_keys_take take;
		struct op_keys_put put;
		struct op_device_list_set set;
		struct op_link_reserve reserve;
		struct op_link_finish finish;
		struct op_own_devices own;
		struct op_device_revoke revoke;
		struct op_pin_set pin;
		struct op_account_move move;
		struct op_account_delete del;
		struct op_group_entries entries;
		struct op_group_state state;
		struct op_group_list list;
		struct op_audience audience;
		struct op_report_add report;
		struct op_blob_add blob_add;
		struct op_blob_get blob_get;
		struct op_blob_stored blob_stored;
		struct op_blob_delivered blob_delivered;
		struct op_blob_del blob_del;
	} u;
};

/* NULL: out of memory, the request was answered. */
struct task *task_new(struct conn *c, const struct net_request *rq,
    enum store_kind kind, void (*done)(struct store_op *op));
void task_free(struct task *t);
void task_submit(struct task *t);

/* A copy in t->block. 0, or the request was answered and t freed. */
int task_copy(
    struct conn *c, struct task *t, const void *p, size_t len) MUST_USE;

/*
 * The connection when there is an answer to be made of results. Otherwise the
 * peer was told, or is gone, and the task is freed. The operation's ERR_NOTFOUND
 * means that the asking device is gone when `own` is set.
 */
struct conn *task_done(struct task *t, bool own);

/* protobuf-c's bytes are not const; it only reads them. */
ProtobufCBinaryData pb_view(const void *p, size_t len);

#endif
