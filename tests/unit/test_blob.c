/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdbool.h>

#include <sodium.h>

#include "common/blob/blob.h"
#include "tests/unit/test.h"

/* ---- helpers ------------------------------------------------------------------ */

/* Hands out the key, then the salt. */
struct fixed {
	uint8_t bytes[BLOB_KEY_LEN + BLOB_SALT_LEN];
	size_t at;
};

static void
fixed_fill(void *ctx, void *out, size_t n)
{
	struct fixed *f = ctx;

	assert_true(f->at + n <= sizeof(f->bytes));
	memcpy(out, f->bytes + f->at, n);
	f->at += n;
}

static uint8_t
content_at(uint64_t i)
{
	return (uint8_t)(i * 167 + (i >> 8) * 13);
}

/* A whole blob in memory. */
struct blob {
	struct blob_key key;
	struct blob_digest digest;
	uint8_t *p;
	size_t len;
};

static void
blob_free(struct blob *b)
{
	free(b->p);
	b->p = NULL;
}

static int
seal_all(struct blob_seal *s, struct blob *b, size_t *at)
{
	static uint8_t in[BLOB_CHUNK];
	uint64_t done = 0;
	size_t i, n, len;
	int r;

	for (;;) {
		memset(in, 0xee, sizeof(in)); /* is no padding */
		n = blob_seal_wants(s);
		for (i = 0; i < n; i++)
			in[i] = content_at(done + i);
		if (*at + BLOB_CHUNK_MAX > b->len + BLOB_CHUNK_MAX)
			return ERR_NOTFOUND;
		r = blob_seal_next(s, in, b->p + *at, &len);
		if (r != 0)
			return r;
		done += n;
		*at += len;
	}
}

static int
seal(struct blob *b, uint64_t size, const struct blob_rng *rng)
{
	struct blob_seal *s = NULL;
	size_t at = BLOB_HEAD_LEN;
	int r;

	b->len = (size_t)blob_sealed_size(size);
	b->p = test_malloc(b->len + BLOB_CHUNK_MAX);
	r = blob_seal_new(&s, size, rng, &b->key, b->p);
	if (r == 0)
		r = seal_all(s, b, &at);
	if (r == ERR_NOTFOUND)
		r = blob_seal_end(s, &b->digest);
	if (r == 0)
		assert_int_equal(at, b->len);
	blob_seal_free(s);
	if (r != 0) {
		test_free(b->p);
		b->p = NULL;
	}
	return r;
}

static void
made(struct blob *b, uint64_t size)
{
	struct blob t = {.p = NULL};

	assert_ok(seal(&t, size, &blob_rng_system));
	*b = t;
	b->p = malloc(t.len);
	assert_non_null(b->p);
	memcpy(b->p, t.p, t.len);
	test_free(t.p);
}

/* What opening chunk i of such a blob says; its content is checked. */
static int
open_chunk(struct blob_open *o, const uint8_t *p, uint64_t i)
{
	static uint8_t out[BLOB_CHUNK];
	uint64_t at;
	size_t len, n = 77, k;
	int r;

	blob_open_where(o, i, &at, &len);
	memset(out, 0xaa, sizeof(out));
	r = blob_open_chunk(o, i, p + at, len, out, &n);
	if (r != 0) {
		assert_int_equal(n, 77);
		assert_true(sodium_is_zero(out, len - BLOB_TAG_LEN));
		return r;
	}
	for (k = 0; k < n; k++)
		assert_int_equal(out[k], content_at(i * BLOB_CHUNK + k));
	return 0;
}

static int
open_with(const struct blob_key *key, const uint8_t *p, size_t len)
{
	struct blob_open *o = NULL;
	uint64_t i;
	int r;

	r = blob_open_new(&o, key, p, len);
	if (r != 0) {
		assert_null(o);
		return r;
	}
	for (i = 0; r == 0 && i < blob_open_chunks(o); i++)
		r = open_chunk(o, p, i);
	blob_open_free(o);
	return r;
}

static int
open_blob(const struct blob *b)
{
	return open_with(&b->key, b->p, b->len);
}

/* ---- known answers ------------------------------------------------------------ */

