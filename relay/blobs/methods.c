/* SPDX-License-Identifier: GPL-3.0-or-later */
/* methods.c — the five methods. docs/protocol.md §12. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/proto/relay.pb-c.h"
#include "relay/blobs/blobs.h"
#include "relay/session/task.h"

static struct blobs *
blobs_of(struct conn *c)
{
	return service_of(c)->sv->blobs;
}

/* Within limits, and there is a place; false: answered. */
static bool
may(struct conn *c, const struct net_request *rq)
{
	if (session_limit(c, rq, LIMIT_MEDIA, 1) != 0)
		return false;
	if (blobs_of(c) != NULL)
		return true;
	conn_refuse(c, rq, ERR_STATE, "this relay takes no media", 0);
	return false;
}

/* False: answered. */
static bool
locator_of(struct conn *c, const struct net_request *rq,
    const ProtobufCBinaryData *in, struct blob_locator *out)
{
	if (in->len != sizeof(out->b)) {
		conn_refuse(c, rq, ERR_FORMAT, "a locator has 16 bytes", 0);
		return false;
	}
	memcpy(out->b, in->data, sizeof(out->b));
	return true;
}

/* The connection when there is an answer to be made; else refused, and freed. */
static struct conn *
done(struct task *t)
{
	static const struct {
		int err;
		const char *text;
	} texts[] = {
	    {ERR_NOTFOUND, "there is no such blob (any more)"},
	    {ERR_AGAIN, "it is not whole yet"},
	    {ERR_IO, "the relay has no room for it now"},
	};
	struct conn *c = conn_of(t->sl->net, t->rq.conn);
	int r = t->u.op.result;
	size_t i;

	if (c != NULL && r == 0)
		return c;
	for (i = 0; i < ARRAY_LEN(texts) && r != texts[i].err; i++)
		;
	if (c != NULL && i < ARRAY_LEN(texts))
		conn_refuse(c, &t->rq, r, texts[i].text, 0);
	else if (c != NULL)
		session_store_failed(c, &t->rq, r);
	task_free(t);
	return NULL;
}

static void
on_done(struct store_op *op)
{
	Sotto__Relay__Empty empty = SOTTO__RELAY__EMPTY__INIT;
	struct task *t = op->ctx;
	struct conn *c = done(t);

	if (c == NULL)
		return;
	conn_reply(c, &t->rq, &empty.base);
	task_free(t);
}

/* Have the worker see to it, then the store. Takes t. */
static void
prepare(struct conn *c, struct task *t, enum blob_job_kind kind,
    const struct store_blob *blob, int *checked)
{
	struct blob_job *job = calloc(1, sizeof(*job));

	if (job == NULL) {
		conn_refuse(c, &t->rq, ERR_NOMEM, NULL, 0);
		task_free(t);
		return;
	}
	job->kind = kind;
	job->blob = *blob;
	job->disk_free_min = net_conf(t->sl->net)->disk_free_min;
	job->op = &t->u.op;
	job->checked = checked;
	blobs_do(t->sl->sv->blobs, job);
}

/* Ask the store for a blob on behalf of whoever is connected. */
static void
look(struct conn *c, const struct net_request *rq,
    const ProtobufCBinaryData *locator, void (*fn)(struct store_op *op))
{
	struct blob_locator l;
	struct task *t;

	if (!locator_of(c, rq, locator, &l))
		return;
	t = task_new(c, rq, STORE_BLOB_GET, fn);
	if (t == NULL)
		return;
	t->u.blob_get.locator = l;
	t->u.blob_get.asks = session_of(c)->account;
	task_submit(t);
}

/* ---- UPLOAD_MEDIA --------------------------------------------------------------- */

static void
answer_upload(
    struct conn *c, const struct net_request *rq, const struct store_blob *blob)
{
	Sotto__Relay__UploadMediaResponse resp =
	    SOTTO__RELAY__UPLOAD_MEDIA_RESPONSE__INIT;
	struct blob_way way;

