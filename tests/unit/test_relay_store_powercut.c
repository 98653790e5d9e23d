/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_relay_store_powercut.c — the power goes at any moment, and of what was
 * not synced any part may be on disk. The store must come up sound, with all
 * that was acknowledged and at most the one operation under way besides.
 * SOTTO_CUTS=n makes n images instead of a few.
 */
#include <sqlite3.h>
#include <unistd.h>

#include "relay/store/ops_group.h"
#include "tests/unit/powercut.h"
#include "tests/unit/relay_store_help.h"

#define STEPS	  500
#define RECEIVERS 4
#define KEYS	  100
#define BODY_MAX  12000

/* What everybody could see after a step. */
struct sight {
	uint64_t first[RECEIVERS], last[RECEIVERS]; /* seqs in the queue */
	uint32_t queued[RECEIVERS];
	uint32_t keys[RECEIVERS];
};

struct record {
	pthread_mutex_t lock;
	struct cut *cut;
	struct person sender, receiver[RECEIVERS];
	uint64_t seq[RECEIVERS][STEPS]; /* of every message, in order */
	uint32_t sent[RECEIVERS], acked[RECEIVERS], taken[RECEIVERS];
	struct sight sight[STEPS + 1];
	uint64_t rand;
	uint8_t body[BODY_MAX];
};

static struct record rec;

/* The copying thread writes beside the writer. */
static int
locked_record(void *ctx, const struct tap_op *op)
{
	int r;

	(void)ctx;
	pthread_mutex_lock(&rec.lock);
	r = cut_record(rec.cut, op);
	pthread_mutex_unlock(&rec.lock);
	return r;
}

static uint32_t
roll(uint32_t n)
{
	rec.rand =
	    rec.rand * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(rec.rand >> 33) % n;
}

/* ---- the work ------------------------------------------------------------------ */

static void
step_send(struct rig *r, uint32_t to, uint32_t step)
{
	struct store_envelope v = {0};
	struct store_target t = {0};
	struct op_send o;

	rig_init_op(r, &o.op, STORE_SEND);
	o.sender = rec.sender.dev;
	put_be32(o.message_id, step);
	o.v = &t;
	o.n = 1;
	t.account = rec.receiver[to].id;
	t.v = &v;
	t.n = 1;
	v.device_id = 1;
	v.registration_id = rec.receiver[to].registration_id;
	v.body = rec.body;
	v.len = roll(BODY_MAX);
	assert_ok(rig_call(r, &o.op));
	rec.seq[to][rec.sent[to]++] = v.seq;
}

/* One body for all of them: in every queue, or in none. */
static void
step_fan(struct rig *r, uint32_t step)
{
	struct account_id all[RECEIVERS];
	struct op_audience a;
	struct op_fan_out o;
	uint32_t i, k;

	for (i = 0; i < RECEIVERS; i++)
		all[i] = rec.receiver[i].id;
	rig_init_op(r, &a.op, STORE_AUDIENCE);
	a.asker = rec.sender.id;
	a.accounts = all;
	a.n_accounts = RECEIVERS;
	assert_ok(rig_call(r, &a.op));
	rig_init_op(r, &o.op, STORE_FAN_OUT);
	o.sender = rec.sender.dev;
	o.accounts = all;
	o.n_accounts = RECEIVERS;
	memcpy(o.digest, a.digest, sizeof(o.digest));
	store_op_clear(&a.op);
	put_be32(o.message_id, step);
	o.type = 7;
	o.body = rec.body;
	o.len = 1 + roll(BODY_MAX - 1);
	assert_ok(rig_call(r, &o.op));
	assert_int_equal(o.fan.n, RECEIVERS);
	for (k = 0; k < RECEIVERS; k++)
		for (i = 0; i < RECEIVERS; i++)
			if (o.fan.v[k].dev == rec.receiver[i].dev)
				rec.seq[i][rec.sent[i]++] = o.fan.v[k].seq;
	store_op_clear(&o.op);
}

static void
step_ack(struct rig *r, uint32_t to)
{
	uint32_t n = rec.sent[to] - rec.acked[to];

	if (n == 0)
		return;
	rec.acked[to] += roll(n) + 1;
	ack(r, rec.receiver[to].dev, rec.seq[to][rec.acked[to] - 1]);
}

static void
step_take(struct rig *r, uint32_t to)
{
	struct op_keys_take o;

	rig_init_op(r, &o.op, STORE_KEYS_TAKE);
	o.account = rec.receiver[to].id;
	assert_ok(rig_call(r, &o.op));
	if (rec.taken[to] < KEYS)
		rec.taken[to]++;
	store_op_clear(&o.op);
}

static void
step_sweep(struct rig *r)
{
	struct op_sweep o;

	rig_init_op(r, &o.op, STORE_SWEEP);
	assert_ok(rig_call(r, &o.op));
}

static void
one_step(struct rig *r, uint32_t step)
{
	uint32_t to = roll(RECEIVERS);

	r->now_ms += 500; /* nobody else looks: the store is idle */
	switch (roll(16)) {
	case 0:
	case 1:
	case 2:
		step_ack(r, to);
		break;
	case 3:
		step_take(r, to);
		break;
	case 4:
		step_sweep(r);
		break;
	case 5:
	case 6:
	case 7:
		step_fan(r, step);
		break;
	default:
		step_send(r, to, step);
		break;
	}
}

