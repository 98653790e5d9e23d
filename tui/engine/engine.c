/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine.c — life of the engine: its thread, the queue of commands going in,
 * the queue of events coming out.
 *
 * Rules of the loop (numbered, for docs/architecture.md):
 *  1. Only engine_* functions of engine.h run on the front's thread; they
 *     touch nothing but the two queues, under the lock.
 *  2. Everything else runs on the engine's thread, one callback at a time.
 *  3. The loop ends only when every handle is closed: async first, then the
 *     link and the timers in stop_all().
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "common/proto/frame.h"
#include "tui/engine/backups.h"
#include "tui/engine/event.h"
#include "tui/engine/impl.h"
#include "tui/engine/media.h"
#include "tui/engine/sync.h"

static const struct {
	enum cmd_need need;
	cmd_fn *fn;
} rules[] = {
#define X(name, need, fn) [CMD_##name] = {need, fn},
    ENGINE_CMDS(X)
#undef X
};

uint64_t
engine_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* ---- events out ------------------------------------------------------------ */

struct engine_event *
event_alloc(void)
{
	struct event_node *n = calloc(1, sizeof(*n));

	return n == NULL ? NULL : &n->ev;
}

static struct event_node *
node_of(struct engine_event *ev)
{
	return (struct event_node *)ev; /* its first member */
}

static void
list_append(struct event_list *l, struct engine_event *ev)
{
	*l->tail = node_of(ev);
	l->tail = &node_of(ev)->next;
}

void
event_post(struct engine *e, struct engine_event *ev)
{
	bool first;

	uv_mutex_lock(&e->lock);
	first = e->events.head == NULL;
	list_append(&e->events, ev);
	uv_mutex_unlock(&e->lock);
	if (first && e->opts.wake != NULL)
		e->opts.wake(e->opts.ctx);
}

void
event_post_later(struct engine *e, struct engine_event *ev)
{
	if (store_in_transaction(e->store))
		list_append(&e->pending, ev);
	else
		event_post(e, ev);
}

void
event_post_fatal(struct engine *e, int code, const char *text)
{
	struct engine_event *ev = e->reserve;

	e->failed = true;
	if (ev == NULL)
		return;
	e->reserve = NULL;
	ev->kind = EV_FATAL;
	ev->code = code;
	ev->text = strdup(text);
	event_post(e, ev);
}

static struct engine_event *
list_take(struct event_list *l)
{
	struct event_node *n = l->head;

	if (n == NULL)
		return NULL;
	l->head = n->next;
	if (l->head == NULL)
		l->tail = &l->head;
	n->next = NULL;
	return &n->ev;
}

struct engine_event *
engine_next(struct engine *e)
{
	struct engine_event *ev;

	uv_mutex_lock(&e->lock);
	ev = list_take(&e->events);
	uv_mutex_unlock(&e->lock);
	return ev;
}

/* ---- transactions ---------------------------------------------------------- */

int
txn_begin(struct engine *e)
{
	int r = store_begin(e->store);

	if (r == ERR_IO)
		event_post_fatal(e, r, store_error(e->store));
	return r;
}

int
txn_end(struct engine *e, int r)
{
	struct engine_event *ev;

	if (r == 0)
		r = store_commit(e->store);
	else
		store_rollback(e->store);
	while ((ev = list_take(&e->pending)) != NULL) {
		if (r == 0)
			event_post(e, ev);
		else
			engine_event_free(ev);
	}
	if (r == ERR_IO)
		event_post_fatal(e, r, store_error(e->store));
	if (r == 0)
		media_kick(e);
	return r;
}

/* ---- small things every file needs ------------------------------------------ */

int
pack_into(struct buf *out, const ProtobufCMessage *m)
{
	int r = buf_reserve(out, protobuf_c_message_get_packed_size(m));

	if (r == 0)
		out->len += protobuf_c_message_pack(m, out->p + out->len);
	return r;
}

int
ask_relay(struct engine *e, uint16_t method, const ProtobufCMessage *m,
    link_reply_fn *cb, void *ctx)
{
	struct buf b;
	int r;

	if (!connection_online(e))
		return ERR_CLOSED;
	buf_init(&b, FRAME_BODY_MAX);
	r = pack_into(&b, m);
	if (r == 0)
		r = link_request(
		    e->link, method, b.p, b.len, REQUEST_MS, cb, ctx);
	buf_clear(&b);
	return r;
}

