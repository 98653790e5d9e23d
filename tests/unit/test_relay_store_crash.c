/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_relay_store_crash.c — kill -9 in the middle of work, again and again.
 * A child works on the store and notes in shared memory what it asked for and
 * what was reported done; the parent kills it at some point and looks at what
 * the disk kept.
 */
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/relay_store_help.h"

#define ROUNDS	  16
#define RECEIVERS 4
#define IN_FLIGHT 96
#define MESSAGES  200000 /* in all rounds; ids are 0..MESSAGES-1 */
#define KEYS	  STORE_POOL_MAX
#define SEQS	  (1 << 25) /* bits; a crash skips up to 2^20 */

enum message_state { UNKNOWN, ASKED, DONE, ACKED };

/* Survives the child. Only the child's main thread writes while it lives. */
struct shared {
	uint8_t state[MESSAGES]; /* enum message_state */
	uint64_t seq[MESSAGES]; /* of those that are DONE */
	uint32_t next; /* message */
	uint64_t ack_asked[RECEIVERS]; /* highest seq */
	uint64_t ack_done[RECEIVERS];
	uint8_t key_seen[RECEIVERS][KEYS + 1]; /* one-time keys handed out */
	uint8_t kyber_seen[RECEIVERS][KEYS + 1];
	uint8_t seq_seen[SEQS / 8];
	uint64_t last_seq[RECEIVERS];
	uint32_t done; /* operations, this round */
	const char *wrong; /* what should never have happened */
};

static struct shared *sh;
static struct person sender, receiver[RECEIVERS];

/* ---- the child ------------------------------------------------------------------ */

struct job {
	union {
		struct op_send send;
		struct op_keys_take take;
		struct op_queue_ack ack;
		struct op_sweep sweep;
	} u;
	struct store_target t;
	struct store_envelope v;
	uint32_t message, to;
	struct job *next;
};

struct worker {
	struct rig rig;
	struct job jobs[IN_FLIGHT];
	struct job *idle;
	uint64_t rand;
	int pipe; /* a byte for every operation done */
};

static struct worker w;

static void
wrong(const char *what)
{
	if (sh->wrong == NULL)
		sh->wrong = what; /* a literal: the same in the parent */
}

static void
see_seq(uint64_t seq)
{
	if (seq >= SEQS)
		wrong("a seq is out of the test's range");
	else if (sh->seq_seen[seq / 8] >> (seq % 8) & 1)
		wrong("a seq was given out twice");
	else
		sh->seq_seen[seq / 8] |= (uint8_t)(1 << (seq % 8));
}

static void
see_key(uint8_t *seen, const struct store_key *k)
{
	if (k->id > KEYS)
		return; /* the last resort */
	if (seen[k->id]++ != 0)
		wrong("a one-time key was handed out twice");
}

static void
job_done(struct job *j)
{
	char c = 0;

	j->next = w.idle;
	w.idle = j;
	sh->done++;
	if (write(w.pipe, &c, 1) != 1)
		_exit(3);
}

static void
send_done(struct store_op *op)
{
	struct job *j = op->ctx;

	if (op->result != 0)
		wrong("a send failed");
	else {
		see_seq(j->v.seq);
		if (j->v.prev_seq >= j->v.seq)
			wrong("prev_seq is not before seq");
		if (sh->last_seq[j->to] < j->v.seq)
			sh->last_seq[j->to] = j->v.seq;
		sh->seq[j->message] = j->v.seq;
		sh->state[j->message] = DONE;
	}
	job_done(j);
}

static void
take_done(struct store_op *op)
{
	struct job *j = op->ctx;
	struct op_keys_take *o = &j->u.take;

	if (op->result != 0 || o->n != 1)
		wrong("taking keys failed");
	else {
		if (o->v[0].one_time.pk != NULL)
			see_key(sh->key_seen[j->to], &o->v[0].one_time);
		see_key(sh->kyber_seen[j->to], &o->v[0].kyber);
	}
	store_op_clear(op);
	job_done(j);
}

static void
ack_done(struct store_op *op)
{
	struct job *j = op->ctx;

	if (op->result != 0)
		wrong("an acknowledgement failed");
	else if (sh->ack_done[j->to] < j->u.ack.seq)
		sh->ack_done[j->to] = j->u.ack.seq;
	job_done(j);
}

