/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_keyfile.c — the wrapped key, passphrase commands, and the lock. */
#include <errno.h>
#include <sodium.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "tests/unit/store_help.h"
#include "tui/store/command.h"
#include "tui/store/fileio.h"

static const struct keyfile sample = {.id = {1, 2, 3}, .key = {9, 8, 7}};

struct fixture {
	char *dir;
	char path[256];
	char why[160];
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->dir = dir_new();
	snprintf(f->path, sizeof(f->path), "%s/store.key", f->dir);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	dir_free(f->dir);
	free(f);
	return 0;
}

static int
write_with(struct fixture *f, const struct store_key *key)
{
	f->why[0] = '\0';
	return keyfile_write(
	    f->path, &sample, key, true, f->why, sizeof(f->why));
}

/* Read, and insist that a failure leaves the output alone. */
static int
read_with(struct fixture *f, const struct store_key *key)
{
	struct keyfile kf;
	int r;

	memset(&kf, 0x5a, sizeof(kf));
	f->why[0] = '\0';
	r = keyfile_read(f->path, key, &kf, f->why, sizeof(f->why));
	if (r == 0)
		assert_memory_equal(&kf, &sample, sizeof(kf));
	else
		assert_int_equal(kf.key[0], 0x5a);
	return r;
}

static void
test_keyfile__opens_with_its_passphrase_only(void **state)
{
	const struct store_key right = {.passphrase = "open sesame"};
	const struct store_key wrong = {.passphrase = "open sesamE"};
	struct fixture *f = *state;

	assert_err(read_with(f, &right), ERR_NOTFOUND);
	assert_ok(write_with(f, &right));
	assert_ok(read_with(f, &right));
	assert_err(read_with(f, &wrong), ERR_AUTH);
	assert_string_equal(f->why, "wrong passphrase");
	assert_err(keyfile_verify(f->path, &wrong, NULL, 0), ERR_AUTH);
	assert_ok(keyfile_verify(f->path, &right, NULL, 0));
	assert_false(file_exists(dir_file(f->dir, "store.key.tmp")));
	assert_int_equal(file_size(f->path), 144);
}

/* The same letters, composed and decomposed; bytes that are no UTF-8. */
static void
test_keyfile__passphrases_are_compared_as_letters(void **state)
{
	const struct store_key nfc = {.passphrase = "caf\xc3\xa9"};
	const struct store_key nfd = {.passphrase = "cafe\xcc\x81"};
	const struct store_key latin = {.passphrase = "caf\xe9"};
	struct fixture *f = *state;

	assert_ok(write_with(f, &nfc));
	assert_ok(read_with(f, &nfd));
	assert_err(read_with(f, &latin), ERR_AUTH);
	assert_ok(write_with(f, &latin));
	assert_ok(read_with(f, &latin));
	assert_err(read_with(f, &nfc), ERR_AUTH);
}

static void
test_keyfile__refuses_what_is_no_key(void **state)
{
	char big[KEYFILE_PASSPHRASE_MAX + 2];
	struct store_key bad[] = {
	    {.passphrase = NULL},
	    {.passphrase = ""},
	    {.passphrase = big},
	    {.passphrase = "a", .command = "echo a"},
	    {.command = "echo a", .key_file = "/etc/passwd"},
	};
	struct fixture *f = *state;

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_err(write_with(f, &bad[i]), ERR_RANGE);
		assert_true(f->why[0] != '\0');
		assert_false(file_exists(f->path));
	}
	big[KEYFILE_PASSPHRASE_MAX] = '\0';
	assert_ok(write_with(f, &bad[2]));
	assert_ok(read_with(f, &bad[2]));
}

static void
test_keyfile__raw_key_files(void **state)
{
	struct fixture *f = *state;
	char raw[256], other[256];
	struct store_key key = {.key_file = raw};
	const struct store_key pass = {.passphrase = "x"};
	uint8_t bytes[KEYFILE_RAW_MAX + 1];

	snprintf(raw, sizeof(raw), "%s/raw", f->dir);
	snprintf(other, sizeof(other), "%s/other", f->dir);
	assert_err(write_with(f, &key), ERR_SYS);
	randombytes_buf(bytes, sizeof(bytes));
	file_write(raw, bytes, KEYFILE_RAW_MIN - 1);
	assert_err(write_with(f, &key), ERR_RANGE);
	file_write(raw, bytes, sizeof(bytes));
	assert_err(write_with(f, &key), ERR_RANGE);
	file_write(raw, bytes, KEYFILE_RAW_MIN);
	assert_ok(write_with(f, &key));
	assert_ok(read_with(f, &key));
	assert_err(read_with(f, &pass), ERR_AUTH);
	assert_string_equal(f->why, "this profile opens with a key file");
	file_write(other, bytes + 1, KEYFILE_RAW_MIN);
	key.key_file = other;
	assert_err(read_with(f, &key), ERR_AUTH);
	assert_string_equal(f->why, "wrong key file");
	assert_ok(write_with(f, &pass));
	assert_err(read_with(f, &key), ERR_AUTH);
	assert_string_equal(f->why, "this profile opens with a passphrase");
}

