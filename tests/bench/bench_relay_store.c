/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_relay_store — the relay's store under load, without network or crypto.
 * One line a figure. Usage: bench_relay_store [folder for the data]
 *
 *   idle        one send at a time: what an acknowledgement costs
 *   online      64 senders to 64 devices (and to 4,096) that acknowledge
 *   flood       the same, and nobody acknowledges
 *   offline     200,000 messages for 64 devices, then all are read and acked
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "relay/store/store.h"
#include "tests/lib/tree.h"

#define BODY	  100
#define DEVICES	  4096
#define FEW	  64
#define IN_FLIGHT 1024 /* 64 senders with 16 each */
#define OFFLINE	  200000
#define READ_ROWS 256

struct bench {
	char dir[256];
	struct store *s;
	struct store_sink sink;
	pthread_mutex_t lock;
	pthread_cond_t some;
	unsigned wakes;
	struct account_id id[DEVICES];
	store_dev dev[DEVICES];
	uint8_t unacked[DEVICES];
	uint64_t now_us;
};

struct job {
	struct op_send o;
	struct store_target t;
	struct store_envelope v;
	struct job *next;
	uint64_t start_us;
	uint32_t to;
};

static struct bench b;
static struct job jobs[IN_FLIGHT];
static struct job *idle;
static uint8_t body[BODY];
static uint64_t *times; /* of every send, us */
static size_t n_times;
static uint64_t message;

static uint64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static uint64_t
cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return ((uint64_t)u.ru_utime.tv_sec + (uint64_t)u.ru_stime.tv_sec) *
		   1000000 +
	       (uint64_t)u.ru_utime.tv_usec + (uint64_t)u.ru_stime.tv_usec;
}

static double
rss_mib(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	char line[128], *end = line;
	unsigned long rss = 0;

	if (f == NULL)
		return 0;
	if (fgets(line, sizeof(line), f) != NULL) {
		(void)strtoul(line, &end, 10); /* its whole size */
		rss = strtoul(end, NULL, 10);
	}
	fclose(f);
	return (double)rss / 256; /* pages of 4 KiB */
}

static void NORETURN
die(const char *what, int code)
{
	fprintf(stderr, "bench_relay_store: %s: %s\n", what, err_str(code));
	exit(1);
}

/* ---- waiting -------------------------------------------------------------------- */

static void
on_wake(void *ctx)
{
	(void)ctx;
	pthread_mutex_lock(&b.lock);
	b.wakes++;
	pthread_cond_signal(&b.some);
	pthread_mutex_unlock(&b.lock);
}

static void
drain_some(void)
{
	static unsigned seen;

	pthread_mutex_lock(&b.lock);
	while (b.wakes == seen)
		pthread_cond_wait(&b.some, &b.lock);
	seen = b.wakes;
	pthread_mutex_unlock(&b.lock);
	b.now_us = now_us();
	store_sink_drain(&b.sink);
}

static void
set_flag(struct store_op *op)
{
	*(bool *)op->ctx = true;
}

static void
call(struct store_op *op)
{
	bool done = false;

	op->sink = &b.sink;
	op->done = set_flag;
	op->ctx = &done;
	store_submit(b.s, op);
	while (!done)
		drain_some();
	if (op->result != 0)
		die(store_op_name(op->kind), op->result);
}

/* ---- people --------------------------------------------------------------------- */

static void
enrol(uint32_t i)
{
	static const uint8_t key[64];
	struct op_otp_put p;
	struct op_register r;
	struct store_key k = {
	    .id = 1, .pk = key, .pk_len = 33, .sig = key, .sig_len = 64};

	store_op_init(&p.op, STORE_OTP_PUT, NULL, NULL, NULL);
	put_be32(p.token, i);
	snprintf(p.phone, sizeof(p.phone), "+49%u", 100000 + i);
	p.expires_ms = UINT64_MAX / 2;
	p.attempts = 1;
	call(&p.op);
	store_op_init(&r.op, STORE_REGISTER, NULL, NULL, NULL);
	put_be32(r.token, i);
	put_be32(r.new_account.b, i + 1);
	put_be32(r.noise_pk, i + 1);
	r.registration_id = 1;
	r.keys.signed_key = k;
	r.keys.last_resort = k;
	call(&r.op);
	b.id[i] = r.account;
	b.dev[i] = r.dev;
}

/* ---- sending -------------------------------------------------------------------- */

/* A receiver acknowledges every ACK_EVERY messages. */
#define ACK_EVERY 8

static bool online;
static unsigned acks_busy;

