/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dump.h — a store as the records of a backup, one after another, and records
 * back into a store. docs/backup.md. Holds neither sessions nor private keys:
 * who restores has keys of their own.
 */
#ifndef TUI_BACKUP_DUMP_H
#define TUI_BACKUP_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/backup/backup.h"
#include "common/buf.h"
#include "tui/store/store.h"

/* What is taken; all zeros: everything. */
struct dump_opts {
	uint64_t now_ms;
	uint64_t since_ms; /* messages received since; 0: all */
	int64_t until_id; /* messages up to this one; 0: all */
	/* History for one's own device: no settings of chats, nothing that
	 * waits, contacts without what was verified here; messages say whether
	 * they are unread. */
	bool partial;
};

/* How far a dump is: one that is made with the same options goes on there.
 * All zeros: the beginning. */
struct dump_at {
	uint32_t stage;
	uint64_t contacts; /* handed out so far */
	uint64_t messages;
	int64_t last_id; /* of the last message looked at */
};

struct dump; /* heap, owned by the caller; borrows the store */

/* Returns 0; ERR_STATE the store has no account; errors of the store. */
int dump_new(
    struct dump **d, struct store *s, const struct dump_opts *opts) MUST_USE;

/*
 * The next record, in place of what out held. Messages that come in meanwhile
 * may or may not be among them. Returns 0; ERR_NOTFOUND that was all; errors of
 * the store.
 */
int dump_next(struct dump *d, struct buf *out) MUST_USE;

/* Where the next record begins; go on from there (before the first one). */
struct dump_at dump_tell(const struct dump *d);
void dump_seek(struct dump *d, const struct dump_at *at);

/* Messages handed out so far, and about how many there are. */
void dump_progress(const struct dump *d, uint64_t *done, uint64_t *total);
void dump_free(struct dump *d);

/* ---- back ------------------------------------------------------------------------ */

struct restore_count {
	bool begun, ended; /* Head and Tail were seen */
	uint64_t total; /* messages, as the head says */
	uint64_t messages, chats, contacts; /* records of each so far */
	uint64_t added; /* messages that were not there before */
	bool partial; /* history for a device: it changes nothing that is here,
		       * and its texts are sanitised */
	int64_t chat, id; /* the message this record has added; 0: none */
	uint64_t created_ms; /* of the file */
};

/*
 * Put one record into the store; what is there already stays as it is, so
 * that a restore may begin anew. The caller groups records in transactions.
 *   s       NULL: only check and count
 *   self    the account of this store: a backup of another one is refused
 *           unless it is 16 zeros
 * Returns 0; ERR_FORMAT malformed or out of order; ERR_VERSION a newer sotto
 * wrote it; ERR_DENIED of another account; errors of the store.
 */
int restore_record(struct store *s, const uint8_t self[static STORE_ID_LEN],
    const uint8_t *p, size_t len, struct restore_count *count) MUST_USE;

#endif
