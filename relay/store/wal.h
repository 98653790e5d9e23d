/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wal.h — a thread that copies SQLite's write-ahead log back into the
 * database, so that commits need not wait for it. It copies what is there;
 * the few pages written meanwhile are left to the writer, whose next commit
 * then starts the log anew.
 */
#ifndef RELAY_STORE_WAL_H
#define RELAY_STORE_WAL_H

#include <pthread.h>
#include <sqlite3.h>

#include "relay/store/store.h"

struct wal {
	sqlite3 *db; /* its own connection */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t some;
	int pages; /* writer: length of the log after the last commit */
	bool asked, copied, closing;
};

/* Start on the database whose writer is w. 0, ERR_SYS or ERR_IO. */
int wal_start(struct wal *l, sqlite3 *w, const char *path,
    struct store_why *why) MUST_USE;
void wal_stop(struct wal *l);

/* Writer thread, after each commit: ask for a copy, or finish one. */
void wal_after_commit(struct wal *l, sqlite3 *w);

#endif