static void
ack_done(struct store_op *op)
{
	if (op->result != 0)
		die("QUEUE_ACK", op->result);
	acks_busy--;
	free(op);
}

static void
ack_one(uint32_t to, uint64_t seq)
{
	struct op_queue_ack *o = malloc(sizeof(*o));

	if (o == NULL)
		die("QUEUE_ACK", ERR_NOMEM);
	store_op_init(&o->op, STORE_QUEUE_ACK, &b.sink, ack_done, o);
	o->dev = b.dev[to];
	o->seq = seq;
	acks_busy++;
	store_submit(b.s, &o->op);
}

static void
sent(struct store_op *op)
{
	struct job *j = op->ctx;

	if (op->result != 0)
		die("SEND", op->result);
	times[n_times++] = b.now_us - j->start_us;
	if (online && ++b.unacked[j->to] == ACK_EVERY) {
		b.unacked[j->to] = 0;
		ack_one(j->to, j->v.seq);
	}
	j->next = idle;
	idle = j;
}

static void
send_one(uint32_t to)
{
	struct job *j = idle;

	idle = j->next;
	memset(&j->t, 0, sizeof(j->t));
	memset(&j->v, 0, sizeof(j->v));
	store_op_init(&j->o.op, STORE_SEND, &b.sink, sent, j);
	j->o.sender = b.dev[(to + 1) % FEW];
	put_be64(j->o.message_id, ++message);
	j->o.v = &j->t;
	j->o.n = 1;
	j->to = to;
	j->t.account = b.id[to];
	j->t.v = &j->v;
	j->t.n = 1;
	j->v.device_id = 1;
	j->v.registration_id = 1;
	j->v.body = body;
	j->v.len = BODY;
	j->start_us = now_us();
	store_submit(b.s, &j->o.op);
}

static void
jobs_ready(uint32_t in_flight)
{
	uint32_t i;

	idle = NULL;
	for (i = 0; i < in_flight; i++) {
		jobs[i].next = idle;
		idle = &jobs[i];
	}
	n_times = 0;
}

static int
compare(const void *x, const void *y)
{
	uint64_t p = *(const uint64_t *)x, q = *(const uint64_t *)y;

	return p < q ? -1 : p > q;
}

/* n sends to random ones of the first devices, in_flight at a time. */
static void
run(const char *name, uint32_t n, uint32_t devices, uint32_t in_flight)
{
	struct store_metrics m0, m1;
	uint64_t t0, c0, rand = 1, wall;
	uint32_t started = 0, p50 = n / 2, p99 = n - n / 100 - 1;

	jobs_ready(in_flight);
	store_metrics(b.s, &m0);
	t0 = now_us();
	c0 = cpu_us();
	while (n_times < n) {
		while (idle != NULL && started < n) {
			rand = rand * UINT64_C(6364136223846793005) + 1;
			send_one((uint32_t)(rand >> 33) % devices);
			started++;
		}
		drain_some();
	}
	while (acks_busy > 0)
		drain_some();
	wall = now_us() - t0;
	store_metrics(b.s, &m1);
	qsort(times, n, sizeof(*times), compare);
	printf("%-28s %9.0f rows/s  %5.1f us CPU/row  %6.1f rows/commit  "
	       "ack p50 %.2f p99 %.2f max %.1f ms\n",
	    name, n * 1e6 / (double)wall, (double)(cpu_us() - c0) / n,
	    (double)n / (double)(m1.commits - m0.commits),
	    (double)times[p50] / 1e3, (double)times[p99] / 1e3,
	    (double)times[n - 1] / 1e3);
	fflush(stdout);
}

/* ---- draining ------------------------------------------------------------------- */

/* A device that has come back: reads on while its acknowledgement is on the
 * way, as a client does. 64 of them at a time. */
struct drainer {
	struct op_queue_read read;
	struct op_queue_ack ack;
	bool acking, reading;
};

static struct {
	uint32_t next, devices; /* to start, in all */
	unsigned busy;
	uint64_t rows;
	bool with_ack;
} drain;

static void drain_next(struct drainer *d);

static void
drain_ended(struct drainer *d)
{
	if (d->acking || d->reading)
		return;
	drain.busy--;
	drain_next(d);
}

static void
acked(struct store_op *op)
{
	struct drainer *d = op->ctx;

	if (op->result != 0)
		die("QUEUE_ACK", op->result);
	d->acking = false;
	if (d->ack.seq < d->read.after_seq) {
		d->acking = true;
		d->ack.seq = d->read.after_seq;
		store_submit(b.s, op);
	}
	drain_ended(d);
}

