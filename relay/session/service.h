/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * service.h — what every handler works with: the relay's shared parts, and
 * what each loop has of its own. Everything is borrowed from struct relay.
 */
#ifndef RELAY_SESSION_SERVICE_H
#define RELAY_SESSION_SERVICE_H

#include <stdatomic.h>

#include "common/log.h"
#include "relay/abuse/clock.h"
#include "relay/abuse/limit.h"
#include "relay/identity/identity.h"
#include "relay/net/net.h"
#include "relay/route/route.h"
#include "relay/store/store.h"

/* Bytes of messages on their way to the store; more are refused for now. */
#define SERVICE_PENDING_MAX ((size_t)64 * 1024 * 1024)

struct blobs;
struct mailboxes;
struct presence;
struct queue_loop;
struct session;
struct turn;

/* Set by whoever puts the relay together; on the session's loop. */
struct service_hooks {
	/* The device is connected, its key proven: deliver. */
	void (*online)(struct conn *c, struct session *s);
	/* It is gone, or becomes another device. After online() only. */
	void (*offline)(struct conn *c, struct session *s);
};

struct service {
	struct store *store;
	struct limit *limit;
	const struct log *log;
	const struct relay_clock *clock;
	struct net *net;
	struct route *route;
	struct presence *presence;
	struct mailboxes *mailboxes;
	struct blobs *blobs; /* NULL: no media */
	struct turn *turn; /* NULL: no TURN */
	const struct service_hooks *hooks;
	atomic_size_t pending_bytes; /* of SERVICE_PENDING_MAX */
};

/* net_user() of a loop. */
struct service_loop {
	struct service *sv;
	struct net_loop *net;
	struct store_sink sink;
	struct identity *identity;
	struct queue_loop *queue;
};

static inline struct service_loop *
service_of(const struct conn *c)
{
	return net_user(conn_loop(c));
}

#endif
