/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sodium.h>

#include "common/backup/backup.h"
#include "tests/unit/test.h"

#define FILE_MAX (8 * 1024 * 1024)

static const uint8_t raw[BACKUP_RAW_LEN] = "thirty-two bytes of a raw key..";
static struct backup_code code;

static const struct backup_key by_raw = {.kind = BACKUP_RAW, .raw = raw};
static const struct backup_key by_code = {.kind = BACKUP_CODE, .code = &code};
static const struct backup_key by_password = {
    .kind = BACKUP_PASSWORD, .password = "correct horse", .fast = true};

/* Records of these lengths, each filled with its number. */
static const size_t lengths[] = {1, 100, 65531, 65532, 65533, 3, 200000, 70000};

static int
write_file(struct buf *file, const struct backup_key *key, size_t n)
{
	static uint8_t record[200000];
	struct backup_seal *s = NULL;
	size_t i;
	int r;

	r = backup_seal_new(&s, key, &backup_rng_system, file);
	for (i = 0; r == 0 && i < n; i++) {
		memset(record, (int)i + 1, lengths[i]);
		r = backup_seal_put(s, record, lengths[i], file);
	}
	if (r == 0)
		r = backup_seal_end(s, file);
	backup_seal_free(s);
	return r;
}

/* Feed the file in pieces; how many records came, and how it ended. */
struct outcome {
	size_t records;
	int unlock, end;
};

static struct outcome
read_file(const struct buf *file, const struct backup_key *key, size_t piece)
{
	struct outcome out = {0, ERR_AGAIN, ERR_AGAIN};
	struct backup_open *o = NULL;
	size_t pos = 0, n;
	struct buf rec;

	buf_init(&rec, BACKUP_RECORD_MAX);
	out.unlock = backup_open_new(&o);
	if (out.unlock != 0)
		return out;
	out.unlock = ERR_AGAIN;
	for (;;) {
		if (out.unlock == ERR_AGAIN)
			out.unlock = backup_open_unlock(o, key);
		while (out.unlock == 0 &&
		       (out.end = backup_open_next(o, &rec)) == 0) {
			if (out.records < ARRAY_LEN(lengths)) {
				assert_int_equal(rec.len, lengths[out.records]);
				assert_int_equal(rec.p[0], out.records + 1);
				assert_int_equal(
				    rec.p[rec.len - 1], out.records + 1);
			}
			out.records++;
		}
		if (pos == file->len ||
		    (out.unlock != 0 && out.unlock != ERR_AGAIN) ||
		    (out.unlock == 0 && out.end != ERR_AGAIN))
			break;
		n = file->len - pos < piece ? file->len - pos : piece;
		if (backup_open_feed(o, file->p + pos, n) != 0) {
			out.unlock = ERR_NOMEM;
			break;
		}
		pos += n;
	}
	if (out.end == ERR_NOTFOUND && pos < file->len)
		out.end = ERR_RANGE; /* it ended before its end */
	backup_open_free(o);
	buf_clear(&rec);
	return out;
}

static void
assert_whole(const struct buf *file, const struct backup_key *key, size_t piece)
{
	struct outcome got = read_file(file, key, piece);

	assert_int_equal(got.unlock, 0);
	assert_int_equal(got.records, ARRAY_LEN(lengths));
	assert_int_equal(got.end, ERR_NOTFOUND);
}

static void
test_backup__round_trip_in_pieces_of_any_size(void **state)
{
	static const size_t pieces[] = {1, 7, 1000, BACKUP_CHUNK_SEALED};
	const struct backup_key *keys[] = {&by_raw, &by_code, &by_password};
	struct buf file;
	size_t i, k;

	(void)state;
	buf_init(&file, FILE_MAX);
	for (k = 0; k < ARRAY_LEN(keys); k++) {
		buf_reset(&file);
		assert_ok(write_file(&file, keys[k], ARRAY_LEN(lengths)));
		for (i = k == 0 ? 0 : 2; i < ARRAY_LEN(pieces); i++)
			assert_whole(&file, keys[k], pieces[i]);
	}
	buf_clear(&file);
}

