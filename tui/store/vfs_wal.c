/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vfs_wal.c — the write-ahead log. Its 32-byte header stays as it is (salts and
 * a checksum of itself). A frame, 24 + 4096 bytes to SQLite, is 64 + 4096 on
 * disk: the frame header holds a checksum over plaintext, so it is sealed too.
 * Both seals are bound to the frame's place and to the log's salts, which change
 * whenever the log starts over.
 */
#include "tui/store/vfs_int.h"

#include <string.h>

/* Where an offset of SQLite's lies. */
struct place {
	uint32_t index; /* frame, from 0 */
	int in; /* bytes into the frame as SQLite sees it */
	sqlite3_int64 at; /* offset of the frame on disk */
};

static bool
place_of(sqlite3_int64 off, int n, struct place *p)
{
	sqlite3_int64 index = (off - WAL_HEADER) / FRAME;

	if (off < WAL_HEADER || n <= 0 || index > UINT32_MAX)
		return false;
	p->index = (uint32_t)index;
	p->in = (int)((off - WAL_HEADER) % FRAME);
	p->at = WAL_HEADER + index * SEALED_FRAME;
	return p->in + n <= FRAME;
}

int
vfs_wal_opened(struct vfs_file *f)
{
	uint8_t head[WAL_HEADER];
	int rc = vfs_read_whole(f, head, WAL_HEADER, 0);

	if (rc == SQLITE_OK)
		memcpy(f->wal_salts, head + 16, sizeof(f->wal_salts));
	/* Empty, or cut short: nothing in it counts. */
	if (rc == SQLITE_IOERR_SHORT_READ || rc == SQLITE_IOERR_DATA)
		rc = SQLITE_OK;
	return rc;
}

static int
wal_read_raw(struct vfs_file *f, uint8_t *p, int n, sqlite3_int64 off)
{
	int rc = f->real->pMethods->xRead(f->real, p, n, off);

	if (rc == SQLITE_OK && off == 0 && n == WAL_HEADER)
		memcpy(f->wal_salts, p + 16, sizeof(f->wal_salts));
	return rc;
}

/* The frame header; out FRAME_HEADER bytes. */
static int
wal_read_header(struct vfs_file *f, uint8_t *out, const struct place *pl)
{
	struct seal_ad ad =
	    ad_frame(ROLE_FRAME_HEADER, pl->index, f->wal_salts);
	uint8_t sealed[SEALED_HEADER];
	int rc = vfs_read_whole(f, sealed, SEALED_HEADER, pl->at);

	if (rc == SQLITE_OK &&
	    unseal(out, sealed, FRAME_HEADER, &ad, f->db->keys->wal) != 0)
		rc = SQLITE_IOERR_DATA;
	return rc;
}

/* The page; out VFS_PAGE bytes. */
static int
wal_read_page(struct vfs_file *f, uint8_t *out, const struct place *pl)
{
	struct seal_ad ad = ad_frame(ROLE_FRAME_PAGE, pl->index, f->wal_salts);
	int rc = vfs_read_whole(f, out, VFS_PAGE, pl->at + SEALED_HEADER);

	if (rc == SQLITE_OK &&
	    unseal(out, out, PAGE_TEXT, &ad, f->db->keys->wal) != 0)
		rc = SQLITE_IOERR_DATA;
	if (rc == SQLITE_OK)
		memset(out + PAGE_TEXT, 0, VFS_RESERVE);
	return rc;
}

/*
 * Header and page in one: recovery walks the log that way and ends it at the
 * first frame that makes no sense, as after a power cut; zeros make none. Once
 * this handle has written, the same access recomputes checksums of a running
 * transaction, and silence would seal a hole.
 */
static int
wal_read_frame(struct vfs_file *f, uint8_t *out, const struct place *pl)
{
	int rc;

	rc = wal_read_header(f, out, pl);
	if (rc == SQLITE_OK)
		rc = wal_read_page(f, out + FRAME_HEADER, pl);
	if (rc == SQLITE_IOERR_DATA && !f->wal_written) {
		memset(out, 0, FRAME);
		rc = SQLITE_OK;
	}
	return rc;
}

