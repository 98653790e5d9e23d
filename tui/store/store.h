/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store.h — the encrypted store of one profile: opening, transactions, checks.
 * docs/store.md. What is in it has one header per noun: store_account.h,
 * store_contact.h, store_session.h, store_prekey.h, store_chat.h,
 * store_message.h, store_outbox.h, store_search.h, store_setting.h.
 *
 * Files in the profile's folder: store.key (the wrapped key), store.db,
 * store.db-wal, store.db-journal, lock. A store belongs to one thread at a
 * time. Calls outside a transaction are a transaction of their own; they
 * return once it is on disk.
 *
 * Codes that every function on a store may return besides its own: ERR_IO (the
 * disk, or forged pages: store_error() says), ERR_FULL (disk full), ERR_NOMEM,
 * ERR_FORMAT (what is stored makes no sense). Timestamps are Unix milliseconds
 * and come from the caller. Out parameters are unchanged on error.
 */
#ifndef TUI_STORE_STORE_H
#define TUI_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "tui/store/keyfile.h"
#include "tui/store/lock.h"

#define STORE_ID_LEN	16 /* bytes of account, group and message ids */
#define STORE_PUB_LEN	33 /* bytes of an encoded public key */
#define STORE_NAME_MAX	256 /* bytes of names */
#define STORE_PHONE_MAX 32
#define STORE_TEXT_MAX	65536 /* bytes of one message */

#define STORE_KEY_NAME "store.key"
#define STORE_DB_NAME  "store.db"

struct store; /* heap, owned by whoever opened it */

enum store_journal {
	STORE_WAL = 0, /* default */
	STORE_TRUNCATE, /* where shared files cannot be trusted to hold a WAL */
};

/* All zeros is right for everybody but tests. */
struct store_opts {
	struct lock *lock; /* of this folder, held by the caller; NULL: the
			    * store takes and frees it itself */
	bool fast_kdf; /* minimal Argon2id for a new key file: tests */
	bool no_create; /* ERR_NOTFOUND instead of making a new store */
	bool sync_normal; /* fsync at checkpoints only: benches */
	enum store_journal journal;
	uint32_t cache_kib; /* 0: 16 MiB */
	const char *vfs; /* a registered VFS; NULL: VFS_NAME */
};

/* Does the folder hold a store (a key file)? */
bool store_exists(const char *dir);

/*
 * Open the store of a folder; make it when there is none. Takes a second or so
 * (Argon2id): not on a thread that draws.
 * Returns 0; ERR_AUTH wrong passphrase, or the database does not open under
 * its key; ERR_BUSY in use by another process; ERR_NOTFOUND with no_create, or
 * a key file whose database is missing or empty; ERR_VERSION made by a newer
 * sotto; ERR_FORMAT damaged; ERR_RANGE bad key options; ERR_EXISTS a database
 * without key file is in the way; ERR_SYS. store_error(NULL) is the sentence.
 */
int store_open(const char *dir, const struct store_key *key,
    const struct store_opts *opts, struct store **out) MUST_USE;

/* Roll back what is open, checkpoint, close, wipe keys. NULL is fine. */
void store_close(struct store *s);

/*
 * A sentence about the last error of this store, or with NULL about the last
 * store_open(), store_wipe() of this thread. Valid until the next call.
 */
const char *store_error(const struct store *s);

/* ---- transactions ----------------------------------------------------------- */

/*
 * Keep them short: a transaction lives in memory until it is committed. After
 * ERR_IO, ERR_FULL or ERR_NOMEM inside one SQLite may have ended it: whatever
 * follows is refused until store_rollback().
 * Returns 0; ERR_STATE one is open already (begin), or none is (commit).
 */
int store_begin(struct store *s) MUST_USE;
/* On error nothing of the transaction is kept, and it is over. */
int store_commit(struct store *s) MUST_USE;
/* Fine when none is open (an error may have ended it). */
void store_rollback(struct store *s);
bool store_in_transaction(const struct store *s);

/* ---- care ------------------------------------------------------------------- */

/* Verify the old key, wrap the store key anew. ERR_AUTH; ERR_RANGE; ERR_SYS. */
int store_change_key(struct store *s, const struct store_key *old_key,
    const struct store_key *new_key) MUST_USE;

/* Read everything and compare: pages, rows, search index, counters.
 * Returns 0; ERR_FORMAT with the first problem in store_error(). Slow. */
int store_check(struct store *s) MUST_USE;

/* Give cache memory back, when nothing is going on. */
void store_idle(struct store *s);

/* Move the WAL into the database now. */
int store_checkpoint(struct store *s) MUST_USE;

/* Where an export goes: 0, or an error that ends it. */
typedef int store_sink_fn(void *ctx, const void *p, size_t len);

/* Every message, oldest first, as one JSON object a line: chat, phone, name,
 * direction, state, sent_ms, received_ms, text, message_id. */
int store_export_json(struct store *s, store_sink_fn *sink, void *ctx) MUST_USE;

/* The whole database as SQL that any sqlite3 reads. Holds private keys. */
int store_export_sql(struct store *s, store_sink_fn *sink, void *ctx) MUST_USE;

/*
 * Destroy a profile's store: the key file first, which makes the rest noise,
 * then the rest. No passphrase is asked.
 *   lock  as in struct store_opts
 * Returns 0 (also when there is none); ERR_BUSY; ERR_SYS.
 */
int store_wipe(const char *dir, struct lock *lock) MUST_USE;

/* No core dumps and no ptrace from now on; for main(). */
void store_no_dumps(void);

#endif