bool
own_account(const struct engine *e, const uint8_t account[static STORE_ID_LEN])
{
	return memcmp(account, e->self.account, STORE_ID_LEN) == 0;
}

struct signal_local
engine_local(const struct engine *e)
{
	return (struct signal_local){
	    .identity = &e->keys->identity,
	    .registration_id = e->keys->row.registration_id,
	    .rng = &signal_rng_system,
	    .now_ms = engine_now_ms(),
	    .min_version = SIGNAL_VERSION,
	};
}

/* ---- commands in ----------------------------------------------------------- */

static bool
need_met(const struct engine *e, enum cmd_need need)
{
	switch (need) {
	case NEED_NOTHING:
		return true;
	case NEED_LOCKED:
		return e->store == NULL;
	case NEED_OPEN:
		return e->store != NULL;
	case NEED_REGISTERED:
		return e->store != NULL && e->self.registered;
	}
	return false;
}

static const char *
need_text(const struct engine *e, enum cmd_need need)
{
	if (need == NEED_LOCKED)
		return "The store is open already.";
	if (e->store == NULL)
		return "The store is locked: give its passphrase first.";
	return "This device is not registered yet: run `sotto register`.";
}

static void
run_command(struct engine *e, struct cmd *c)
{
	enum cmd_need need = rules[c->kind].need;

	if (e->failed)
		reply_error(e, c->tag, ERR_IO, "The store has failed.");
	else if (!need_met(e, need))
		reply_error(e, c->tag, ERR_STATE, "%s", need_text(e, need));
	else
		rules[c->kind].fn(e, c);
	cmd_free(c);
}

static struct cmd *
take_command(struct engine *e, bool *stop)
{
	struct cmd *c;

	uv_mutex_lock(&e->lock);
	*stop = e->stop;
	c = e->cmds.head;
	if (c != NULL) {
		e->cmds.head = c->next;
		if (e->cmds.head == NULL)
			e->cmds.tail = &e->cmds.head;
		c->next = NULL;
	}
	uv_mutex_unlock(&e->lock);
	return c;
}

/* The last turn: every handle closes, and uv_run() returns. */
void
engine_finish(struct engine *e)
{
	connection_close(e);
	connection_unprepare(e); /* it wakes us through async */
	uv_close((uv_handle_t *)&e->timer, NULL);
	uv_close((uv_handle_t *)&e->kick, NULL);
	uv_close((uv_handle_t *)&e->link_timer, NULL);
	uv_close((uv_handle_t *)&e->expiry, NULL);
	backups_close(e);
	media_close(e);
	uv_close((uv_handle_t *)&e->backup_timer, NULL);
	uv_close((uv_handle_t *)&e->async, NULL);
}

/* Requests in flight are answered with an error first, so that whoever waits
 * for them can let go of what it holds; on_state() then calls
 * engine_finish(). */
static void
stop_all(struct engine *e)
{
	sync_drafts_now(e);
	e->stopping = true;
	if (e->link == NULL || link_state(e->link) == LINK_STOPPED)
		engine_finish(e);
	else
		link_stop(e->link);
}

static void
on_async(uv_async_t *async)
{
	struct engine *e = async->data;
	struct cmd *c;
	bool stop;

	/* Commands given before the stop are still done: a draft, say. */
	while ((c = take_command(e, &stop)) != NULL)
		run_command(e, c);
	connection_loaded(e);
	if (stop && !e->stopping)
		stop_all(e);
}

static void
engine_thread(void *arg)
{
	struct engine *e = arg;

	uv_run(&e->loop, UV_RUN_DEFAULT);
	account_close(e);
}

int
cmd_submit(struct engine *e, struct cmd *c)
{
	if (c == NULL)
		return ERR_NOMEM;
	uv_mutex_lock(&e->lock);
	*e->cmds.tail = c;
	e->cmds.tail = &c->next;
	uv_mutex_unlock(&e->lock);
	uv_async_send(&e->async);
	return 0;
}

/* ---- life ------------------------------------------------------------------ */

static int
copy_opts(struct engine *e, const struct engine_opts *o)
{
	e->opts = *o;
	e->opts.dir = e->dir = strdup(o->dir);
	e->opts.proxy = e->proxy = o->proxy ? strdup(o->proxy) : NULL;
	e->opts.country = NULL;
	e->home = o->country ? (unsigned)strtoul(o->country, NULL, 10) : 0;
	return e->dir == NULL || (o->proxy != NULL && e->proxy == NULL)
		   ? ERR_NOMEM
		   : 0;
}

