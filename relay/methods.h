/* SPDX-License-Identifier: GPL-3.0-or-later */
/* methods.h — every method of common/proto/method.h with its handler. */
#ifndef RELAY_METHODS_H
#define RELAY_METHODS_H

#include "relay/net/dispatch.h"

extern const struct net_rule relay_rules[];
extern const size_t relay_rules_n;

#endif
