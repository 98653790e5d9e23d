/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <sodium.h>

#include "common/signal/handshake.h"
#include "common/signal/ratchet.h"
#include "common/signal/session.h"

#define VERSION_DEFAULT 4 /* what min_version 0 means */
#define VERSION_NEWEST	4 /* what a handshake can make */

static uint8_t
min_version(const struct signal_local *local)
{
	return local->min_version != 0 ? local->min_version : VERSION_DEFAULT;
}

int
session_start(const struct signal_local *local, const uint8_t *record,
    size_t len, const struct pre_key_bundle *peer, struct buf *out)
{
	struct record rec;
	struct buf made;
	struct state s;
	int r;

	if (min_version(local) > (peer->has_kyber ? 4 : 3))
		return ERR_VERSION;
	r = pre_key_bundle_check(peer);
	if (r != 0)
		return r;
	r = record_load(&rec, record, len);
	if (r != 0)
		return r;
	state_init(&s);
	r = handshake_start(&s, local, peer);
	if (r == 0)
		r = record_store(&rec, &s, RECORD_NONE, &made);
	if (r == 0)
		*out = made;
	state_clear(&s);
	record_clear(&rec);
	return r;
}

/* ---- encrypt -------------------------------------------------------------- */

/* The current session of a record; the caller clears both on success. */
static int
current_load(
    struct record *rec, struct state *s, const uint8_t *record, size_t len)
{
	ProtobufCBinaryData packed;
	int r;

	r = record_load(rec, record, len);
	if (r != 0)
		return r;
	packed = record_session(rec, 0);
	r = packed.len == 0 ? ERR_NOTFOUND
			    : state_load(s, packed.data, packed.len);
	if (r != 0)
		record_clear(rec);
	return r;
}

/* Until the peer has answered, every message carries the handshake. */
static int
wrap_pre_key(const struct state *s, const struct buf *inner, struct buf *out)
{
	struct pre_key_message m = {
	    .version = s->version,
	    .has_one_time = s->pending.has_one_time,
	    .one_time_id = s->pending.one_time_id,
	    .base_key = s->base_key,
	    .identity = s->local,
	    .message = inner->p,
	    .message_len = inner->len,
	    .registration_id = s->local_registration_id,
	    .signed_id = s->pending.signed_id,
	    .has_kyber = s->pending.has_kyber,
	    .kyber_id = s->pending.kyber_id,
	    .kyber_ct = s->pending.kyber_ct,
	};

	return pre_key_message_put(out, &m);
}

static bool
gave_up(bool pending, uint64_t created_ms, uint64_t now_ms)
{
	return pending && now_ms > created_ms &&
	       now_ms - created_ms > SESSION_UNACKED_MAX_MS;
}

static int
seal_with(struct state *s, const struct record *rec,
    const struct signal_rng *rng, const uint8_t *pt, size_t ptlen,
    struct session_sealed *made)
{
	struct buf inner;
	int r;

	buf_init(&inner, SESSION_CIPHERTEXT_MAX);
	r = ratchet_seal(s, rng, pt, ptlen, &inner);
	if (r == 0 && s->is_pending)
		r = wrap_pre_key(s, &inner, &made->ciphertext);
	if (r == 0)
		r = record_store(rec, s, 0, &made->record);
	if (r == 0 && !s->is_pending) {
		made->ciphertext = inner;
		buf_init(&inner, 0);
	}
	buf_clear(&inner);
	return r;
}

int
session_encrypt(const struct signal_local *local, const uint8_t *record,
    size_t len, const uint8_t *pt, size_t ptlen, struct session_sealed *out)
{
	struct session_sealed made = {0};
	struct record rec;
	struct state s;
	int r;

	if (ptlen > SESSION_PLAINTEXT_MAX)
		return ERR_RANGE;
	r = current_load(&rec, &s, record, len);
	if (r != 0)
		return r;
	buf_init(&made.ciphertext, SESSION_CIPHERTEXT_MAX);
	made.type = s.is_pending ? SIGNAL_PRE_KEY_MESSAGE : SIGNAL_MESSAGE;
	made.registration_id = s.remote_registration_id;
	if (gave_up(s.is_pending, s.created_ms, local->now_ms))
		r = ERR_EXPIRED;
	if (r == 0)
		r = seal_with(&s, &rec, local->rng, pt, ptlen, &made);
	if (r == 0)
		*out = made;
	else
		session_sealed_clear(&made);
	state_clear(&s);
	record_clear(&rec);
	return r;
}

