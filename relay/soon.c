/* SPDX-License-Identifier: GPL-3.0-or-later */
/* soon.c — methods of the protocol that are being built. */
#include "relay/link/link.h"

#define SOON(X)                                                                \
	X(link_open_request)                                                   \
	X(link_send_request)                                                   \
	X(link_authorize_request)                                              \
	X(link_finish_request)                                                 \
	X(own_devices_request)                                                 \
	X(remove_device_request)                                               \
	X(set_pin_request)                                                     \
	X(change_number_request)                                               \
	X(delete_account_request)                                              \
	X(report_request)

#define X(name)                                                                \
	void on_##name(struct conn *c, const struct net_request *rq,           \
	    const ProtobufCMessage *msg)                                       \
	{                                                                      \
		(void)msg;                                                     \
		conn_refuse(c, rq, ERR_STATE, "not yet", 0);                   \
	}
SOON(X)
#undef X
