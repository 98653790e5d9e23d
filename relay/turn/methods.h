/* SPDX-License-Identifier: GPL-3.0-or-later */
/* methods.h — the methods of calls (common/proto/method.h). */
#ifndef RELAY_TURN_METHODS_H
#define RELAY_TURN_METHODS_H

#include "relay/net/dispatch.h"

void on_turn_credentials_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);

#endif
