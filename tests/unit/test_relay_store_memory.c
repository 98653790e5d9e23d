/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the writer keeps in memory, against simple models of it. */
#include "relay/store/cache.h"
#include "relay/store/hot.h"
#include "relay/store/recent.h"
#include "tests/unit/test.h"

/* A small generator, so that every run is the same. */
static uint64_t
next(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

/* ---- recent --------------------------------------------------------------------- */

#define MAX 2048

struct model {
	uint64_t tag[200000];
	size_t n; /* entry i has seq i + 1 */
	size_t lost; /* those before it are forgotten */
};

static uint64_t
model_find(const struct model *m, uint64_t tag)
{
	size_t i;

	for (i = m->n; i-- > m->lost;)
		if (m->tag[i] == tag)
			return i + 1;
	return 0;
}

static void
test_recent__behaves_like_a_list(void **state)
{
	static struct model m;
	struct recent r;
	uint64_t seed = 42, tag, mark = 0;
	int i;

	(void)state;
	m.n = m.lost = 0;
	assert_ok(recent_init(&r, MAX - 1));
	for (i = 0; i < 30000; i++) {
		tag = next(&seed) % 5000 * 1024; /* long runs of neighbours */
		assert_int_equal(recent_find(&r, tag), model_find(&m, tag));
		if (model_find(&m, tag) == 0) {
			m.tag[m.n++] = tag;
			recent_add(&r, tag, m.n);
			if (m.n - m.lost > MAX)
				m.lost++;
		}
		if (next(&seed) % 100 == 0)
			mark = r.added;
		if (next(&seed) % 200 == 0 && mark <= r.added) {
			size_t undone = (size_t)(r.added - mark);

			recent_undo(&r, mark);
			m.n = undone < m.n - m.lost ? m.n - undone : m.lost;
		}
		assert_int_equal(r.added - r.dropped, m.n - m.lost);
	}
	assert_int_equal(r.cap, MAX);
	recent_clear(&r);
}

static void
test_recent__tags_depend_on_everything(void **state)
{
	struct account_id a = {{1}}, b = {{2}};
	uint8_t id[STORE_MESSAGE_ID_LEN] = {3};
	struct recent r, other;
	uint64_t t;

	(void)state;
	assert_ok(recent_init(&r, 1));
	assert_ok(recent_init(&other, 1));
	t = recent_tag(&r, 7, &a, 1, id);
	assert_true(t == recent_tag(&r, 7, &a, 1, id));
	assert_true(t != recent_tag(&other, 7, &a, 1, id));
	assert_true(t != recent_tag(&r, 8, &a, 1, id));
	assert_true(t != recent_tag(&r, 7, &b, 1, id));
	assert_true(t != recent_tag(&r, 7, &a, 2, id));
	id[15]++;
	assert_true(t != recent_tag(&r, 7, &a, 1, id));
	recent_clear(&r);
	recent_clear(&other);
}

static void
test_recent__without_memory_it_forgets_earlier(void **state)
{
	struct recent r;
	uint64_t i;

	(void)state;
	assert_ok(recent_init(&r, 1 << 16));
	for (i = 1; i <= 1024; i++)
		recent_add(&r, i * 77, i);
	alloc_fail_at(0);
	recent_add(&r, 1025 * 77, 1025);
	assert_true(alloc_failed());
	alloc_fail_at(-1);
	assert_int_equal(recent_find(&r, 77), 0);
	assert_int_equal(recent_find(&r, 2 * 77), 2);
	assert_int_equal(recent_find(&r, 1025 * 77), 1025);
	recent_add(&r, 1026 * 77, 1026); /* now it grows */
	assert_int_equal(recent_find(&r, 2 * 77), 2);
	assert_int_equal(r.cap, 2048);
	recent_clear(&r);
}

static int
step_recent(void *arg)
{
	struct recent r;
	int e = recent_init(&r, 5000);

	(void)arg;
	if (e == 0)
		recent_clear(&r);
	return e;
}

/* ---- hot ------------------------------------------------------------------------ */

#define HOT_CAP	 256
#define HOT_DEVS 40

struct hot_model {
	struct hot_row row[40000];
	uint32_t from, to;
};

static uint32_t
model_ack(struct hot_model *m, store_dev dev, uint64_t seq)
{
	uint32_t i, n = 0;

	for (i = m->from; i < m->to; i++)
		if (m->row[i].dev == dev && m->row[i].seq <= seq &&
		    m->row[i].live) {
			m->row[i].live = false;
			n++;
		}
	return n;
}

/* Every chain has exactly the live rows, in order. */
static void
compare_hot(const struct hot *h, const struct hot_model *m)
{
	const struct hot_device *d;
	const struct hot_row *row;
	uint32_t i, n, devices = 0;
	store_dev dev;

	assert_int_equal(hot_count(h), m->to - m->from);
	for (i = m->from; i < m->to; i++) {
		row = hot_nth(h, i - m->from);
		assert_int_equal(row->seq, m->row[i].seq);
		assert_int_equal(row->live, m->row[i].live);
	}
	assert_null(hot_nth(h, m->to - m->from));
	for (dev = 1; dev <= HOT_DEVS; dev++) {
		d = hot_find(h, dev);
		row = d == NULL ? NULL : hot_at(h, d->first);
		for (n = 0, i = m->from; i < m->to; i++) {
			if (m->row[i].dev != dev || !m->row[i].live)
				continue;
			assert_non_null(row);
			assert_int_equal(row->seq, m->row[i].seq);
			row = hot_at(h, row->next);
			n++;
		}
		assert_null(row);
		assert_int_equal(d == NULL ? 0 : d->live, n);
		devices += n > 0;
	}
	assert_int_equal(h->n_devices, devices);
}

static void
test_hot__behaves_like_a_list(void **state)
{
	static struct hot_model m;
	struct hot h;
	uint64_t seed = 7, seq = 0;
	struct hot_row row = {0};
	int i;

	(void)state;
	m.from = m.to = 0;
	assert_ok(hot_init(&h, HOT_CAP));
	for (i = 0; i < 30000; i++) {
		row.dev = next(&seed) % HOT_DEVS + 1;
		if (hot_count(&h) < HOT_CAP && next(&seed) % 4 != 0) {
			row.seq = ++seq;
			row.live = next(&seed) % 16 != 0;
			hot_add(&h, &row);
			m.row[m.to++] = row;
		} else if (hot_count(&h) > 0 && next(&seed) % 4 != 0) {
			hot_drop(&h);
			m.from++;
		} else {
			uint64_t upto = seq - next(&seed) % 64;

			assert_int_equal(hot_ack(&h, row.dev, upto),
			    model_ack(&m, row.dev, upto));
		}
		if (i % 16 == 0)
			compare_hot(&h, &m);
		if (next(&seed) % 4096 == 0) {
			hot_reset(&h);
			m.from = m.to;
		}
	}
	hot_clear(&h);
}

static int
step_hot(void *arg)
{
	struct hot h;
	int e = hot_init(&h, HOT_CAP);

	(void)arg;
	if (e == 0)
		hot_clear(&h);
	return e;
}

/* ---- cache ---------------------------------------------------------------------- */

static struct account_id
id_of(uint32_t n)
{
	struct account_id id = {{0}};

	put_be32(id.b, n);
	return id;
}

/* Account n has n % 5 devices, numbered n * 10 + i. */
static struct cache_account *
add(struct cache *c, uint32_t n)
{
	struct cache_account a = {.id = id_of(n), .row = n};
	struct cache_device v[5];
	uint32_t i;

	for (i = 0; i < n % 5; i++)
		v[i] = (struct cache_device){
		    .dev = n * 10 + i, .device_id = i + 1};
	return cache_add(c, &a, v, n % 5);
}

static void
check_account(struct cache *c, uint32_t n)
{
	struct account_id id = id_of(n);
	struct cache_account *a = cache_account(c, &id);
	struct cache_device *d;
	uint32_t i;

	assert_non_null(a);
	assert_int_equal(a->row, n);
	assert_int_equal(a->n, n % 5);
	for (i = 0; i < a->n; i++) {
		d = cache_device(c, n * 10 + i);
		assert_ptr_equal(d, cache_devices(c, a) + i);
		assert_int_equal(d->device_id, i + 1);
		assert_ptr_equal(&c->accounts[d->account], a);
	}
	assert_null(cache_device(c, n * 10 + i));
}

static void
test_cache__finds_what_was_added_until_it_is_full(void **state)
{
	struct account_id id;
	struct cache c;
	uint32_t n;

	(void)state;
	assert_ok(cache_init(&c, 1024));
	assert_int_equal(c.cap, 1024);
	for (n = 1; n <= 510; n++) {
		id = id_of(n);
		assert_null(cache_account(&c, &id));
		add(&c, n);
		check_account(&c, n);
	}
	for (n = 1; n <= 510; n++)
		check_account(&c, n);
	add(&c, 514); /* 1,020 devices and 4 more: full */
	check_account(&c, 1);
	add(&c, 511); /* one more: all others are forgotten */
	check_account(&c, 511);
	id = id_of(1);
	assert_null(cache_account(&c, &id));
	assert_null(cache_device(&c, 10));
	cache_clear(&c);
}

static void
test_cache__a_dropped_account_comes_back_anew(void **state)
{
	struct account_id id = id_of(3);
	struct cache_account *a;
	struct cache c;
	int i;

	(void)state;
	assert_ok(cache_init(&c, 1));
	add(&c, 4);
	for (i = 0; i < 3000; i++) { /* its room is used up again and again */
		a = add(&c, 3);
		check_account(&c, 3);
		cache_drop(&c, a);
		assert_null(cache_account(&c, &id));
		assert_null(cache_device(&c, 30));
		if (cache_device(&c, 40) == NULL)
			add(&c, 4);
		check_account(&c, 4);
	}
	cache_clear(&c);
}

static int
step_cache(void *arg)
{
	struct cache c;
	int e = cache_init(&c, 5000);

	(void)arg;
	if (e == 0)
		cache_clear(&c);
	return e;
}

static void
test_init__survives_every_failing_allocation(void **state)
{
	(void)state;
	assert_int_equal(alloc_sweep(step_recent, NULL), 2);
	assert_int_equal(alloc_sweep(step_cache, NULL), 4);
	assert_int_equal(alloc_sweep(step_hot, NULL), 3);
}

int
main(void)
{
	const struct CMUnitTest cases[] = {
	    cmocka_unit_test(test_recent__behaves_like_a_list),
	    cmocka_unit_test(test_recent__tags_depend_on_everything),
	    cmocka_unit_test(test_recent__without_memory_it_forgets_earlier),
	    cmocka_unit_test(test_hot__behaves_like_a_list),
	    cmocka_unit_test(test_cache__finds_what_was_added_until_it_is_full),
	    cmocka_unit_test(test_cache__a_dropped_account_comes_back_anew),
	    cmocka_unit_test(test_init__survives_every_failing_allocation),
	};

	return cmocka_run_group_tests(cases, NULL, NULL);
}
