/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * job.h — one message on its way from a SEND to the devices it is for: a
 * single block of memory that sender and receivers' loops share.
 */
#ifndef RELAY_QUEUE_JOB_H
#define RELAY_QUEUE_JOB_H

#include "relay/queue/parcel.h"

struct job {
	struct parcel parcel;
	struct op_send op;
	struct service_loop *sl; /* the sender's */
	struct net_request rq;
	size_t size; /* bytes of the whole block */
	struct parcel_mail *mails; /* one per envelope, in their order */
	struct store_envelope *envelopes;
	size_t n; /* envelopes */
};

/*
 * Check a request and copy what it says; op wants its sink, done and sender.
 *   envelope_max  bytes of one ciphertext
 * Returns 0, one reference is the caller's; ERR_FORMAT an id or number that
 * cannot be; ERR_RANGE too many or too large; ERR_NOMEM. text: out on error, a
 * sentence for the peer.
 */
int job_new(struct job **out, const Sotto__Relay__SendRequest *req,
    size_t envelope_max, const char **text) MUST_USE;

void job_unref(struct job *j);

#endif
