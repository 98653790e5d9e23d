/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/engine/peer_session.h"
#include "tui/store/store_session.h"

static bool
damaged(int r)
{
	return r == ERR_FORMAT || r == ERR_RANGE || r == ERR_VERSION;
}

int
peer_session_get(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    uint32_t device, struct buf *rec, struct session_info *info)
{
	int r;

	*info = (struct session_info){.has_current = false};
	buf_init(rec, SESSION_RECORD_MAX);
	r = store_session_get(e->store, account, device, rec);
	if (r == 0)
		r = session_info(rec->p, rec->len, info);
	if (r == 0)
		return 0;
	buf_clear(rec);
	buf_init(rec, SESSION_RECORD_MAX);
	return r == ERR_NOTFOUND || damaged(r) ? 0 : r;
}

int
peer_session_put(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    uint32_t device, const struct buf *rec)
{
	int r = store_session_put(
	    e->store, account, device, rec->p, rec->len, engine_now_ms());

	return r != 0 ? r
		      : store_session_bound(
			    e->store, account, device, PEER_SESSIONS_MAX);
}

bool
peer_session_usable(const struct session_info *info)
{
	/* Sessions from before SPQR are renewed, as are those that nobody
	 * answered for too long. */
	return !session_needs_renewal(info, engine_now_ms()) &&
	       info->version >= SIGNAL_VERSION && info->post_quantum;
}

int
peer_session_archive(struct engine *e,
    const uint8_t account[static STORE_ID_LEN], uint32_t device)
{
	struct session_info info;
	struct buf rec, out;
	int r = peer_session_get(e, account, device, &rec, &info);

	if (r != 0)
		return r;
	if (rec.len == 0) {
		r = store_session_delete(e->store, account, device);
	} else {
		r = session_archive(rec.p, rec.len, &out);
		if (r == 0) {
			r = peer_session_put(e, account, device, &out);
			buf_clear(&out);
		}
	}
	buf_clear(&rec);
	return r;
}
