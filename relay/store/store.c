/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store.c — operations wait in a lane, a thread takes all that wait, has the
 * backend run them in one commit, and hands them back to their sinks. What
 * somebody waits for waits for no timer: while one commit is on its way to the
 * disk the next collects.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "relay/store/backend.h"

#define PATIENCE_MS 5 /* of an operation nobody waits for */
#define ROW_WEIGHT  64 /* what a row costs beside its body, in batch_bytes */
#define FAN_WEIGHT                                                             \
	((uint64_t)100 * ROW_WEIGHT) /* nobody knows yet for how many */

#define DAY_MS (24 * 60 * 60 * (uint64_t)1000)

struct lane {
	pthread_mutex_t lock;
	pthread_cond_t some; /* signalled when idle and something arrives */
	struct store_op *head, **tail; /* waiting, in order */
	size_t waiting;
	size_t urgent; /* of these, those somebody waits for */
	bool idle;
	bool closing;
	pthread_t thread;
};

struct store {
	const struct backend_ops *ops;
	struct backend *b;
	struct lane lane[2]; /* enum store_lane */
	struct store_seq seq;
	uint32_t batch_ops, batch_bytes;
	void (*trouble)(void *ctx, const char *reason);
	void *ctx;
	bool failing; /* writer thread: the last commit failed */
	pthread_mutex_t metrics_lock;
	struct store_metrics metrics;
};

