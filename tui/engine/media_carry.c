/* SPDX-License-Identifier: GPL-3.0-or-later */
/* media_carry.c — sealed files between this disk and the relay. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "common/proto/method.h"
#include "common/proto/relay.pb-c.h"
#include "media/transfer/curl_fns.h"
#include "tui/engine/compose.h"
#include "tui/engine/media_int.h"
#include "tui/net/libcurl.h"

#define ASKS_MAX   4 /* for URLs that are refused, then a pause */
#define HOLD_MS	   15000
#define HOLD_TEST  100
#define NOT_THERE  "The relay has it no more."
#define CHANGED	   "What came is not what was sent."
#define DISK_FULL  "There is no room on this disk."
#define NOT_SEALED "The sealed file is not there any more; send it again."

struct carrying *
media_carrying(struct engine *e, int64_t message)
{
	struct carrying *c = e->media != NULL ? e->media->list : NULL;

	while (c != NULL && (c->message != message || c->dead || c->note))
		c = c->next;
	return c;
}

static struct carrying *
carrying_new(struct engine *e, int64_t message, bool up)
{
	struct carrying *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	*c = (struct carrying){
	    .next = e->media->list, .e = e, .message = message, .up = up};
	e->media->list = c;
	return c;
}

/* Out of the list; freed once no answer is owed to it. */
static void
let_go(struct carrying *c)
{
	struct carrying **p = &c->e->media->list;

	if (c->id != 0)
		media_cancel(c->e->media->hub, c->id);
	c->id = 0;
	c->dead = true;
	if (c->asking)
		return;
	while (*p != NULL && *p != c)
		p = &(*p)->next;
	if (*p == c)
		*p = c->next;
	free(c);
}

struct carrying *
media_note_new(struct engine *e, int64_t message)
{
	struct carrying *c = carrying_new(e, message, true);

	if (c != NULL)
		c->note = c->asking = true;
	return c;
}

void
media_note_end(struct carrying *c)
{
	c->asking = false;
	let_go(c);
}

static void
hold(struct carrying *c)
{
	c->asks = 0;
	c->hold_ms =
	    engine_now_ms() + (c->e->opts.fast_kdf ? HOLD_TEST : HOLD_MS);
	media_kick(c->e);
}

uint64_t
media_carry_due(struct engine *e)
{
	uint64_t due = 0;
	struct carrying *c;

	for (c = e->media->list; c != NULL; c = c->next)
		if (!c->dead && !c->note && c->id == 0 && !c->asking &&
		    c->hold_ms != 0 && (due == 0 || c->hold_ms < due))
			due = c->hold_ms;
	return due;
}

/* It ends here, with a sentence. */
static void
give_up(struct carrying *c, enum store_media_state state, const char *why)
{
	struct engine *e = c->e;
	struct store_media row;
	int r = store_media_get(e->store, c->message, &row);

	if (r == 0)
		r = txn_begin(e);
	if (r == 0)
		r = txn_end(e, media_fail(e, &row, state, why));
	sodium_memzero(&row, sizeof(row));
	if (r != 0 && r != ERR_NOTFOUND)
		hold(c);
	else
		let_go(c);
}

/* ---- the hub ------------------------------------------------------------------------ */

static void
wake(void *ctx)
{
	uv_async_send(&((struct medias *)ctx)->woken);
}

static const struct media_curl *
curl_table(void)
{
	static struct media_curl fns;
	const struct libcurl *lib = libcurl_get();

	if (lib == NULL)
		return NULL;
#define X(name) fns.name = lib->name;
	MEDIA_CURL_FNS(X)
#undef X
	return &fns;
}

static int
need_hub(struct engine *e)
{
	struct medias *ms = e->media;
	const struct media_hub_opts o = {.curl = curl_table(),
	    .wake = wake,
	    .ctx = ms,
	    .up_bytes_s = ms->rules.up_bytes_s,
	    .down_bytes_s = ms->rules.down_bytes_s,
	    .proxy = e->proxy,
	    .backoff_ms = e->opts.fast_kdf ? HOLD_TEST : 0};

	if (ms->hub != NULL)
		return 0;
	return o.curl != NULL ? media_hub_new(&ms->hub, &o) : ERR_STATE;
}

