/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * presence.h — who is here: told to those an account allows, and to nobody
 * unless it says so. Memory only. Thread-safe.
 *
 * What an account shares is the account's; whether somebody is looking is each
 * connection's. A watcher is told once what it may know, and then what
 * changes; whoever may know nothing is told nothing.
 */
#ifndef RELAY_PRESENCE_PRESENCE_H
#define RELAY_PRESENCE_PRESENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "relay/route/route.h"
#include "relay/store/store.h"

#define PRESENCE_ALLOWED_MAX 2048 /* accounts one account allows */
#define PRESENCE_WATCHED_MAX 2048 /* accounts one connection watches */
#define PRESENCE_ENTRIES_MAX 262144 /* accounts known at once */
#define PRESENCE_LINKS_MAX   1048576 /* watchers of all of them */

struct presence;

/* What a watcher may know. All zero: nothing. */
struct presence_view {
	bool online;
	uint64_t last_seen_ms; /* 0: hidden or unknown */
};

/* Called under the lock: it must not call back, and be quick. */
typedef void presence_tell_fn(void *arg, const struct route_place *watcher,
    const struct account_id *account, const struct presence_view *view);

struct presence_rules {
	bool share;
	bool share_last_seen;
	const struct account_id *allowed; /* borrowed, any order */
	size_t n_allowed;
};

/* 0 or ERR_NOMEM. sodium_init() has been called. */
int presence_new(struct presence **out) MUST_USE;
void presence_free(struct presence *p);

/*
 * A connection of an account says what the account shares, and whether
 * somebody is looking. Returns 0; ERR_RANGE too many allowed; ERR_FULL;
 * ERR_NOMEM. Nothing changed on error.
 */
int presence_set(struct presence *p, const struct account_id *account,
    const struct route_place *conn, const struct presence_rules *rules,
    bool away, uint64_t now_ms, presence_tell_fn *tell, void *arg) MUST_USE;

/*
 * The accounts a connection watches from now on, instead of those before.
 * Returns as presence_set().
 */
int presence_watch(struct presence *p, const struct account_id *viewer,
    const struct route_place *conn, const struct account_id *accounts, size_t n,
    presence_tell_fn *tell, void *arg) MUST_USE;

/* The connection is gone: it watches nobody, and is not here any more. */
void presence_gone(struct presence *p, const struct account_id *account,
    const struct route_place *conn, uint64_t now_ms, presence_tell_fn *tell,
    void *arg);

/* Accounts known now. */
size_t presence_entries(struct presence *p);

#endif
