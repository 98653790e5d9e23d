/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vfs.c — registration, keys by number, and opening of files. */
#include "tui/store/vfs_int.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_MAX 64 /* in the registry at one time */

struct vfs {
	sqlite3_vfs vfs; /* first; pAppData is the VFS below */
	struct vfs *next;
	char name[];
};

struct key_slot {
	uint32_t number; /* 0: free */
	uint8_t *key; /* sodium_malloc */
};

/* All behind one lock: VFSes, keys waiting for a database, open databases. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct vfs *registered;
static struct key_slot slots[KEYS_MAX];
static uint32_t last_number;
static struct vfs_db *open_dbs;

/* ---- keys by number --------------------------------------------------------- */

int
vfs_key_add(const uint8_t key[static VFS_KEY_LEN], uint32_t *number)
{
	uint8_t *copy = sodium_malloc(VFS_KEY_LEN);
	int r = ERR_FULL;

	if (copy == NULL)
		return ERR_NOMEM;
	memcpy(copy, key, VFS_KEY_LEN);
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < KEYS_MAX && last_number < UINT32_MAX; i++) {
		if (slots[i].number != 0)
			continue;
		slots[i].number = ++last_number;
		slots[i].key = copy;
		*number = last_number;
		copy = NULL;
		r = 0;
		break;
	}
	pthread_mutex_unlock(&lock);
	sodium_free(copy);
	return r;
}

void
vfs_key_drop(uint32_t number)
{
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < KEYS_MAX; i++) {
		if (number == 0 || slots[i].number != number)
			continue;
		sodium_free(slots[i].key);
		slots[i].key = NULL;
		slots[i].number = 0;
	}
	pthread_mutex_unlock(&lock);
}

int
vfs_uri(
    const char *name, const char *path, uint32_t number, char *out, size_t cap)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789/._-";
	size_t at = 0;
	int n;

	n = snprintf(out, cap, "file:");
	for (at = (size_t)n; *path != '\0' && at + 4 < cap; path++) {
		n = snprintf(out + at, cap - at,
		    strchr(plain, *path) != NULL ? "%c" : "%%%02x",
		    (unsigned char)*path);
		at += (size_t)n;
	}
	if (*path != '\0' || at >= cap)
		return ERR_FULL;
	n = snprintf(out + at, cap - at, "?vfs=%s&key=%u", name, number);
	return n < 0 || (size_t)n >= cap - at ? ERR_FULL : 0;
}

/* ---- databases that are open ------------------------------------------------- */

static void
db_unref(struct vfs_db *db)
{
	struct vfs_db **at;
	bool last;

	pthread_mutex_lock(&lock);
	last = --db->refs == 0;
	for (at = &open_dbs; last && *at != db; at = &(*at)->next)
		;
	if (last)
		*at = db->next;
	pthread_mutex_unlock(&lock);
	if (last) {
		sodium_free(db->keys);
		free(db);
	}
}

