/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/store/store_media.h"

#include <string.h>

#include <sodium.h>

#include "tui/store/query.h"

#define COLUMNS                                                                \
	"message, kind, state, flags, file, locator, key, digest, size,"       \
	" sealed_size, name, mime, width, height, duration_ms, bars, tiny,"    \
	" album, contact_name, contact_phone, lat_e7, lon_e7, why, source"

static const uint8_t nobody[STORE_ID_LEN];

static void
optional(struct query *q, bool there, const void *p, size_t len)
{
	if (there)
		q_blob(q, p, len);
	else
		q_text(q, NULL);
}

/* All behind message and kind. */
static void
bind_rest(struct query *q, const struct store_media *m)
{
	q_int(q, m->state);
	q_int(q, m->flags);
	q_blob(q, m->file, sizeof(m->file));
	q_blob(q, m->locator, sizeof(m->locator));
	q_blob(q, m->key, sizeof(m->key));
	q_blob(q, m->digest, sizeof(m->digest));
	q_int(q, (int64_t)m->size);
	q_int(q, (int64_t)m->sealed_size);
	q_text(q, m->name);
	q_text(q, m->mime);
	q_int(q, m->width);
	q_int(q, m->height);
	q_int(q, m->duration_ms);
	optional(q, m->has_bars, m->bars, sizeof(m->bars));
	optional(q, m->tiny_len > 0, m->tiny, m->tiny_len);
	optional(q, m->has_album, m->album, sizeof(m->album));
	q_text(q, m->contact_name);
	q_text(q, m->contact_phone);
	q_int(q, m->lat_e7);
	q_int(q, m->lon_e7);
	q_text(q, m->why);
	q_text(q, m->source);
}