	resp.locator = pb_view(blob->locator.b, sizeof(blob->locator.b));
	resp.stored = blob->stored;
	if (!blob->stored) {
		if (blobs_way(blobs_of(c), net_conf(conn_loop(c)),
			BLOB_VERB_PUT, &session_of(c)->account, blob,
			&way) != 0) {
			conn_refuse(c, rq, ERR_NOMEM, NULL, 0);
			return;
		}
		resp.in_one = way.in_one;
		resp.url = way.url;
		resp.url_expires_ms = way.expires_ms;
	}
	conn_reply(c, rq, &resp.base);
}

static void
on_added(struct store_op *op)
{
	struct task *t = op->ctx;
	struct conn *c = conn_of(t->sl->net, t->rq.conn);

	if (c != NULL && op->result == ERR_FULL) {
		conn_refuse(c, &t->rq, ERR_FULL,
		    "your media on this relay reach your quota", 0);
		task_free(t);
		return;
	}
	c = done(t);
	if (c == NULL)
		return;
	answer_upload(c, &t->rq, &t->u.blob_add.blob);
	task_free(t);
}

static void
add(struct conn *c, const struct net_request *rq, uint64_t size)
{
	const struct relay_conf *conf = net_conf(conn_loop(c));
	struct store_blob blob = {.size = size};
	char text[96];
	struct task *t;

	if (size == 0 || size > conf->blobs_limit) {
		(void)snprintf(text, sizeof(text),
		    "this relay takes files of up to %llu MiB",
		    (unsigned long long)(conf->blobs_limit >> 20));
		conn_refuse(c, rq, ERR_RANGE, text, 0);
		return;
	}
	t = task_new(c, rq, STORE_BLOB_ADD, on_added);
	if (t == NULL)
		return;
	randombytes_buf(blob.locator.b, sizeof(blob.locator.b));
	blob.expires_ms = relay_clock_wall(t->sl->sv->clock) + BLOBS_UPLOAD_MS;
	t->u.blob_add.account = session_of(c)->account;
	t->u.blob_add.quota = conf->blobs_quota;
	prepare(c, t, BLOB_JOB_PREPARE, &blob, &t->u.blob_add.checked);
}

static void
on_continued(struct store_op *op)
{
	struct task *t = op->ctx;
	struct conn *c = done(t);

	if (c == NULL)
		return;
	if (t->u.blob_get.own)
		answer_upload(c, &t->rq, &t->u.blob_get.blob);
	else
		conn_refuse(c, &t->rq, ERR_NOTFOUND,
		    "there is no such blob (any more)", 0);
	task_free(t);
}

void
on_upload_media_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__UploadMediaRequest *req = (const void *)msg;

	if (!may(c, rq))
		return;
	if (req->locator.len == 0)
		add(c, rq, req->size);
	else
		look(c, rq, &req->locator, on_continued);
}

/* ---- MEDIA_STORED ---------------------------------------------------------------- */

static void
answer_stored(struct conn *c, const struct net_request *rq, uint64_t expires_ms)
{
	Sotto__Relay__MediaStoredResponse resp =
	    SOTTO__RELAY__MEDIA_STORED_RESPONSE__INIT;

	resp.expires_ms = expires_ms;
	conn_reply(c, rq, &resp.base);
}

static void
on_stored(struct store_op *op)
{
	struct task *t = op->ctx;
	struct conn *c = done(t);

	if (c == NULL)
		return;
	answer_stored(c, &t->rq, t->u.blob_stored.expires_ms);
	task_free(t);
}

/* It is the asker's: look whether it is there. Takes t. */
static void
check(struct conn *c, struct task *t, const struct store_blob *blob)
{
	const struct relay_conf *conf = net_conf(t->sl->net);
	struct op_blob_stored *o = &t->u.blob_stored;

	store_op_init(&o->op, STORE_BLOB_STORED, &t->sl->sink, on_stored, t);
	o->locator = blob->locator;
	o->account = session_of(c)->account;
	o->expires_ms = relay_clock_wall(t->sl->sv->clock) +
			conf->message_ttl_ms + conf->blobs_ttl_ms;
	prepare(c, t, BLOB_JOB_CHECK, blob, &o->checked);
}