static void
test_backup__empty_one(void **state)
{
	struct outcome got;
	struct buf file;

	(void)state;
	buf_init(&file, FILE_MAX);
	assert_ok(write_file(&file, &by_raw, 0));
	got = read_file(&file, &by_raw, 1000);
	assert_int_equal(got.unlock, 0);
	assert_int_equal(got.records, 0);
	assert_int_equal(got.end, ERR_NOTFOUND);
	buf_clear(&file);
}

static void
test_backup__wrong_key_may_be_followed_by_the_right_one(void **state)
{
	struct backup_key wrong = by_password;
	struct backup_open *o = NULL;
	enum backup_kind kind;
	struct buf file, rec;

	(void)state;
	buf_init(&file, FILE_MAX);
	buf_init(&rec, BACKUP_RECORD_MAX);
	assert_ok(write_file(&file, &by_password, 2));
	assert_ok(backup_open_new(&o));
	assert_err(backup_open_kind(o, &kind), ERR_AGAIN);
	assert_ok(backup_open_feed(o, file.p, file.len));
	assert_ok(backup_open_kind(o, &kind));
	assert_int_equal(kind, BACKUP_PASSWORD);
	assert_err(backup_open_next(o, &rec), ERR_STATE);
	wrong.password = "incorrect horse";
	assert_err(backup_open_unlock(o, &wrong), ERR_AUTH);
	wrong.password = "";
	assert_err(backup_open_unlock(o, &wrong), ERR_RANGE);
	assert_err(backup_open_unlock(o, &by_code), ERR_RANGE);
	assert_ok(backup_open_unlock(o, &by_password));
	assert_err(backup_open_unlock(o, &by_password), ERR_STATE);
	assert_ok(backup_open_next(o, &rec));
	assert_ok(backup_open_next(o, &rec));
	assert_err(backup_open_next(o, &rec), ERR_NOTFOUND);
	backup_open_free(o);
	buf_clear(&file);
	buf_clear(&rec);
}

/* Wherever it is cut: what was whole is there, and the end is missed. */
static void
test_backup__a_cut_file_is_noticed(void **state)
{
	struct outcome got;
	struct buf file;
	size_t whole, cut;

	(void)state;
	buf_init(&file, FILE_MAX);
	assert_ok(write_file(&file, &by_raw, ARRAY_LEN(lengths)));
	whole = file.len;
	for (cut = 0; cut < whole; cut += cut < 300 ? 1 : 1117) {
		file.len = cut;
		got = read_file(&file, &by_raw, BACKUP_CHUNK_SEALED);
		assert_int_equal(
		    got.unlock == 0 ? got.end : got.unlock, ERR_AGAIN);
	}
	file.len = whole;
	buf_clear(&file);
}

static void
test_backup__a_changed_byte_is_noticed(void **state)
{
	struct outcome got;
	struct buf file;
	size_t i;

	(void)state;
	buf_init(&file, FILE_MAX);
	assert_ok(write_file(&file, &by_raw, 3));
	for (i = 0; i < file.len; i += i < 300 ? 1 : 911) {
		file.p[i] ^= 0x10;
		got = read_file(&file, &by_raw, BACKUP_CHUNK_SEALED);
		assert_true(got.unlock != 0 || got.end != ERR_NOTFOUND);
		file.p[i] ^= 0x10;
	}
	assert_ok(buf_put_u8(&file, 0));
	got = read_file(&file, &by_raw, BACKUP_CHUNK_SEALED);
	assert_int_equal(got.end, ERR_AUTH);
	buf_clear(&file);
}

/* Chunks of one file do not fit into another, nor in another order. */
static void
test_backup__chunks_cannot_be_moved(void **state)
{
	const size_t sealed = 4 + BACKUP_CHUNK_MAX + 17, head = 50 + 24;
	static uint8_t keep[BACKUP_CHUNK_SEALED];
	struct outcome got;
	struct buf file;

	(void)state;
	buf_init(&file, FILE_MAX);
	assert_ok(write_file(&file, &by_raw, ARRAY_LEN(lengths)));
	memcpy(keep, file.p + head + sealed, sealed);
	memcpy(file.p + head + sealed, file.p + head + 2 * sealed, sealed);
	memcpy(file.p + head + 2 * sealed, keep, sealed);
	got = read_file(&file, &by_raw, BACKUP_CHUNK_SEALED);
	assert_int_equal(got.unlock, 0);
	assert_int_equal(got.end, ERR_AUTH);
	buf_clear(&file);
}

