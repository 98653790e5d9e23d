/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "media/transfer/file.h"
#include "tests/unit/test.h"

#define SIZE 300000 /* five chunks */

struct desk {
	char dir[64];
	char plain[96], sealed[96], out[96];
};

static int
setup(void **state)
{
	static struct desk d;

	(void)snprintf(d.dir, sizeof(d.dir), "/tmp/sotto-media-XXXXXX");
	assert_non_null(mkdtemp(d.dir));
	(void)snprintf(d.plain, sizeof(d.plain), "%s/plain", d.dir);
	(void)snprintf(d.sealed, sizeof(d.sealed), "%s/sealed", d.dir);
	(void)snprintf(d.out, sizeof(d.out), "%s/out", d.dir);
	*state = &d;
	return 0;
}

static int
teardown(void **state)
{
	struct desk *d = *state;
	char cmd[100];

	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s", d->dir);
	return system(cmd);
}

static void
write_file(const char *path, size_t len)
{
	uint8_t *p = malloc(len + 1);
	FILE *f = fopen(path, "w");
	size_t i;

	assert_non_null(p);
	assert_non_null(f);
	for (i = 0; i < len; i++)
		p[i] = (uint8_t)(i * 31 + (i >> 9));
	assert_int_equal(fwrite(p, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	free(p);
}

static int
seal(struct desk *d, uint64_t max, media_progress_fn *fn, void *arg,
    struct media_seal *s)
{
	int fd = open(d->plain, O_RDONLY | O_CLOEXEC), r;

	assert_true(fd >= 0);
	r = media_seal_file(fd, d->sealed, max, fn, arg, s);
	close(fd);
	return r;
}

static int
unseal(struct desk *d, const struct media_seal *s, media_progress_fn *fn,
    void *arg)
{
	int fd = open(d->out, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), r;

	assert_true(fd >= 0);
	r = media_open_file(d->sealed, s, fd, fn, arg);
	close(fd);
	return r;
}

static off_t
length(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_size : -1;
}

static void
expect_same(struct desk *d)
{
	size_t a, b;
	char *p = read_text_file(d->plain, &a), *q = read_text_file(d->out, &b);

	assert_int_equal(a, b);
	assert_memory_equal(p, q, a);
	free(p);
	free(q);
}

static void
flip(const char *path, long at)
{
	FILE *f = fopen(path, "r+");
	int c;

	assert_non_null(f);
	assert_int_equal(fseek(f, at, SEEK_SET), 0);
	c = fgetc(f);
	assert_int_equal(fseek(f, at, SEEK_SET), 0);
	(void)fputc(c ^ 1, f);
	assert_int_equal(fclose(f), 0);
}

struct heard {
	uint64_t done, size;
	unsigned calls, stop_at; /* 0: never */
};

static bool
hear(void *arg, uint64_t done, uint64_t size)
{
	struct heard *h = arg;

	assert_true(done >= h->done && done <= size);
	h->done = done;
	h->size = size;
	return ++h->calls != h->stop_at;
}

static void
test_media_file__there_and_back(void **state)
{
	static const size_t sizes[] = {0, 1, 65536, 65537, SIZE};
	struct desk *d = *state;
	struct media_seal s;
	struct heard h;
	size_t i;

	for (i = 0; i < ARRAY_LEN(sizes); i++) {
		write_file(d->plain, sizes[i]);
		h = (struct heard){.done = 0};
		assert_ok(seal(d, SIZE, hear, &h, &s));
		assert_int_equal(h.done, sizes[i]);
		assert_int_equal(h.size, sizes[i]);
		assert_int_equal(s.size, sizes[i]);
		assert_int_equal(s.sealed_size, length(d->sealed));
		h = (struct heard){.done = 0};
		assert_ok(unseal(d, &s, hear, &h));
		assert_int_equal(h.done, sizes[i]);
		expect_same(d);
		assert_int_equal(unlink(d->sealed), 0);
	}
}

static void
test_media_seal_file__leaves_nothing_when_it_fails(void **state)
{
	struct desk *d = *state;
	struct heard h = {.stop_at = 2};
	struct media_seal s;

	memset(&s, 0xaa, sizeof(s));
	write_file(d->plain, SIZE);
	assert_err(seal(d, SIZE - 1, NULL, NULL, &s), ERR_RANGE);
	assert_int_equal(length(d->sealed), -1);
	assert_err(seal(d, SIZE, hear, &h, &s), ERR_CLOSED);
	assert_int_equal(length(d->sealed), -1);
	assert_int_equal(s.size, 0xaaaaaaaaaaaaaaaa);
	write_file(d->sealed, 5);
	assert_err(seal(d, SIZE, NULL, NULL, &s), ERR_EXISTS);
	assert_int_equal(length(d->sealed), 5);
}

/* Somebody writes to it meanwhile. */
static bool
grow(void *arg, uint64_t done, uint64_t size)
{
	(void)done;
	return truncate(arg, (off_t)size + 1) == 0;
}

static bool
shrink(void *arg, uint64_t done, uint64_t size)
{
	(void)done;
	return truncate(arg, (off_t)size - 1) == 0;
}

static void
test_media_seal_file__notices_that_the_file_changes(void **state)
{
	struct desk *d = *state;
	struct media_seal s;

	write_file(d->plain, SIZE);
	assert_err(seal(d, SIZE, grow, d->plain, &s), ERR_RANGE);
	assert_int_equal(length(d->sealed), -1);
	write_file(d->plain, SIZE);
	assert_err(seal(d, SIZE, shrink, d->plain, &s), ERR_RANGE);
	assert_int_equal(length(d->sealed), -1);
}

static void
test_media_open_file__writes_nothing_of_another_blob(void **state)
{
	struct desk *d = *state;
	struct media_seal s, other;

	write_file(d->plain, SIZE);
	assert_ok(seal(d, SIZE, NULL, NULL, &s));
	/* In the last chunk: the digest is looked at before the first. */
	flip(d->sealed, length(d->sealed) - 1);
	assert_err(unseal(d, &s, NULL, NULL), ERR_AUTH);
	assert_int_equal(length(d->out), 0);
	flip(d->sealed, length(d->sealed) - 1);
	other = s;
	other.key.b[0] ^= 1;
	assert_err(unseal(d, &other, NULL, NULL), ERR_AUTH);
	assert_int_equal(length(d->out), 0);
	other = s;
	other.size--;
	assert_err(unseal(d, &other, NULL, NULL), ERR_RANGE);
	assert_int_equal(length(d->out), 0);
	other = s;
	other.sealed_size++;
	assert_err(unseal(d, &other, NULL, NULL), ERR_RANGE);
	assert_ok(unseal(d, &s, NULL, NULL));
	expect_same(d);
	assert_int_equal(unlink(d->sealed), 0);
	assert_err(unseal(d, &s, NULL, NULL), ERR_NOTFOUND);
}

/* Sealed by a liar: the digest fits, a chunk does not. */
static void
test_media_open_file__opens_every_chunk(void **state)
{
	struct desk *d = *state;
	struct media_seal s;
	struct blob_hash *h;
	size_t len;
	char *p;

	write_file(d->plain, SIZE);
	assert_ok(seal(d, SIZE, NULL, NULL, &s));
	flip(d->sealed, BLOB_HEAD_LEN + BLOB_CHUNK_MAX + 5);
	p = read_text_file(d->sealed, &len);
	assert_ok(blob_hash_new(&h));
	assert_ok(blob_hash_add(h, p, len));
	assert_ok(blob_hash_end(h, &s.digest));
	blob_hash_free(h);
	free(p);
	assert_err(unseal(d, &s, NULL, NULL), ERR_AUTH);
	/* What it had opened until then is the caller's to remove. */
	assert_int_equal(length(d->out), BLOB_CHUNK);
}

static int
both_ways(void *arg)
{
	struct desk *d = arg;
	struct media_seal s;
	int r = seal(d, SIZE, NULL, NULL, &s);

	if (r == 0)
		r = unseal(d, &s, NULL, NULL);
	(void)unlink(d->sealed);
	return r;
}

static void
test_media_file__every_allocation_may_fail(void **state)
{
	struct desk *d = *state;

	write_file(d->plain, 100);
	assert_true(alloc_sweep(both_ways, d) >= 6);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_media_file__there_and_back),
	    CASE(test_media_seal_file__leaves_nothing_when_it_fails),
	    CASE(test_media_seal_file__notices_that_the_file_changes),
	    CASE(test_media_open_file__writes_nothing_of_another_blob),
	    CASE(test_media_open_file__opens_every_chunk),
	    CASE(test_media_file__every_allocation_may_fail),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