static void
note_sight(struct sight *s)
{
	uint32_t i, n;

	for (i = 0; i < RECEIVERS; i++) {
		n = rec.sent[i] - rec.acked[i];
		s->queued[i] = n;
		s->first[i] = n > 0 ? rec.seq[i][rec.acked[i]] : 0;
		s->last[i] = n > 0 ? rec.seq[i][rec.sent[i] - 1] : 0;
		s->keys[i] = KEYS - rec.taken[i];
	}
}

/* Work on a store whose every write is written down. */
static void
record_work(struct rig *r)
{
	sqlite3_vfs *plain = sqlite3_vfs_find(NULL);
	uint32_t i;

	rig_open(r);
	join(r, &rec.sender, 100, 0);
	for (i = 0; i < RECEIVERS; i++)
		join(r, &rec.receiver[i], (uint8_t)(i + 1), KEYS);
	rig_close(r);
	cut_base(rec.cut, r->dir);
	tap_register("tap-relay", NULL, locked_record, NULL);
	sqlite3_vfs_register(sqlite3_vfs_find("tap-relay"), 1);
	rig_open(r);
	note_sight(&rec.sight[0]);
	for (i = 1; i <= STEPS; i++) {
		one_step(r, i);
		note_sight(&rec.sight[i]);
		pthread_mutex_lock(&rec.lock);
		cut_mark(rec.cut, i);
		pthread_mutex_unlock(&rec.lock);
	}
	rig_close(r);
	sqlite3_vfs_register(plain, 1);
	tap_register("tap-relay", NULL, NULL, NULL);
}

/* ---- after the cut -------------------------------------------------------------- */

static void
look(struct rig *r, struct sight *s)
{
	struct op_queue_read q;
	struct op_keys_count k;
	uint32_t i;

	memset(s, 0, sizeof(*s));
	rig_init_op(r, &q.op, STORE_QUEUE_READ);
	q.max_rows = STORE_PAGE_MAX;
	q.max_bytes = UINT32_MAX;
	for (i = 0; i < RECEIVERS; i++) {
		q.dev = rec.receiver[i].dev;
		assert_ok(rig_call(r, &q.op));
		assert_false(q.more);
		s->queued[i] = (uint32_t)q.n;
		if (q.n > 0) {
			s->first[i] = q.v[0].seq;
			s->last[i] = q.v[q.n - 1].seq;
			assert_memory_equal(q.v[0].body, rec.body, q.v[0].len);
		}
		rig_init_op(r, &k.op, STORE_KEYS_COUNT);
		k.dev = q.dev;
		assert_ok(rig_call(r, &k.op));
		assert_int_equal(k.one_time_left, k.kyber_left);
		s->keys[i] = k.one_time_left;
	}
	store_op_clear(&q.op);
}

static void
check_image(size_t image, int64_t mark, struct rig *r)
{
	const struct sight *whole = &rec.sight[mark];
	struct op_check check;
	uint64_t seq, top = 0;
	struct sight s;
	uint32_t i;

	rig_init_op(r, &check.op, STORE_CHECK);
	if (rig_call(r, &check.op) != 0)
		fail_msg("image %zu: %s", image, check.text);
	look(r, &s);
	if (memcmp(&s, whole, sizeof(s)) != 0 &&
	    (mark == STEPS || memcmp(&s, whole + 1, sizeof(s)) != 0))
		fail_msg("image %zu: not what was there after step %d or %d",
		    image, (int)mark, (int)mark + 1);
	for (i = 0; i < RECEIVERS; i++)
		top = s.last[i] > top ? s.last[i] : top;
	assert_ok(store_seq_take(r->s, 1, &seq));
	assert_true(seq > top);
}

static size_t
images(void)
{
	const char *n = getenv("SOTTO_CUTS");

	return n != NULL ? strtoul(n, NULL, 10) : 24;
}

static void
test_powercut__what_was_acknowledged_is_there(void **state)
{
	size_t total = images(), i, at;
	struct rig r, image;
	int64_t mark;

	(void)state;
	for (i = 0; i < BODY_MAX; i++)
		rec.body[i] = (uint8_t)(i * 31 + i / 255);
	pthread_mutex_init(&rec.lock, NULL);
	rec.cut = cut_new();
	rec.rand = 20;
	rig_init(&r);
	record_work(&r);
	for (i = 0; i < total; i++) {
		at = cut_events(rec.cut) * (i + 1) / total;
		rig_init(&image);
		mark = cut_image(rec.cut, at, i * 7 + 1, image.dir);
		image.now_ms = r.now_ms;
		rig_open(&image);
		check_image(i, mark, &image);
		rig_clear(&image);
	}
	print_message("%zu images of %zu events\n", total, cut_events(rec.cut));
	rig_clear(&r);
	cut_free(rec.cut);
	pthread_mutex_destroy(&rec.lock);
}

int
main(void)
{
	const struct CMUnitTest cases[] = {
	    cmocka_unit_test(test_powercut__what_was_acknowledged_is_there),
	};

	return cmocka_run_group_tests(cases, NULL, NULL);
}