int
store_media_add(struct store *s, const struct store_media *m)
{
	struct query q;

	q_begin(&q, s,
	    "INSERT INTO media(" COLUMNS ") VALUES"
	    " (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
	q_int(&q, m->message);
	q_int(&q, m->kind);
	bind_rest(&q, m);
	return q_run(&q);
}

int
store_media_put(struct store *s, const struct store_media *m)
{
	struct query q;

	q_begin(&q, s,
	    "UPDATE media SET state = ?, flags = ?, file = ?, locator = ?,"
	    " key = ?, digest = ?, size = ?, sealed_size = ?, name = ?,"
	    " mime = ?, width = ?, height = ?, duration_ms = ?, bars = ?,"
	    " tiny = ?, album = ?, contact_name = ?, contact_phone = ?,"
	    " lat_e7 = ?, lon_e7 = ?, why = ?, source = ? WHERE message = ?");
	bind_rest(&q, m);
	q_int(&q, m->message);
	return q_run_one(&q);
}

static void
read_row(struct query *q, struct store_media *m)
{
	int64_t kind = q_get_int(q, 1), state = q_get_int(q, 2);
	int64_t flags = q_get_int(q, 3);

	m->message = q_get_int(q, 0);
	m->kind = (int)kind;
	m->state = (enum store_media_state)state;
	m->flags = (uint32_t)flags;
	q_get_bytes(q, 4, m->file, sizeof(m->file));
	q_get_bytes(q, 5, m->locator, sizeof(m->locator));
	q_get_bytes(q, 6, m->key, sizeof(m->key));
	q_get_bytes(q, 7, m->digest, sizeof(m->digest));
	m->size = (uint64_t)q_get_int(q, 8);
	m->sealed_size = (uint64_t)q_get_int(q, 9);
	q_get_text(q, 10, m->name, sizeof(m->name));
	q_get_text(q, 11, m->mime, sizeof(m->mime));
	m->width = (uint32_t)q_get_int(q, 12);
	m->height = (uint32_t)q_get_int(q, 13);
	m->duration_ms = (uint32_t)q_get_int(q, 14);
	m->has_bars = !q_is_null(q, 15);
	if (m->has_bars)
		q_get_bytes(q, 15, m->bars, sizeof(m->bars));
	m->tiny_len = q_get_upto(q, 16, m->tiny, sizeof(m->tiny));
	m->has_album = !q_is_null(q, 17);
	if (m->has_album)
		q_get_bytes(q, 17, m->album, sizeof(m->album));
	q_get_text(q, 18, m->contact_name, sizeof(m->contact_name));
	q_get_text(q, 19, m->contact_phone, sizeof(m->contact_phone));
	m->lat_e7 = (int32_t)q_get_int(q, 20);
	m->lon_e7 = (int32_t)q_get_int(q, 21);
	q_get_text(q, 22, m->why, sizeof(m->why));
	q_get_text(q, 23, m->source, sizeof(m->source));
}

int
store_media_get(struct store *s, int64_t message, struct store_media *out)
{
	struct query q;
	bool found;
	int r;

	memset(out, 0, sizeof(*out));
	q_begin(&q, s, "SELECT " COLUMNS " FROM media WHERE message = ?");
	q_int(&q, message);
	found = q_row(&q);
	if (found)
		read_row(&q, out);
	r = q_end(&q);
	if (r == 0 && !found)
		r = store_fail(s, ERR_NOTFOUND, "the message has no file");
	if (r != 0)
		sodium_memzero(out, sizeof(*out));
	return r;
}

int
store_media_kind(struct store *s, int64_t message, int *kind)
{
	struct query q;

	*kind = -1;
	q_begin(&q, s, "SELECT kind FROM media WHERE message = ?");
	q_int(&q, message);
	if (q_row(&q))
		*kind = (int)q_get_int(&q, 0);
	return q_end(&q);
}

static int
read_ids(struct query *q, int64_t *ids, size_t n, size_t *found)
{
	*found = 0;
	while (*found < n && q_row(q))
		ids[(*found)++] = q_get_int(q, 0);
	return q_end(q);
}

int
store_media_list(struct store *s, enum store_media_state state, int64_t after,
    int64_t *ids, size_t n, size_t *found)
{
	struct query q;

	q_begin(&q, s,
	    "SELECT message FROM media WHERE state = ? AND message > ?"
	    " ORDER BY message");
	q_int(&q, state);
	q_int(&q, after);
	return read_ids(&q, ids, n, found);
}

int
store_media_waits(struct store *s, const struct store_media *m, bool *yes)
{
	struct query q;

	*yes = false;
	if (!m->has_album)
		return 0;
	q_begin(&q, s,
	    "SELECT 1 FROM media WHERE album = ? AND message < ?"
	    " AND state IN (1, 2) LIMIT 1");
	q_blob(&q, m->album, sizeof(m->album));
	q_int(&q, m->message);
	*yes = q_row(&q);
	return q_end(&q);
}

int
store_media_untold(struct store *s, int64_t *ids, size_t n, size_t *found)
{
	struct query q;

	q_begin(&q, s,
	    "SELECT d.message FROM media AS d JOIN message AS m"
	    " ON m.id = d.message WHERE d.flags & 96 = 32 AND m.dir = 1"
	    " AND m.state IN (2, 3) ORDER BY d.message");
	return read_ids(&q, ids, n, found);
}

int
store_media_left(struct store *s, uint8_t file[static STORE_ID_LEN],
    uint8_t locator[static STORE_ID_LEN])
{
	struct query q;
	bool found;
	int r;

	q_begin(&q, s, "SELECT file, locator FROM media_left LIMIT 1");
	found = q_row(&q);
	if (found) {
		q_get_bytes(&q, 0, file, STORE_ID_LEN);
		if (q_is_null(&q, 1))
			memcpy(locator, nobody, STORE_ID_LEN);
		else
			q_get_bytes(&q, 1, locator, STORE_ID_LEN);
	}
	r = q_end(&q);
	return r == 0 && !found ? ERR_NOTFOUND : r;
}

int
store_media_removed(struct store *s, const uint8_t file[static STORE_ID_LEN])
{
	struct query q;

	q_begin(&q, s, "DELETE FROM media_left WHERE file = ?");
	q_blob(&q, file, STORE_ID_LEN);
	return q_run(&q);
}

int
store_media_has_file(
    struct store *s, const uint8_t file[static STORE_ID_LEN], bool *yes)
{
	struct query q;

	q_begin(&q, s, "SELECT 1 FROM media WHERE file = ? LIMIT 1");
	q_blob(&q, file, STORE_ID_LEN);
	*yes = q_row(&q);
	return q_end(&q);
}