static void
free_rest(struct engine *e)
{
	struct engine_event *ev;
	struct cmd *c;
	bool stop;

	while ((c = take_command(e, &stop)) != NULL)
		cmd_free(c);
	while ((ev = engine_next(e)) != NULL)
		engine_event_free(ev);
	engine_event_free(e->reserve);
	lock_free(e->profile_lock);
	uv_cond_destroy(&e->showing);
	uv_mutex_destroy(&e->lock);
	free(e->dir);
	free(e->proxy);
	sodium_memzero(e, sizeof(*e));
	free(e);
}

static int
start_loop(struct engine *e)
{
	if (uv_loop_init(&e->loop) != 0)
		return ERR_SYS;
	uv_async_init(&e->loop, &e->async, on_async);
	uv_timer_init(&e->loop, &e->timer);
	uv_timer_init(&e->loop, &e->kick);
	uv_timer_init(&e->loop, &e->link_timer);
	uv_timer_init(&e->loop, &e->expiry);
	uv_timer_init(&e->loop, &e->backup_timer);
	e->async.data = e->timer.data = e->kick.data = e;
	e->link_timer.data = e->expiry.data = e->backup_timer.data = e;
	connection_prepare(e);
	if (uv_thread_create(&e->thread, engine_thread, e) == 0)
		return 0;
	connection_unprepare(e);
	return ERR_SYS;
}

int
engine_new(struct engine **out, const struct engine_opts *opts, int *pid)
{
	struct engine *e;
	int r;

	*pid = 0;
	if (sodium_init() < 0)
		return ERR_SYS;
	e = calloc(1, sizeof(*e));
	if (e == NULL)
		return ERR_NOMEM;
	uv_mutex_init(&e->lock);
	uv_cond_init(&e->showing);
	e->cmds.tail = &e->cmds.head;
	e->events.tail = &e->events.head;
	e->pending.tail = &e->pending.head;
	e->reserve = event_alloc();
	r = e->reserve == NULL ? ERR_NOMEM : copy_opts(e, opts);
	if (r == 0)
		r = lock_take(e->dir, &e->profile_lock, pid);
	if (r == 0)
		r = start_loop(e);
	if (r != 0) {
		free_rest(e);
		return r;
	}
	*out = e;
	return 0;
}

void
engine_free(struct engine *e)
{
	if (e == NULL)
		return;
	uv_mutex_lock(&e->lock);
	e->stop = true;
	uv_cond_signal(&e->showing);
	uv_mutex_unlock(&e->lock);
	uv_async_send(&e->async);
	uv_thread_join(&e->thread);
	uv_loop_close(&e->loop);
	free_rest(e);
}

/* ---- the commands of engine.h ------------------------------------------------ */

int
engine_unlock(struct engine *e, uint64_t tag, const struct engine_key *key)
{
	if ((key->passphrase != NULL) + (key->command != NULL) +
		(key->key_file != NULL) !=
	    1)
		return ERR_RANGE;
	return cmd_submit(e, cmd_new(CMD_UNLOCK, tag, key->passphrase,
				 key->command, key->key_file));
}

int
engine_change_passphrase(struct engine *e, uint64_t tag,
    const char *old_passphrase, const char *passphrase)
{
	return cmd_submit(e, cmd_new(CMD_CHANGE_PASSPHRASE, tag, old_passphrase,
				 passphrase, NULL));
}

int
engine_register(struct engine *e, uint64_t tag, const char *uri,
    const char *phone, const char *name)
{
	return cmd_submit(e, cmd_new(CMD_REGISTER, tag, uri, phone, name));
}

int
engine_verify(struct engine *e, uint64_t tag, const char *code)
{
	return cmd_submit(e, cmd_new(CMD_VERIFY, tag, code, NULL, NULL));
}

/* A command that carries numbers besides at most one string. */
static int
submit_numbers(struct engine *e, enum cmd_kind kind, uint64_t tag,
    const char *s, int64_t chat, int64_t id, uint32_t n)
{
	struct cmd *c = cmd_new(kind, tag, s, NULL, NULL);

	if (c == NULL)
		return ERR_NOMEM;
	c->chat = chat;
	c->id = id;
	c->n = n;
	return cmd_submit(e, c);
}

