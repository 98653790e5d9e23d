/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sender_keys.c — sender keys, ours and theirs. */
#include "tui/engine/sender_keys.h"

#include <string.h>

#include <sodium.h>

#include "tui/store/store_contact.h"
#include "tui/store/store_setting.h"

#define DAY_MS (24ull * 3600 * 1000)

/* ---- ours -------------------------------------------------------------------- */

static struct sender_key_name
own_name(const struct engine *e, const struct store_own_key *k)
{
	struct sender_key_name n = {.device = e->self.device};

	memcpy(n.account, e->self.account, sizeof(n.account));
	memcpy(n.distribution.b, k->distribution, sizeof(n.distribution.b));
	return n;
}

/* Has it done its work? A clock that went back says nothing. */
static int
worn(struct engine *e, const struct store_own_key *k, bool *yes)
{
	int64_t messages, days;
	uint64_t now_ms = engine_now_ms();
	int r = store_setting_get_int(e->store, SENDER_KEYS_SET_MESSAGES,
	    SENDER_KEYS_MESSAGES, &messages);

	if (r == 0)
		r = store_setting_get_int(
		    e->store, SENDER_KEYS_SET_DAYS, SENDER_KEYS_DAYS, &days);
	if (r != 0)
		return r;
	*yes = (messages > 0 && k->messages >= (uint64_t)messages) ||
	       (days > 0 && now_ms > k->created_ms &&
		   (now_ms - k->created_ms) / DAY_MS >= (uint64_t)days);
	return 0;
}

static int
make_key(struct engine *e, const uint8_t group[static STORE_ID_LEN],
    struct store_own_key *out)
{
	struct store_own_key k = {.created_ms = engine_now_ms()};
	struct sender_key_result made;
	struct sender_key_name name;
	int r;

	memcpy(k.group, group, STORE_ID_LEN);
	randombytes_buf(k.distribution, sizeof(k.distribution));
	name = own_name(e, &k);
	r = sender_key_distribute(&name, NULL, 0, &signal_rng_system, &made);
	if (r != 0)
		return r;
	r = store_own_key_put(e->store, &k, made.record.p, made.record.len);
	sender_key_result_clear(&made);
	if (r == 0)
		*out = k;
	return r;
}

int
sender_keys_own(struct engine *e, const uint8_t group[static STORE_ID_LEN],
    struct store_own_key *out)
{
	struct buf rec;
	int r;

	buf_init(&rec, SENDER_KEY_RECORD_MAX);
	r = store_own_key_get(e->store, group, out, &rec);
	buf_clear(&rec);
	return r;
}

int
sender_keys_current(struct engine *e, const uint8_t group[static STORE_ID_LEN],
    struct store_own_key *out, bool *fresh)
{
	bool gone = false;
	int r = sender_keys_own(e, group, out);

	if (r == 0)
		r = worn(e, out, &gone);
	else if (r == ERR_NOTFOUND)
		gone = true, r = 0;
	if (r == 0 && gone)
		r = make_key(e, group, out);
	if (r == 0 && fresh != NULL)
		*fresh = gone;
	return r;
}

int
sender_keys_distribution(
    struct engine *e, const uint8_t group[static STORE_ID_LEN], struct buf *out)
{
	struct sender_key_result res;
	struct sender_key_name name;
	struct store_own_key k;
	struct buf rec;
	int r;

	buf_init(&rec, SENDER_KEY_RECORD_MAX);
	r = store_own_key_get(e->store, group, &k, &rec);
	if (r != 0)
		goto out;
	name = own_name(e, &k);
	r = sender_key_distribute(
	    &name, rec.p, rec.len, &signal_rng_system, &res);
	if (r != 0)
		goto out;
	k.given_at = k.messages;
	r = store_own_key_put(e->store, &k, res.record.p, res.record.len);
	if (r == 0) {
		*out = res.bytes;
		buf_init(&res.bytes, 0);
	}
	sender_key_result_clear(&res);
out:
	buf_clear(&rec);
	return r;
}

int
sender_keys_seal(struct engine *e, const uint8_t group[static STORE_ID_LEN],
    const uint8_t *pt, size_t len, struct store_own_key *k, struct buf *out)
{
	struct sender_key_result res;
	struct sender_key_name name;
	struct buf rec;
	int r;

	buf_init(&rec, SENDER_KEY_RECORD_MAX);
	r = store_own_key_get(e->store, group, k, &rec);
	if (r != 0)
		goto out;
	name = own_name(e, k);
	r = sender_key_encrypt(
	    &name, rec.p, rec.len, pt, len, &signal_rng_system, &res);
	if (r != 0)
		goto out;
	k->messages++;
	r = store_own_key_put(e->store, k, res.record.p, res.record.len);
	k->messages--;
	if (r == 0) {
		*out = res.bytes;
		buf_init(&res.bytes, 0);
	}
	sender_key_result_clear(&res);
out:
	buf_clear(&rec);
	return r;
}