void
media_carry_rules(struct engine *e)
{
	if (e->media->hub != NULL)
		media_hub_limit(e->media->hub, e->media->rules.up_bytes_s,
		    e->media->rules.down_bytes_s);
}

static int
start(struct carrying *c, const struct store_media *row, const char *url,
    bool in_one)
{
	struct engine *e = c->e;
	char full[MEDIA_URL_MAX + 1], path[PATH_MAX];
	struct media_job job = {.way = c->up ? MEDIA_UP : MEDIA_DOWN,
	    .url = full,
	    .path = path,
	    .size = row->sealed_size,
	    .begun = (row->flags & STORE_MEDIA_BEGUN) != 0 && !in_one,
	    .in_one = in_one};
	struct uri u;
	int r = uri_parse(e->keys->row.relay_uri, &u, NULL);

	if (r == 0)
		r = media_url(url, u.host, full, sizeof(full));
	if (r == 0)
		r = need_hub(e);
	if (r != 0)
		return r;
	memcpy(job.digest.b, row->digest, sizeof(job.digest.b));
	media_path(e->media, row->file, !c->up, path);
	return media_start(e->media->hub, &job, &c->id);
}

/* ---- asking the relay --------------------------------------------------------------- */

/* Is the one that an answer is for still wanted? Else it is gone. */
static bool
answered(struct carrying *c)
{
	c->asking = false;
	if (c->dead) {
		let_go(c);
		return false;
	}
	return !c->e->stopping && c->e->store != NULL;
}

static void
refused(struct carrying *c, const struct link_reply *reply)
{
	char why[STORE_MEDIA_WHY];
	char *text;

	if (!reply->from_relay || reply->err == ERR_RATE ||
	    reply->err == ERR_AGAIN || reply->err == ERR_IO) {
		hold(c);
		return;
	}
	if (reply->err == ERR_NOTFOUND && !c->up) {
		give_up(c, STORE_MEDIA_GONE, NOT_THERE);
		return;
	}
	text = sentence_of(reply->text);
	snprintf(why, sizeof(why), "%s",
	    reply->err == ERR_STATE   ? "This relay takes no files."
	    : reply->err == ERR_RANGE ? "It is larger than this relay takes."
	    : reply->err == ERR_FULL
		? "There is too much of yours on the relay already."
	    : text != NULL ? text
			   : err_str(reply->err));
	free(text);
	give_up(c, STORE_MEDIA_FAILED, why);
}

/* The upload is over on the relay's side: begin with another place. */
static void
begin_anew(struct carrying *c)
{
	struct store_media row;
	int r = store_media_get(c->e->store, c->message, &row);

	if (r == 0) {
		row.flags &= ~(uint32_t)STORE_MEDIA_BEGUN;
		r = media_save_now(c->e, &row);
	}
	sodium_memzero(&row, sizeof(row));
	c->stored = false;
	if (r == ERR_NOTFOUND)
		let_go(c);
	else if (++c->asks > ASKS_MAX)
		hold(c);
	else
		media_kick(c->e);
}

static void
begin_up(struct carrying *c, const Sotto__Relay__UploadMediaResponse *res)
{
	struct engine *e = c->e;
	struct store_media row;
	int r = store_media_get(e->store, c->message, &row);

	if (r != 0) {
		let_go(c);
		return;
	}
	if (res->locator.len == sizeof(row.locator) &&
	    ((row.flags & STORE_MEDIA_BEGUN) == 0 ||
		memcmp(row.locator, res->locator.data, sizeof(row.locator)) !=
		    0)) {
		memcpy(row.locator, res->locator.data, sizeof(row.locator));
		r = start(c, &row, res->url, res->in_one);
		row.flags |= STORE_MEDIA_BEGUN;
		if (r == 0)
			r = media_save_now(e, &row);
	} else if (res->stored) {
		c->stored = true;
		media_kick(e);
	} else {
		r = start(c, &row, res->url, res->in_one);
	}
	sodium_memzero(&row, sizeof(row));
	if (r != 0)
		hold(c);
}

