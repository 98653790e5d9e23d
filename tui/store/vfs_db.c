/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vfs_db.c — the database file: page n stands where it would stand unsealed.
 * SQLite reads it by whole pages, by parts of a page, and twice by bytes of
 * page 1 (100 at 0 when it opens, 16 at 24 to see whether anything changed);
 * it writes whole pages.
 */
#include "tui/store/vfs_int.h"

#include <string.h>

/*
 * Keys need the salt. A file that was empty when it was opened gets one with
 * its first page, unless another connection was quicker.
 */
static int
db_salt(struct vfs_file *f, bool make)
{
	struct vfs_keys *k = f->db->keys;
	uint8_t salt[SALT_LEN];
	int rc;

	if (k->salted)
		return SQLITE_OK;
	rc = vfs_read_whole(f, salt, SALT_LEN, 0);
	if (rc == SQLITE_IOERR_SHORT_READ && make) {
		randombytes_buf(salt, SALT_LEN);
		rc = SQLITE_OK;
	}
	if (rc == SQLITE_OK)
		keys_derive(k, salt);
	return rc;
}

static int
db_read_header(struct vfs_file *f, uint8_t *out)
{
	sqlite3_int64 size;
	int rc = f->real->pMethods->xFileSize(f->real, &size);

	if (rc != SQLITE_OK)
		return rc;
	if (size == 0) {
		memset(out, 0, 100);
		return SQLITE_IOERR_SHORT_READ;
	}
	page_header(out);
	return SQLITE_OK;
}

static int
db_read_page(struct vfs_file *f, uint8_t *page, uint32_t number)
{
	int rc;

	rc = db_salt(f, false);
	if (rc == SQLITE_OK)
		rc = vfs_read_whole(
		    f, page, VFS_PAGE, (sqlite3_int64)(number - 1) * VFS_PAGE);
	if (rc == SQLITE_OK && page_unseal(page, number, f->db->keys) != 0)
		rc = SQLITE_IOERR_DATA;
	if (rc != SQLITE_OK)
		memset(page, 0, VFS_PAGE);
	if (rc == SQLITE_IOERR_DATA)
		sqlite3_log(rc, "page %u does not open", number);
	return rc;
}

static int
db_read(sqlite3_file *file, void *p, int n, sqlite3_int64 off)
{
	struct vfs_file *f = (struct vfs_file *)file;
	sqlite3_int64 number = off / VFS_PAGE + 1;
	int in = (int)(off % VFS_PAGE);
	int rc;

	if (off == 0 && n == 100)
		return db_read_header(f, p);
	if (n <= 0 || in + n > VFS_PAGE || number > UINT32_MAX)
		return vfs_refuse("database read", n, off, SQLITE_IOERR_READ);
	if (n == VFS_PAGE)
		return db_read_page(f, p, (uint32_t)number);
	rc = db_read_page(f, f->scratch, (uint32_t)number);
	memcpy(p, f->scratch + in, (size_t)n);
	sodium_memzero(f->scratch, VFS_PAGE);
	return rc;
}

static int
db_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 off)
{
	struct vfs_file *f = (struct vfs_file *)file;
	sqlite3_int64 number = off / VFS_PAGE + 1;
	const uint8_t *page = p;
	int rc;

	if (n != VFS_PAGE || off % VFS_PAGE != 0 || number > UINT32_MAX ||
	    !page_reserve_clear(page) || (off == 0 && !page_header_ok(page)))
		return vfs_refuse("database write", n, off, SQLITE_IOERR_WRITE);
	rc = db_salt(f, true);
	if (rc != SQLITE_OK)
		return rc;
	page_seal(f->scratch, page, (uint32_t)number, f->db->keys, f->pool);
	return f->real->pMethods->xWrite(f->real, f->scratch, VFS_PAGE, off);
}

/* An emptied file gets a new salt with its next first page. */
static int
db_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct vfs_file *f = (struct vfs_file *)file;

	if (size % VFS_PAGE != 0)
		return vfs_refuse(
		    "database truncate", 0, size, SQLITE_IOERR_TRUNCATE);
	if (size == 0)
		f->db->keys->salted = false;
	return f->real->pMethods->xTruncate(f->real, size);
}

static int
db_size(sqlite3_file *file, sqlite3_int64 *size)
{
	struct vfs_file *f = (struct vfs_file *)file;

	return f->real->pMethods->xFileSize(f->real, size);
}

const sqlite3_io_methods vfs_db_methods =
    VFS_METHODS(db_read, db_write, db_truncate, db_size);