static void
sweep_done(struct store_op *op)
{
	if (op->result != 0)
		wrong("a sweep failed");
	job_done(op->ctx);
}

/* What is older than a few seconds moves; the clock runs fast. */
static void
start_sweep(struct job *j)
{
	pthread_mutex_lock(&w.rig.lock);
	w.rig.now_ms += 2000;
	pthread_mutex_unlock(&w.rig.lock);
	store_op_init(&j->u.sweep.op, STORE_SWEEP, &w.rig.sink, sweep_done, j);
}

static void
start_send(struct job *j)
{
	struct op_send *o = &j->u.send;

	j->message = sh->next++;
	j->to = j->message % RECEIVERS;
	memset(&j->t, 0, sizeof(j->t));
	memset(&j->v, 0, sizeof(j->v));
	store_op_init(&o->op, STORE_SEND, &w.rig.sink, send_done, j);
	o->sender = sender.dev;
	put_be32(o->message_id, j->message);
	o->v = &j->t;
	o->n = 1;
	j->t.account = receiver[j->to].id;
	j->t.v = &j->v;
	j->t.n = 1;
	j->v.device_id = 1;
	j->v.registration_id = receiver[j->to].registration_id;
	j->v.body = receiver[j->to].noise_pk;
	j->v.len = STORE_NOISE_PK_LEN;
	sh->state[j->message] = ASKED;
}

static void
start_take(struct job *j)
{
	struct op_keys_take *o = &j->u.take;

	store_op_init(&o->op, STORE_KEYS_TAKE, &w.rig.sink, take_done, j);
	o->account = receiver[j->to].id;
}

static void
start_ack(struct job *j)
{
	struct op_queue_ack *o = &j->u.ack;

	store_op_init(&o->op, STORE_QUEUE_ACK, &w.rig.sink, ack_done, j);
	o->dev = receiver[j->to].dev;
	o->seq = sh->last_seq[j->to] - sh->last_seq[j->to] % 16;
	if (sh->ack_asked[j->to] < o->seq)
		sh->ack_asked[j->to] = o->seq;
}

static void
start_job(struct job *j)
{
	w.rand = w.rand * UINT64_C(6364136223846793005) + 1442695040888963407;
	j->to = (uint32_t)(w.rand >> 33) % RECEIVERS;
	switch ((w.rand >> 40) % 64) {
	case 0:
		start_ack(j);
		break;
	case 1:
		start_take(j);
		break;
	case 2:
		start_sweep(j);
		break;
	default:
		start_send(j);
		break;
	}
	store_submit(w.rig.s, &j->u.send.op);
}

static void
wait_for_wake(unsigned *seen)
{
	pthread_mutex_lock(&w.rig.lock);
	while (w.rig.wakes == *seen)
		pthread_cond_wait(&w.rig.some, &w.rig.lock);
	*seen = w.rig.wakes;
	pthread_mutex_unlock(&w.rig.lock);
}

/* Until somebody kills it. */
static void NORETURN
child(const char *dir, int fd, unsigned round)
{
	unsigned seen = 0;
	struct job *j;
	size_t i;

	rig_init(&w.rig); /* its own folder is not used */
	rmdir(w.rig.dir);
	w.rig.opts.dir = dir;
	w.rig.now_ms += (uint64_t)round * 1000000;
	w.rig.opts.recent_rows = 1 << 16;
	rig_open(&w.rig);
	w.pipe = fd;
	w.rand = round * UINT64_C(77777) + 1;
	for (i = 0; i < IN_FLIGHT; i++) {
		w.jobs[i].next = w.idle;
		w.idle = &w.jobs[i];
	}
	for (;;) {
		while ((j = w.idle) != NULL && sh->next < MESSAGES) {
			w.idle = j->next;
			start_job(j);
		}
		wait_for_wake(&seen);
		store_sink_drain(&w.rig.sink);
	}
}

/* ---- the parent ----------------------------------------------------------------- */

/* Let the child finish n operations, then kill it. */
static void
kill_after(pid_t pid, int fd, unsigned n)
{
	char buf[256];
	ssize_t got;
	int status;

	while (n > 0) {
		got = read(fd, buf, n < sizeof(buf) ? n : sizeof(buf));
		if (got <= 0)
			break; /* it died by itself: seen below */
		n -= (unsigned)got;
	}
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void
run_and_kill(const char *dir, unsigned round, unsigned n)
{
	int fd[2];
	pid_t pid;

	sh->done = 0;
	assert_ok(pipe(fd));
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(fd[0]);
		child(dir, fd[1], round);
	}
	close(fd[1]);
	kill_after(pid, fd[0], n);
	close(fd[0]);
}

