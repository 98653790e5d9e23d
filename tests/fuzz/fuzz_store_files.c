/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_store_files.c — a key file, a database and a log that somebody else
 * made. First byte: how many bytes of the rest are the key file (times 8); what
 * follows is cut in half for database and log. None of it opens, none changes.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tui/store/fileio.h"
#include "tui/store/keyfile.h"
#include "tui/store/vfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static char dir[64], key_path[96], db_path[96], wal_path[96], kept_path[96];

static void
make_paths(void)
{
	snprintf(dir, sizeof(dir), "/tmp/sotto-fuzz-XXXXXX");
	if (mkdtemp(dir) == NULL)
		abort();
	snprintf(key_path, sizeof(key_path), "%s/store.key", dir);
	snprintf(db_path, sizeof(db_path), "%s/store.db", dir);
	snprintf(wal_path, sizeof(wal_path), "%s/store.db-wal", dir);
	snprintf(kept_path, sizeof(kept_path), "%s/store.db-wal.kept", dir);
}

static void
put(const char *path, const uint8_t *p, size_t len)
{
	FILE *f = fopen(path, "wb");

	if (f == NULL || fwrite(p, 1, len, f) != len || fclose(f) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct store_key pass = {.passphrase = "x"};
	static const uint8_t key[VFS_KEY_LEN] = {1};
	struct keyfile kf;
	size_t n;
	int r;

	if (len == 0)
		return 0;
	make_paths();
	n = (size_t)data[0] * 8 < len - 1 ? (size_t)data[0] * 8 : len - 1;
	data++;
	len--;
	put(key_path, data, n);
	put(db_path, data + n, (len - n) / 2);
	put(wal_path, data + n + (len - n) / 2, len - n - (len - n) / 2);
	memset(&kf, 0x5a, sizeof(kf));
	/* A sum that fits could ask for real Argon2id work: skip those. */
	if (n < 16 || data[9] != 1) {
		r = keyfile_read(key_path, &pass, &kf, NULL, 0);
		assert(r != 0 && kf.key[0] == 0x5a);
	}
	r = vfs_probe(db_path, key);
	assert(r == ERR_AUTH || r == ERR_NOTFOUND);
	r = vfs_keep_bad_wal(db_path, key);
	assert(r == 0 || r == 1 || r == ERR_NOTFOUND);
	assert(r != 1 || file_size(kept_path) == file_size(wal_path));
	unlink(key_path);
	unlink(db_path);
	unlink(wal_path);
	unlink(kept_path);
	rmdir(dir);
	return 0;
}
