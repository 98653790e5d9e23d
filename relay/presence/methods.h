/* SPDX-License-Identifier: GPL-3.0-or-later */
/* methods.h — SET_PRESENCE, SUBSCRIBE_PRESENCE and the PRESENCE event. */
#ifndef RELAY_PRESENCE_METHODS_H
#define RELAY_PRESENCE_METHODS_H

#include "relay/presence/presence.h"
#include "relay/session/session.h"

/* Hook of the session. */
void presence_offline(struct conn *c, struct session *s);

void on_set_presence_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);
void on_subscribe_presence_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);

#endif
