/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tapvfs.c — a SQLite VFS that shows every call on its way down. */
#include "tests/unit/tapvfs.h"

#include "tests/unit/test.h"

struct tap {
	sqlite3_vfs vfs; /* first */
	sqlite3_vfs *below;
	tap_fn *fn;
	void *ctx;
	char name[32];
};

struct tap_file {
	sqlite3_file base; /* first */
	struct tap *tap;
	int type;
	const char *name;
	sqlite3_file *real;
};

#define TYPES (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)

static int
tell(struct tap *t, const struct tap_op *op)
{
	return t->fn != NULL ? t->fn(t->ctx, op) : SQLITE_OK;
}

static int
tap_close(sqlite3_file *file)
{
	struct tap_file *f = (struct tap_file *)file;

	return f->real->pMethods->xClose(f->real);
}

static int
tap_read(sqlite3_file *file, void *p, int n, sqlite3_int64 off)
{
	struct tap_file *f = (struct tap_file *)file;
	struct tap_op op = {TAP_READ, f->type, f->name, NULL, n, off};
	int rc = tell(f->tap, &op);

	return rc != SQLITE_OK ? rc
			       : f->real->pMethods->xRead(f->real, p, n, off);
}

static int
tap_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 off)
{
	struct tap_file *f = (struct tap_file *)file;
	struct tap_op op = {TAP_WRITE, f->type, f->name, p, n, off};
	int rc = tell(f->tap, &op);

	return rc != SQLITE_OK ? rc
			       : f->real->pMethods->xWrite(f->real, p, n, off);
}

static int
tap_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct tap_file *f = (struct tap_file *)file;
	struct tap_op op = {TAP_TRUNCATE, f->type, f->name, NULL, 0, size};
	int rc = tell(f->tap, &op);

	return rc != SQLITE_OK ? rc
			       : f->real->pMethods->xTruncate(f->real, size);
}

static int
tap_sync(sqlite3_file *file, int flags)
{
	struct tap_file *f = (struct tap_file *)file;
	struct tap_op op = {TAP_SYNC, f->type, f->name, NULL, flags, 0};
	int rc = tell(f->tap, &op);

	if (rc == TAP_SWALLOW)
		return SQLITE_OK;
	return rc != SQLITE_OK ? rc : f->real->pMethods->xSync(f->real, flags);
}

static int
tap_size(sqlite3_file *file, sqlite3_int64 *size)
{
	struct tap_file *f = (struct tap_file *)file;

	return f->real->pMethods->xFileSize(f->real, size);
}

static int
tap_lock(sqlite3_file *file, int level)
{
	struct tap_file *f = (struct tap_file *)file;

	return f->real->pMethods->xLock(f->real, level);
}

static int
tap_unlock(sqlite3_file *file, int level)
{
	struct tap_file *f = (struct tap_file *)file;

	return f->real->pMethods->xUnlock(f->real, level);
}

static int
tap_check_lock(sqlite3_file *file, int *out)
{
	struct tap_file *f = (struct tap_file *)file;

	return f->real->pMethods->xCheckReservedLock(f->real, out);
}

static int
tap_control(sqlite3_file *file, int op, void *arg)
{
	struct tap_file *f = (struct tap_file *)file;

	return f->real->pMethods->xFileControl(f->real, op, arg);
}

static int
tap_sector(sqlite3_file *file)
{
	struct tap_file *f = (struct tap_file *)file;

	return f->real->pMethods->xSectorSize(f->real);
}

static int
tap_traits(sqlite3_file *file)
{
	struct tap_file *f = (struct tap_file *)file;

	return f->real->pMethods->xDeviceCharacteristics(f->real);
}

static int
tap_shm_map(
    sqlite3_file *file, int region, int size, int extend, void volatile **p)
{
	struct tap_file *f = (struct tap_file *)file;

	return f->real->pMethods->xShmMap(f->real, region, size, extend, p);
}

static int
tap_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
	struct tap_file *f = (struct tap_file *)file;

	return f->real->pMethods->xShmLock(f->real, offset, n, flags);
}

