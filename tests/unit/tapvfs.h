/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tapvfs.h — a SQLite VFS that shows every call on its way to the VFS below,
 * and may fail it. On top of the sealing VFS it sees what SQLite asks for;
 * under it, what reaches the disk.
 */
#ifndef TESTS_UNIT_TAPVFS_H
#define TESTS_UNIT_TAPVFS_H

#include <sqlite3.h>

enum tap_kind {
	TAP_OPEN,
	TAP_READ,
	TAP_WRITE,
	TAP_TRUNCATE,
	TAP_SYNC,
	TAP_DELETE,
};

struct tap_op {
	enum tap_kind kind;
	int type; /* SQLITE_OPEN_MAIN_DB, _WAL, _MAIN_JOURNAL; 0 for DELETE */
	const char *name;
	const void *p; /* WRITE: what */
	int n; /* READ, WRITE: bytes; DELETE: 1 when the folder is synced */
	sqlite3_int64 off; /* READ, WRITE; TRUNCATE: size */
};

/* The listener's answer that stands for success without the call;
 * for SYNC. */
#define TAP_SWALLOW (-1)

/* SQLITE_OK lets the call through; anything else is its result. */
typedef int tap_fn(void *ctx, const struct tap_op *op);

/*
 * Register under a name, over base (NULL: the default), or give an earlier one
 * of that name another listener (NULL: none). Fails the test when it cannot.
 */
void tap_register(const char *name, sqlite3_vfs *base, tap_fn *fn, void *ctx);

#endif