static void
check_vector(const char *line)
{
	char key[65], salt[33], head[177], digest[65];
	unsigned long size;
	uint8_t want[BLOB_HEAD_LEN];
	struct fixed f = {.at = 0};
	const struct blob_rng rng = {fixed_fill, &f};
	struct blob b = {.p = NULL};

	assert_int_equal(sscanf(line, "%lu %64s %32s %176s %64s", &size, key,
			     salt, head, digest),
	    5);
	hex_bytes(key, f.bytes, BLOB_KEY_LEN);
	hex_bytes(salt, f.bytes + BLOB_KEY_LEN, BLOB_SALT_LEN);
	assert_ok(seal(&b, size, &rng));
	hex_bytes(head, want, sizeof(want));
	assert_memory_equal(b.p, want, BLOB_HEAD_LEN);
	hex_bytes(digest, want, sizeof(want));
	assert_memory_equal(b.digest.b, want, BLOB_DIGEST_LEN);
	assert_memory_equal(b.key.b, f.bytes, BLOB_KEY_LEN);
	assert_ok(open_blob(&b));
	test_free(b.p);
}

static void
test_blob_seal__gives_the_bytes_another_implementation_gives(void **state)
{
	char *text = read_text_file("tests/vectors/blob/blobs.txt", NULL);
	char *line, *rest = text;
	int n = 0;

	(void)state;
	while ((line = strsep(&rest, "\n")) != NULL)
		if (line[0] != '\0' && line[0] != '#') {
			check_vector(line);
			n++;
		}
	assert_int_equal(n, 11);
	free(text);
}

/* ---- lengths ------------------------------------------------------------------ */

static void
test_blob_padded__tells_little_and_costs_little(void **state)
{
	uint64_t size, last = 0, p, seen = 0;

	(void)state;
	assert_int_equal(blob_padded(0), BLOB_PAD_MIN);
	assert_int_equal(blob_padded(4097), 4352);
	assert_int_equal(blob_padded(BLOB_SIZE_MAX), BLOB_SIZE_MAX);
	/* Each length up to 2 GiB in turn. */
	for (size = 0; size <= (uint64_t)1 << 31; size = p + 1) {
		p = blob_padded(size);
		assert_true(p >= size && p > last);
		assert_int_equal(blob_padded(p), p);
		if (size >= BLOB_PAD_MIN)
			assert_true((p - size) * 16 <= size);
		if (size >= 65536)
			assert_true((p - size) * 32 <= size);
		last = p;
		seen++;
	}
	assert_int_equal(seen, 545); /* docs/media.md §1.3 */
}

static void
test_blob_seal__equal_contents_give_unequal_blobs(void **state)
{
	struct blob a, b;

	(void)state;
	made(&a, 5000);
	made(&b, 5000);
	assert_int_equal(a.len, b.len);
	assert_memory_not_equal(a.key.b, b.key.b, BLOB_KEY_LEN);
	assert_memory_not_equal(
	    a.p + BLOB_HEAD_LEN, b.p + BLOB_HEAD_LEN, BLOB_CHUNK_MAX / 16);
	assert_int_equal(open_with(&a.key, b.p, b.len), ERR_AUTH);
	blob_free(&a);
	blob_free(&b);
}

static void
test_blob_seal_new__refuses_what_is_too_long(void **state)
{
	struct blob_seal *s = NULL;
	uint8_t head[BLOB_HEAD_LEN] = {0};
	struct blob_key key = {{0}};

	(void)state;
	assert_err(
	    blob_seal_new(&s, BLOB_SIZE_MAX + 1, &blob_rng_system, &key, head),
	    ERR_RANGE);
	assert_null(s);
	assert_true(sodium_is_zero(key.b, sizeof(key.b)));
	assert_true(sodium_is_zero(head, sizeof(head)));
	assert_ok(
	    blob_seal_new(&s, BLOB_SIZE_MAX, &blob_rng_system, &key, head));
	blob_seal_free(s);
}

static void
test_blob_seal_end__says_when_it_is_not_the_end(void **state)
{
	struct blob_seal *s = NULL;
	static uint8_t in[BLOB_CHUNK], out[BLOB_CHUNK_MAX];
	uint8_t head[BLOB_HEAD_LEN];
	struct blob_digest d;
	struct blob_key key;
	size_t len;

	(void)state;
	assert_ok(
	    blob_seal_new(&s, BLOB_CHUNK + 1, &blob_rng_system, &key, head));
	assert_int_equal(blob_seal_wants(s), BLOB_CHUNK);
	assert_ok(blob_seal_next(s, in, out, &len));
	assert_int_equal(len, BLOB_CHUNK_MAX);
	assert_err(blob_seal_end(s, &d), ERR_STATE);
	assert_int_equal(blob_seal_wants(s), 1);
	assert_ok(blob_seal_next(s, in, out, &len));
	assert_err(blob_seal_next(s, in, out, &len), ERR_NOTFOUND);
	assert_ok(blob_seal_end(s, &d));
	blob_seal_free(s);
}

/* ---- nothing but the blob opens ------------------------------------------------- */

#define SIZE_3 (2 * BLOB_CHUNK + 30000) /* three chunks, the last one padded */

