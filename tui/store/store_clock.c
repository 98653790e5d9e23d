/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/store/store_clock.h"

#include "tui/store/query.h"

#define DEVICES 128 /* numbers that fit into a stamp */

int
store_clock_get(struct store *s, const uint8_t id[static STORE_ID_LEN],
    enum store_clock_what what, uint64_t *stamp)
{
	uint64_t got = 0;
	struct query q;
	int r;

	q_begin(&q, s, "SELECT stamp FROM clock WHERE id = ? AND what = ?");
	q_blob(&q, id, STORE_ID_LEN);
	q_int(&q, what);
	if (q_row(&q))
		got = q_get_time(&q, 0);
	r = q_end(&q);
	if (r == 0)
		*stamp = got;
	return r;
}

int
store_clock_take(struct store *s, const uint8_t id[static STORE_ID_LEN],
    enum store_clock_what what, uint64_t stamp, bool *newer)
{
	struct query q;
	int r;

	*newer = false;
	if (stamp == 0 || stamp > INT64_MAX)
		return 0;
	q_begin(&q, s,
	    "INSERT INTO clock(id, what, stamp) VALUES(?1, ?2, ?3)"
	    " ON CONFLICT DO UPDATE SET stamp = ?3 WHERE stamp < ?3");
	q_blob(&q, id, STORE_ID_LEN);
	q_int(&q, what);
	q_time(&q, stamp);
	r = q_run(&q);
	*newer = r == 0 && sqlite3_changes(s->db) > 0;
	return r;
}

int
store_clock_tick(struct store *s, const uint8_t id[static STORE_ID_LEN],
    enum store_clock_what what, uint64_t now_ms, uint32_t device)
{
	uint64_t last, stamp = now_ms * DEVICES + device % DEVICES;
	bool newer;
	int r = store_clock_get(s, id, what, &last);

	if (r != 0)
		return r;
	if (stamp <= last) /* a clock that is behind */
		stamp = (last / DEVICES + 1) * DEVICES + device % DEVICES;
	return store_clock_take(s, id, what, stamp, &newer);
}