/* The store key by its number, from the URI. */
static int
keys_load(struct vfs_keys *k, const char *name)
{
	sqlite3_int64 number = sqlite3_uri_int64(name, "key", 0);
	int rc = SQLITE_CANTOPEN;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < KEYS_MAX && number > 0; i++) {
		if (slots[i].number != number)
			continue;
		memcpy(k->store, slots[i].key, VFS_KEY_LEN);
		rc = SQLITE_OK;
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

static int
db_new(const char *name, struct vfs_db **out)
{
	struct vfs_db *db = calloc(1, sizeof(*db));
	int rc = SQLITE_NOMEM;

	if (db == NULL)
		return SQLITE_NOMEM;
	db->keys = sodium_malloc(sizeof(*db->keys));
	if (db->keys != NULL) {
		memset(db->keys, 0, sizeof(*db->keys));
		rc = keys_load(db->keys, name);
	}
	if (rc != SQLITE_OK) {
		sodium_free(db->keys);
		free(db);
		return rc;
	}
	db->name = name;
	db->refs = 1;
	pthread_mutex_lock(&lock);
	db->next = open_dbs;
	open_dbs = db;
	pthread_mutex_unlock(&lock);
	*out = db;
	return SQLITE_OK;
}

/* SQLite hands the log and journal of a database names that lead back to the
 * very string the database was opened with. */
static int
db_of(const char *name, struct vfs_db **out)
{
	const char *main = sqlite3_filename_database(name);
	struct vfs_db *db;

	pthread_mutex_lock(&lock);
	for (db = open_dbs; db != NULL && db->name != main; db = db->next)
		;
	if (db != NULL)
		db->refs++;
	pthread_mutex_unlock(&lock);
	*out = db;
	return db != NULL ? SQLITE_OK : SQLITE_CANTOPEN;
}

/* ---- what all files share ----------------------------------------------------- */

#define FILE_BELOW(file) (((struct vfs_file *)(file))->real)

static void
file_release(struct vfs_file *f)
{
	if (f->db != NULL)
		db_unref(f->db);
	if (f->scratch != NULL)
		sodium_memzero(f->scratch, SEALED_FRAME);
	free(f->scratch);
	free(f->pool);
	f->db = NULL;
	f->scratch = NULL;
	f->pool = NULL;
}

int
vfs_file_close(sqlite3_file *file)
{
	struct vfs_file *f = (struct vfs_file *)file;
	int rc = f->real->pMethods->xClose(f->real);

	file_release(f);
	return rc;
}

int
vfs_file_sync(sqlite3_file *file, int flags)
{
	sqlite3_file *real = FILE_BELOW(file);

	return real->pMethods->xSync(real, flags);
}

int
vfs_file_lock(sqlite3_file *file, int level)
{
	sqlite3_file *real = FILE_BELOW(file);

	return real->pMethods->xLock(real, level);
}

int
vfs_file_unlock(sqlite3_file *file, int level)
{
	sqlite3_file *real = FILE_BELOW(file);

	return real->pMethods->xUnlock(real, level);
}

int
vfs_file_check_lock(sqlite3_file *file, int *out)
{
	sqlite3_file *real = FILE_BELOW(file);

	return real->pMethods->xCheckReservedLock(real, out);
}

/*
 * Growing a file ahead or mapping it would go around the seal; atomic write
 * batches are not promised. Everything else is for the VFS below or for none.
 */
int
vfs_file_control(sqlite3_file *file, int op, void *arg)
{
	sqlite3_file *real = FILE_BELOW(file);

	switch (op) {
	case SQLITE_FCNTL_SIZE_HINT:
	case SQLITE_FCNTL_CHUNK_SIZE:
		return SQLITE_OK;
	case SQLITE_FCNTL_LOCKSTATE:
	case SQLITE_FCNTL_LAST_ERRNO:
	case SQLITE_FCNTL_HAS_MOVED:
	case SQLITE_FCNTL_SYNC:
	case SQLITE_FCNTL_COMMIT_PHASETWO:
	case SQLITE_FCNTL_PERSIST_WAL:
	case SQLITE_FCNTL_LOCK_TIMEOUT:
	case SQLITE_FCNTL_BUSYHANDLER:
		return real->pMethods->xFileControl(real, op, arg);
	default:
		return SQLITE_NOTFOUND;
	}
}

/* With POWERSAFE_OVERWRITE SQLite does not ask; it pads nothing either way. */
int
vfs_file_sector(sqlite3_file *file)
{
	(void)file;
	return JOURNAL_HEADER;
}

int
vfs_file_traits(sqlite3_file *file)
{
	sqlite3_file *real = FILE_BELOW(file);

	return SQLITE_IOCAP_POWERSAFE_OVERWRITE |
	       (real->pMethods->xDeviceCharacteristics(real) &
		   SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN);
}

int
vfs_read_whole(struct vfs_file *f, void *p, int n, sqlite3_int64 off)
{
	sqlite3_int64 size;
	int rc = f->real->pMethods->xRead(f->real, p, n, off);

	if (rc != SQLITE_IOERR_SHORT_READ)
		return rc;
	rc = f->real->pMethods->xFileSize(f->real, &size);
	if (rc != SQLITE_OK)
		return rc;
	return size > off ? SQLITE_IOERR_DATA : SQLITE_IOERR_SHORT_READ;
}

int
vfs_refuse(const char *what, int n, sqlite3_int64 off, int code)
{
	sqlite3_log(code, "refused: %s of %d bytes at %lld", what, n, off);
	return code;
}

/* ---- opening -------------------------------------------------------------------- */

static int
file_prepare(struct vfs_file *f, const char *name, int flags)
{
	int rc;

	f->scratch = calloc(1, SEALED_FRAME);
	f->pool = calloc(1, sizeof(*f->pool));
	if (f->scratch == NULL || f->pool == NULL)
		return SQLITE_NOMEM;
	rc = (flags & SQLITE_OPEN_MAIN_DB) != 0 ? db_new(name, &f->db)
						: db_of(name, &f->db);
	return rc;
}

/* After the file below is open: salts that are there already. */
static int
file_opened(struct vfs_file *f, int flags)
{
	uint8_t salt[SALT_LEN];
	int rc;

	if ((flags & SQLITE_OPEN_WAL) != 0)
		return vfs_wal_opened(f);
	if ((flags & SQLITE_OPEN_MAIN_JOURNAL) != 0) {
		vfs_journal_opened(f);
		return SQLITE_OK;
	}
	rc = vfs_read_whole(f, salt, SALT_LEN, 0);
	if (rc == SQLITE_OK)
		keys_derive(f->db->keys, salt);
	/* A new file, or one whose first page never arrived. */
	if (rc == SQLITE_IOERR_SHORT_READ || rc == SQLITE_IOERR_DATA)
		rc = SQLITE_OK;
	return rc;
}

static const sqlite3_io_methods *
methods_for(int flags)
{
	if ((flags & SQLITE_OPEN_MAIN_DB) != 0)
		return &vfs_db_methods;
	if ((flags & SQLITE_OPEN_WAL) != 0)
		return &vfs_wal_methods;
	if ((flags & SQLITE_OPEN_MAIN_JOURNAL) != 0)
		return &vfs_journal_methods;
	return NULL; /* temporary files, sub-journals, super-journals */
}

static int
vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
    int *out_flags)
{
	struct vfs_file *f = (struct vfs_file *)file;
	const sqlite3_io_methods *methods = methods_for(flags);
	sqlite3_vfs *below = vfs->pAppData;
	int rc;

	memset(f, 0, sizeof(*f));
	if (methods == NULL || name == NULL)
		return vfs_refuse("open", flags, 0, SQLITE_CANTOPEN);
	f->real = (sqlite3_file *)(f + 1);
	f->real->pMethods = NULL;
	rc = file_prepare(f, name, flags);
	if (rc != SQLITE_OK)
		goto fail;
	rc = below->xOpen(below, name, f->real, flags, out_flags);
	if (rc != SQLITE_OK)
		goto fail;
	rc = file_opened(f, flags);
	if (rc != SQLITE_OK)
		goto fail;
	f->base.pMethods = methods;
	return SQLITE_OK;
fail:
	if (f->real->pMethods != NULL)
		f->real->pMethods->xClose(f->real);
	file_release(f);
	return rc;
}

