/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session.h — who a connection is: from its key to a device, through HELLO and
 * registration. docs/protocol.md §3, §4.
 */
#ifndef RELAY_SESSION_SESSION_H
#define RELAY_SESSION_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "relay/session/service.h"

#define SESSION_PROTOCOL 1 /* the only one there is */

struct ident; /* the answer about its key, until HELLO is answered */
struct delivery; /* relay/queue: while messages are on their way */

/* Lives with its connection; zeroed at first. 56 bytes. */
struct session {
	store_dev dev; /* 0: a guest */
	struct account_id account;
	uint64_t sent_seq; /* all of its queue up to here was handed out */
	struct ident *ident;
	struct delivery *delivery; /* NULL while there is nothing to do */
	uint8_t device_id;
	bool greeted; /* HELLO was answered */
	bool present; /* relay/presence knows it */
	bool online; /* routed; hooks->online() was called */
	uint16_t seen_hour; /* the store knows it was here, low bits of it */
};

_Static_assert(sizeof(struct session) <= 56, "one per connection");

static inline struct session *
session_of(struct conn *c)
{
	return conn_session(c);
}

/* Upcalls of relay/net. */
void session_open(struct conn *c);
void session_confirmed(struct conn *c);
void session_gone(struct conn *c);
int session_allow(struct conn *c, uint16_t method, uint32_t *retry_after_ms);

/* Methods. */
void on_hello_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);
void on_ping_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);
void on_register_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);
void on_verify_otp_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);

/*
 * Take tokens for something this device does, by its account. Refused: the
 * request is answered. Returns 0 or ERR_RATE.
 */
int session_limit(struct conn *c, const struct net_request *rq,
    enum limit_class class, uint32_t cost) MUST_USE;
/* The same for what it does to one other account. */
int session_limit_pair(struct conn *c, const struct net_request *rq,
    enum limit_class class, const uint8_t other[static LIMIT_ACCOUNT_LEN],
    uint32_t cost) MUST_USE;

/* Answer a request whose store operation has failed with err. */
void session_store_failed(
    struct conn *c, const struct net_request *rq, int err);

/* This connection is that device from now on. */
void session_adopt(struct conn *c, const struct account_id *account,
    uint32_t device_id, store_dev dev);

/* Where a connection is, for the tables. */
struct route_place session_place(const struct conn *c);

/* The asking device does not exist any more. */
void session_revoked(struct conn *c, const struct net_request *rq);

/* Close the sessions of these devices, wherever they are. from: the calling
 * loop, or NULL. */
void session_kick(struct service *sv, struct net_loop *from,
    const struct store_devs *gone, enum close_reason why);

#endif
