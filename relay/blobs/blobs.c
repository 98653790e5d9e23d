/* SPDX-License-Identifier: GPL-3.0-or-later */
/* blobs.c — the worker: jobs of methods, and what is swept away. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "relay/admin/metrics.h"
#include "relay/blobs/backend.h"

#define SWEEP_MS  10000
#define ORPHAN_MS ((uint64_t)24 * 3600 * 1000) /* how often, and how old */

struct blobs {
	struct blobs_env env; /* conf and secret are not kept here */
	struct blob_backend *be;
	uint8_t secret[BLOB_SECRET_LEN];
	pthread_t worker;
	bool has_worker;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	struct blob_job *head, **tail; /* these under lock */
	bool stopping, answered;
	struct store_sink sink; /* of the worker */
	uint64_t next_orphans_ms;
};

/* ---- jobs ---------------------------------------------------------------------- */

void
blobs_do(struct blobs *b, struct blob_job *job)
{
	job->next = NULL;
	pthread_mutex_lock(&b->lock);
	*b->tail = job;
	b->tail = &job->next;
	pthread_cond_signal(&b->cond);
	pthread_mutex_unlock(&b->lock);
}

static int
run(struct blobs *b, struct blob_job *job)
{
	const struct blob_backend_ops *ops = b->be->ops;

	switch (job->kind) {
	case BLOB_JOB_PREPARE:
		return ops->prepare(b->be, &job->blob, job->disk_free_min);
	case BLOB_JOB_CHECK:
		return ops->check(b->be, &job->blob);
	case BLOB_JOB_REMOVE:
		metrics_add(METRIC_blobs_removed, 1);
		return ops->remove(b->be, &job->blob);
	}
	return ERR_INTERNAL;
}

/* After store_submit() the operation is its loop's. */
static void
finish_job(struct blobs *b, struct blob_job *job)
{
	int r = run(b, job);

	if (r == ERR_IO)
		log_warn(b->env.log, "a blob's place refuses", LOG_NONE);
	if (job->checked != NULL)
		*job->checked = r;
	if (job->kind == BLOB_JOB_PREPARE && job->op != NULL)
		((struct op_blob_add *)job->op)->blob = job->blob;
	if (job->op != NULL)
		store_submit(b->env.store, job->op);
	free(job);
}

/* ---- sweeping ------------------------------------------------------------------- */

static void
wake(void *ctx)
{
	struct blobs *b = ctx;

	pthread_mutex_lock(&b->lock);
	b->answered = true;
	pthread_cond_signal(&b->cond);
	pthread_mutex_unlock(&b->lock);
}

static void
nothing(struct store_op *op)
{
	(void)op;
}

/* One operation of the worker's own, waited for. */
static int
call(struct blobs *b, struct store_op *op)
{
	store_submit(b->env.store, op);
	pthread_mutex_lock(&b->lock);
	while (!b->answered)
		pthread_cond_wait(&b->cond, &b->lock);
	b->answered = false;
	pthread_mutex_unlock(&b->lock);
	store_sink_drain(&b->sink);
	return op->result;
}

/* A crash in between leaves an orphan. */
static void
sweep_expired(struct blobs *b)
{
	struct op_blob_expired *o = malloc(sizeof(*o));
	size_t i, n = 0;

	if (o == NULL)
		return;
	do {
		store_op_init(&o->op, STORE_BLOB_EXPIRED, &b->sink, nothing, b);
		if (call(b, &o->op) != 0)
			break;
		n = o->n;
		for (i = 0; i < n; i++)
			(void)b->be->ops->remove(b->be, &o->v[i]);
		metrics_add(METRIC_blobs_removed, (int64_t)n);
	} while (n == STORE_BLOBS_GONE_MAX);
	free(o);
}

static void
remove_orphan(void *arg, const struct blob_locator *l)
{
	struct blobs *b = arg;
	struct store_blob blob = {.locator = *l};
	struct op_blob_get o;

	store_op_init(&o.op, STORE_BLOB_GET, &b->sink, nothing, b);
	o.locator = *l;
	if (call(b, &o.op) != ERR_NOTFOUND)
		return;
	(void)b->be->ops->remove(b->be, &blob);
	metrics_add(METRIC_blobs_removed, 1);
	log_info(b->env.log, "a blob of nobody's is gone", LOG_NONE);
}

static void
sweep(struct blobs *b)
{
	uint64_t now = relay_clock_wall(b->env.clock);

	sweep_expired(b);
	if (now < b->next_orphans_ms)
		return;
	b->next_orphans_ms = now + ORPHAN_MS;
	if (now > ORPHAN_MS && b->be->ops->walk(b->be, (now - ORPHAN_MS) / 1000,
				   remove_orphan, b) != 0)
		log_warn(
		    b->env.log, "cannot look for blobs of nobody's", LOG_NONE);
}