static void
test_blob_open__refuses_every_changed_byte(void **state)
{
	struct blob_open *o = NULL;
	struct blob b;
	size_t i, at;
	uint64_t chunk, from;
	size_t len;

	(void)state;
	made(&b, SIZE_3);
	for (i = 0; i < BLOB_HEAD_LEN; i++) {
		b.p[i] ^= 0x40;
		assert_true(blob_open_new(&o, &b.key, b.p, b.len) != 0);
		b.p[i] ^= 0x40;
	}
	assert_ok(blob_open_new(&o, &b.key, b.p, b.len));
	for (chunk = 0; chunk < 3; chunk++) {
		blob_open_where(o, chunk, &from, &len);
		for (i = 0; i < len; i += i < 40 || i > len - 40 ? 1 : 997) {
			at = (size_t)from + i;
			b.p[at] ^= 1;
			assert_err(open_chunk(o, b.p, chunk), ERR_AUTH);
			b.p[at] ^= 1;
		}
		assert_ok(open_chunk(o, b.p, chunk));
	}
	blob_open_free(o);
	blob_free(&b);
}

static void
test_blob_open__refuses_every_other_length(void **state)
{
	struct blob_open *o = NULL;
	struct blob b;
	size_t len;

	(void)state;
	made(&b, SIZE_3);
	for (len = 0; len < 2 * b.len; len += len + 9 < b.len ? 211 : 1) {
		if (len == b.len)
			continue;
		assert_err(blob_open_new(&o, &b.key, b.p, len), ERR_RANGE);
		if (len > b.len + 100)
			break;
	}
	assert_err(blob_open_new(&o, &b.key, b.p, UINT64_MAX), ERR_RANGE);
	blob_free(&b);
}

/* Any chunk in the place of any other, of this blob or of a twin of it. */
static void
test_blob_open__refuses_chunks_in_other_places(void **state)
{
	static uint8_t out[BLOB_CHUNK];
	struct blob_open *o = NULL;
	struct blob b, twin;
	uint64_t i, j, at;
	size_t len, n, want;

	(void)state;
	made(&b, 4 * BLOB_CHUNK); /* all chunks have the same length */
	made(&twin, 4 * BLOB_CHUNK);
	assert_ok(blob_open_new(&o, &b.key, b.p, b.len));
	assert_int_equal(blob_open_chunks(o), 4);
	for (i = 0; i < 4; i++)
		for (j = 0; j < 4; j++) {
			blob_open_where(o, j, &at, &len);
			blob_open_where(o, i, &(uint64_t){0}, &want);
			assert_int_equal(len, want);
			assert_err(
			    blob_open_chunk(o, i, twin.p + at, len, out, &n),
			    ERR_AUTH);
			assert_err(
			    blob_open_chunk(o, i, b.p + at, len, out, &n),
			    i == j ? 0 : ERR_AUTH);
		}
	blob_open_where(o, 3, &at, &len);
	assert_err(blob_open_chunk(o, 4, b.p + at, len, out, &n), ERR_RANGE);
	assert_err(
	    blob_open_chunk(o, 4, b.p + at, BLOB_TAG_LEN, out, &n), ERR_RANGE);
	assert_err(
	    blob_open_chunk(o, 3, b.p + at, len - 1, out, &n), ERR_RANGE);
	assert_err(blob_open_chunk(o, 3, b.p + at, 0, out, &n), ERR_RANGE);
	blob_open_free(o);
	blob_free(&b);
	blob_free(&twin);
}

/* A blob that ends earlier: its head says so, its last chunk does not. */
static void
test_blob_open__the_last_chunk_is_the_last(void **state)
{
	static uint8_t out[BLOB_CHUNK];
	struct fixed f1 = {.at = 0}, f2 = {.at = 0};
	const struct blob_rng r1 = {fixed_fill, &f1}, r2 = {fixed_fill, &f2};
	struct blob_open *o = NULL;
	struct blob longer, shorter;
	uint64_t at;
	size_t len, n;

	(void)state;
	/* The same key and salt, as no program of ours does it. */
	assert_ok(seal(&longer, 3 * BLOB_CHUNK, &r1));
	assert_ok(seal(&shorter, 2 * BLOB_CHUNK, &r2));
	assert_ok(blob_open_new(&o, &shorter.key, shorter.p, shorter.len));
	blob_open_where(o, 1, &at, &len);
	assert_err(
	    blob_open_chunk(o, 1, longer.p + at, len, out, &n), ERR_AUTH);
	assert_ok(blob_open_chunk(o, 1, shorter.p + at, len, out, &n));
	assert_ok(blob_open_chunk(
	    o, 0, longer.p + BLOB_HEAD_LEN, BLOB_CHUNK_MAX, out, &n));
	blob_open_free(o);
	test_free(longer.p);
	test_free(shorter.p);
}