static const struct {
	const char *name;
	enum store_lane lane;
	size_t size;
} kinds[STORE_KINDS] = {
#define X(NAME, name, lane, doc)                                               \
	[STORE_##NAME] = {#NAME, STORE_##lane, sizeof(struct op_##name)},
    STORE_OPS(X)
#undef X
};

/* Nobody waits for what it answers: it may share the commit of others that come
 * soon. After a crash a message is handed out again, and recognised. */
static bool
is_patient(const struct store_op *op)
{
	return op->kind == STORE_QUEUE_ACK;
}

const char *
store_op_name(enum store_kind kind)
{
	return (unsigned)kind < STORE_KINDS ? kinds[kind].name : "?";
}

/* ---- sinks ------------------------------------------------------------------- */

int
store_sink_init(struct store_sink *k, void (*wake)(void *ctx), void *ctx)
{
	memset(k, 0, sizeof(*k));
	if (pthread_mutex_init(&k->lock, NULL) != 0)
		return ERR_SYS;
	k->wake = wake;
	k->ctx = ctx;
	k->tail = &k->head;
	k->batch_tail = &k->batch;
	return 0;
}

void
store_sink_clear(struct store_sink *k)
{
	pthread_mutex_destroy(&k->lock);
}

size_t
store_sink_drain(struct store_sink *k)
{
	struct store_op *op, *next;
	size_t n = 0;

	pthread_mutex_lock(&k->lock);
	op = k->head;
	k->head = NULL;
	k->tail = &k->head;
	pthread_mutex_unlock(&k->lock);
	for (; op != NULL; op = next, n++) {
		next = op->next; /* done() may free or resubmit it */
		op->next = NULL;
		op->done(op);
	}
	return n;
}

/* Append a chain that ends at *tail. */
static void
sink_push(struct store_sink *k, struct store_op *first, struct store_op **tail)
{
	bool was_empty;

	pthread_mutex_lock(&k->lock);
	was_empty = k->head == NULL;
	*k->tail = first;
	k->tail = tail;
	pthread_mutex_unlock(&k->lock);
	if (was_empty)
		k->wake(k->ctx);
}

static void
sink_push_one(struct store_op *op)
{
	op->next = NULL;
	sink_push(op->sink, op, &op->next);
}

/* Hand back a whole batch: one push and at most one wake-up per sink. */
static void
deliver(struct store_op *op)
{
	struct store_sink *touched = NULL, *k;
	struct store_op *next;

	for (; op != NULL; op = next) {
		next = op->next;
		k = op->sink;
		if (k->batch == NULL) {
			k->touched = touched;
			touched = k;
		}
		op->next = NULL;
		*k->batch_tail = op;
		k->batch_tail = &op->next;
	}
	while ((k = touched) != NULL) {
		struct store_op *first = k->batch, **tail = k->batch_tail;

		touched = k->touched;
		k->batch = NULL;
		k->batch_tail = &k->batch;
		sink_push(k, first, tail);
	}
}

/* ---- submitting -------------------------------------------------------------- */

void
store_op_init(struct store_op *op, enum store_kind kind,
    struct store_sink *sink, void (*done)(struct store_op *op), void *ctx)
{
	memset(op, 0, kinds[kind].size);
	op->kind = kind;
	op->sink = sink;
	op->done = done;
	op->ctx = ctx;
}

static void
clear_keys_take(struct op_keys_take *o)
{
	free(o->v);
	o->v = NULL;
	o->n = 0;
	buf_clear(&o->device_list);
	buf_clear(&o->data);
}

static void
clear_queue_read(struct op_queue_read *o)
{
	free(o->v);
	o->v = NULL;
	o->n = o->cap = 0;
	buf_clear(&o->data);
}

static void
clear_fan(struct store_fan *f)
{
	free(f->v);
	memset(f, 0, sizeof(*f));
}

static void
clear_group_change(struct op_group_change *o)
{
	clear_fan(&o->fan);
	buf_clear(&o->entries);
}

static void
clear_audience(struct op_audience *o)
{
	free(o->v);
	o->v = NULL;
	o->n = 0;
}

static void
clear_group_list(struct op_group_list *o)
{
	free(o->v);
	o->v = NULL;
	o->n = 0;
}

void
store_op_clear(struct store_op *op)
{
	switch (op->kind) {
	case STORE_KEYS_TAKE:
		clear_keys_take((struct op_keys_take *)op);
		break;
	case STORE_DEVICES:
		buf_clear(&((struct op_devices *)op)->device_list);
		break;
	case STORE_QUEUE_READ:
		clear_queue_read((struct op_queue_read *)op);
		break;
	case STORE_INVITE_LIST:
		free(((struct op_invite_list *)op)->v);
		((struct op_invite_list *)op)->v = NULL;
		break;
	case STORE_ACCOUNT_LIST:
		free(((struct op_account_list *)op)->v);
		((struct op_account_list *)op)->v = NULL;
		break;
	case STORE_REPORT_LIST:
		free(((struct op_report_list *)op)->v);
		((struct op_report_list *)op)->v = NULL;
		break;
	case STORE_REPORT_GET:
		buf_clear(&((struct op_report_get *)op)->blob);
		break;
	case STORE_GROUP_CHANGE:
		clear_group_change((struct op_group_change *)op);
		break;
	case STORE_GROUP_ENTRIES:
		buf_clear(&((struct op_group_entries *)op)->entries);
		break;
	case STORE_GROUP_STATE:
		buf_clear(&((struct op_group_state *)op)->record);
		break;
	case STORE_GROUP_LIST:
		clear_group_list((struct op_group_list *)op);
		break;
	case STORE_AUDIENCE:
		clear_audience((struct op_audience *)op);
		break;
	case STORE_FAN_OUT:
		clear_fan(&((struct op_fan_out *)op)->fan);
		break;
	default:
		break;
	}
}

/* What is out of bounds is refused when it runs; it weighs nothing. */
static uint64_t
send_weight(const struct op_send *o)
{
	uint64_t w = 0;
	size_t i, k;

	for (i = 0; i < o->n && o->n <= STORE_ACCOUNTS_MAX; i++)
		for (k = 0; k < o->v[i].n && o->v[i].n <= STORE_DEVICE_MAX; k++)
			w += o->v[i].v[k].len + (uint64_t)ROW_WEIGHT;
	return w;
}

/* Roughly the bytes an operation writes. */
static uint32_t
weight_of(const struct store_op *op)
{
	uint64_t w = ROW_WEIGHT;

	if (op->kind == STORE_SEND)
		w += send_weight((const struct op_send *)op);
	else if (op->kind == STORE_QUEUE_PUT)
		w += ((const struct op_queue_put *)op)->len;
	else if (op->kind == STORE_FAN_OUT)
		w += ((const struct op_fan_out *)op)->len + FAN_WEIGHT;
	else if (op->kind == STORE_GROUP_CHANGE)
		w += ((const struct op_group_change *)op)->len + FAN_WEIGHT;
	return w < UINT32_MAX ? (uint32_t)w : UINT32_MAX;
}

void
store_submit(struct store *s, struct store_op *op)
{
	struct lane *l = &s->lane[kinds[op->kind].lane];
	bool patient = is_patient(op), closing, idle;

	op->weight = weight_of(op);
	op->next = NULL;
	pthread_mutex_lock(&l->lock);
	closing = l->closing;
	/* A patient one only makes a sleeper begin to count. */
	idle = l->idle && (!patient || l->head == NULL);
	if (idle)
		l->idle = false; /* one signal is enough */
	if (!closing) {
		l->urgent += !patient;
		op->waiting = true;
		op->link = l->tail;
		*l->tail = op;
		l->tail = &op->next;
		l->waiting++;
	}
	pthread_mutex_unlock(&l->lock);
	if (closing) {
		op->result = ERR_CLOSED;
		sink_push_one(op);
	} else if (idle) {
		pthread_cond_signal(&l->some);
	}
}

bool
store_op_cancel(struct store *s, struct store_op *op)
{
	struct lane *l = &s->lane[kinds[op->kind].lane];
	bool mine;

	pthread_mutex_lock(&l->lock);
	mine = op->waiting;
	if (mine) {
		*op->link = op->next;
		if (op->next != NULL)
			op->next->link = op->link;
		else
			l->tail = op->link;
		op->next = NULL;
		op->waiting = false;
		l->waiting--;
		l->urgent -= !is_patient(op);
	}
	pthread_mutex_unlock(&l->lock);
	return mine;
}

size_t
store_waiting(struct store *s)
{
	struct lane *l = &s->lane[STORE_WRITER];
	size_t n;

	pthread_mutex_lock(&l->lock);
	n = l->waiting;
	pthread_mutex_unlock(&l->lock);
	return n;
}

int
seq_take(struct store_seq *q, uint64_t n, uint64_t *first)
{
	uint64_t next = atomic_load(&q->next);

	do {
		if (next + n - 1 > atomic_load(&q->limit))
			return ERR_AGAIN;
	} while (!atomic_compare_exchange_weak(&q->next, &next, next + n));
	*first = next;
	return 0;
}

int
store_seq_take(struct store *s, uint32_t n, uint64_t *first)
{
	return n == 0 ? ERR_RANGE : seq_take(&s->seq, n, first);
}

void
store_metrics(struct store *s, struct store_metrics *m)
{
	pthread_mutex_lock(&s->metrics_lock);
	*m = s->metrics;
	pthread_mutex_unlock(&s->metrics_lock);
}

/* ---- the threads ------------------------------------------------------------- */

static struct timespec
in_ms(long ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += ms * 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

/* Until one comes that somebody waits for, or the others have waited enough. */
static void
wait_for_some(struct lane *l)
{
	struct timespec until;
	bool counting = false;
	int r = 0;

	while (l->urgent == 0 && !l->closing && !(r != 0 && l->head != NULL)) {
		l->idle = true;
		if (l->head == NULL) {
			r = 0;
			counting = false;
			pthread_cond_wait(&l->some, &l->lock);
		} else {
			if (!counting)
				until = in_ms(PATIENCE_MS);
			counting = true;
			r = pthread_cond_timedwait(&l->some, &l->lock, &until);
		}
		l->idle = false;
	}
}

/*
 * Wait for operations and take from the front what fits one batch, at least
 * one. NULL: the lane is closed and empty.
 */
static struct store_op *
take(struct lane *l, uint32_t max_ops, uint64_t max_weight)
{
	struct store_op *first, *op;
	uint64_t weight = 0;
	uint32_t n = 0;

	pthread_mutex_lock(&l->lock);
	wait_for_some(l);
	first = l->head;
	for (op = first; op != NULL && n < max_ops; op = op->next, n++) {
		weight += op->weight;
		if (n > 0 && weight > max_weight)
			break;
		op->waiting = false;
		l->urgent -= !is_patient(op);
	}
	l->waiting -= n;
	l->head = op;
	if (op == NULL)
		l->tail = &l->head;
	else if (first != op) {
		*op->link = NULL; /* the end of what is taken */
		op->link = &l->head;
	}
	pthread_mutex_unlock(&l->lock);
	return first;
}

static uint64_t
clock_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* All of the batch in one commit; 0 or what every operation must answer. */
static int
run_batch(struct store *s, struct store_op *batch)
{
	struct store_op *op;
	int r;

	r = s->ops->begin(s->b);
	if (r != 0)
		return r;
	for (op = batch; op != NULL && r == 0; op = op->next)
		r = s->ops->run(s->b, op);
	if (r == 0)
		return s->ops->commit(s->b);
	s->ops->rollback(s->b);
	return r;
}

static void
tell_trouble(struct store *s, bool failed)
{
	if (failed == s->failing)
		return;
	s->failing = failed;
	if (s->trouble != NULL)
		s->trouble(s->ctx, failed ? s->ops->reason(s->b) : NULL);
}

static void
note_batch(struct store *s, size_t n, bool failed, uint64_t us)
{
	struct store_metrics *m = &s->metrics;

	pthread_mutex_lock(&s->metrics_lock);
	m->ops += n;
	m->commits += !failed;
	m->failed_commits += failed;
	m->commit_us_total += us;
	if (us > m->commit_us_max)
		m->commit_us_max = us;
	s->ops->count(s->b, m);
	pthread_mutex_unlock(&s->metrics_lock);
}

static void *
writer_main(void *arg)
{
	struct store *s = arg;
	struct store_op *batch, *op;
	uint64_t start;
	size_t n;
	int r;

	while ((batch = take(&s->lane[STORE_WRITER], s->batch_ops,
		    s->batch_bytes)) != NULL) {
		start = clock_us();
		r = run_batch(s, batch);
		for (n = 0, op = batch; op != NULL; op = op->next, n++)
			if (r != 0)
				op->result = r;
		note_batch(s, n, r != 0, clock_us() - start);
		tell_trouble(s, r != 0);
		deliver(batch);
	}
	return NULL;
}

static void *
reader_main(void *arg)
{
	struct store *s = arg;
	struct store_op *op;

	while ((op = take(&s->lane[STORE_READER], 1, 0)) != NULL) {
		s->ops->read(s->b, op);
		sink_push_one(op);
	}
	return NULL;
}

/* ---- life -------------------------------------------------------------------- */

static uint64_t
system_now_ms(void *ctx)
{
	struct timespec t;

	(void)ctx;
	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static struct store_opts
with_defaults(const struct store_opts *in)
{
	struct store_opts o = *in;

	if (o.now_ms == NULL)
		o.now_ms = system_now_ms;
	if (o.queue_ttl_ms == 0)
		o.queue_ttl_ms = 30 * DAY_MS;
	if (o.queue_max == 0)
		o.queue_max = 100000;
	if (o.batch_ops == 0)
		o.batch_ops = 4096;
	if (o.batch_bytes == 0)
		o.batch_bytes = 8 * 1024 * 1024;
	if (o.cache_devices == 0)
		o.cache_devices = 65536;
	if (o.recent_rows == 0)
		o.recent_rows = 262144;
	return o;
}

static int
lane_init(struct lane *l)
{
	pthread_condattr_t mono;
	int r;

	if (pthread_mutex_init(&l->lock, NULL) != 0)
		return ERR_SYS;
	if (pthread_condattr_init(&mono) != 0)
		goto no_attr;
	(void)pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
	r = pthread_cond_init(&l->some, &mono);
	pthread_condattr_destroy(&mono);
	if (r != 0)
		goto no_attr;
	l->tail = &l->head;
	return 0;
no_attr:
	pthread_mutex_destroy(&l->lock);
	return ERR_SYS;
}

static void
lane_clear(struct lane *l)
{
	pthread_cond_destroy(&l->some);
	pthread_mutex_destroy(&l->lock);
}

/* The relay's signals are for its main thread. */
static int
lane_start(struct lane *l, void *(*body)(void *), struct store *s)
{
	sigset_t all, old;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&l->thread, NULL, body, s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r == 0 ? 0 : ERR_SYS;
}

static void
lane_stop(struct lane *l)
{
	pthread_mutex_lock(&l->lock);
	l->closing = true;
	pthread_mutex_unlock(&l->lock);
	pthread_cond_signal(&l->some);
	pthread_join(l->thread, NULL);
}

static int
start(struct store *s)
{
	int r;

	r = lane_start(&s->lane[STORE_WRITER], writer_main, s);
	if (r != 0)
		return r;
	r = lane_start(&s->lane[STORE_READER], reader_main, s);
	if (r != 0)
		lane_stop(&s->lane[STORE_WRITER]);
	return r;
}

/* The store without backend and threads. */
static int
shell_new(struct store **out, const struct store_opts *o)
{
	struct store *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return ERR_NOMEM;
	s->ops = &sqlite_backend;
	s->batch_ops = o->batch_ops;
	s->batch_bytes = o->batch_bytes;
	s->trouble = o->trouble;
	s->ctx = o->ctx;
	if (lane_init(&s->lane[STORE_WRITER]) != 0)
		goto no_writer;
	if (lane_init(&s->lane[STORE_READER]) != 0)
		goto no_reader;
	if (pthread_mutex_init(&s->metrics_lock, NULL) != 0)
		goto no_metrics;
	*out = s;
	return 0;
no_metrics:
	lane_clear(&s->lane[STORE_READER]);
no_reader:
	lane_clear(&s->lane[STORE_WRITER]);
no_writer:
	free(s);
	return ERR_SYS;
}

static void
shell_free(struct store *s)
{
	pthread_mutex_destroy(&s->metrics_lock);
	lane_clear(&s->lane[STORE_READER]);
	lane_clear(&s->lane[STORE_WRITER]);
	free(s);
}

int
store_open(
    struct store **out, const struct store_opts *opts, struct store_why *why)
{
	struct store_opts o = with_defaults(opts);
	struct store *s;
	int r;

	why->text[0] = '\0';
	r = shell_new(&s, &o);
	if (r != 0)
		goto out;
	r = s->ops->open(&s->b, &o, &s->seq, why);
	if (r == 0) {
		r = start(s);
		if (r != 0)
			s->ops->close(s->b);
	}
	if (r != 0)
		shell_free(s);
	else
		*out = s;
out:
	if (r != 0 && why->text[0] == '\0')
		snprintf(why->text, sizeof(why->text), "%s", err_str(r));
	return r;
}

void
store_free(struct store *s)
{
	if (s == NULL)
		return;
	lane_stop(&s->lane[STORE_WRITER]);
	lane_stop(&s->lane[STORE_READER]);
	s->ops->close(s->b);
	shell_free(s);
}