/* ---- the worker ------------------------------------------------------------------ */

static struct timespec
after(unsigned ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += (long)(ms % 1000) * 1000000L;
	if (t.tv_nsec >= 1000000000L) {
		t.tv_nsec -= 1000000000L;
		t.tv_sec++;
	}
	return t;
}

static struct blob_job *
take(struct blobs *b)
{
	struct blob_job *job = b->head;

	if (job != NULL) {
		b->head = job->next;
		if (b->head == NULL)
			b->tail = &b->head;
	}
	return job;
}

/* The next job; NULL: sweep, or stop. */
static struct blob_job *
wait_job(struct blobs *b, const struct timespec *until, bool *stop)
{
	struct blob_job *job;

	pthread_mutex_lock(&b->lock);
	while ((job = take(b)) == NULL && !b->stopping)
		if (pthread_cond_timedwait(&b->cond, &b->lock, until) != 0)
			break;
	*stop = job == NULL && b->stopping;
	pthread_mutex_unlock(&b->lock);
	return job;
}

static void *
work(void *arg)
{
	struct blobs *b = arg;
	unsigned every = b->env.sweep_ms != 0 ? b->env.sweep_ms : SWEEP_MS;
	struct timespec until = after(every);
	struct blob_job *job;
	bool stop = false;

	while (!stop) {
		job = wait_job(b, &until, &stop);
		if (job != NULL) {
			finish_job(b, job);
		} else if (!stop) {
			sweep(b);
			until = after(every);
		}
	}
	return NULL;
}

/* ---- life ------------------------------------------------------------------------- */

static int
start_worker(struct blobs *b)
{
	pthread_condattr_t attr;
	int r;

	b->tail = &b->head;
	pthread_mutex_init(&b->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&b->cond, &attr);
	pthread_condattr_destroy(&attr);
	r = store_sink_init(&b->sink, wake, b);
	if (r != 0)
		return r;
	b->has_worker = pthread_create(&b->worker, NULL, work, b) == 0;
	if (!b->has_worker)
		store_sink_clear(&b->sink);
	return b->has_worker ? 0 : ERR_SYS;
}

int
blobs_start(struct blobs **out, const struct blobs_env *env, char *why)
{
	struct blobs *b;
	int r;

	why[0] = '\0';
	*out = NULL;
	if (env->conf->blobs == BLOBS_OFF)
		return 0;
	b = calloc(1, sizeof(*b));
	if (b == NULL)
		return ERR_NOMEM;
	b->env = *env;
	b->env.conf = NULL;
	b->env.secret = NULL;
	memcpy(b->secret, env->secret, sizeof(b->secret));
	r = env->conf->blobs == BLOBS_S3 ? blob_backend_s3(&b->be, env, why)
					 : blob_backend_dir(&b->be, env, why);
	if (r == 0)
		r = start_worker(b);
	if (r != 0) {
		if (b->be != NULL)
			b->be->ops->close(b->be);
		free(b);
		return r;
	}
	*out = b;
	return 0;
}

void
blobs_stop(struct blobs *b)
{
	if (b == NULL || !b->has_worker)
		return;
	b->be->ops->stop(b->be);
	pthread_mutex_lock(&b->lock);
	b->stopping = true;
	pthread_cond_signal(&b->cond);
	pthread_mutex_unlock(&b->lock);
	pthread_join(b->worker, NULL);
	b->has_worker = false;
	store_sink_clear(&b->sink);
}

void
blobs_free(struct blobs *b)
{
	if (b == NULL)
		return;
	blobs_stop(b);
	b->be->ops->close(b->be);
	pthread_cond_destroy(&b->cond);
	pthread_mutex_destroy(&b->lock);
	sodium_memzero(b->secret, sizeof(b->secret));
	free(b);
}

uint16_t
blobs_port(const struct blobs *b)
{
	return b != NULL ? b->be->ops->port(b->be) : 0;
}

int
blobs_way(const struct blobs *b, const struct relay_conf *conf,
    enum blob_verb verb, const struct account_id *account,
    const struct store_blob *blob, struct blob_way *out)
{
	struct blob_grant g = {
	    .verb = verb,
	    .locator = blob->locator,
	    .size = blob->size,
	    .expires_s =
		(relay_clock_wall(b->env.clock) + conf->blobs_url_ttl_ms) /
		1000,
	};

	blob_account_tag(b->secret, account, g.account);
	out->expires_ms = g.expires_s * 1000;
	out->in_one = b->be->ops->in_one;
	return b->be->ops->way(b->be, &g, out->url);
}
