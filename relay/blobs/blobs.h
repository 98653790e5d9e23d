/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * blobs.h — sealed blobs, the relay's part of them: who may upload or fetch
 * what, until when it stays, and where the bytes are. docs/media.md §2,
 * docs/protocol.md §12.
 *
 * The bytes are a backend's. What takes a disk or a network is done on a thread
 * of its own, in order, and comes back to the asking loop as a store operation
 * like any other.
 */
#ifndef RELAY_BLOBS_BLOBS_H
#define RELAY_BLOBS_BLOBS_H

#include "relay/admin/conf.h"
#include "relay/blobs/url.h"
#include "relay/session/session.h"

#define BLOBS_WHY_MAX	512
#define BLOBS_UPLOAD_MS ((uint64_t)7 * 24 * 3600 * 1000) /* to finish one */

struct blobs; /* heap, owned by the relay's main thread */

struct blobs_env {
	struct relay_conf *conf; /* a reference is taken */
	const uint8_t *secret; /* BLOB_SECRET_LEN, copied */
	struct store *store; /* these borrowed */
	const struct log *log;
	const struct relay_clock *clock;
	unsigned sweep_ms; /* 0: every 10 s */
};

/*
 * Open the backend, serve it, start to sweep. *b is NULL when the settings say
 * `off`. Returns 0; ERR_SYS, ERR_FORMAT, ERR_CONFIG, ERR_NOMEM with a sentence
 * in why (BLOBS_WHY_MAX).
 */
int blobs_start(
    struct blobs **b, const struct blobs_env *env, char *why) MUST_USE;

/* No HTTP any more; what was asked for is handed to the store, which is still
 * open. NULL is fine. */
void blobs_stop(struct blobs *b);

/* After the store. NULL is fine. */
void blobs_free(struct blobs *b);

/* The port of HTTP; 0 none. */
uint16_t blobs_port(const struct blobs *b);

/* ---- inside relay/blobs ------------------------------------------------------- */

/* Where to send or to get the bytes. */
struct blob_way {
	char url[BLOB_URL_CAP];
	uint64_t expires_ms;
	bool in_one; /* an upload cannot be gone on with */
};

/* For an account, and for conf's blobs-url-ttl from now on. 0; ERR_NOMEM. */
int blobs_way(const struct blobs *b, const struct relay_conf *conf,
    enum blob_verb verb, const struct account_id *account,
    const struct store_blob *blob, struct blob_way *out) MUST_USE;

/*
 * Have a task's operation prepared on the worker, then submitted: BLOB_ADD gets
 * its place, BLOB_STORED is looked for; what fails is op.checked. Any thread.
 */
enum blob_job_kind { BLOB_JOB_PREPARE, BLOB_JOB_CHECK, BLOB_JOB_REMOVE };
struct blob_job {
	struct blob_job *next;
	enum blob_job_kind kind;
	struct store_blob blob;
	uint64_t disk_free_min;
	struct store_op *op; /* submitted in the end; NULL none */
	int *checked; /* of op; NULL none */
};

/* Takes the job, which is heap. */
void blobs_do(struct blobs *b, struct blob_job *job);

/* ---- methods ------------------------------------------------------------------- */

void on_upload_media_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);
void on_media_stored_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);
void on_get_media_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);
void on_media_delivered_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);
void on_delete_media_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);

#endif
