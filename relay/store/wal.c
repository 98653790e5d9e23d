/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/store/wal.h"

#include <signal.h>
#include <string.h>

#include "relay/store/sqlite.h"

#define WAL_COPY_PAGES	2000 /* worth copying */
#define WAL_WAIT_PAGES	32000 /* so long that commits wait for the copy */
#define WAL_LIMIT_BYTES "67108864" /* a longer file is cut when it restarts */

/* SQLite tells after each commit how long the log is. */
static int
on_commit(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct wal *l = arg;

	(void)db;
	(void)name;
	l->pages = pages;
	return SQLITE_OK;
}

static void
copy(sqlite3 *db)
{
	/* What fails now is tried again after the next commit. */
	sqlite3_wal_checkpoint_v2(
	    db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

static void *
wal_main(void *arg)
{
	struct wal *l = arg;

	pthread_mutex_lock(&l->lock);
	while (!l->closing) {
		if (!l->asked) {
			pthread_cond_wait(&l->some, &l->lock);
			continue;
		}
		pthread_mutex_unlock(&l->lock);
		copy(l->db);
		pthread_mutex_lock(&l->lock);
		l->asked = false;
		l->copied = true;
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

/* Ask the thread, or (true) let the caller finish what it has begun. */
static bool
ask(struct wal *l)
{
	bool finish = false;

	pthread_mutex_lock(&l->lock);
	if (l->copied) {
		l->copied = false;
		finish = true;
	} else if (!l->asked) {
		l->asked = true;
		pthread_cond_signal(&l->some);
	} else {
		finish = l->pages >= WAL_WAIT_PAGES;
	}
	pthread_mutex_unlock(&l->lock);
	return finish;
}

void
wal_after_commit(struct wal *l, sqlite3 *w)
{
	if (l->pages >= WAL_COPY_PAGES && ask(l))
		copy(w);
}

static int
start_thread(struct wal *l)
{
	sigset_t all, old;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&l->thread, NULL, wal_main, l);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r == 0 ? 0 : ERR_SYS;
}

int
wal_start(struct wal *l, sqlite3 *w, const char *path, struct store_why *why)
{
	int r;

	memset(l, 0, sizeof(*l));
	r = sqlite_connect(path, &l->db, why);
	if (r != 0)
		return r;
	sqlite3_exec(w, "PRAGMA journal_size_limit = " WAL_LIMIT_BYTES, NULL,
	    NULL, NULL);
	sqlite3_wal_hook(w, on_commit, l); /* instead of autocheckpoint */
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->some, NULL);
	r = start_thread(l);
	if (r == 0)
		return 0;
	pthread_cond_destroy(&l->some);
	pthread_mutex_destroy(&l->lock);
	sqlite3_close(l->db);
	return r;
}

void
wal_stop(struct wal *l)
{
	pthread_mutex_lock(&l->lock);
	l->closing = true;
	pthread_cond_signal(&l->some);
	pthread_mutex_unlock(&l->lock);
	pthread_join(l->thread, NULL);
	pthread_cond_destroy(&l->some);
	pthread_mutex_destroy(&l->lock);
	sqlite3_close(l->db);
}
