/* SPDX-License-Identifier: GPL-3.0-or-later */
/* media_cmd.c — what fronts ask for about files. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "common/e164.h"
#include "tui/engine/compose.h"
#include "tui/engine/draft.h"
#include "tui/engine/media_int.h"
#include "tui/engine/once.h"

#define CALLED_OFF "Called off."

/* ---- sending --------------------------------------------------------------------- */

static const char *
base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* A sentence about the file, for whoever gave the command. */
static int
refuse(struct engine *e, uint64_t tag, int r, const char *path, const char *why)
{
	char name[SAFE_NAME_CAP];

	safe_name(name, base_of(path), strlen(base_of(path)), NULL);
	reply_error(e, tag, r, "%s: %s", name, why);
	return r;
}

static bool
once_fits(const struct store_media *row)
{
	return (row->kind == MEDIA_KIND_PHOTO ||
		   row->kind == MEDIA_KIND_VIDEO ||
		   row->kind == MEDIA_KIND_VOICE) &&
	       row->size <= ENGINE_READ_MAX;
}

static void
describe(struct store_media *row, const char *path, int flags)
{
	const char *mime, *name = base_of(path);
	enum media_kind kind;

	media_guess(name, &mime, &kind);
	if ((flags & FILES_VOICE) != 0) {
		kind = MEDIA_KIND_VOICE;
		mime = "audio/ogg";
	} else if ((flags & FILES_AS_FILES) != 0) {
		kind = MEDIA_KIND_FILE;
	}
	row->kind = kind;
	row->state = STORE_MEDIA_PREPARED;
	row->flags =
	    STORE_MEDIA_BLOB |
	    ((flags & FILES_ORIGINAL) != 0 ? STORE_MEDIA_ORIGINAL : 0u) |
	    ((flags & FILES_DISCARD) != 0 ? STORE_MEDIA_DISCARD : 0u);
	text_sanitize(
	    row->name, sizeof(row->name), name, strlen(name), TEXT_LINE);
	snprintf(row->mime, sizeof(row->mime), "%s", mime);
	snprintf(row->source, sizeof(row->source), "%s", path);
	randombytes_buf(row->file, sizeof(row->file));
}

/* Can it be sent at all? Else the command is answered. */
static int
look_at(struct engine *e, const struct cmd *c, const char *path,
    struct store_media *row)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int r = 0;

	if (fd < 0)
		return refuse(
		    e, c->tag, ERR_NOTFOUND, path, "it cannot be opened.");
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		r = refuse(e, c->tag, ERR_FORMAT, path, "it is no file.");
	close(fd);
	if (r != 0)
		return r;
	memset(row, 0, sizeof(*row));
	row->size = (uint64_t)st.st_size;
	describe(row, path, c->flag[0]);
	if ((c->flag[0] & FILES_ONCE) != 0 && !once_fits(row))
		return refuse(e, c->tag, ERR_RANGE, path,
		    "only photos, videos and voice notes of up to 32 MiB can "
		    "be viewed once.");
	return 0;
}

struct batch {
	struct store_media *rows;
	struct store_message *sent;
	size_t n;
};

static int
add_all(struct engine *e, const struct cmd *c, const struct store_chat *chat,
    struct batch *b)
{
	static char nothing[1] = "";
	struct own_text own = {.once = (c->flag[0] & FILES_ONCE) != 0};
	uint8_t album[STORE_ID_LEN];
	size_t i;
	int r = 0;

	randombytes_buf(album, sizeof(album));
	own.flags = own.once ? STORE_MSG_VIEW_ONCE : 0;
	for (i = 0; r == 0 && i < b->n; i++) {
		own.text = i == 0 && c->s[0] != NULL ? c->s[0] : nothing;
		own.answers = i == 0 ? c->id : 0;
		own.keep_draft = true;
		own.media = &b->rows[i];
		if (b->n > 1) {
			b->rows[i].has_album = true;
			memcpy(b->rows[i].album, album, sizeof(album));
		}
		r = compose_add(e, chat, &own, &b->sent[i]);
	}
	return r;
}

