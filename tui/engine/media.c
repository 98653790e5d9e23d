/* SPDX-License-Identifier: GPL-3.0-or-later */
/* media.c — the turn: what is to be done about the files of messages. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "common/proto/method.h"
#include "common/proto/relay.pb-c.h"
#include "tui/engine/media_int.h"

#define FOLDER	"media"
#define TURN_MS 20

/* ---- rows -------------------------------------------------------------------------- */

void
media_path(const struct medias *ms, const uint8_t file[static STORE_ID_LEN],
    bool part, char out[static PATH_MAX])
{
	char hex[2 * STORE_ID_LEN + 1];

	sodium_bin2hex(hex, sizeof(hex), file, STORE_ID_LEN);
	if (snprintf(out, PATH_MAX, "%.*s/%s%s", PATH_MAX - 64, ms->dir, hex,
		part ? ".part" : "") >= PATH_MAX)
		out[0] = '\0'; /* the folder's name was measured before */
}

int
media_save(struct engine *e, struct store_media *row)
{
	int r = store_media_put(e->store, row);

	return r == 0 ? message_changed(e, row->message) : r;
}

int
media_save_now(struct engine *e, struct store_media *row)
{
	int r = txn_begin(e);

	return r == 0 ? txn_end(e, media_save(e, row)) : r;
}

int
media_fail(struct engine *e, struct store_media *row,
    enum store_media_state state, const char *why)
{
	bool moved = false, up = row->state == STORE_MEDIA_PREPARED ||
				 row->state == STORE_MEDIA_SENT;
	int r = 0;

	row->state = state;
	snprintf(row->why, sizeof(row->why), "%s", why);
	if (up)
		r = store_message_set_state(
		    e->store, row->message, STORE_MSG_FAILED, &moved);
	if (r == 0)
		r = media_save(e, row);
	return r == 0 && moved ? message_moved(e, row->message) : r;
}

void
media_tell(struct engine *e, int64_t message)
{
	struct engine_event *ev = event_new(e, EV_MEDIA, 0);
	struct store_message m;

	if (ev == NULL)
		return;
	ev->msg_id = message;
	if (store_message_get(e->store, message, &m) == 0) {
		ev->chat = m.chat;
		ev->msgs = calloc(1, sizeof(*ev->msgs));
		if (ev->msgs != NULL && msg_row_from(e, ev->msgs, &m) == 0)
			ev->n = 1;
		store_message_clear(&m);
	}
	if (ev->n == 1)
		event_post(e, ev);
	else
		engine_event_free(ev);
}

int
media_retry(struct engine *e, int64_t message, bool *yes)
{
	struct store_media row;
	int r = store_media_get(e->store, message, &row);

	*yes = false;
	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	if (row.state == STORE_MEDIA_FAILED) {
		*yes = true;
		row.state = (row.flags & STORE_MEDIA_SEALED) != 0
				? STORE_MEDIA_SENT
				: STORE_MEDIA_PREPARED;
		row.flags &= ~(uint32_t)STORE_MEDIA_PAUSED;
		row.why[0] = '\0';
		r = media_save(e, &row);
	}
	sodium_memzero(&row, sizeof(row));
	return r;
}

/* ---- what is left of files whose row is gone ---------------------------------------- */

static void
on_dropped(void *ctx, const struct link_reply *reply)
{
	(void)ctx; /* else it goes by itself, in the end */
	(void)reply;
}

static void
drop(struct engine *e, uint8_t locator[static STORE_ID_LEN])
{
	Sotto__Relay__DeleteMediaRequest q =
	    SOTTO__RELAY__DELETE_MEDIA_REQUEST__INIT;

	q.locator = (ProtobufCBinaryData){STORE_ID_LEN, locator};
	if (ask_relay(e, METHOD_DELETE_MEDIA, &q.base, on_dropped, e) != 0)
		return;
}

static void
remove_left(struct engine *e)
{
	uint8_t file[STORE_ID_LEN], locator[STORE_ID_LEN];
	char path[PATH_MAX];

	while (store_media_left(e->store, file, locator) == 0) {
		media_path(e->media, file, false, path);
		(void)unlink(path);
		media_path(e->media, file, true, path);
		(void)unlink(path);
		if (!sodium_is_zero(locator, sizeof(locator)))
			drop(e, locator);
		if (store_media_removed(e->store, file) != 0)
			return;
	}
}

/* ---- the relay hears that everybody has it ------------------------------------------ */

static void
on_told(void *ctx, const struct link_reply *reply)
{
	struct carrying *c = ctx;
	struct engine *e = c->e;
	struct store_media row;

	if (!e->stopping && e->store != NULL &&
	    (reply->err == 0 || reply->from_relay) &&
	    store_media_get(e->store, c->message, &row) == 0) {
		row.flags |= STORE_MEDIA_TOLD;
		if (store_media_put(e->store, &row) != 0)
			link_retry_now(e->link);
		sodium_memzero(&row, sizeof(row));
	}
	media_note_end(c);
}

static void
tell_delivered(struct engine *e)
{
	Sotto__Relay__MediaDeliveredRequest q =
	    SOTTO__RELAY__MEDIA_DELIVERED_REQUEST__INIT;
	int64_t ids[MEDIA_LIST];
	struct store_media row;
	struct carrying *c;
	size_t n = 0, i;

	if (store_media_untold(e->store, ids, MEDIA_LIST, &n) != 0)
		return;
	for (i = 0; i < n; i++) {
		if (store_media_get(e->store, ids[i], &row) != 0)
			return;
		q.locator =
		    (ProtobufCBinaryData){sizeof(row.locator), row.locator};
		c = media_note_new(e, ids[i]);
		if (c != NULL && ask_relay(e, METHOD_MEDIA_DELIVERED, &q.base,
				     on_told, c) != 0)
			media_note_end(c);
		sodium_memzero(&row, sizeof(row));
	}
}