/* ---- theirs ------------------------------------------------------------------ */

static void
fill_name(struct sender_key_name *n, struct store_peer_key *k,
    const struct sender_keys_of *of, const struct distribution_id *id)
{
	n->device = k->device = of->device;
	n->distribution = *id;
	memcpy(n->account, of->account, sizeof(n->account));
	memcpy(k->account, of->account, sizeof(k->account));
	memcpy(k->distribution, id->b, sizeof(k->distribution));
}

/* A record that is damaged is as good as none: its key comes again. */
static bool
damaged(int r)
{
	return r == ERR_FORMAT || r == ERR_VERSION || r == ERR_STATE;
}

static int
process(struct engine *e, const struct sender_keys_of *of,
    struct store_peer_key *k, const struct buf *rec, const uint8_t *msg,
    size_t len)
{
	struct sender_key_result res;
	struct sender_key_name name;
	struct distribution_id id;
	int r;

	memcpy(id.b, k->distribution, sizeof(id.b));
	fill_name(&name, k, of, &id);
	r = sender_key_process(&name, rec->p, rec->len, msg, len, &res);
	if (damaged(r) && rec->len > 0)
		r = sender_key_process(&name, NULL, 0, msg, len, &res);
	if (r != 0)
		return r;
	r = store_peer_key_put(e->store, k, res.record.p, res.record.len);
	sender_key_result_clear(&res);
	return r;
}

int
sender_keys_take(struct engine *e, const struct sender_keys_of *of,
    const uint8_t *msg, size_t len)
{
	struct store_peer_key k = {.added_ms = engine_now_ms()};
	struct sender_key_name name;
	struct distribution_id id;
	struct store_device d;
	struct buf rec;
	int r = sender_key_distribution_peek(msg, len, &id);

	if (r == 0)
		r = store_device_get(e->store, of->account, of->device, &d);
	if (r != 0)
		return r == ERR_NOTFOUND ? ERR_DENIED : r;
	buf_init(&rec, SENDER_KEY_RECORD_MAX);
	fill_name(&name, &k, of, &id);
	r = store_peer_key_get(e->store, &k, &rec);
	if (r == 0 && memcmp(k.group, of->group, STORE_ID_LEN) != 0)
		r = ERR_DENIED; /* §10: a key is for one group */
	if (r == 0 && memcmp(k.identity, d.identity, STORE_PUB_LEN) != 0)
		buf_clear(&rec); /* another device by now: nothing is left */
	if (r == ERR_NOTFOUND)
		r = 0;
	if (r == 0) {
		memcpy(k.group, of->group, STORE_ID_LEN);
		memcpy(k.identity, d.identity, STORE_PUB_LEN);
		r = process(e, of, &k, &rec, msg, len);
	}
	buf_clear(&rec);
	return r;
}

/* The device must be the one that gave the key, and still one of theirs. */
static int
check_device(struct engine *e, const struct store_peer_key *k)
{
	struct store_device d;
	int r = store_device_get(e->store, k->account, k->device, &d);

	if (r != 0)
		return r;
	if (!d.active)
		return ERR_DENIED;
	return memcmp(d.identity, k->identity, STORE_PUB_LEN) == 0
		   ? 0
		   : ERR_NOTFOUND;
}

int
sender_keys_open(struct engine *e, const struct sender_keys_of *of,
    const uint8_t *ct, size_t len, struct buf *out)
{
	struct sender_key_result res;
	struct sender_key_name name;
	struct store_peer_key k;
	struct distribution_id id;
	struct buf rec;
	int r = sender_key_message_peek(ct, len, &id);

	if (r != 0)
		return r;
	buf_init(&rec, SENDER_KEY_RECORD_MAX);
	fill_name(&name, &k, of, &id);
	r = store_peer_key_get(e->store, &k, &rec);
	if (r == 0 && memcmp(k.group, of->group, STORE_ID_LEN) != 0)
		r = ERR_DENIED;
	if (r == 0)
		r = check_device(e, &k);
	if (r == 0)
		r = sender_key_decrypt(&name, rec.p, rec.len, ct, len, &res);
	buf_clear(&rec);
	if (r != 0)
		return r;
	r = store_peer_key_put(e->store, &k, res.record.p, res.record.len);
	if (r == 0) {
		*out = res.bytes;
		buf_init(&res.bytes, 0);
	}
	sender_key_result_clear(&res);
	return r;
}