static void
tap_shm_barrier(sqlite3_file *file)
{
	struct tap_file *f = (struct tap_file *)file;

	f->real->pMethods->xShmBarrier(f->real);
}

static int
tap_shm_unmap(sqlite3_file *file, int remove)
{
	struct tap_file *f = (struct tap_file *)file;

	return f->real->pMethods->xShmUnmap(f->real, remove);
}

#define METHODS_1                                                              \
	.xClose = tap_close, .xRead = tap_read, .xWrite = tap_write,           \
	.xTruncate = tap_truncate, .xSync = tap_sync, .xFileSize = tap_size,   \
	.xLock = tap_lock, .xUnlock = tap_unlock,                              \
	.xCheckReservedLock = tap_check_lock, .xFileControl = tap_control,     \
	.xSectorSize = tap_sector, .xDeviceCharacteristics = tap_traits

/* As the sealing VFS: no shared memory, no mapping. */
static const sqlite3_io_methods methods_1 = {.iVersion = 1, METHODS_1};

/* As the system's: shared memory, which a crash does not keep and nobody
 * needs to see. */
static const sqlite3_io_methods methods_2 = {.iVersion = 2,
    METHODS_1,
    .xShmMap = tap_shm_map,
    .xShmLock = tap_shm_lock,
    .xShmBarrier = tap_shm_barrier,
    .xShmUnmap = tap_shm_unmap};

static int
tap_open(
    sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
	struct tap *t = (struct tap *)vfs;
	struct tap_file *f = (struct tap_file *)file;
	struct tap_op op = {TAP_OPEN, flags & TYPES, name, NULL, flags, 0};
	int rc = tell(t, &op);

	f->base.pMethods = NULL;
	if (rc != SQLITE_OK)
		return rc;
	f->tap = t;
	f->type = flags & TYPES;
	f->name = name;
	f->real = (sqlite3_file *)(f + 1);
	rc = t->below->xOpen(t->below, name, f->real, flags, out);
	if (rc == SQLITE_OK)
		f->base.pMethods =
		    f->real->pMethods->iVersion >= 2 ? &methods_2 : &methods_1;
	return rc;
}

static int
tap_delete(sqlite3_vfs *vfs, const char *name, int sync_dir)
{
	struct tap *t = (struct tap *)vfs;
	struct tap_op op = {TAP_DELETE, 0, name, NULL, sync_dir, 0};
	int rc = tell(t, &op);

	return rc != SQLITE_OK ? rc
			       : t->below->xDelete(t->below, name, sync_dir);
}

static int
tap_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
	struct tap *t = (struct tap *)vfs;

	return t->below->xAccess(t->below, name, flags, out);
}

static int
tap_full(sqlite3_vfs *vfs, const char *name, int n, char *out)
{
	struct tap *t = (struct tap *)vfs;

	return t->below->xFullPathname(t->below, name, n, out);
}

void
tap_register(const char *name, sqlite3_vfs *base, tap_fn *fn, void *ctx)
{
	struct tap *t = (struct tap *)sqlite3_vfs_find(name);

	if (t == NULL) {
		if (base == NULL)
			base = sqlite3_vfs_find(NULL);
		t = calloc(1, sizeof(*t));
		if (t == NULL || base == NULL)
			fail_msg("no memory for a VFS");
		t->vfs = *base;
		t->vfs.iVersion = 1;
		t->vfs.pNext = NULL;
		t->vfs.szOsFile = (int)sizeof(struct tap_file) + base->szOsFile;
		snprintf(t->name, sizeof(t->name), "%s", name);
		t->vfs.zName = t->name;
		t->vfs.xOpen = tap_open;
		t->vfs.xDelete = tap_delete;
		t->vfs.xAccess = tap_access;
		t->vfs.xFullPathname = tap_full;
		t->below = base;
		assert_int_equal(sqlite3_vfs_register(&t->vfs, 0), SQLITE_OK);
	}
	t->fn = fn;
	t->ctx = ctx;
}