static void
answer(struct engine *e, const struct cmd *c, const struct batch *b)
{
	struct engine_event *ev = event_new(e, EV_SENT_LOCALLY, c->tag);
	size_t i;

	if (ev == NULL)
		return;
	ev->chat = c->chat;
	ev->msg_id = b->sent[0].id;
	ev->msgs = calloc(b->n, sizeof(*ev->msgs));
	for (i = 0; ev->msgs != NULL && i < b->n; i++)
		if (msg_row_from(e, &ev->msgs[i], &b->sent[i]) != 0)
			break;
		else
			ev->n++;
	event_post(e, ev);
}

/* The rows are there; sent is where compose_add() tells. */
static void
send_batch(struct engine *e, struct cmd *c, struct batch *b)
{
	struct store_chat chat;
	int r = store_chat_get(e->store, c->chat, &chat);

	if (r != 0) {
		reply_error(e, c->tag, r, NULL);
		return;
	}
	if (may_write(e, c->tag, &chat)) {
		r = txn_begin(e);
		if (r == 0)
			r = txn_end(e, add_all(e, c, &chat, b));
		if (r == 0)
			answer(e, c, b);
		else
			reply_error(e, c->tag, r, NULL);
		outbox_kick(e);
	}
	store_chat_clear(&chat);
}

static int
batch_new(struct batch *b, size_t n)
{
	b->rows = calloc(n, sizeof(*b->rows));
	b->sent = calloc(n, sizeof(*b->sent));
	b->n = n;
	return b->rows == NULL || b->sent == NULL ? ERR_NOMEM : 0;
}

static void
batch_clear(struct batch *b)
{
	if (b->rows != NULL)
		sodium_memzero(b->rows, b->n * sizeof(*b->rows));
	free(b->rows);
	free(b->sent);
}

void
cmd_send_files(struct engine *e, struct cmd *c)
{
	const char *path = (const char *)c->data;
	struct batch b;
	size_t i;
	int r = batch_new(&b, c->n);

	if (r != 0)
		reply_error(e, c->tag, r, NULL);
	for (i = 0; r == 0 && i < b.n; i++) {
		r = look_at(e, c, path, &b.rows[i]);
		path += strlen(path) + 1;
	}
	if (r == 0)
		send_batch(e, c, &b);
	batch_clear(&b);
}

static int
card(struct engine *e, const struct cmd *c, struct store_media *row)
{
	char phone[E164_CAP];
	enum e164_reason why;

	row->kind = (int)c->n;
	row->state = STORE_MEDIA_HERE;
	randombytes_buf(row->file, sizeof(row->file));
	row->lat_e7 = c->flag[0];
	row->lon_e7 = c->flag[1];
	if (row->kind == MEDIA_KIND_LOCATION)
		return 0;
	row->lat_e7 = row->lon_e7 = 0;
	if (e164_parse(phone, c->s[2], e->home, &why) != 0)
		return ERR_FORMAT;
	snprintf(row->contact_phone, sizeof(row->contact_phone), "%s", phone);
	text_sanitize(row->contact_name, sizeof(row->contact_name), c->s[1],
	    strlen(c->s[1]), TEXT_LINE);
	return 0;
}

void
cmd_send_card(struct engine *e, struct cmd *c)
{
	struct batch b;
	int r = batch_new(&b, 1);

	if (r != 0)
		reply_error(e, c->tag, r, NULL);
	else if (card(e, c, &b.rows[0]) != 0)
		reply_error(
		    e, c->tag, ERR_FORMAT, "The card has no phone number.");
	else
		c->flag[0] = 0, send_batch(e, c, &b);
	batch_clear(&b);
}

/* ---- on its way ------------------------------------------------------------------- */

/* The row of a command's message; else it is answered. */
static bool
get_row(struct engine *e, const struct cmd *c, struct store_media *row)
{
	int r = store_media_get(e->store, c->id, row);

	if (r == 0 && (row->flags & STORE_MEDIA_BLOB) == 0)
		r = ERR_STATE;
	if (r == 0)
		return true;
	reply_error(e, c->tag, r, "There is no file in that message.");
	return false;
}

