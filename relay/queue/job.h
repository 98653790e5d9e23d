/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * job.h — one message on its way from a SEND to the devices it is for: a
 * single block of memory that sender and receivers' loops share.
 */
#ifndef RELAY_QUEUE_JOB_H
#define RELAY_QUEUE_JOB_H

#include <stdatomic.h>

#include "relay/session/session.h"

/* One envelope, mailed to the loop its device is on. */
struct job_mail {
	struct net_mail mail;
	struct job *job;
	const struct store_envelope *env;
	struct slab_ref to;
};

struct job {
	struct op_send op;
	struct service_loop *sl; /* the sender's */
	struct net_request rq;
	atomic_uint refs;
	bool ephemeral;
	size_t size; /* bytes of the whole block */
	struct job_mail *mails; /* one per envelope, in their order */
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

void job_ref(struct job *j);
void job_unref(struct job *j);

#endif