static void
on_upload(void *ctx, const struct link_reply *reply)
{
	Sotto__Relay__UploadMediaResponse *res;
	struct carrying *c = ctx;

	if (!answered(c))
		return;
	if (reply->from_relay && reply->err == ERR_NOTFOUND) {
		begin_anew(c);
		return;
	}
	if (reply->err != 0) {
		refused(c, reply);
		return;
	}
	res = sotto__relay__upload_media_response__unpack(
	    NULL, reply->len, reply->body);
	if (res == NULL)
		hold(c);
	else
		begin_up(c, res);
	if (res != NULL)
		sotto__relay__upload_media_response__free_unpacked(res, NULL);
}

static void
on_stored(void *ctx, const struct link_reply *reply)
{
	struct carrying *c = ctx;
	struct store_media row;

	if (!answered(c))
		return;
	c->stored = false;
	if (reply->from_relay && reply->err == ERR_NOTFOUND) {
		begin_anew(c);
		return;
	}
	if (reply->from_relay && reply->err == ERR_AGAIN &&
	    ++c->asks <= ASKS_MAX) {
		media_kick(c->e); /* go on with the upload */
		return;
	}
	if (reply->err != 0) {
		c->stored = !reply->from_relay;
		refused(c, reply);
		return;
	}
	if (store_media_get(c->e->store, c->message, &row) == 0) {
		row.flags |= STORE_MEDIA_STORED;
		if (store_media_put(c->e->store, &row) == 0)
			media_kick(c->e);
		sodium_memzero(&row, sizeof(row));
	}
	let_go(c);
}

static void
begin_down(struct carrying *c, const Sotto__Relay__GetMediaResponse *res)
{
	struct store_media row;
	int r = store_media_get(c->e->store, c->message, &row);

	if (r != 0) {
		let_go(c);
		return;
	}
	if (res->size != row.sealed_size) {
		give_up(c, STORE_MEDIA_GONE, CHANGED);
		return;
	}
	r = start(c, &row, res->url, false);
	sodium_memzero(&row, sizeof(row));
	if (r != 0)
		hold(c);
}

static void
on_get(void *ctx, const struct link_reply *reply)
{
	Sotto__Relay__GetMediaResponse *res;
	struct carrying *c = ctx;

	if (!answered(c))
		return;
	if (reply->err != 0) {
		refused(c, reply);
		return;
	}
	res = sotto__relay__get_media_response__unpack(
	    NULL, reply->len, reply->body);
	if (res == NULL)
		hold(c);
	else
		begin_down(c, res);
	if (res != NULL)
		sotto__relay__get_media_response__free_unpacked(res, NULL);
}

static int
ask(struct carrying *c, struct store_media *row)
{
	Sotto__Relay__UploadMediaRequest up =
	    SOTTO__RELAY__UPLOAD_MEDIA_REQUEST__INIT;
	Sotto__Relay__MediaStoredRequest stored =
	    SOTTO__RELAY__MEDIA_STORED_REQUEST__INIT;
	Sotto__Relay__GetMediaRequest get =
	    SOTTO__RELAY__GET_MEDIA_REQUEST__INIT;
	ProtobufCBinaryData at = {sizeof(row->locator), row->locator};

	if (!c->up) {
		get.locator = at;
		return ask_relay(c->e, METHOD_GET_MEDIA, &get.base, on_get, c);
	}
	if (c->stored) {
		stored.locator = at;
		return ask_relay(
		    c->e, METHOD_MEDIA_STORED, &stored.base, on_stored, c);
	}
	up.size = row->sealed_size;
	if ((row->flags & STORE_MEDIA_BEGUN) != 0)
		up.locator = at;
	return ask_relay(c->e, METHOD_UPLOAD_MEDIA, &up.base, on_upload, c);
}

