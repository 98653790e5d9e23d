/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_backup.c — bytes that nobody sealed give no record; what follows a
 * sealed beginning never makes a file whole that was cut. */
#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "common/backup/backup.h"

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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct backup_seal *s = NULL;
	struct buf file;
	size_t records;

	if (len > BACKUP_CHUNK_MAX || sodium_init() < 0)
		return 0;
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