/* One queue on disk: what is in it, each once, in order. */
static void
mark_queue(struct rig *r, uint32_t to, uint64_t *found)
{
	struct op_queue_read o;
	uint64_t last = 0;
	size_t i;

	rig_init_op(r, &o.op, STORE_QUEUE_READ);
	o.dev = receiver[to].dev;
	o.max_rows = STORE_PAGE_MAX;
	o.max_bytes = 1 << 20;
	do {
		o.after_seq = last;
		assert_ok(rig_call(r, &o.op));
		for (i = 0; i < o.n; i++) {
			uint32_t m = get_be32(o.v[i].message_id);

			assert_true(o.v[i].seq > last);
			last = o.v[i].seq;
			assert_true(m < sh->next && m % RECEIVERS == to);
			assert_int_equal(found[m], 0);
			assert_memory_equal(o.v[i].body, receiver[to].noise_pk,
			    STORE_NOISE_PK_LEN);
			found[m] = last;
		}
	} while (o.more);
	store_op_clear(&o.op);
}

/* Done and not acknowledged: there. Acknowledgement done: not there. */
static void
check_messages(const uint64_t *found)
{
	uint32_t m, to;

	for (m = 0; m < sh->next; m++) {
		to = m % RECEIVERS;
		if (sh->state[m] != DONE)
			continue;
		if (found[m] != 0)
			assert_int_equal(found[m], sh->seq[m]);
		if (sh->seq[m] > sh->ack_asked[to] && found[m] == 0)
			fail_msg("message %u was done and is lost", m);
		if (sh->seq[m] <= sh->ack_done[to] && found[m] != 0)
			fail_msg("message %u came back", m);
	}
}

/* Seqs of rows whose sender never heard of them are used as well. */
static void
check_seqs(struct rig *r, const uint64_t *found)
{
	uint64_t top = 0, next;
	uint32_t m;

	for (m = 0; m < sh->next; m++) {
		if (sh->state[m] == ASKED && found[m] != 0)
			sh->seq_seen[found[m] / 8] |=
			    (uint8_t)(1 << (found[m] % 8));
		if (found[m] > top)
			top = found[m];
		if (sh->state[m] == DONE && sh->seq[m] > top)
			top = sh->seq[m];
	}
	assert_ok(store_seq_take(r->s, 1, &next));
	assert_true(next > top);
	sh->seq_seen[next / 8] |= (uint8_t)(1 << (next % 8));
}

static void
look(struct rig *r)
{
	struct op_check check;
	uint64_t *found;
	uint32_t to;

	if (sh->wrong != NULL)
		fail_msg("%s", sh->wrong);
	found = calloc(MESSAGES, sizeof(*found));
	assert_non_null(found);
	rig_open(r);
	for (to = 0; to < RECEIVERS; to++)
		mark_queue(r, to, found);
	check_messages(found);
	check_seqs(r, found);
	rig_init_op(r, &check.op, STORE_CHECK);
	assert_ok(rig_call(r, &check.op));
	rig_close(r);
	free(found);
}

static void
test_crash__what_was_done_is_there(void **state)
{
	struct rig r;
	unsigned round;
	uint8_t i;

	(void)state;
	sh = mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(sh != MAP_FAILED);
	rig_init(&r);
	rig_open(&r);
	join(&r, &sender, 100, 0);
	for (i = 0; i < RECEIVERS; i++)
		join(&r, &receiver[i], (uint8_t)(i + 1), KEYS);
	rig_close(&r);
	for (round = 0; round < ROUNDS; round++) {
		/* Early kills hit the opening, late ones a full log. */
		run_and_kill(r.dir, round, round * round * 17);
		look(&r);
	}
	assert_true(sh->next > 5000);
	rig_clear(&r);
	munmap(sh, sizeof(*sh));
}

int
main(void)
{
	const struct CMUnitTest cases[] = {
	    cmocka_unit_test(test_crash__what_was_done_is_there),
	};

	return cmocka_run_group_tests(cases, NULL, NULL);
}