void
session_sealed_clear(struct session_sealed *s)
{
	buf_clear(&s->ciphertext);
	buf_clear(&s->record);
}

/* ---- decrypt -------------------------------------------------------------- */

/* What one attempt needs; opened is written only when it succeeds. */
struct opening {
	const struct signal_local *local;
	const struct record *rec;
	const struct signal_message *m;
	struct session_opened *made;
};

/* Open with a loaded state; success puts the new record beside the text. */
static int
open_with(const struct opening *o, struct state *s, size_t without)
{
	struct session_opened *made = o->made;
	int r;

	r = ratchet_open(s, o->m, o->local->rng, &made->plaintext);
	if (r == 0)
		r = record_store(o->rec, s, without, &made->record);
	if (r != 0) {
		buf_clear(&made->plaintext);
		return r;
	}
	made->identity = s->remote;
	made->registration_id = s->remote_registration_id;
	made->version = s->version;
	made->base_key = s->base_key;
	return 0;
}

/* Try session i of the record. */
static int
open_session(const struct opening *o, size_t i)
{
	ProtobufCBinaryData packed = record_session(o->rec, i);
	struct state s;
	int r;

	if (packed.len == 0)
		return ERR_NOTFOUND;
	r = state_load(&s, packed.data, packed.len);
	if (r != 0)
		return r;
	r = open_with(o, &s, i);
	state_clear(&s);
	return r;
}

/*
 * The current session, then the archived ones. A duplicate ends the search: it
 * belongs to that session. When none fits, the first one's reason is told.
 */
static int
open_any(const struct opening *o)
{
	int r, first = ERR_NOTFOUND;
	size_t i;

	for (i = 0; i < record_sessions(o->rec); i++) {
		r = open_session(o, i);
		if (r == 0 || r == ERR_DUP || r == ERR_NOMEM)
			return r;
		if (first == ERR_NOTFOUND)
			first = r;
	}
	return first;
}

/* The session an earlier pre-key message made, or RECORD_NONE. */
static int
find_handshake(
    const struct record *rec, const struct pre_key_message *m, size_t *found)
{
	ProtobufCBinaryData packed;
	struct state s;
	size_t i;
	int r;

	*found = RECORD_NONE;
	for (i = 0; *found == RECORD_NONE && i < record_sessions(rec); i++) {
		packed = record_session(rec, i);
		if (packed.len == 0)
			continue;
		r = state_load(&s, packed.data, packed.len);
		if (r != 0)
			return r;
		/* only whom the envelope names can have made the message */
		if (s.version == m->version &&
		    ec_pk_equal(&s.base_key, &m->base_key) &&
		    identity_pk_equal(&s.remote, &m->identity))
			*found = i;
		state_clear(&s);
	}
	return 0;
}

/* A handshake not seen before: its session becomes current. */
static int
open_new(const struct opening *o, const struct pre_key_message *m,
    const struct signal_prekeys *keys)
{
	struct session_opened *made = o->made;
	struct state s;
	int r;

	if (m->version < min_version(o->local) || m->version > VERSION_NEWEST)
		return ERR_VERSION;
	if (keys == NULL)
		return ERR_NOTFOUND;
	state_init(&s);
	r = handshake_accept(&s, o->local, m, keys);
	if (r == 0)
		r = open_with(o, &s, RECORD_NONE);
	state_clear(&s);
	if (r != 0)
		return r;
	made->new_session = true;
	made->signed_id = m->signed_id;
	made->used_one_time = m->has_one_time;
	made->one_time_id = m->one_time_id;
	made->used_kyber = m->has_kyber;
	made->kyber_id = m->kyber_id;
	return 0;
}

