/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * groups.h — the methods about groups: their signed changes, and one message
 * for every device of a group or of an audience. docs/protocol.md §9, §10.
 */
#ifndef RELAY_GROUPS_GROUPS_H
#define RELAY_GROUPS_GROUPS_H

#include "relay/session/session.h"

void on_group_change_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);
void on_group_entries_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);
void on_group_state_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);
void on_group_list_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);
void on_group_devices_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);
void on_audience_devices_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);
void on_send_group_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);
void on_send_status_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);

/* ---- inside relay/groups ---------------------------------------------------- */

/* The entries of a page, in place; *v is heap. 0 or ERR_NOMEM. */
int entries_view(
    const struct buf *b, ProtobufCBinaryData **v, size_t *n) MUST_USE;

/* Accounts as a request names them; false: it was answered. */
bool accounts_ok(struct conn *c, const struct net_request *rq,
    const ProtobufCBinaryData *v, size_t n);

#endif
