/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keys.h — the methods about accounts and their public keys: LOOKUP, GET_KEYS,
 * PUT_KEYS, SET_DEVICE_LIST. docs/protocol.md §4.
 */
#ifndef RELAY_KEYS_KEYS_H
#define RELAY_KEYS_KEYS_H

#include "relay/session/session.h"

void on_lookup_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);
void on_get_keys_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);
void on_put_keys_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);
void on_set_device_list_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);

#endif