static void
on_found(struct store_op *op)
{
	struct task *t = op->ctx;
	struct conn *c = done(t);
	struct store_blob blob;

	if (c == NULL)
		return;
	blob = t->u.blob_get.blob;
	if (t->u.blob_get.own && !blob.stored) {
		check(c, t, &blob);
		return;
	}
	if (t->u.blob_get.own)
		answer_stored(c, &t->rq, blob.expires_ms);
	else
		conn_refuse(c, &t->rq, ERR_NOTFOUND,
		    "there is no such blob (any more)", 0);
	task_free(t);
}

void
on_media_stored_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__MediaStoredRequest *req = (const void *)msg;

	if (may(c, rq))
		look(c, rq, &req->locator, on_found);
}

/* ---- GET_MEDIA -------------------------------------------------------------------- */

static void
answer_get(
    struct conn *c, const struct net_request *rq, const struct store_blob *b)
{
	Sotto__Relay__GetMediaResponse resp =
	    SOTTO__RELAY__GET_MEDIA_RESPONSE__INIT;
	struct blob_way way;

	if (blobs_way(blobs_of(c), net_conf(conn_loop(c)), BLOB_VERB_GET,
		&session_of(c)->account, b, &way) != 0) {
		conn_refuse(c, rq, ERR_NOMEM, NULL, 0);
		return;
	}
	resp.url = way.url;
	resp.size = b->size;
	resp.url_expires_ms = way.expires_ms;
	resp.expires_ms = b->expires_ms;
	conn_reply(c, rq, &resp.base);
}

static void
on_got(struct store_op *op)
{
	struct task *t = op->ctx;
	struct conn *c = done(t);

	if (c == NULL)
		return;
	if (t->u.blob_get.blob.stored)
		answer_get(c, &t->rq, &t->u.blob_get.blob);
	else
		conn_refuse(c, &t->rq, ERR_AGAIN, "it is not whole yet", 0);
	task_free(t);
}

void
on_get_media_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__GetMediaRequest *req = (const void *)msg;

	if (may(c, rq))
		look(c, rq, &req->locator, on_got);
}

/* ---- MEDIA_DELIVERED, DELETE_MEDIA -------------------------------------------------- */

void
on_media_delivered_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__MediaDeliveredRequest *req = (const void *)msg;
	struct blob_locator l;
	struct task *t;

	if (!may(c, rq) || !locator_of(c, rq, &req->locator, &l))
		return;
	t = task_new(c, rq, STORE_BLOB_DELIVERED, on_done);
	if (t == NULL)
		return;
	t->u.blob_delivered.locator = l;
	t->u.blob_delivered.account = session_of(c)->account;
	t->u.blob_delivered.expires_ms = relay_clock_wall(t->sl->sv->clock) +
					 net_conf(t->sl->net)->blobs_ttl_ms;
	task_submit(t);
}

/* Also when nobody waits for the answer any more: its bytes go. */
static void
on_deleted(struct store_op *op)
{
	struct task *t = op->ctx;
	struct blob_job *job;

	if (op->result == 0) {
		job = calloc(1, sizeof(*job));
		if (job != NULL) { /* else it is an orphan */
			job->kind = BLOB_JOB_REMOVE;
			job->blob = t->u.blob_del.blob;
			blobs_do(t->sl->sv->blobs, job);
		}
	}
	on_done(op);
}

void
on_delete_media_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const Sotto__Relay__DeleteMediaRequest *req = (const void *)msg;
	struct blob_locator l;
	struct task *t;

	if (!may(c, rq) || !locator_of(c, rq, &req->locator, &l))
		return;
	t = task_new(c, rq, STORE_BLOB_DEL, on_deleted);
	if (t == NULL)
		return;
	t->u.blob_del.locator = l;
	t->u.blob_del.account = session_of(c)->account;
	task_submit(t);
}