static void
got_rows(struct store_op *op)
{
	struct drainer *d = op->ctx;
	struct op_queue_read *r = &d->read;

	if (op->result != 0)
		die("QUEUE_READ", op->result);
	drain.rows += r->n;
	r->after_seq = r->upto;
	if (drain.with_ack && r->n > 0 && !d->acking) {
		d->acking = true;
		d->ack.seq = r->upto;
		store_submit(b.s, &d->ack.op);
	}
	d->reading = r->more;
	if (d->reading)
		store_submit(b.s, op);
	drain_ended(d);
}

static void
drain_next(struct drainer *d)
{
	if (drain.next == drain.devices)
		return;
	store_op_clear(&d->read.op);
	store_op_init(&d->read.op, STORE_QUEUE_READ, &b.sink, got_rows, d);
	store_op_init(&d->ack.op, STORE_QUEUE_ACK, &b.sink, acked, d);
	d->read.dev = d->ack.dev = b.dev[drain.next++];
	d->read.max_rows = READ_ROWS;
	d->read.max_bytes = 1 << 20;
	d->reading = true;
	drain.busy++;
	store_submit(b.s, &d->read.op);
}

static void
run_drain(const char *name, bool with_ack, uint32_t devices)
{
	static struct drainer drainers[FEW];
	uint64_t t0 = now_us(), c0 = cpu_us();
	size_t i;

	memset(&drain, 0, sizeof(drain));
	memset(drainers, 0, sizeof(drainers));
	drain.devices = devices;
	drain.with_ack = with_ack;
	for (i = 0; i < FEW; i++) {
		drainers[i].read.op.kind = STORE_QUEUE_READ;
		drain_next(&drainers[i]);
	}
	while (drain.busy > 0)
		drain_some();
	for (i = 0; i < FEW; i++)
		store_op_clear(&drainers[i].read.op);
	printf("%-28s %9.0f rows/s  %5.1f us CPU/row  (%llu rows)\n", name,
	    (double)drain.rows * 1e6 / (double)(now_us() - t0),
	    (double)(cpu_us() - c0) / (double)drain.rows,
	    (unsigned long long)drain.rows);
	fflush(stdout);
}

static void
open_store(void)
{
	struct store_opts o = {.dir = b.dir};
	struct store_why why;
	int r;

	r = store_open(&b.s, &o, &why);
	if (r != 0)
		die(why.text, r);
}

static void
run_offline(void)
{
	double before = rss_mib(), after;
	uint64_t t0;

	run("offline, enqueue", OFFLINE, FEW, IN_FLIGHT);
	after = rss_mib();
	printf("%-28s %9.1f MiB  (%+.1f for %d rows)\n", "offline, memory",
	    after, after - before, OFFLINE);
	store_free(b.s);
	t0 = now_us();
	open_store();
	printf("%-28s %9.1f ms\n", "offline, opening again",
	    (double)(now_us() - t0) / 1e3);
	run_drain("offline, read", false, FEW);
	run_drain("offline, read and ack", true, FEW);
}

int
main(int argc, char **argv)
{
	uint32_t i;

	snprintf(b.dir, sizeof(b.dir), "%s/sotto-bench-XXXXXX",
	    argc > 1 ? argv[1] : "/tmp");
	times = calloc(OFFLINE, sizeof(*times));
	if (times == NULL || mkdtemp(b.dir) == NULL)
		die(b.dir, ERR_SYS);
	pthread_mutex_init(&b.lock, NULL);
	pthread_cond_init(&b.some, NULL);
	if (store_sink_init(&b.sink, on_wake, NULL) != 0)
		die("sink", ERR_SYS);
	open_store();
	for (i = 0; i < DEVICES; i++)
		enrol(i);
	printf("%-28s %9.1f MiB\n", "4,096 accounts, memory", rss_mib());
	run("idle, one at a time", 2000, FEW, 1);
	run("64 in flight", 50000, FEW, 64);
	online = true;
	run("online, 1,024 in flight", OFFLINE, FEW, IN_FLIGHT);
	run("online, to 4,096 devices", OFFLINE, DEVICES, IN_FLIGHT);
	online = false;
	run_drain("their rest, read and ack", true, DEVICES);
	run("flood, 4,096 devices", OFFLINE, DEVICES, IN_FLIGHT);
	run_drain("flood, read and ack", true, DEVICES);
	run_offline();
	store_free(b.s);
	store_sink_clear(&b.sink);
	(void)tree_remove(b.dir);
	free(times);
	return 0;
}