static void
test_keyfile__passphrase_commands(void **state)
{
	const struct store_key pass = {.passphrase = "two words"};
	const struct store_key says = {.command = "echo 'two words'; echo x"};
	const struct store_key crlf = {.command = "printf 'two words\\r\\n'"};
	const struct store_key bare = {.command = "printf 'two words'"};
	const struct store_key fails = {.command = "echo 'two words'; exit 3"};
	const struct store_key quiet = {.command = "true"};
	struct fixture *f = *state;

	assert_ok(write_with(f, &pass));
	assert_ok(read_with(f, &says));
	assert_ok(read_with(f, &crlf));
	assert_ok(read_with(f, &bare));
	assert_err(read_with(f, &fails), ERR_IO);
	assert_string_equal(f->why, "the passphrase command failed (status 3)");
	assert_err(read_with(f, &quiet), ERR_IO);
	assert_string_equal(f->why, "the passphrase command printed nothing");
}

static void
test_command_line__bounds(void **state)
{
	char out[8];
	int status = -1;

	(void)state;
	assert_ok(command_line("echo 1234567", out, sizeof(out), &status));
	assert_string_equal(out, "1234567");
	assert_int_equal(status, 0);
	assert_err(
	    command_line("echo 12345678", out, sizeof(out), NULL), ERR_RANGE);
	assert_int_equal(out[0], 0);
	assert_err(command_line("printf 'a\\0b\\n'", out, sizeof(out), NULL),
	    ERR_RANGE);
	/* Long output behind the line is read and dropped. */
	assert_ok(command_line(
	    "echo ab; head -c 200000 /dev/zero", out, sizeof(out), NULL));
	assert_string_equal(out, "ab");
	assert_err(
	    command_line("kill -9 $$", out, sizeof(out), &status), ERR_IO);
	assert_int_equal(status, 128 + 9);
	/* No input to wait for. */
	assert_err(command_line("cat", out, sizeof(out), &status), ERR_IO);
}

/* Damage is told apart from a wrong passphrase. */
static void
test_keyfile__a_damaged_file_says_so(void **state)
{
	const struct store_key key = {.passphrase = "x"};
	struct fixture *f = *state;
	size_t len;
	char *file;

	assert_ok(write_with(f, &key));
	file = read_text_file(f->path, &len);
	for (long at = 0; at < (long)len; at += at < 80 ? 1 : 5) {
		int want = at == 8 ? ERR_VERSION : ERR_FORMAT;

		file_flip(f->path, at, (int)(at % 7));
		assert_err(read_with(f, &key), want);
		assert_true(strstr(f->why, "damaged") != NULL ||
			    strstr(f->why, "newer") != NULL);
		file_write(f->path, file, len);
	}
	file_write(f->path, file, len - 1);
	assert_err(read_with(f, &key), ERR_FORMAT);
	file_write(f->path, "", 0);
	assert_err(read_with(f, &key), ERR_FORMAT);
	free(file);
	file = calloc(1, 10000);
	assert_non_null(file);
	file_write(f->path, file, 10000);
	assert_err(read_with(f, &key), ERR_FORMAT);
	free(file);
}

/* A forged file must not make us take the machine's memory, even with a sum
 * that fits. */
static void
test_keyfile__parameters_have_bounds(void **state)
{
	const struct store_key key = {.passphrase = "x"};
	struct fixture *f = *state;
	size_t len;
	char *text;
	uint8_t *file;

	assert_ok(write_with(f, &key));
	text = read_text_file(f->path, &len);
	file = (uint8_t *)text;
	put_be64(file + 16, 1ull << 40);
	crypto_generichash(file + 128, 16, file, 128, NULL, 0);
	file_write(f->path, file, len);
	assert_err(read_with(f, &key), ERR_FORMAT);
	put_be64(file + 16, 8192);
	put_be32(file + 12, 0);
	crypto_generichash(file + 128, 16, file, 128, NULL, 0);
	file_write(f->path, file, len);
	assert_err(read_with(f, &key), ERR_FORMAT);
	/* Weaker parameters than it was written with open nothing. */
	put_be32(file + 12, 2);
	crypto_generichash(file + 128, 16, file, 128, NULL, 0);
	file_write(f->path, file, len);
	assert_err(read_with(f, &key), ERR_AUTH);
	free(text);
}

