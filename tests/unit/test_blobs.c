/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of blobs that nobody wants: with a store whose clock is turned. */
#include <sodium.h>
#include <unistd.h>

#include "relay/admin/metrics.h"
#include "relay/blobs/blobs.h"
#include "relay/blobs/dir.h"
#include "tests/unit/relay_store_help.h"

#define HOUR_MS (UINT64_C(3600) * 1000)
#define DAY_MS	(24 * HOUR_MS)

struct place {
	struct rig rig;
	struct person ann;
	struct relay_conf *conf;
	struct blobs *b;
	struct blob_dir *d; /* the same folder */
	char dir[128];
};

static uint64_t
rig_wall(void *arg)
{
	const struct rig *r = arg;

	return r->now_ms;
}

static struct relay_conf *
make_conf(const struct place *p)
{
	const char *argv[] = {"relay", "--config", "/dev/null",
	    "--blobs-listen", "127.0.0.1:0", "--data-dir", p->rig.dir};
	enum relay_conf_todo todo;
	struct relay_conf *conf = NULL;
	struct conf_err why = {""};
	struct buf out;

	buf_init(&out, 1000);
	assert_ok(relay_conf_load(ARRAY_LEN(argv),
	    (char *const *)(uintptr_t)argv, NULL, &conf, &todo, &out, &why));
	buf_clear(&out);
	return conf;
}

static void
start(struct place *p)
{
	static const uint8_t secret[BLOB_SECRET_LEN] = "made up for this test.";
	static struct relay_clock clock;
	struct blobs_env env = {.conf = p->conf,
	    .secret = secret,
	    .store = p->rig.s,
	    .clock = &clock,
	    .sweep_ms = 20};
	char why[BLOBS_WHY_MAX];

	clock = (struct relay_clock){rig_wall, rig_wall, &p->rig};
	assert_ok(blobs_start(&p->b, &env, why));
}

static int
setup(void **state)
{
	static struct place p;

	memset(&p, 0, sizeof(p));
	metrics_reset();
	rig_init(&p.rig);
	rig_open(&p.rig);
	join(&p.rig, &p.ann, 1, 0);
	p.conf = make_conf(&p);
	(void)snprintf(p.dir, sizeof(p.dir), "%s/blobs", p.rig.dir);
	assert_ok(blob_dir_open(&p.d, p.dir));
	*state = &p;
	return 0;
}

static int
teardown(void **state)
{
	struct place *p = *state;

	blobs_stop(p->b);
	rig_close(&p->rig);
	blobs_free(p->b);
	blob_dir_close(p->d);
	relay_conf_unref(p->conf);
	rig_clear(&p->rig);
	return 0;
}

static struct blob_locator
locator(uint8_t n)
{
	struct blob_locator l;

	memset(l.b, n, sizeof(l.b));
	return l;
}

/* Its bytes; its row too when it expires some time. */
static void
keep(struct place *p, uint8_t n, uint64_t expires_ms)
{
	struct blob_locator l = locator(n);
	struct op_blob_add o;
	struct blob_put *put;
	uint64_t at;
	bool whole;

	assert_ok(blob_put_begin(p->d, &l, 4, 0, &put, &at));
	assert_ok(blob_put_write(put, "abcd", 4));
	assert_ok(blob_put_end(put, &whole, &at));
	if (expires_ms == 0)
		return;
	rig_init_op(&p->rig, &o.op, STORE_BLOB_ADD);
	o.account = p->ann.id;
	o.quota = 100;
	o.blob.locator = l;
	o.blob.size = 4;
	o.blob.expires_ms = expires_ms;
	assert_ok(rig_call(&p->rig, &o.op));
}

static bool
there(struct place *p, uint8_t n)
{
	struct blob_locator l = locator(n);
	uint64_t bytes;
	bool whole;

	assert_ok(blob_dir_look(p->d, &l, &bytes, &whole));
	return whole;
}

/* The sweep runs by itself; what it counts tells when it has. */
static void
wait_removed(int64_t n)
{
	unsigned i;

	for (i = 0; metrics_get(METRIC_blobs_removed) < n; i++) {
		assert_true(i < 10000);
		usleep(1000);
	}
	assert_int_equal(metrics_get(METRIC_blobs_removed), n);
}

static void
test_blobs__what_has_expired_goes(void **state)
{
	struct place *p = *state;

	keep(p, 1, p->rig.now_ms + HOUR_MS);
	keep(p, 2, p->rig.now_ms + 3 * HOUR_MS);
	p->rig.now_ms += 2 * HOUR_MS;
	start(p);
	wait_removed(1);
	assert_false(there(p, 1));
	assert_true(there(p, 2));
}

static void
test_blobs__what_nobody_knows_goes_after_a_day(void **state)
{
	struct place *p = *state;

	/* Files have the system's time. */
	p->rig.now_ms = (uint64_t)time(NULL) * 1000;
	keep(p, 1, p->rig.now_ms + 5 * DAY_MS);
	keep(p, 2, 0);
	keep(p, 3, p->rig.now_ms + 1);
	start(p);
	p->rig.now_ms += 2 * HOUR_MS;
	wait_removed(1); /* the third has expired */
	assert_true(there(p, 2));
	p->rig.now_ms += DAY_MS;
	wait_removed(2);
	assert_false(there(p, 2));
	assert_true(there(p, 1));
}

static void
test_blobs__jobs_are_done_before_the_end(void **state)
{
	struct place *p = *state;
	struct blob_job *job;
	uint8_t i;

	for (i = 1; i <= 20; i++)
		keep(p, i, p->rig.now_ms + HOUR_MS);
	start(p);
	for (i = 1; i <= 20; i++) {
		job = calloc(1, sizeof(*job));
		assert_non_null(job);
		job->kind = BLOB_JOB_REMOVE;
		job->blob.locator = locator(i);
		blobs_do(p->b, job);
	}
	blobs_stop(p->b);
	for (i = 1; i <= 20; i++)
		assert_false(there(p, i));
}

static void
test_blobs_start__says_what_is_wrong(void **state)
{
	static const uint8_t secret[BLOB_SECRET_LEN];
	struct place *p = *state;
	char why[BLOBS_WHY_MAX], *was = p->conf->blobs_listen;
	struct blobs_env env = {.conf = p->conf, .secret = secret};
	struct blobs *b = NULL;

	p->conf->blobs_dir = lit("/proc/none/at/all");
	assert_err(blobs_start(&b, &env, why), ERR_SYS);
	assert_non_null(strstr(why, "blobs-dir /proc/none/at/all: No such"));
	p->conf->blobs_dir = NULL;
	p->conf->blobs_listen = lit("203.0.113.1:1");
	assert_err(blobs_start(&b, &env, why), ERR_SYS);
	assert_non_null(strstr(why, "blobs-listen 203.0.113.1:1: Cannot"));
	p->conf->blobs_listen = was;
	p->conf->blobs = BLOBS_OFF;
	assert_ok(blobs_start(&b, &env, why));
	assert_null(b);
	assert_int_equal(blobs_port(b), 0);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_blobs__what_has_expired_goes),
	    CASE(test_blobs__what_nobody_knows_goes_after_a_day),
	    CASE(test_blobs__jobs_are_done_before_the_end),
	    CASE(test_blobs_start__says_what_is_wrong),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