/* ---- what the hub tells --------------------------------------------------------------- */

/* Down: on disk, and its digest is right. */
static void
arrived(struct carrying *c)
{
	struct engine *e = c->e;
	char part[PATH_MAX], path[PATH_MAX];
	struct store_media row;
	int r = store_media_get(e->store, c->message, &row);

	if (r != 0) {
		let_go(c);
		return;
	}
	media_path(e->media, row.file, true, part);
	media_path(e->media, row.file, false, path);
	if (rename(part, path) != 0) {
		sodium_memzero(&row, sizeof(row));
		give_up(c, STORE_MEDIA_FAILED, "The file cannot be kept here.");
		return;
	}
	row.state = STORE_MEDIA_HERE;
	row.why[0] = '\0';
	r = media_save_now(e, &row);
	sodium_memzero(&row, sizeof(row));
	if (r != 0)
		hold(c);
	else
		let_go(c);
}

static void
failed(struct carrying *c, int err)
{
	switch (err) {
	case ERR_EXPIRED: /* the URL */
		if (++c->asks > ASKS_MAX)
			hold(c);
		else
			media_kick(c->e);
		break;
	case ERR_NOTFOUND:
		if (c->up)
			begin_anew(c);
		else
			give_up(c, STORE_MEDIA_GONE, NOT_THERE);
		break;
	case ERR_AUTH:
		give_up(c, STORE_MEDIA_FAILED, CHANGED);
		break;
	case ERR_IO:
		give_up(c, STORE_MEDIA_FAILED,
		    c->up ? NOT_SEALED : "The file cannot be written here.");
		break;
	case ERR_FULL:
		if (!c->up) {
			give_up(c, STORE_MEDIA_FAILED, DISK_FULL);
			break;
		}
		hold(c);
		break;
	default: /* the network: when it is back */
		hold(c);
		break;
	}
}

static void
on_hub(void *arg, const struct media_event *ev)
{
	struct engine *e = arg;
	struct carrying *c = e->media->list;

	while (c != NULL && (c->id != ev->id || c->dead))
		c = c->next;
	if (c == NULL)
		return;
	switch (ev->kind) {
	case MEDIA_PROGRESS:
		c->asks = 0;
		c->done = ev->done;
		media_tell(e, c->message);
		break;
	case MEDIA_WAITING:
		c->done = ev->done;
		media_tell(e, c->message);
		break;
	case MEDIA_DONE:
		c->id = 0;
		c->done = ev->size;
		if (!c->up) {
			arrived(c);
			break;
		}
		c->stored = true;
		media_kick(e);
		break;
	case MEDIA_FAILED:
		c->id = 0;
		failed(c, ev->err);
		break;
	}
}

void
media_carry_events(struct engine *e)
{
	if (e->media->hub != NULL)
		media_hub_events(e->media->hub, on_hub, e);
}

/* ---- the turn ------------------------------------------------------------------------ */

/* The file is up: now the message itself. */
static void
leave(struct engine *e, struct store_media *row)
{
	struct store_message m;
	bool waits = true;
	int r = store_media_waits(e->store, row, &waits);

	if (r != 0 || waits)
		return;
	r = store_message_get(e->store, row->message, &m);
	if (r != 0)
		return;
	r = txn_begin(e);
	if (r != 0)
		goto out;
	row->state = STORE_MEDIA_HERE;
	r = store_media_put(e->store, row);
	if (r == 0)
		r = compose_leave(e, &m);
	if (r == 0)
		r = message_changed(e, m.id);
	r = txn_end(e, r);
	if (r == 0)
		outbox_kick(e);
out:
	store_message_clear(&m);
}

static bool
may_begin(struct engine *e, const struct store_media *row)
{
	return (row->flags & STORE_MEDIA_PAUSED) == 0 &&
	       ((row->flags & STORE_MEDIA_AUTO) == 0 || e->opts.auto_fetch);
}