/* A part of header or page, by way of the scratch. */
static int
wal_read_part(struct vfs_file *f, uint8_t *out, int n, const struct place *pl)
{
	uint8_t head[FRAME_HEADER];
	int rc;

	if (pl->in + n <= FRAME_HEADER) {
		rc = wal_read_header(f, head, pl);
		if (rc == SQLITE_OK)
			memcpy(out, head + pl->in, (size_t)n);
		sodium_memzero(head, sizeof(head));
		return rc;
	}
	rc = wal_read_page(f, f->scratch, pl);
	if (rc == SQLITE_OK)
		memcpy(out, f->scratch + pl->in - FRAME_HEADER, (size_t)n);
	sodium_memzero(f->scratch, VFS_PAGE);
	return rc;
}

static int
wal_read(sqlite3_file *file, void *p, int n, sqlite3_int64 off)
{
	struct vfs_file *f = (struct vfs_file *)file;
	struct place pl;
	int rc;

	if ((off == 0 && n == WAL_HEADER) || (off == 24 && n == 8))
		return wal_read_raw(f, p, n, off);
	if (!place_of(off, n, &pl) || !f->db->keys->salted ||
	    (n != FRAME && pl.in < FRAME_HEADER && pl.in + n > FRAME_HEADER))
		return vfs_refuse("log read", n, off, SQLITE_IOERR_READ);
	if (n == FRAME)
		rc = wal_read_frame(f, p, &pl);
	else if (pl.in == FRAME_HEADER && n == VFS_PAGE)
		rc = wal_read_page(f, p, &pl);
	else
		rc = wal_read_part(f, p, n, &pl);
	if (rc != SQLITE_OK)
		memset(p, 0, (size_t)n);
	if (rc == SQLITE_IOERR_DATA)
		sqlite3_log(rc, "frame %u does not open", pl.index);
	return rc;
}

/*
 * Header and page are two writes here as they are in SQLite: putting them
 * together would tear a header that is already committed.
 */
static int
wal_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 off)
{
	struct vfs_file *f = (struct vfs_file *)file;
	const uint8_t *key = f->db->keys->wal;
	struct seal_ad ad;
	struct place pl;

	f->wal_written = true;
	if (off == 0 && n == WAL_HEADER) {
		memcpy(f->wal_salts, (const uint8_t *)p + 16,
		    sizeof(f->wal_salts));
		return f->real->pMethods->xWrite(f->real, p, n, off);
	}
	if (!place_of(off, n, &pl) || !f->db->keys->salted)
		return vfs_refuse("log write", n, off, SQLITE_IOERR_WRITE);
	if (pl.in == 0 && n == FRAME_HEADER) {
		ad = ad_frame(ROLE_FRAME_HEADER, pl.index, f->wal_salts);
		seal(f->scratch, p, FRAME_HEADER, &ad, key, f->pool);
		return f->real->pMethods->xWrite(
		    f->real, f->scratch, SEALED_HEADER, pl.at);
	}
	if (pl.in == FRAME_HEADER && n == VFS_PAGE && page_reserve_clear(p)) {
		ad = ad_frame(ROLE_FRAME_PAGE, pl.index, f->wal_salts);
		seal(f->scratch, p, PAGE_TEXT, &ad, key, f->pool);
		return f->real->pMethods->xWrite(
		    f->real, f->scratch, VFS_PAGE, pl.at + SEALED_HEADER);
	}
	return vfs_refuse("log write", n, off, SQLITE_IOERR_WRITE);
}

/* Whole frames; a limit inside one keeps it. */
static int
wal_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct vfs_file *f = (struct vfs_file *)file;

	if (size > WAL_HEADER)
		size = WAL_HEADER +
		       (size - WAL_HEADER + FRAME - 1) / FRAME * SEALED_FRAME;
	return f->real->pMethods->xTruncate(f->real, size);
}

static int
wal_size(sqlite3_file *file, sqlite3_int64 *size)
{
	struct vfs_file *f = (struct vfs_file *)file;
	sqlite3_int64 n;
	int rc = f->real->pMethods->xFileSize(f->real, &n);

	if (rc == SQLITE_OK)
		*size = n <= WAL_HEADER ? n
					: WAL_HEADER + (n - WAL_HEADER) /
							   SEALED_FRAME * FRAME;
	return rc;
}

const sqlite3_io_methods vfs_wal_methods =
    VFS_METHODS(wal_read, wal_write, wal_truncate, wal_size);
