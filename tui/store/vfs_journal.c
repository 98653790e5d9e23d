/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vfs_journal.c — the rollback journal. Headers and page numbers stay as they
 * are; of each record the page is sealed and its checksum, a sum over
 * plaintext, is masked with keystream of the record's nonce. SQLite touches a
 * record in three steps (number, page, checksum), which is how this file knows
 * what four bytes mean. Sizes and offsets are SQLite's own.
 */
#include "tui/store/vfs_int.h"

#include <string.h>

#include "common/buf.h"

static void
step_reset(struct journal_step *s)
{
	s->number_at = -1;
	s->page_at = -1;
}

void
vfs_journal_opened(struct vfs_file *f)
{
	step_reset(&f->reading);
	step_reset(&f->writing);
}

static void
sum_mask(const struct vfs_file *f, const struct journal_step *s,
    const uint8_t in[static 4], uint8_t out[static 4])
{
	crypto_stream_xchacha20_xor(
	    out, in, 4, s->nonce, f->db->keys->journal_sum);
}

static int
journal_read_page(struct vfs_file *f, uint8_t *out, sqlite3_int64 off)
{
	struct journal_step *s = &f->reading;
	struct seal_ad ad;
	int rc;

	s->page_at = -1;
	if (s->number_at < 0 || s->number_at != off - 4 || !f->db->keys->salted)
		return vfs_refuse(
		    "journal read", VFS_PAGE, off, SQLITE_IOERR_READ);
	rc = vfs_read_whole(f, out, VFS_PAGE, off);
	if (rc != SQLITE_OK)
		return rc;
	ad = ad_page(ROLE_RECORD, s->number, f->db->keys->salt);
	memcpy(s->nonce, out + PAGE_TEXT, NONCE_LEN);
	if (unseal(out, out, PAGE_TEXT, &ad, f->db->keys->journal) != 0) {
		sqlite3_log(SQLITE_IOERR_DATA, "journal: page %u does not open",
		    s->number);
		return SQLITE_IOERR_DATA;
	}
	memset(out + PAGE_TEXT, 0, VFS_RESERVE);
	s->page_at = off;
	return SQLITE_OK;
}

/* A page number, a checksum, or a field of a header. */
static int
journal_read_four(struct vfs_file *f, uint8_t *out, sqlite3_int64 off)
{
	struct journal_step *s = &f->reading;
	int rc = f->real->pMethods->xRead(f->real, out, 4, off);

	if (rc != SQLITE_OK)
		return rc;
	if (s->page_at >= 0 && off == s->page_at + VFS_PAGE) {
		sum_mask(f, s, out, out);
		return SQLITE_OK;
	}
	s->number_at = off;
	s->number = get_be32(out);
	return SQLITE_OK;
}

static int
journal_read(sqlite3_file *file, void *p, int n, sqlite3_int64 off)
{
	struct vfs_file *f = (struct vfs_file *)file;
	int rc;

	switch (n) {
	case VFS_PAGE:
		rc = journal_read_page(f, p, off);
		break;
	case 4:
		rc = journal_read_four(f, p, off);
		break;
	case 1: /* is there anything at all? */
	case 8: /* a header's magic */
		rc = f->real->pMethods->xRead(f->real, p, n, off);
		break;
	default:
		rc = vfs_refuse("journal read", n, off, SQLITE_IOERR_READ);
		break;
	}
	if (rc != SQLITE_OK)
		memset(p, 0, (size_t)n);
	return rc;
}

static int
journal_write_page(struct vfs_file *f, const uint8_t *page, sqlite3_int64 off)
{
	struct journal_step *s = &f->writing;
	struct seal_ad ad;

	if (s->number_at < 0 || s->number_at != off - 4 ||
	    !page_reserve_clear(page) || !f->db->keys->salted)
		return vfs_refuse(
		    "journal write", VFS_PAGE, off, SQLITE_IOERR_WRITE);
	ad = ad_page(ROLE_RECORD, s->number, f->db->keys->salt);
	seal(f->scratch, page, PAGE_TEXT, &ad, f->db->keys->journal, f->pool);
	memcpy(s->nonce, f->scratch + PAGE_TEXT, NONCE_LEN);
	s->number_at = -1;
	s->page_at = off;
	return f->real->pMethods->xWrite(f->real, f->scratch, VFS_PAGE, off);
}

static int
journal_write_four(struct vfs_file *f, const uint8_t *p, sqlite3_int64 off)
{
	struct journal_step *s = &f->writing;
	uint8_t masked[4];

	if (s->page_at >= 0) {
		if (off != s->page_at + VFS_PAGE)
			return vfs_refuse(
			    "journal write", 4, off, SQLITE_IOERR_WRITE);
		sum_mask(f, s, p, masked);
		s->page_at = -1;
		return f->real->pMethods->xWrite(f->real, masked, 4, off);
	}
	s->number_at = off;
	s->number = get_be32(p);
	return f->real->pMethods->xWrite(f->real, p, 4, off);
}

/*
 * A header, the start of one when its count of records is filled in, or one
 * zero over a stale magic. Zeros over the first header mean "no journal": the
 * file is emptied instead, since what would stay behind it could be read as
 * records later.
 */
static int
journal_write_head(
    struct vfs_file *f, const uint8_t *p, int n, sqlite3_int64 off)
{
	if (f->writing.page_at >= 0)
		return vfs_refuse("journal write", n, off, SQLITE_IOERR_WRITE);
	if (n == 28) {
		if (off != 0 || !sodium_is_zero(p, 28))
			return vfs_refuse(
			    "journal write", n, off, SQLITE_IOERR_WRITE);
		return f->real->pMethods->xTruncate(f->real, 0);
	}
	return f->real->pMethods->xWrite(f->real, p, n, off);
}

static int
journal_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 off)
{
	struct vfs_file *f = (struct vfs_file *)file;
	int rc;

	switch (n) {
	case VFS_PAGE:
		rc = journal_write_page(f, p, off);
		break;
	case 4:
		rc = journal_write_four(f, p, off);
		break;
	case 1:
	case 12:
	case 28:
	case JOURNAL_HEADER:
		rc = journal_write_head(f, p, n, off);
		break;
	default:
		rc = vfs_refuse("journal write", n, off, SQLITE_IOERR_WRITE);
		break;
	}
	if (rc != SQLITE_OK)
		step_reset(&f->writing); /* SQLite rolls back and starts over */
	return rc;
}

static int
journal_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct vfs_file *f = (struct vfs_file *)file;

	vfs_journal_opened(f);
	return f->real->pMethods->xTruncate(f->real, size);
}

static int
journal_size(sqlite3_file *file, sqlite3_int64 *size)
{
	struct vfs_file *f = (struct vfs_file *)file;

	return f->real->pMethods->xFileSize(f->real, size);
}

const sqlite3_io_methods vfs_journal_methods =
    VFS_METHODS(journal_read, journal_write, journal_truncate, journal_size);
