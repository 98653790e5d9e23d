/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_account.c — who we are. */
#include "tui/store/store_account.h"

#include <sodium.h>
#include <string.h>

#include "tui/store/query.h"

void
store_account_clear(struct store_account *a)
{
	sodium_memzero(a, sizeof(*a));
}

static void
read_row(struct query *q, struct store_account *a)
{
	int c = 0;

	a->registered = q_get_int(q, c++) != 0;
	q_get_bytes(q, c++, a->account, sizeof(a->account));
	a->device = (uint32_t)q_get_int(q, c++);
	q_get_text(q, c++, a->phone, sizeof(a->phone));
	q_get_text(q, c++, a->name, sizeof(a->name));
	q_get_text(q, c++, a->relay_uri, sizeof(a->relay_uri));
	q_get_text(q, c++, a->relay_name, sizeof(a->relay_name));
	a->has_relay_key = !q_is_null(q, c);
	if (a->has_relay_key)
		q_get_bytes(q, c, a->relay_key, sizeof(a->relay_key));
	c++;
	q_get_bytes(q, c++, a->noise_secret, sizeof(a->noise_secret));
	q_get_bytes(q, c++, a->noise_public, sizeof(a->noise_public));
	q_get_bytes(q, c++, a->identity_secret, sizeof(a->identity_secret));
	q_get_bytes(q, c++, a->identity_public, sizeof(a->identity_public));
	a->registration_id = (uint32_t)q_get_int(q, c);
}

int
store_account_get(struct store *s, struct store_account *out)
{
	struct store_account a = {0};
	struct query q;
	bool found;
	int r;

	q_begin(&q, s,
	    "SELECT registered, account, device, phone, name, relay_uri,"
	    " relay_name, relay_key, noise_secret, noise_public,"
	    " identity_secret, identity_public, registration_id"
	    " FROM self WHERE id = 1");
	found = q_row(&q);
	if (found)
		read_row(&q, &a);
	r = q_end(&q);
	if (r == 0 && !found)
		r = store_fail(s, ERR_NOTFOUND, "there is no account yet");
	if (r == 0)
		*out = a;
	store_account_clear(&a);
	return r;
}

int
store_account_put(struct store *s, const struct store_account *a)
{
	struct query q;

	q_begin(&q, s,
	    "INSERT OR REPLACE INTO self(id, registered, account, device,"
	    " phone, name, relay_uri, relay_name, noise_secret,"
	    " noise_public, identity_secret, identity_public,"
	    " registration_id, relay_key)"
	    " VALUES(1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
	q_int(&q, a->registered);
	q_blob(&q, a->account, sizeof(a->account));
	q_int(&q, a->device);
	q_text(&q, a->phone);
	q_text(&q, a->name);
	q_text(&q, a->relay_uri);
	q_text(&q, a->relay_name);
	q_blob(&q, a->noise_secret, sizeof(a->noise_secret));
	q_blob(&q, a->noise_public, sizeof(a->noise_public));
	q_blob(&q, a->identity_secret, sizeof(a->identity_secret));
	q_blob(&q, a->identity_public, sizeof(a->identity_public));
	q_int(&q, a->registration_id);
	if (a->has_relay_key)
		q_blob(&q, a->relay_key, sizeof(a->relay_key));
	return q_run(&q);
}