static int
open_pre_key(struct opening *o, const struct signal_prekeys *keys,
    const uint8_t *ct, size_t ctlen)
{
	struct pre_key_message envelope;
	struct signal_message m;
	size_t found;
	int r;

	r = pre_key_message_parse(&envelope, ct, ctlen);
	if (r != 0)
		return r;
	r = signal_message_parse(&m, envelope.message, envelope.message_len);
	if (r != 0)
		goto out;
	o->m = &m;
	r = find_handshake(o->rec, &envelope, &found);
	if (r == 0)
		r = found != RECORD_NONE ? open_session(o, found)
					 : open_new(o, &envelope, keys);
	o->m = NULL;
	signal_message_clear(&m);
out:
	pre_key_message_clear(&envelope);
	return r;
}

static int
open_signal(struct opening *o, const uint8_t *ct, size_t ctlen)
{
	struct signal_message m;
	int r;

	r = signal_message_parse(&m, ct, ctlen);
	if (r != 0)
		return r;
	o->m = &m;
	r = open_any(o);
	o->m = NULL;
	signal_message_clear(&m);
	return r;
}

int
session_decrypt(const struct signal_local *local, const uint8_t *record,
    size_t len, const struct signal_prekeys *keys, enum signal_type type,
    const uint8_t *ct, size_t ctlen, struct session_opened *out)
{
	struct session_opened made = {0};
	struct record rec;
	struct opening o = {.local = local, .rec = &rec, .made = &made};
	int r;

	if (type != SIGNAL_MESSAGE && type != SIGNAL_PRE_KEY_MESSAGE)
		return ERR_FORMAT;
	r = record_load(&rec, record, len);
	if (r != 0)
		return r;
	buf_init(&made.plaintext, SESSION_CIPHERTEXT_MAX);
	r = type == SIGNAL_MESSAGE ? open_signal(&o, ct, ctlen)
				   : open_pre_key(&o, keys, ct, ctlen);
	if (r == 0)
		*out = made;
	else
		session_opened_clear(&made);
	record_clear(&rec);
	return r;
}

void
session_opened_clear(struct session_opened *o)
{
	buf_clear(&o->plaintext);
	buf_clear(&o->record);
	sodium_memzero(o, sizeof(*o));
}

/* ---- about a record ------------------------------------------------------- */

int
session_info(const uint8_t *record, size_t len, struct session_info *out)
{
	struct session_info i = {0};
	ProtobufCBinaryData packed;
	struct record rec;
	struct state s;
	int r;

	r = record_load(&rec, record, len);
	if (r != 0)
		return r;
	packed = record_session(&rec, 0);
	if (rec.pb != NULL)
		i.archived = (uint32_t)rec.pb->n_archived;
	if (packed.len > 0)
		r = state_load(&s, packed.data, packed.len);
	if (packed.len > 0 && r == 0) {
		i.has_current = true;
		i.version = s.version;
		i.initiator = s.initiator;
		i.unacknowledged = s.is_pending;
		i.post_quantum = state_has_pq(&s);
		i.remote_identity = s.remote;
		i.remote_registration_id = s.remote_registration_id;
		i.created_ms = s.created_ms;
		state_clear(&s);
	}
	record_clear(&rec);
	if (r == 0)
		*out = i;
	return r;
}

bool
session_needs_renewal(const struct session_info *i, uint64_t now_ms)
{
	return !i->has_current || i->version < VERSION_DEFAULT ||
	       gave_up(i->unacknowledged, i->created_ms, now_ms);
}

int
session_archive(const uint8_t *record, size_t len, struct buf *out)
{
	struct record rec;
	struct buf made;
	int r;

	r = record_load(&rec, record, len);
	if (r != 0)
		return r;
	r = record_store(&rec, NULL, RECORD_NONE, &made);
	if (r == 0)
		*out = made;
	record_clear(&rec);
	return r;
}