static void
finish(struct engine *e, uint64_t tag, int r)
{
	if (r != 0)
		reply_error(e, tag, r, NULL);
	else
		reply_done(e, tag);
	media_kick(e);
}

void
cmd_fetch(struct engine *e, struct cmd *c)
{
	struct store_media row;
	int r = 0;

	if (!get_row(e, c, &row))
		return;
	switch (row.state) {
	case STORE_MEDIA_GONE:
		reply_error(e, c->tag, ERR_NOTFOUND, "%s", row.why);
		return;
	case STORE_MEDIA_FAILED:
		if ((row.flags & STORE_MEDIA_BEGUN) != 0 ||
		    row.source[0] != '\0') {
			reply_error(e, c->tag, ERR_STATE,
			    "That file was not sent yet.");
			return;
		}
		break;
	case STORE_MEDIA_THERE:
	case STORE_MEDIA_FETCHED:
		break;
	default:
		reply_done(e, c->tag);
		return;
	}
	row.state = STORE_MEDIA_FETCHED;
	row.why[0] = '\0';
	row.flags &= ~(uint32_t)(STORE_MEDIA_AUTO | STORE_MEDIA_PAUSED);
	r = media_save_now(e, &row);
	media_carry_pause(e, row.message, false);
	sodium_memzero(&row, sizeof(row));
	finish(e, c->tag, r);
}

void
cmd_media_pause(struct engine *e, struct cmd *c)
{
	struct store_media row;
	int r;

	if (!get_row(e, c, &row))
		return;
	if (row.state != STORE_MEDIA_SENT && row.state != STORE_MEDIA_FETCHED) {
		reply_error(
		    e, c->tag, ERR_STATE, "That file is not on its way.");
		return;
	}
	row.flags &= ~(uint32_t)STORE_MEDIA_PAUSED;
	if (c->flag[0])
		row.flags |= STORE_MEDIA_PAUSED;
	r = media_save_now(e, &row);
	if (r == 0)
		media_carry_pause(e, row.message, c->flag[0]);
	sodium_memzero(&row, sizeof(row));
	finish(e, c->tag, r);
}

static int
cancel(struct engine *e, struct store_media *row)
{
	if (row->state != STORE_MEDIA_FETCHED)
		return media_fail(e, row, STORE_MEDIA_FAILED, CALLED_OFF);
	row->state = STORE_MEDIA_THERE;
	row->flags &= ~(uint32_t)(STORE_MEDIA_AUTO | STORE_MEDIA_PAUSED);
	return media_save(e, row);
}

void
cmd_media_cancel(struct engine *e, struct cmd *c)
{
	struct store_media row;
	int r;

	if (!get_row(e, c, &row))
		return;
	if (row.state != STORE_MEDIA_SENT &&
	    row.state != STORE_MEDIA_PREPARED &&
	    row.state != STORE_MEDIA_FETCHED) {
		reply_error(
		    e, c->tag, ERR_STATE, "That file is not on its way.");
		return;
	}
	r = txn_begin(e);
	if (r == 0)
		r = txn_end(e, cancel(e, &row));
	if (r == 0 && e->media != NULL)
		media_carry_end(e, row.message);
	sodium_memzero(&row, sizeof(row));
	finish(e, c->tag, r);
}

/* ---- looking at it ----------------------------------------------------------------- */

static bool
may_read(struct engine *e, const struct cmd *c, const struct store_media *row)
{
	struct store_message m;
	bool once = true;

	if (store_message_get(e->store, c->id, &m) == 0) {
		once = m.kind == STORE_MSG_ONCE;
		store_message_clear(&m);
	}
	if (once)
		reply_error(e, c->tag, ERR_STATE,
		    "That can be viewed once: open it instead.");
	else if (row->state != STORE_MEDIA_HERE)
		reply_error(e, c->tag, ERR_STATE,
		    "That file is not here: fetch it first.");
	else if (c->s[0] == NULL && row->size > ENGINE_READ_MAX)
		reply_error(
		    e, c->tag, ERR_RANGE, "That file is too large for this.");
	else
		return true;
	return false;
}

