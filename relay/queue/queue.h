/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * queue.h — messages: taken from their senders into the store, handed to the
 * devices they are for, in order, and dropped once acknowledged.
 * docs/protocol.md §5; ADR 0003.
 *
 * A device is handed what comes in as it comes, as long as its window is open
 * and nothing older is missing. Otherwise it is noted that there is more, and
 * the queue is read page by page as acknowledgements make room. sent_seq of
 * the session says up to where everything was handed out.
 */
#ifndef RELAY_QUEUE_QUEUE_H
#define RELAY_QUEUE_QUEUE_H

#include "relay/session/session.h"

/* What a loop has for it. 0 or ERR_NOMEM. */
int queue_loop_new(struct queue_loop **out) MUST_USE;
void queue_loop_free(struct queue_loop *q);

/* The end of a turn: acknowledgements go to the store together. */
void queue_turn(struct net_loop *l);

/* Hooks of the session. */
void queue_online(struct conn *c, struct session *s);
void queue_offline(struct conn *c, struct session *s);

/* Methods and events. */
void on_send_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);
void on_ack_event(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);

#endif