static void
test_blob_open_new__tells_no_blob_from_a_newer_one(void **state)
{
	struct blob_open *o = NULL;
	struct blob b;

	(void)state;
	made(&b, 1);
	b.p[0] = 's';
	assert_err(blob_open_new(&o, &b.key, b.p, b.len), ERR_FORMAT);
	b.p[0] = 'S';
	b.p[8] = 2;
	assert_err(blob_open_new(&o, &b.key, b.p, b.len), ERR_VERSION);
	b.p[8] = 1;
	b.p[9] = 20;
	assert_err(blob_open_new(&o, &b.key, b.p, b.len), ERR_VERSION);
	b.p[9] = 16;
	b.key.b[0] ^= 1;
	assert_err(blob_open_new(&o, &b.key, b.p, b.len), ERR_AUTH);
	b.key.b[0] ^= 1;
	assert_ok(open_blob(&b));
	blob_free(&b);
}

static void
test_blob_open_chunk__padding_hides_nothing(void **state)
{
	/* Sealed with the right keys, but content behind the end: as a head
	 * of a shorter content with the same key and salt makes it. */
	static uint8_t out[BLOB_CHUNK];
	struct fixed f1 = {.at = 0}, f2 = {.at = 0};
	const struct blob_rng r1 = {fixed_fill, &f1}, r2 = {fixed_fill, &f2};
	struct blob_open *o = NULL;
	struct blob full, less;
	size_t n = 77;

	(void)state;
	assert_ok(seal(&full, 4096, &r1));
	assert_ok(seal(&less, 4000, &r2));
	assert_ok(blob_open_new(&o, &less.key, less.p, less.len));
	assert_err(blob_open_chunk(o, 0, full.p + BLOB_HEAD_LEN,
		       4096 + BLOB_TAG_LEN, out, &n),
	    ERR_FORMAT);
	assert_true(sodium_is_zero(out, 4096));
	assert_int_equal(n, 77);
	blob_open_free(o);
	test_free(full.p);
	test_free(less.p);
}

/* ---- the rest ----------------------------------------------------------------- */

static void
test_blob_hash__is_sha256(void **state)
{
	uint8_t want[BLOB_DIGEST_LEN];
	struct blob_hash *h = NULL;
	struct blob_digest d;

	(void)state;
	/* FIPS 180-4's example "abc". */
	hex_bytes("ba7816bf8f01cfea414140de5dae2223"
		  "b00361a396177a9cb410ff61f20015ad",
	    want, sizeof(want));
	assert_ok(blob_hash_new(&h));
	assert_ok(blob_hash_add(h, "a", 1));
	assert_ok(blob_hash_add(h, "bc", 2));
	assert_ok(blob_hash_end(h, &d));
	assert_memory_equal(d.b, want, sizeof(want));
	blob_hash_free(h);
}

static int
sealing(void *arg)
{
	struct blob *b = arg;
	int r = seal(b, 70000, &blob_rng_system);

	if (b->p != NULL)
		test_free(b->p);
	return r;
}

static int
opening(void *arg)
{
	return open_blob(arg);
}

static void
test_blob__every_allocation_may_fail(void **state)
{
	struct blob b = {.p = NULL};

	(void)state;
	assert_true(alloc_sweep(sealing, &b) >= 2);
	made(&b, 70000);
	assert_true(alloc_sweep(opening, &b) >= 1);
	blob_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_blob_seal__gives_the_bytes_another_implementation_gives),
	    cmocka_unit_test(test_blob_padded__tells_little_and_costs_little),
	    cmocka_unit_test(test_blob_seal__equal_contents_give_unequal_blobs),
	    cmocka_unit_test(test_blob_seal_new__refuses_what_is_too_long),
	    cmocka_unit_test(test_blob_seal_end__says_when_it_is_not_the_end),
	    cmocka_unit_test(test_blob_open__refuses_every_changed_byte),
	    cmocka_unit_test(test_blob_open__refuses_every_other_length),
	    cmocka_unit_test(test_blob_open__refuses_chunks_in_other_places),
	    cmocka_unit_test(test_blob_open__the_last_chunk_is_the_last),
	    cmocka_unit_test(
		test_blob_open_new__tells_no_blob_from_a_newer_one),
	    cmocka_unit_test(test_blob_open_chunk__padding_hides_nothing),
	    cmocka_unit_test(test_blob_hash__is_sha256),
	    cmocka_unit_test(test_blob__every_allocation_may_fail),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