static void
test_backup_open__refuses_what_is_none(void **state)
{
	struct outcome got;
	struct buf file;

	(void)state;
	buf_init(&file, FILE_MAX);
	assert_ok(buf_put(&file, "PK", 2));
	assert_int_equal(read_file(&file, &by_raw, 10).unlock, ERR_FORMAT);
	buf_reset(&file);
	assert_ok(write_file(&file, &by_password, 1));
	file.p[8] = 2;
	assert_int_equal(
	    read_file(&file, &by_password, 1000).unlock, ERR_VERSION);
	file.p[8] = 1;
	file.p[9] = 9;
	assert_int_equal(
	    read_file(&file, &by_password, 1000).unlock, ERR_FORMAT);
	file.p[9] = BACKUP_PASSWORD;
	file.p[14] = 0x7f; /* 2 TiB for Argon2id */
	got = read_file(&file, &by_password, 1000);
	assert_int_equal(got.unlock, ERR_RANGE);
	buf_clear(&file);
}

static void
test_backup_seal__limits(void **state)
{
	struct backup_key none = {.kind = BACKUP_PASSWORD};
	struct backup_seal *s = NULL;
	struct buf file, small;

	(void)state;
	buf_init(&file, FILE_MAX);
	buf_init(&small, 10);
	assert_err(
	    backup_seal_new(&s, &none, &backup_rng_system, &file), ERR_RANGE);
	assert_err(
	    backup_seal_new(&s, &by_raw, &backup_rng_system, &small), ERR_FULL);
	assert_int_equal(small.len, 0);
	assert_ok(backup_seal_new(&s, &by_raw, &backup_rng_system, &file));
	assert_err(backup_seal_put(s, "", 0, &file), ERR_RANGE);
	assert_err(
	    backup_seal_put(s, "", BACKUP_RECORD_MAX + 1, &file), ERR_RANGE);
	assert_ok(backup_seal_put(s, "x", 1, &file));
	assert_ok(backup_seal_end(s, &file));
	assert_err(backup_seal_put(s, "x", 1, &file), ERR_STATE);
	assert_err(backup_seal_end(s, &file), ERR_STATE);
	backup_seal_free(s);
	buf_clear(&file);
	buf_clear(&small);
}

static int
write_and_read(void *arg)
{
	struct outcome got;
	struct buf file;
	int r;

	(void)arg;
	buf_init(&file, FILE_MAX);
	r = write_file(&file, &by_raw, 4);
	if (r == 0) {
		got = read_file(&file, &by_raw, BACKUP_CHUNK_SEALED);
		r = got.unlock != 0	      ? got.unlock
		    : got.end == ERR_NOTFOUND ? 0
					      : got.end;
	}
	buf_clear(&file);
	return r;
}

static void
test_backup__out_of_memory(void **state)
{
	(void)state;
	assert_true(alloc_sweep(write_and_read, NULL) > 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_backup__round_trip_in_pieces_of_any_size),
	    cmocka_unit_test(test_backup__empty_one),
	    cmocka_unit_test(
		test_backup__wrong_key_may_be_followed_by_the_right_one),
	    cmocka_unit_test(test_backup__a_cut_file_is_noticed),
	    cmocka_unit_test(test_backup__a_changed_byte_is_noticed),
	    cmocka_unit_test(test_backup__chunks_cannot_be_moved),
	    cmocka_unit_test(test_backup_open__refuses_what_is_none),
	    cmocka_unit_test(test_backup_seal__limits),
	    cmocka_unit_test(test_backup__out_of_memory),
	};

	if (sodium_init() < 0)
		return 1;
	backup_code_make(&code, &backup_rng_system);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