int
engine_relay_key(struct engine *e, uint64_t tag, bool accept)
{
	return submit_numbers(e, CMD_RELAY_KEY, tag, NULL, 0, 0, accept);
}

int
engine_self(struct engine *e, uint64_t tag)
{
	return submit_numbers(e, CMD_SELF, tag, NULL, 0, 0, 0);
}

int
engine_set_profile(struct engine *e, uint64_t tag, const char *name,
    bool read_receipts, bool share_presence)
{
	struct cmd *c = cmd_new(CMD_SET_PROFILE, tag, name, NULL, NULL);

	if (c == NULL)
		return ERR_NOMEM;
	c->flag[0] = read_receipts;
	c->flag[1] = share_presence;
	return cmd_submit(e, c);
}

int
engine_contact(
    struct engine *e, uint64_t tag, const char *phone, const char *name)
{
	return cmd_submit(e, cmd_new(CMD_CONTACT, tag, phone, name, NULL));
}

int
engine_chats(struct engine *e, uint64_t tag)
{
	return submit_numbers(e, CMD_CHATS, tag, NULL, 0, 0, 0);
}

int
engine_chats_top(struct engine *e, uint64_t tag, uint32_t n)
{
	if (n == 0 || n > ENGINE_PAGE_MAX)
		return ERR_RANGE;
	return submit_numbers(e, CMD_CHATS, tag, NULL, 0, 0, n);
}

static int
submit_page(struct engine *e, enum cmd_kind kind, uint64_t tag, int64_t chat,
    int64_t id, uint32_t n)
{
	if (n == 0 || n > ENGINE_PAGE_MAX)
		return ERR_RANGE;
	return submit_numbers(e, kind, tag, NULL, chat, id, n);
}

int
engine_page_before(
    struct engine *e, uint64_t tag, int64_t chat, int64_t before, uint32_t n)
{
	return submit_page(e, CMD_PAGE_BEFORE, tag, chat, before, n);
}

int
engine_page_after(
    struct engine *e, uint64_t tag, int64_t chat, int64_t after, uint32_t n)
{
	return submit_page(e, CMD_PAGE_AFTER, tag, chat, after, n);
}

int
engine_page_around(
    struct engine *e, uint64_t tag, int64_t chat, int64_t id, uint32_t n)
{
	return submit_page(e, CMD_PAGE_AROUND, tag, chat, id, n);
}

int
engine_send_text(struct engine *e, uint64_t tag, int64_t chat, const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len > ENGINE_TEXT_MAX)
		return ERR_RANGE;
	return submit_numbers(e, CMD_SEND_TEXT, tag, text, chat, 0, 0);
}

int
engine_send_reply(struct engine *e, uint64_t tag, int64_t chat,
    const char *text, int64_t reply_to)
{
	if (text[0] == '\0' || strlen(text) > ENGINE_TEXT_MAX)
		return ERR_RANGE;
	return submit_numbers(e, CMD_SEND_TEXT, tag, text, chat, reply_to, 0);
}

int
engine_forward(struct engine *e, uint64_t tag, int64_t msg_id, int64_t chat)
{
	return submit_numbers(e, CMD_FORWARD, tag, NULL, chat, msg_id, 0);
}

int
engine_edit(struct engine *e, uint64_t tag, int64_t msg_id, const char *text)
{
	if (text[0] == '\0' || strlen(text) > ENGINE_TEXT_MAX)
		return ERR_RANGE;
	return submit_numbers(e, CMD_EDIT, tag, text, 0, msg_id, 0);
}

int
engine_retract(struct engine *e, uint64_t tag, int64_t msg_id)
{
	return submit_numbers(e, CMD_RETRACT, tag, NULL, 0, msg_id, 0);
}

int
engine_forget(struct engine *e, uint64_t tag, int64_t msg_id)
{
	return submit_numbers(e, CMD_FORGET, tag, NULL, 0, msg_id, 0);
}

int
engine_react(struct engine *e, uint64_t tag, int64_t msg_id, const char *emoji)
{
	if (strlen(emoji) > ENGINE_TEXT_MAX)
		return ERR_RANGE;
	return submit_numbers(e, CMD_REACT, tag, emoji, 0, msg_id, 0);
}

