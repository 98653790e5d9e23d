/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_backup.c — bytes that nobody sealed give no record; what follows a
 * sealed beginning never makes a file whole that was cut. The same bytes as a
 * recovery code: one that is read is shown and read again the same. */
#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "common/backup/backup.h"
#include "common/backup/code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const uint8_t raw[BACKUP_RAW_LEN];
static const struct backup_key key = {.kind = BACKUP_RAW, .raw = raw};

static int
read_all(const struct buf *file, size_t *records)
{
	struct backup_open *o = NULL;
	struct buf rec;
	int r;

	*records = 0;
	buf_init(&rec, BACKUP_RECORD_MAX);
	assert(backup_open_new(&o) == 0);
	r = backup_open_feed(o, file->p, file->len);
	if (r == 0)
		r = backup_open_unlock(o, &key);
	while (r == 0 && (r = backup_open_next(o, &rec)) == 0)
		++*records;
	backup_open_free(o);
	buf_clear(&rec);
	return r;
}

static void
typed_code(const uint8_t *data, size_t len)
{
	char text[256] = {0}, shown[BACKUP_CODE_SHOWN + 1];
	struct backup_code c, again;
	unsigned left = 0;
	size_t n = 0, i;

	if (len >= sizeof(text))
		return;
	if (len > 0)
		memcpy(text, data, len);
	memset(&c, 0x33, sizeof(c));
	memcpy(&again, &c, sizeof(c));
	if (backup_code_read(&c, text, &n) != 0) {
		assert(memcmp(&c, &again, sizeof(c)) == 0);
		return;
	}
	assert(n == BACKUP_CODE_DIGITS && strlen(c.digits) == n);
	for (i = 0; i < n; i++) /* ISO/IEC 7064, MOD 97-10 */
		left = (left * 10 + (unsigned)(c.digits[i] - '0')) % 97;
	assert(left == 1);
	backup_code_show(&c, shown);
	assert(backup_code_read(&again, shown, NULL) == 0);
	assert(strcmp(again.digits, c.digits) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct backup_seal *s = NULL;
	struct buf file;
	size_t records;

	if (len > BACKUP_CHUNK_MAX || sodium_init() < 0)
		return 0;
	typed_code(data, len);
	buf_init(&file, 2 * BACKUP_CHUNK_SEALED);
	assert(buf_put(&file, data, len) == 0);
	assert(read_all(&file, &records) != ERR_NOTFOUND && records == 0);
	buf_reset(&file);
	assert(backup_seal_new(&s, &key, &backup_rng_system, &file) == 0);
	if (len > 0) {
		assert(backup_seal_put(s, data, len, &file) == 0);
		assert(buf_put(&file, data, len) == 0);
	}
	assert(read_all(&file, &records) != ERR_NOTFOUND && records == 0);
	backup_seal_free(s);
	buf_clear(&file);
	return 0;
}
