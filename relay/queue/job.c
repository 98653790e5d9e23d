/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "relay/queue/job.h"

struct counts {
	size_t envelopes;
	size_t bytes; /* of bodies */
};

static int
fail(const char **text, int err, const char *sentence)
{
	*text = sentence;
	return err;
}

static int
check_envelope(const Sotto__Relay__DeviceEnvelope *e, size_t envelope_max,
    const char **text)
{
	if (e->device_id == 0 || e->device_id > STORE_DEVICE_MAX)
		return fail(text, ERR_FORMAT, "no such device number");
	if (e->type >= STORE_TYPE_GROUP_ENTRY)
		return fail(text, ERR_FORMAT, "that type is the relay's own");
	if (e->ciphertext.len == 0)
		return fail(text, ERR_FORMAT, "an envelope is empty");
	if (e->ciphertext.len > envelope_max)
		return fail(text, ERR_RANGE, "an envelope is too large");
	return 0;
}

static int
check_account(const Sotto__Relay__AccountEnvelopes *a, size_t envelope_max,
    struct counts *n, const char **text)
{
	size_t i;
	int r;

	if (a->account_id.len != STORE_ACCOUNT_ID_LEN)
		return fail(text, ERR_FORMAT, "an account id has 16 bytes");
	if (a->n_devices > STORE_DEVICE_MAX)
		return fail(text, ERR_RANGE, "too many devices");
	for (i = 0; i < a->n_devices; i++) {
		r = check_envelope(a->devices[i], envelope_max, text);
		if (r != 0)
			return r;
		n->bytes += a->devices[i]->ciphertext.len;
	}
	n->envelopes += a->n_devices;
	return 0;
}

static int
check(const Sotto__Relay__SendRequest *req, size_t envelope_max,
    struct counts *n, const char **text)
{
	size_t i;
	int r = 0;

	*n = (struct counts){0, 0};
	if (req->message_id.len != STORE_MESSAGE_ID_LEN)
		return fail(text, ERR_FORMAT, "a message id has 16 bytes");
	if (req->n_accounts == 0)
		return fail(text, ERR_RANGE, "a message for nobody");
	if (req->n_accounts > STORE_ACCOUNTS_MAX)
		return fail(text, ERR_RANGE, "too many recipients");
	for (i = 0; r == 0 && i < req->n_accounts; i++)
		r = check_account(req->accounts[i], envelope_max, n, text);
	return r;
}

/* Copies of the envelopes, their bodies packed one behind the other. */
static void
fill_target(struct store_target *t, const Sotto__Relay__AccountEnvelopes *a,
    struct store_envelope *e, uint8_t **body)
{
	size_t i;

	memcpy(t->account.b, a->account_id.data, sizeof(t->account.b));
	t->v = e;
	t->n = a->n_devices;
	for (i = 0; i < a->n_devices; i++, e++) {
		const Sotto__Relay__DeviceEnvelope *d = a->devices[i];

		e->device_id = d->device_id;
		e->registration_id = d->registration_id;
		e->type = d->type;
		e->len = (uint32_t)d->ciphertext.len;
		e->body = *body;
		memcpy(*body, d->ciphertext.data, d->ciphertext.len);
		*body += d->ciphertext.len;
	}
}

static void
fill(struct job *j, const Sotto__Relay__SendRequest *req, size_t envelopes)
{
	struct store_target *targets = (void *)(j + 1);
	uint8_t *body;
	size_t i, done = 0;

	j->envelopes = (void *)(targets + req->n_accounts);
	j->mails = (void *)(j->envelopes + envelopes);
	j->n = envelopes;
	body = (uint8_t *)(j->mails + envelopes);
	for (i = 0; i < req->n_accounts; i++) {
		fill_target(
		    &targets[i], req->accounts[i], j->envelopes + done, &body);
		done += targets[i].n;
	}
	j->op.v = targets;
	j->op.n = req->n_accounts;
	memcpy(
	    j->op.message_id, req->message_id.data, sizeof(j->op.message_id));
	j->op.check_only = j->parcel.ephemeral = req->ephemeral;
}

static void
free_job(struct parcel *p)
{
	free(p); /* the job begins with it */
}

int
job_new(struct job **out, const Sotto__Relay__SendRequest *req,
    size_t envelope_max, const char **text)
{
	struct counts n;
	struct job *j;
	size_t size, head;
	int r;

	r = check(req, envelope_max, &n, text);
	if (r != 0)
		return r;
	head = sizeof(*j) + req->n_accounts * sizeof(struct store_target) +
	       n.envelopes *
		   (sizeof(struct store_envelope) + sizeof(struct parcel_mail));
	size = head + n.bytes;
	j = malloc(size);
	if (j == NULL)
		return fail(text, ERR_NOMEM, err_str(ERR_NOMEM));
	memset(j, 0, head);
	store_op_init(&j->op.op, STORE_SEND, NULL, NULL, j);
	j->size = size;
	parcel_init(&j->parcel, free_job);
	fill(j, req, n.envelopes);
	*out = j;
	return 0;
}

void
job_unref(struct job *j)
{
	parcel_unref(&j->parcel);
}