/* ---- the turn ------------------------------------------------------------------------ */

static void
prepare(struct engine *e)
{
	int64_t ids[MEDIA_LIST];
	struct store_media row;
	size_t n = 0, i;

	if (store_media_list(
		e->store, STORE_MEDIA_PREPARED, 0, ids, MEDIA_LIST, &n) != 0)
		return;
	for (i = 0; i < n && media_tasks(e) < MEDIA_TASKS_MAX; i++)
		if (!media_task_has(e, ids[i]) &&
		    store_media_get(e->store, ids[i], &row) == 0) {
			media_prepare_start(e, &row);
			sodium_memzero(&row, sizeof(row));
		}
}

static void
on_turn(uv_timer_t *t)
{
	struct medias *ms = t->data;
	struct engine *e = ms->e;
	uint64_t due, now;

	if (e == NULL || e->store == NULL || e->failed || e->stopping)
		return;
	remove_left(e);
	if (!e->self.registered)
		return;
	prepare(e);
	media_carry(e);
	if (connection_online(e) && !ms->told_all) {
		ms->told_all = true; /* until something is delivered */
		tell_delivered(e);
	}
	due = media_carry_due(e);
	now = engine_now_ms();
	if (due != 0 && !uv_is_active((uv_handle_t *)t))
		uv_timer_start(t, on_turn, due > now ? due - now : TURN_MS, 0);
}

void
media_kick(struct engine *e)
{
	struct medias *ms = e->media;

	if (ms == NULL || e->stopping)
		return;
	if (!uv_is_active((uv_handle_t *)&ms->turn) ||
	    uv_timer_get_due_in(&ms->turn) > TURN_MS)
		uv_timer_start(&ms->turn, on_turn, TURN_MS, 0);
}

void
media_delivered(struct engine *e)
{
	if (e->media != NULL)
		e->media->told_all = false;
}

void
media_link_open(struct engine *e)
{
	if (e->media == NULL)
		return;
	e->media->told_all = false;
	media_carry_link(e);
	media_kick(e);
}

/* ---- life ---------------------------------------------------------------------------- */

static void
on_woken(uv_async_t *a)
{
	struct medias *ms = a->data;

	if (ms->e != NULL && ms->e->store != NULL && !ms->e->stopping)
		media_carry_events(ms->e);
}

static void
on_closed(uv_handle_t *h)
{
	struct medias *ms = h->data;

	if (--ms->handles == 0)
		free(ms);
}

/* Files that no row knows: left by a crash between the two. */
static void
sweep(struct engine *e)
{
	uint8_t file[STORE_ID_LEN];
	char path[PATH_MAX];
	struct dirent *d;
	DIR *dir = opendir(e->media->dir);
	size_t len;
	bool known;

	if (dir == NULL)
		return;
	while ((d = readdir(dir)) != NULL) {
		if (strlen(d->d_name) < 2 * sizeof(file) ||
		    sodium_hex2bin(file, sizeof(file), d->d_name,
			2 * sizeof(file), NULL, &len, NULL) != 0 ||
		    len != sizeof(file))
			continue;
		known = true;
		if (store_media_has_file(e->store, file, &known) == 0 &&
		    !known &&
		    snprintf(path, sizeof(path), "%.*s/%s", PATH_MAX - 300,
			e->media->dir, d->d_name) < PATH_MAX)
			(void)unlink(path);
	}
	closedir(dir);
}

void
media_open(struct engine *e)
{
	struct medias *ms;

	if (e->media != NULL || strlen(e->dir) > PATH_MAX - 128)
		return;
	ms = calloc(1, sizeof(*ms));
	if (ms == NULL)
		return;
	snprintf(
	    ms->dir, sizeof(ms->dir), "%.*s/" FOLDER, PATH_MAX - 128, e->dir);
	(void)mkdir(ms->dir, 0700); /* else each file says what is wrong */
	if (uv_async_init(&e->loop, &ms->woken, on_woken) != 0) {
		free(ms);
		return;
	}
	uv_timer_init(&e->loop, &ms->turn);
	ms->woken.data = ms->turn.data = ms;
	ms->handles = 2;
	ms->e = e;
	e->media = ms;
	if (media_rules_get(e, &ms->rules) != 0)
		memset(&ms->rules, 0, sizeof(ms->rules));
	sweep(e);
	media_kick(e);
}

void
media_close(struct engine *e)
{
	struct medias *ms = e->media;

	if (ms == NULL)
		return;
	media_tasks_close(ms);
	media_carry_close(ms);
	e->media = NULL;
	ms->e = NULL;
	uv_close((uv_handle_t *)&ms->woken, on_closed);
	uv_close((uv_handle_t *)&ms->turn, on_closed);
}

void
media_wipe(struct engine *e)
{
	char folder[PATH_MAX], path[PATH_MAX];
	struct dirent *d;
	DIR *dir;

	snprintf(
	    folder, sizeof(folder), "%.*s/" FOLDER, PATH_MAX - 128, e->dir);
	dir = opendir(folder);
	if (dir == NULL)
		return;
	while ((d = readdir(dir)) != NULL)
		if (d->d_name[0] != '.' &&
		    snprintf(path, sizeof(path), "%.*s/%s", PATH_MAX - 300,
			folder, d->d_name) < PATH_MAX)
			(void)unlink(path);
	closedir(dir);
	(void)rmdir(folder);
}