int
media_read_start(struct engine *e, uint64_t tag, const struct store_media *row,
    bool once, const char *dir)
{
	struct media_task *t;

	if (e->media == NULL)
		return ERR_STATE;
	t = media_task_new(once		 ? TASK_ONCE
			   : dir != NULL ? TASK_SAVE
					 : TASK_READ,
	    row->message);
	if (t == NULL)
		return ERR_NOMEM;
	t->tag = tag;
	t->row = *row;
	media_path(e->media, row->file, false, t->from);
	if (dir != NULL) {
		snprintf(t->to, sizeof(t->to), "%s", dir);
		safe_name(t->name, row->name, strlen(row->name), row->mime);
	}
	media_task_start(e, t);
	return 0;
}

void
cmd_media_read(struct engine *e, struct cmd *c)
{
	struct store_media row;
	int r;

	if (!get_row(e, c, &row))
		return;
	if (may_read(e, c, &row)) {
		r = media_read_start(e, c->tag, &row, false, c->s[0]);
		if (r != 0)
			reply_error(e, c->tag, r, NULL);
	}
	sodium_memzero(&row, sizeof(row));
}

static void
read_failed(const struct media_task *t)
{
	reply_error(t->e, t->tag, t->r, "%s",
	    t->r == ERR_AUTH || t->r == ERR_FORMAT || t->r == ERR_RANGE
		? "What came is not what was sent."
	    : t->r == ERR_NOTFOUND && t->what == TASK_SAVE
		? "There is no such folder, or the file is not here any more."
	    : t->r == ERR_NOTFOUND ? "The file is not here any more."
	    : t->r == ERR_FULL	   ? "There is no room on this disk."
	    : t->r == ERR_VERSION  ? "It was made by a newer sotto."
				   : err_str(t->r));
}

void
media_read_done(struct media_task *t)
{
	struct engine *e = t->e;
	struct engine_event *ev;
	char path[PATH_MAX + SAFE_NAME_CAP];

	if (t->r != 0) {
		read_failed(t);
		return;
	}
	if (t->what == TASK_ONCE) {
		once_media(e, t->tag, t->message, &t->data, t->len);
		return;
	}
	ev = event_new(
	    e, t->what == TASK_SAVE ? EV_MEDIA_SAVED : EV_MEDIA_DATA, t->tag);
	if (ev == NULL)
		return;
	ev->msg_id = t->message;
	if (t->what == TASK_SAVE) {
		snprintf(path, sizeof(path), "%s/%s", t->to, t->name);
		ev->text = strdup(path);
	} else {
		ev->data = t->data;
		ev->data_len = t->len;
		t->data = NULL;
	}
	event_post(e, ev);
}

/* ---- rules -------------------------------------------------------------------------- */

void
cmd_media_rules(struct engine *e, struct cmd *c)
{
	struct engine_event *ev;
	struct media_rules rules;
	int r = 0;

	if (c->data != NULL) {
		memcpy(&rules, c->data, sizeof(rules));
		r = txn_begin(e);
		if (r == 0)
			r = txn_end(e, media_rules_put(e, &rules));
	}
	if (r == 0)
		r = media_rules_get(e, &rules);
	ev = r == 0 ? event_new(e, EV_MEDIA_RULES, c->tag) : NULL;
	if (ev != NULL)
		ev->rules = malloc(sizeof(rules));
	if (ev == NULL || ev->rules == NULL) {
		engine_event_free(ev);
		reply_error(e, c->tag, r != 0 ? r : ERR_NOMEM, NULL);
		return;
	}
	*ev->rules = rules;
	event_post(e, ev);
	if (e->media != NULL) {
		e->media->rules = rules;
		media_carry_rules(e);
	}
}
