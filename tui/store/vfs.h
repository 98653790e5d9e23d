/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vfs.h — a SQLite VFS that seals everything it writes. docs/store.md §3,
 * docs/adr/0001-encrypting-vfs.md.
 *
 * It stands between an unmodified libsqlite3 and another VFS (the system's, or
 * a test's). Pages, WAL frames and journal records are sealed with
 * XChaCha20-Poly1305 under keys derived from the store key and the file's salt;
 * nothing of a page is in the clear. What it does not know how to translate,
 * it refuses.
 *
 * To open a file, its key is put in a registry and only the registry's number
 * stands in the URI: file:PATH?vfs=NAME&key=NUMBER. Databases need page size
 * VFS_PAGE with VFS_RESERVE reserved bytes (SQLITE_FCNTL_RESERVE_BYTES on each
 * new one, attached ones too), temp_store=MEMORY, cache_spill=OFF,
 * secure_delete=ON, and for WAL locking_mode=EXCLUSIVE before anything else.
 */
#ifndef TUI_STORE_VFS_H
#define TUI_STORE_VFS_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

#define VFS_NAME    "sotto" /* over the system's default VFS */
#define VFS_PAGE    4096 /* bytes of a page */
#define VFS_RESERVE 40 /* of them: nonce and tag */
#define VFS_KEY_LEN 32

/*
 * Register the VFS under a name, over base (NULL: the system's default). Done
 * once per name; a second call with the same name returns 0 and changes
 * nothing. Never becomes the default VFS. Thread-safe.
 * Returns 0; ERR_NOMEM; ERR_INTERNAL no base VFS, or libsodium will not start.
 */
int vfs_register(const char *name, sqlite3_vfs *base) MUST_USE;

/*
 * Put a key in the registry. *number is never reused in this process. The key
 * is only needed while a database is being opened (or attached); drop it then.
 * Returns 0; ERR_NOMEM; ERR_FULL.
 */
int vfs_key_add(
    const uint8_t key[static VFS_KEY_LEN], uint32_t *number) MUST_USE;
void vfs_key_drop(uint32_t number); /* wiped; unknown numbers are fine */

/* The URI of a path under a registered VFS; 0 or ERR_FULL when out is short. */
int vfs_uri(const char *name, const char *path, uint32_t number, char *out,
    size_t cap) MUST_USE;

/*
 * Prove the key on what is on disk, before SQLite is let near it: with a wrong
 * key SQLite would see an empty WAL and delete it. Reads only.
 * Returns 0 some page, WAL frame or journal record opened under this key;
 * ERR_NOTFOUND no database there, or an empty one; ERR_AUTH nothing opens:
 * wrong key, or damaged beyond use; ERR_IO; ERR_NOMEM.
 */
int vfs_probe(const char *path, const uint8_t key[static VFS_KEY_LEN]) MUST_USE;

/*
 * Copy a WAL, one with frames that do not open under this key, to "PATH-wal"
 * with ".kept" behind it, since SQLite ends the log there and removes the
 * rest. A power cut leaves such frames too.
 * Returns 0 nothing to keep; 1 kept; ERR_IO, ERR_NOMEM.
 */
int vfs_keep_bad_wal(
    const char *path, const uint8_t key[static VFS_KEY_LEN]) MUST_USE;

#endif
