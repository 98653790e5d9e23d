/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vfs_int.h — inside of the VFS: its files, the sealing of pages, and one table
 * of I/O methods for each kind of file. docs/store.md §3.
 */
#ifndef TUI_STORE_VFS_INT_H
#define TUI_STORE_VFS_INT_H

#include <sodium.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tui/store/vfs.h"

#define NONCE_LEN      24 /* XChaCha20-Poly1305 */
#define TAG_LEN	       16
#define SALT_LEN       16 /* in place of SQLite's magic in page 1 */
#define PAGE_TEXT      (VFS_PAGE - VFS_RESERVE) /* what a page can say, bytes */
#define WAL_HEADER     32
#define FRAME_HEADER   24
#define FRAME	       (FRAME_HEADER + VFS_PAGE) /* as SQLite sees it */
#define SEALED_HEADER  (FRAME_HEADER + VFS_RESERVE)
#define SEALED_FRAME   (SEALED_HEADER + VFS_PAGE) /* as it is on disk */
#define RECORD	       (4 + VFS_PAGE + 4) /* in the rollback journal */
#define JOURNAL_HEADER 512
#define NONCE_POOL     64

_Static_assert(NONCE_LEN + TAG_LEN == VFS_RESERVE, "a page's seal");
_Static_assert(
    NONCE_LEN == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert(TAG_LEN == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag");
_Static_assert(
    VFS_KEY_LEN == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key");

/* The first byte of the associated data: seals of one role open in no other. */
enum vfs_role {
	ROLE_PAGE = 1, /* page number, file salt */
	ROLE_FRAME_HEADER = 2, /* frame index, WAL salts */
	ROLE_FRAME_PAGE = 3, /* frame index, WAL salts */
	ROLE_RECORD = 4, /* page number, file salt */
};

/* Keys of one database and its log and journal, in guarded memory. */
struct vfs_keys {
	uint8_t store[VFS_KEY_LEN];
	uint8_t db[VFS_KEY_LEN];
	uint8_t wal[VFS_KEY_LEN];
	uint8_t journal[VFS_KEY_LEN];
	uint8_t journal_sum[VFS_KEY_LEN];
	uint8_t salt[SALT_LEN];
	bool salted; /* the salt is known and the keys stand for it */
};

/* Random nonces, made many at a time. What is left does not survive fork(). */
struct nonce_pool {
	uint8_t nonces[NONCE_POOL][NONCE_LEN];
	unsigned left;
	pid_t pid;
};

/* What a seal is bound to. */
struct seal_ad {
	uint8_t p[1 + 4 + SALT_LEN];
	size_t len;
};

/* One open database; its log and journal share it. */
struct vfs_db {
	struct vfs_db *next;
	const char *name; /* as SQLite passed it: compared by address */
	struct vfs_keys *keys; /* sodium_malloc */
	int refs;
};

/* Reading or writing a journal record happens in three calls. */
struct journal_step {
	sqlite3_int64 number_at; /* offset of the last 4 bytes; -1: none */
	uint32_t number; /* and what they said */
	sqlite3_int64 page_at; /* offset of the last page; -1: none */
	uint8_t nonce[NONCE_LEN]; /* its nonce */
};

struct vfs_file {
	sqlite3_file base; /* first: SQLite sees this */
	sqlite3_file *real; /* of the VFS below, in the same allocation */
	struct vfs_db *db;
	struct nonce_pool *pool;
	uint8_t *scratch; /* SEALED_FRAME bytes */
	/* WAL */
	uint8_t wal_salts[8];
	bool wal_written; /* this handle wrote: recovery is over */
	/* journal */
	struct journal_step reading, writing;
};

/* ---- vfs_page.c ------------------------------------------------------------- */

/* Keys for a file's salt. */
void keys_derive(struct vfs_keys *k, const uint8_t salt[static SALT_LEN]);

struct seal_ad ad_page(
    enum vfs_role role, uint32_t number, const uint8_t salt[static SALT_LEN]);
struct seal_ad ad_frame(
    enum vfs_role role, uint32_t index, const uint8_t salts[static 8]);

void nonce_take(struct nonce_pool *pool, uint8_t out[static NONCE_LEN]);

/* out: len bytes of ciphertext, nonce, tag. in must not overlap out. */
void seal(uint8_t *out, const uint8_t *in, size_t len, const struct seal_ad *ad,
    const uint8_t key[static VFS_KEY_LEN], struct nonce_pool *pool);
/* The other way; out may be in. 0 or ERR_AUTH, then out says nothing. */
int unseal(uint8_t *out, const uint8_t *in, size_t len,
    const struct seal_ad *ad, const uint8_t key[static VFS_KEY_LEN]) MUST_USE;

/* Page 1 has the salt where SQLite has its magic; out is VFS_PAGE bytes. */
void page_seal(uint8_t *out, const uint8_t *in, uint32_t number,
    const struct vfs_keys *k, struct nonce_pool *pool);
/* In place; the reserved bytes become zeros. */
int page_unseal(
    uint8_t *page, uint32_t number, const struct vfs_keys *k) MUST_USE;

/* Is the reserve of a plain page zero? WAL checksums cover it. */
bool page_reserve_clear(const uint8_t *page);

/* What SQLite's first 100 bytes always say; page 1 itself may be torn. */
void page_header(uint8_t out[static 100]);
bool page_header_ok(const uint8_t *page);

/* ---- vfs_db.c, vfs_wal.c, vfs_journal.c -------------------------------------- */

extern const sqlite3_io_methods vfs_db_methods;
extern const sqlite3_io_methods vfs_wal_methods;
extern const sqlite3_io_methods vfs_journal_methods;

/* Learn the salts of the log that is there. */
int vfs_wal_opened(struct vfs_file *f) MUST_USE;
void vfs_journal_opened(struct vfs_file *f);

/* ---- vfs.c: methods that all kinds share ------------------------------------- */

int vfs_file_close(sqlite3_file *file);
int vfs_file_sync(sqlite3_file *file, int flags);
int vfs_file_lock(sqlite3_file *file, int level);
int vfs_file_unlock(sqlite3_file *file, int level);
int vfs_file_check_lock(sqlite3_file *file, int *out);
int vfs_file_control(sqlite3_file *file, int op, void *arg);
int vfs_file_sector(sqlite3_file *file);
int vfs_file_traits(sqlite3_file *file);

/*
 * Read exactly n bytes of the file below. SQLITE_OK; SQLITE_IOERR_SHORT_READ
 * nothing is there at all; SQLITE_IOERR_DATA only a part is.
 */
int vfs_read_whole(struct vfs_file *f, void *p, int n, sqlite3_int64 off);

/* Refuse an access nobody has translated; logs it. */
int vfs_refuse(const char *what, int n, sqlite3_int64 off, int code);

#define VFS_METHODS(read, write, truncate, size)                               \
	{                                                                      \
		.iVersion = 1, .xClose = vfs_file_close, .xRead = (read),      \
		.xWrite = (write), .xTruncate = (truncate),                    \
		.xSync = vfs_file_sync, .xFileSize = (size),                   \
		.xLock = vfs_file_lock, .xUnlock = vfs_file_unlock,            \
		.xCheckReservedLock = vfs_file_check_lock,                     \
		.xFileControl = vfs_file_control,                              \
		.xSectorSize = vfs_file_sector,                                \
		.xDeviceCharacteristics = vfs_file_traits,                     \
	}

#endif