/* Made once; libsodium's primitives alone open it. docs/store.md §2. */
static void
test_keyfile__is_written_as_documented(void **state)
{
	const struct store_key key = {.passphrase = "correct horse"};
	uint8_t kek[32], store_key[32];
	struct fixture *f = *state;
	size_t len;
	char *text;
	uint8_t *k;

	text = read_text_file("tests/vectors/store/store.key", &len);
	k = (uint8_t *)text;
	assert_int_equal(len, 144);
	assert_memory_equal(k, "sottokey\x01\x01\0\0\0\0\0\x01", 16);
	assert_int_equal(crypto_pwhash(kek, 32, "correct horse", 13, k + 40,
			     get_be32(k + 12), (size_t)get_be64(k + 16),
			     crypto_pwhash_ALG_ARGON2ID13),
	    0);
	assert_int_equal(crypto_aead_xchacha20poly1305_ietf_decrypt(store_key,
			     NULL, NULL, k + 80, 48, k, 80, k + 56, kek),
	    0);
	assert_memory_equal(store_key, sample.key, 32);
	assert_memory_equal(k + 24, sample.id, 16);
	free(text);
	file_copy("tests/vectors/store/store.key", f->path);
	assert_ok(read_with(f, &key));
}

/* The cost that people get: 3 passes over 256 MiB. */
static void
test_keyfile__default_is_argon2id_moderate(void **state)
{
	const struct store_key key = {.passphrase = "x"};
	struct fixture *f = *state;
	size_t len;
	char *text;

	assert_ok(keyfile_write(f->path, &sample, &key, false, NULL, 0));
	text = read_text_file(f->path, &len);
	assert_int_equal(
	    get_be32((uint8_t *)text + 12), crypto_pwhash_OPSLIMIT_MODERATE);
	assert_int_equal(
	    get_be64((uint8_t *)text + 16), crypto_pwhash_MEMLIMIT_MODERATE);
	free(text);
}

static void
test_keyfile__cannot_be_written(void **state)
{
	const struct store_key key = {.passphrase = "x"};
	struct fixture *f = *state;

	snprintf(f->path, sizeof(f->path), "%s/none/store.key", f->dir);
	assert_err(write_with(f, &key), ERR_SYS);
	assert_non_null(strstr(f->why, "cannot write"));
}

static int
roundtrip(void *arg)
{
	const struct store_key key = {.passphrase = "x"};
	struct fixture *f = arg;
	int r = write_with(f, &key);

	return r != 0 ? r : read_with(f, &key);
}

static void
test_keyfile__runs_out_of_memory_cleanly(void **state)
{
	struct fixture *f = *state;

	assert_true(alloc_sweep(roundtrip, f) >= 3);
}

/* ---- lock -------------------------------------------------------------------- */

static int
take_and_drop(void *arg)
{
	struct lock *l = NULL;
	int r = lock_take(arg, &l, NULL);

	lock_free(l);
	return r;
}

/* A child holds it; the kernel lets go when the child is killed. */
static void
test_lock__ends_with_its_process(void **state)
{
	struct fixture *f = *state;
	struct lock *l = NULL;
	int fds[2], pid = 0, st;
	pid_t child;
	char c;

	assert_int_equal(pipe(fds), 0);
	child = fork();
	if (child == 0) {
		c = lock_take(f->dir, &l, NULL) == 0 ? 'y' : 'n';
		if (write(fds[1], &c, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_true(child > 0);
	assert_int_equal(read(fds[0], &c, 1), 1);
	assert_int_equal(c, 'y');
	assert_err(lock_take(f->dir, &l, &pid), ERR_BUSY);
	assert_int_equal(pid, child);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &st, 0), child);
	assert_ok(lock_take(f->dir, &l, &pid));
	lock_free(l);
	lock_free(NULL);
	assert_err(lock_take("/nonexistent/dir", &l, NULL), ERR_SYS);
	assert_true(alloc_sweep(take_and_drop, f->dir) >= 1);
	close(fds[0]);
	close(fds[1]);
}

/* Closing the same file elsewhere in the process does not lose it. */
static void
test_lock__survives_other_opens(void **state)
{
	struct fixture *f = *state;
	struct lock *l = NULL, *m = NULL;
	int pid = 0;

	assert_ok(lock_take(f->dir, &l, NULL));
	free(read_text_file(dir_file(f->dir, "lock"), &(size_t){0}));
	assert_err(lock_take(f->dir, &m, &pid), ERR_BUSY);
	assert_err(lock_take(f->dir, &m, &pid), ERR_BUSY);
	assert_int_equal(pid, getpid());
	lock_free(l);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_keyfile__opens_with_its_passphrase_only),
	    T(test_keyfile__passphrases_are_compared_as_letters),
	    T(test_keyfile__refuses_what_is_no_key),
	    T(test_keyfile__raw_key_files),
	    T(test_keyfile__passphrase_commands),
	    T(test_command_line__bounds),
	    T(test_keyfile__a_damaged_file_says_so),
	    T(test_keyfile__parameters_have_bounds),
	    T(test_keyfile__is_written_as_documented),
	    T(test_keyfile__default_is_argon2id_moderate),
	    T(test_keyfile__cannot_be_written),
	    T(test_keyfile__runs_out_of_memory_cleanly),
	    T(test_lock__ends_with_its_process),
	    T(test_lock__survives_other_opens),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