static void
look_at(struct engine *e, struct store_media *row, size_t *busy)
{
	struct carrying *c = media_carrying(e, row->message);
	const bool up = row->state == STORE_MEDIA_SENT;

	if ((row->flags & STORE_MEDIA_DISCARD) != 0 && up) {
		(void)unlink(row->source);
		row->flags &= ~(uint32_t)STORE_MEDIA_DISCARD;
		row->source[0] = '\0';
		if (store_media_put(e->store, row) != 0)
			return;
	}
	if (up && (row->flags & STORE_MEDIA_STORED) != 0) {
		leave(e, row);
		return;
	}
	if (c != NULL && (c->id != 0 || c->asking)) {
		++*busy;
		return;
	}
	if (!connection_online(e) || !may_begin(e, row) ||
	    *busy >= MEDIA_CARRY_MAX)
		return;
	if (c == NULL)
		c = carrying_new(e, row->message, up);
	if (c == NULL || c->hold_ms > engine_now_ms())
		return;
	c->hold_ms = 0;
	++*busy;
	c->asking = true;
	if (ask(c, row) != 0) {
		c->asking = false;
		hold(c);
	}
}

static void
look_through(struct engine *e, enum store_media_state state, size_t *busy)
{
	int64_t ids[MEDIA_LIST], after = 0;
	struct store_media row;
	size_t n, i;

	do {
		if (store_media_list(
			e->store, state, after, ids, MEDIA_LIST, &n) != 0)
			return;
		for (i = 0; i < n; i++) {
			after = ids[i];
			if (store_media_get(e->store, ids[i], &row) == 0)
				look_at(e, &row, busy);
			sodium_memzero(&row, sizeof(row));
		}
	} while (n == MEDIA_LIST && *busy < MEDIA_CARRY_MAX);
}

/* Those whose rows went, or are not to be carried any more. */
static void
end_others(struct engine *e)
{
	struct carrying *c, *next;
	struct store_media row;
	int r;

	for (c = e->media->list; c != NULL; c = next) {
		next = c->next;
		if (c->dead || c->note)
			continue;
		r = store_media_get(e->store, c->message, &row);
		if (r == ERR_NOTFOUND ||
		    (r == 0 && row.state != STORE_MEDIA_SENT &&
			row.state != STORE_MEDIA_FETCHED))
			let_go(c);
		sodium_memzero(&row, sizeof(row));
	}
}

void
media_carry(struct engine *e)
{
	size_t up = 0, down = 0;

	end_others(e);
	look_through(e, STORE_MEDIA_SENT, &up);
	look_through(e, STORE_MEDIA_FETCHED, &down);
}

void
media_carry_end(struct engine *e, int64_t message)
{
	struct carrying *c = media_carrying(e, message);

	if (c != NULL)
		let_go(c);
}

void
media_carry_pause(struct engine *e, int64_t message, bool on)
{
	struct carrying *c = media_carrying(e, message);

	if (c == NULL)
		return;
	c->hold_ms = 0;
	if (c->id == 0)
		return;
	if (on)
		media_pause(e->media->hub, c->id);
	else
		media_resume(e->media->hub, c->id);
}

/* What was asked on a connection that is gone is asked again. */
void
media_carry_link(struct engine *e)
{
	struct carrying *c, *next;

	for (c = e->media->list; c != NULL; c = next) {
		next = c->next;
		c->asking = false;
		c->hold_ms = 0;
		if (c->dead || c->note)
			let_go(c);
		else if (c->id != 0 && e->media->hub != NULL)
			media_resume(e->media->hub, c->id);
	}
}

void
media_carry_close(struct medias *ms)
{
	struct carrying *c;

	media_hub_free(ms->hub);
	ms->hub = NULL;
	while ((c = ms->list) != NULL) {
		ms->list = c->next;
		free(c);
	}
}