static int
vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_dir)
{
	sqlite3_vfs *below = vfs->pAppData;

	return below->xDelete(below, name, sync_dir);
}

static int
vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
	sqlite3_vfs *below = vfs->pAppData;

	return below->xAccess(below, name, flags, out);
}

static int
vfs_full_path(sqlite3_vfs *vfs, const char *name, int n, char *out)
{
	sqlite3_vfs *below = vfs->pAppData;

	return below->xFullPathname(below, name, n, out);
}

static int
vfs_randomness(sqlite3_vfs *vfs, int n, char *out)
{
	(void)vfs;
	randombytes_buf(out, (size_t)n);
	return n;
}

static int
vfs_sleep(sqlite3_vfs *vfs, int us)
{
	sqlite3_vfs *below = vfs->pAppData;

	return below->xSleep(below, us);
}

static int
vfs_time(sqlite3_vfs *vfs, double *out)
{
	sqlite3_vfs *below = vfs->pAppData;

	return below->xCurrentTime(below, out);
}

static int
vfs_last_error(sqlite3_vfs *vfs, int n, char *out)
{
	sqlite3_vfs *below = vfs->pAppData;

	return below->xGetLastError(below, n, out);
}

/* Extensions are not loaded through a store. */
static void *
vfs_dl_open(sqlite3_vfs *vfs, const char *name)
{
	(void)vfs;
	(void)name;
	return NULL;
}

static void
vfs_dl_error(sqlite3_vfs *vfs, int n, char *out)
{
	(void)vfs;
	sqlite3_snprintf(n, out, "extensions are not loaded");
}

/* Version 1: no 64-bit clock of its own, no system-call table. */
static struct vfs *
vfs_new(const char *name, sqlite3_vfs *below)
{
	struct vfs *v = calloc(1, sizeof(*v) + strlen(name) + 1);

	if (v == NULL)
		return NULL;
	memcpy(v->name, name, strlen(name) + 1);
	v->vfs.iVersion = 1;
	v->vfs.szOsFile = (int)sizeof(struct vfs_file) + below->szOsFile;
	v->vfs.mxPathname = below->mxPathname;
	v->vfs.zName = v->name;
	v->vfs.pAppData = below;
	v->vfs.xOpen = vfs_open;
	v->vfs.xDelete = vfs_delete;
	v->vfs.xAccess = vfs_access;
	v->vfs.xFullPathname = vfs_full_path;
	v->vfs.xDlOpen = vfs_dl_open;
	v->vfs.xDlError = vfs_dl_error;
	v->vfs.xRandomness = vfs_randomness;
	v->vfs.xSleep = vfs_sleep;
	v->vfs.xCurrentTime = vfs_time;
	v->vfs.xGetLastError = vfs_last_error;
	return v;
}

int
vfs_register(const char *name, sqlite3_vfs *base)
{
	struct vfs *v;
	int r = 0;

	if (sodium_init() < 0 || sqlite3_initialize() != SQLITE_OK)
		return ERR_INTERNAL;
	if (base == NULL)
		base = sqlite3_vfs_find(NULL);
	if (base == NULL)
		return ERR_INTERNAL;
	pthread_mutex_lock(&lock);
	for (v = registered; v != NULL && strcmp(v->name, name) != 0;
	     v = v->next)
		;
	if (v != NULL)
		goto out;
	v = vfs_new(name, base);
	r = ERR_NOMEM;
	if (v == NULL)
		goto out;
	if (sqlite3_vfs_register(&v->vfs, 0) != SQLITE_OK) {
		free(v);
		goto out;
	}
	v->next = registered;
	registered = v;
	r = 0;
out:
	pthread_mutex_unlock(&lock);
	return r;
}