int
engine_star(struct engine *e, uint64_t tag, int64_t msg_id, bool on)
{
	return submit_numbers(e, CMD_STAR, tag, NULL, 0, msg_id, on);
}

int
engine_retry(struct engine *e, uint64_t tag, int64_t msg_id)
{
	return submit_numbers(e, CMD_RETRY, tag, NULL, 0, msg_id, 0);
}

int
engine_mark_read(struct engine *e, uint64_t tag, int64_t chat, int64_t up_to)
{
	return submit_numbers(e, CMD_MARK_READ, tag, NULL, chat, up_to, 0);
}

int
engine_set_draft(struct engine *e, uint64_t tag, int64_t chat, const char *text)
{
	if (strlen(text) > ENGINE_TEXT_MAX)
		return ERR_RANGE;
	return submit_numbers(e, CMD_SET_DRAFT, tag, text, chat, 0, 0);
}

int
engine_typing(struct engine *e, uint64_t tag, int64_t chat)
{
	return submit_numbers(e, CMD_TYPING, tag, NULL, chat, 0, 0);
}

int
engine_search(struct engine *e, uint64_t tag, int64_t chat, const char *query,
    uint32_t limit)
{
	if (limit == 0 || limit > ENGINE_PAGE_MAX)
		return ERR_RANGE;
	return submit_numbers(e, CMD_SEARCH, tag, query, chat, 0, limit);
}

int
engine_safety(struct engine *e, uint64_t tag, int64_t chat)
{
	return submit_numbers(e, CMD_SAFETY, tag, NULL, chat, 0, 0);
}

int
engine_set_trust(struct engine *e, uint64_t tag, int64_t chat, enum trust trust)
{
	if (trust != TRUST_VERIFIED && trust != TRUST_FIRST_USE)
		return ERR_RANGE;
	return submit_numbers(
	    e, CMD_SET_TRUST, tag, NULL, chat, 0, (uint32_t)trust);
}

int
engine_reconnect(struct engine *e, uint64_t tag)
{
	return submit_numbers(e, CMD_RECONNECT, tag, NULL, 0, 0, 0);
}

int
engine_flush(struct engine *e, uint64_t tag)
{
	return submit_numbers(e, CMD_FLUSH, tag, NULL, 0, 0, 0);
}

int
engine_link_begin(
    struct engine *e, uint64_t tag, const char *uri, const char *name)
{
	return cmd_submit(e, cmd_new(CMD_LINK_BEGIN, tag, uri, name, NULL));
}

int
engine_link_answer(struct engine *e, uint64_t tag, const char *offer)
{
	return cmd_submit(e, cmd_new(CMD_LINK_ANSWER, tag, offer, NULL, NULL));
}

int
engine_link_confirm(struct engine *e, uint64_t tag, bool accept)
{
	return submit_numbers(e, CMD_LINK_CONFIRM, tag, NULL, 0, 0, accept);
}

int
engine_link_cancel(struct engine *e, uint64_t tag)
{
	return submit_numbers(e, CMD_LINK_CANCEL, tag, NULL, 0, 0, 0);
}

int
engine_devices(struct engine *e, uint64_t tag)
{
	return submit_numbers(e, CMD_DEVICES, tag, NULL, 0, 0, 0);
}

int
engine_device_rename(
    struct engine *e, uint64_t tag, uint32_t device, const char *name)
{
	if (name[0] == '\0' || strlen(name) > ENGINE_DEVICE_NAME_MAX)
		return ERR_RANGE;
	return submit_numbers(e, CMD_DEVICE_RENAME, tag, name, 0, 0, device);
}

int
engine_device_remove(struct engine *e, uint64_t tag, uint32_t device)
{
	return submit_numbers(e, CMD_DEVICE_REMOVE, tag, NULL, 0, 0, device);
}

int
engine_wipe(struct engine *e, uint64_t tag)
{
	return submit_numbers(e, CMD_WIPE, tag, NULL, 0, 0, 0);
}

int
engine_incoming_after(struct engine *e, uint64_t tag, int64_t after, uint32_t n)
{
	return submit_page(e, CMD_INCOMING_AFTER, tag, 0, after, n);
}

int
engine_set_cursor(struct engine *e, uint64_t tag, int64_t id)
{
	return submit_numbers(e, CMD_SET_CURSOR, tag, NULL, 0, id, 0);
}
