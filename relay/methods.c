/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/methods.h"
#include "common/proto/relay.pb-c.h"
#include "relay/blobs/blobs.h"
#include "relay/groups/groups.h"
#include "relay/keys/keys.h"
#include "relay/link/link.h"
#include "relay/presence/methods.h"
#include "relay/queue/queue.h"
#include "relay/session/session.h"
#include "relay/turn/methods.h"

/* What may ride in a first message, which can be replayed by whoever recorded
 * it (common/noise/pipe.h): methods that spend and change nothing. */
#define IS_EARLY(number) ((number) == METHOD_HELLO || (number) == METHOD_PING)

/* An event that devices send; those of the relay have no handler. */
#define ACK_RULE                                                               \
	{                                                                      \
		FRAME_EVENT, EVENT_ACK, ST_DEVICE, false, 32,                  \
		    &sotto__relay__ack_event__descriptor, on_ack_event         \
	}

const struct net_rule relay_rules[] = {
#define X(name, number, state, max, req, resp, doc)                            \
	{FRAME_REQUEST, (number), (state), IS_EARLY(number), (max),            \
	    &sotto__relay__##req##__descriptor, on_##req},
    METHODS(X)
#undef X
	ACK_RULE,
};

const size_t relay_rules_n = ARRAY_LEN(relay_rules);
