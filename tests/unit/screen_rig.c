/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <locale.h>
#include <time.h>
#include <unistd.h>

#include <curses.h>

#include "common/text.h"
#include "tests/unit/screen_rig.h"

#define GOLDEN_DIR "tests/vectors/screen/"

/* ---- the recorder ----------------------------------------------------------- */

static void note(struct rig *r, const char *fmt, ...) PRINTF(2, 3);

static void
note(struct rig *r, const char *fmt, ...)
{
	size_t n = strlen(r->log);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->log + n, sizeof(r->log) - n, fmt, ap);
	va_end(ap);
}

static struct rig *
rig_of(struct engine *e)
{
	return (struct rig *)(void *)e;
}

static int
took(struct engine *e, uint64_t tag)
{
	struct rig *r = rig_of(e);

	if (tag != APP_TAG_NONE)
		r->tag = tag;
	return r->refuse;
}

static int
be_unlock(struct engine *e, uint64_t tag, const struct engine_key *key)
{
	note(rig_of(e), "unlock %s; ",
	    key->passphrase != NULL ? key->passphrase : "by key");
	return took(e, tag);
}

static int
be_start(struct engine *e, uint64_t tag, const char *uri, const char *phone,
    const char *name)
{
	note(rig_of(e), "register %s %s %s; ", uri, phone, name);
	return took(e, tag);
}

static int
be_verify(struct engine *e, uint64_t tag, const char *code)
{
	note(rig_of(e), "verify %s; ", code);
	return took(e, tag);
}

static int
be_relay_key(struct engine *e, uint64_t tag, bool accept)
{
	note(rig_of(e), "relay_key %d; ", accept);
	return took(e, tag);
}

static int
be_self(struct engine *e, uint64_t tag)
{
	note(rig_of(e), "self; ");
	return took(e, tag);
}

static int
be_set_profile(struct engine *e, uint64_t tag, const char *name, bool receipts,
    bool presence)
{
	note(rig_of(e), "set_profile %s %d %d; ", name, receipts, presence);
	return took(e, tag);
}

static int
be_contact(struct engine *e, uint64_t tag, const char *phone, const char *name)
{
	note(rig_of(e), "contact %s %s; ", phone, name != NULL ? name : "-");
	return took(e, tag);
}

static int
be_chats(struct engine *e, uint64_t tag)
{
	note(rig_of(e), "all chats; ");
	rig_of(e)->chats_tag = tag; /* may be asked before others answer */
	return rig_of(e)->refuse;
}

static int
be_chats_top(struct engine *e, uint64_t tag, uint32_t n)
{
	assert_int_equal(n, 64);
	note(rig_of(e), "chats; ");
	rig_of(e)->chats_tag = tag;
	return rig_of(e)->refuse;
}

static int
be_page_before(
    struct engine *e, uint64_t tag, int64_t chat, int64_t before, uint32_t n)
{
	note(rig_of(e), "before %d %d %u; ", (int)chat, (int)before, n);
	return took(e, tag);
}

static int
be_page_after(
    struct engine *e, uint64_t tag, int64_t chat, int64_t after, uint32_t n)
{
	note(rig_of(e), "after %d %d %u; ", (int)chat, (int)after, n);
	return took(e, tag);
}

static int
be_page_around(
    struct engine *e, uint64_t tag, int64_t chat, int64_t id, uint32_t n)
{
	note(rig_of(e), "around %d %d %u; ", (int)chat, (int)id, n);
	return took(e, tag);
}

static int
be_send_text(struct engine *e, uint64_t tag, int64_t chat, const char *text)
{
	if (strlen(text) < 200)
		note(rig_of(e), "send %d %s; ", (int)chat, text);
	else
		note(rig_of(e), "send %d %zu bytes; ", (int)chat, strlen(text));
	return took(e, tag);
}

static int
be_retry(struct engine *e, uint64_t tag, int64_t id)
{
	note(rig_of(e), "retry %d; ", (int)id);
	return took(e, tag);
}

static int
be_mark_read(struct engine *e, uint64_t tag, int64_t chat, int64_t up_to)
{
	note(rig_of(e), "read %d %d; ", (int)chat, (int)up_to);
	return took(e, tag);
}

static int
be_set_draft(struct engine *e, uint64_t tag, int64_t chat, const char *text)
{
	note(rig_of(e), "draft %d %s; ", (int)chat, text);
	return took(e, tag);
}

static int
be_typing(struct engine *e, uint64_t tag, int64_t chat)
{
	note(rig_of(e), "typing %d; ", (int)chat);
	return took(e, tag);
}

static int
be_search(struct engine *e, uint64_t tag, int64_t chat, const char *query,
    uint32_t limit)
{
	note(rig_of(e), "search %d %s %u; ", (int)chat, query, limit);
	return took(e, tag);
}

static int
be_safety(struct engine *e, uint64_t tag, int64_t chat)
{
	note(rig_of(e), "safety %d; ", (int)chat);
	return took(e, tag);
}

static int
be_set_trust(struct engine *e, uint64_t tag, int64_t chat, enum trust trust)
{
	note(rig_of(e), "trust %d %d; ", (int)chat, (int)trust);
	return took(e, tag);
}

static int
be_reconnect(struct engine *e, uint64_t tag)
{
	note(rig_of(e), "reconnect; ");
	return took(e, tag);
}

static int
be_send_reply(struct engine *e, uint64_t tag, int64_t chat, const char *text,
    int64_t reply_to)
{
	note(rig_of(e), "reply %d %s to %d; ", (int)chat, text, (int)reply_to);
	return took(e, tag);
}

static int
be_edit(struct engine *e, uint64_t tag, int64_t id, const char *text)
{
	note(rig_of(e), "edit %d %s; ", (int)id, text);
	return took(e, tag);
}

static int
be_retract(struct engine *e, uint64_t tag, int64_t id)
{
	note(rig_of(e), "retract %d; ", (int)id);
	return took(e, tag);
}

static int
be_forget(struct engine *e, uint64_t tag, int64_t id)
{
	note(rig_of(e), "forget %d; ", (int)id);
	return took(e, tag);
}

static int
be_react(struct engine *e, uint64_t tag, int64_t id, const char *emoji)
{
	note(rig_of(e), "react %d %s; ", (int)id, emoji);
	return took(e, tag);
}

static int
be_starred(
    struct engine *e, uint64_t tag, int64_t chat, int64_t before, uint32_t n)
{
	note(rig_of(e), "starred %d %d %u; ", (int)chat, (int)before, n);
	return took(e, tag);
}

static int
be_star(struct engine *e, uint64_t tag, int64_t id, bool on)
{
	note(rig_of(e), "star %d %d; ", (int)id, on);
	return took(e, tag);
}

static int
be_msg_info(struct engine *e, uint64_t tag, int64_t id)
{
	note(rig_of(e), "info %d; ", (int)id);
	return took(e, tag);
}

static int
be_open_once(struct engine *e, uint64_t tag, int64_t id)
{
	note(rig_of(e), "open_once %d; ", (int)id);
	return took(e, tag);
}

static int
be_fetch(struct engine *e, uint64_t tag, int64_t id)
{
	note(rig_of(e), "fetch %d; ", (int)id);
	return took(e, tag);
}

static int
be_media_pause(struct engine *e, uint64_t tag, int64_t id)
{
	note(rig_of(e), "pause %d; ", (int)id);
	return took(e, tag);
}

static int
be_media_resume(struct engine *e, uint64_t tag, int64_t id)
{
	note(rig_of(e), "resume %d; ", (int)id);
	return took(e, tag);
}

static int
be_media_cancel(struct engine *e, uint64_t tag, int64_t id)
{
	note(rig_of(e), "cancel %d; ", (int)id);
	return took(e, tag);
}

static int
be_media_save(struct engine *e, uint64_t tag, int64_t id, const char *dir)
{
	note(rig_of(e), "save %d %s; ", (int)id, dir);
	return took(e, tag);
}

static int
be_mute(struct engine *e, uint64_t tag, int64_t chat, uint64_t until_ms)
{
	note(rig_of(e), "mute %d %lld; ", (int)chat, (long long)until_ms);
	return took(e, tag);
}

static int
be_pin(struct engine *e, uint64_t tag, int64_t chat, bool on)
{
	note(rig_of(e), "pin %d %d; ", (int)chat, on);
	return took(e, tag);
}

static int
be_archive(struct engine *e, uint64_t tag, int64_t chat, bool on)
{
	note(rig_of(e), "archive %d %d; ", (int)chat, on);
	return took(e, tag);
}

static int
be_mark_unread(struct engine *e, uint64_t tag, int64_t chat, bool on)
{
	note(rig_of(e), "unread %d %d; ", (int)chat, on);
	return took(e, tag);
}

static int
be_block(struct engine *e, uint64_t tag, int64_t chat, bool on)
{
	note(rig_of(e), "block %d %d; ", (int)chat, on);
	return took(e, tag);
}

static int
be_rename_contact(
    struct engine *e, uint64_t tag, int64_t chat, const char *name)
{
	note(rig_of(e), "rename %d %s; ", (int)chat, name);
	return took(e, tag);
}

static int
be_set_timer(struct engine *e, uint64_t tag, int64_t chat, uint32_t seconds)
{
	note(rig_of(e), "timer %d %u; ", (int)chat, seconds);
	return took(e, tag);
}

static int
be_clear_chat(struct engine *e, uint64_t tag, int64_t chat)
{
	note(rig_of(e), "clear %d; ", (int)chat);
	return took(e, tag);
}

static int
be_delete_chat(struct engine *e, uint64_t tag, int64_t chat)
{
	note(rig_of(e), "delete chat %d; ", (int)chat);
	return took(e, tag);
}

static int
be_to_self(struct engine *e, uint64_t tag)
{
	note(rig_of(e), "to self; ");
	return took(e, tag);
}

static int
be_send_once(struct engine *e, uint64_t tag, int64_t chat, const char *text)
{
	note(rig_of(e), "once %d %s; ", (int)chat, text);
	return took(e, tag);
}

static int
be_devices(struct engine *e, uint64_t tag)
{
	note(rig_of(e), "devices; ");
	return took(e, tag);
}

static int
be_device_rename(
    struct engine *e, uint64_t tag, uint32_t device, const char *name)
{
	note(rig_of(e), "device %u is %s; ", device, name);
	return took(e, tag);
}

static int
be_device_remove(struct engine *e, uint64_t tag, uint32_t device)
{
	note(rig_of(e), "remove device %u; ", device);
	return took(e, tag);
}

static int
be_wipe(struct engine *e, uint64_t tag)
{
	note(rig_of(e), "wipe; ");
	return took(e, tag);
}

static int
be_link_begin(struct engine *e, uint64_t tag, const char *uri, const char *name)
{
	note(rig_of(e), "link %s as %s; ", uri, name);
	return took(e, tag);
}

static int
be_link_answer(struct engine *e, uint64_t tag, const char *offer)
{
	note(rig_of(e), "link answer %s; ", offer);
	return took(e, tag);
}

static int
be_link_confirm(struct engine *e, uint64_t tag, bool accept)
{
	note(rig_of(e), "link confirm %d; ", accept);
	return took(e, tag);
}

static int
be_link_cancel(struct engine *e, uint64_t tag)
{
	note(rig_of(e), "link cancel; ");
	return took(e, tag);
}

static int
be_history(struct engine *e, uint64_t tag)
{
	note(rig_of(e), "history; ");
	(void)tag;
	return rig_of(e)->refuse;
}

static int
be_history_send(struct engine *e, uint64_t tag, uint32_t device,
    const struct history_amount *amount)
{
	note(rig_of(e), "history to %u %u days; ", device, amount->days);
	return took(e, tag);
}

static int
be_history_ask(struct engine *e, uint64_t tag, uint32_t device,
    const struct history_amount *amount)
{
	note(rig_of(e), "history from %u %u days; ", device, amount->days);
	return took(e, tag);
}

static int
be_history_cancel(struct engine *e, uint64_t tag, uint32_t device)
{
	note(rig_of(e), "no history %u; ", device);
	return took(e, tag);
}

static int
be_check_pin(struct engine *e, uint64_t tag, const char *pin)
{
	note(rig_of(e), "check pin %s; ", pin);
	return took(e, tag);
}

static int
be_change_passphrase(
    struct engine *e, uint64_t tag, const char *was, const char *now)
{
	note(rig_of(e), "passphrase %s to %s; ", was, now);
	return took(e, tag);
}

static int
be_backup(struct engine *e, uint64_t tag, bool show_code)
{
	note(rig_of(e), "backup%s; ", show_code ? " code" : "");
	return took(e, tag);
}

static int
be_backup_set(struct engine *e, uint64_t tag, const char *place,
    const char *credentials, uint32_t every_days, uint32_t keep)
{
	note(rig_of(e), "backups in %s with %s every %u keep %u; ",
	    place != NULL ? place : "-",
	    credentials != NULL ? credentials : "-", every_days, keep);
	return took(e, tag);
}

static int
be_backup_now(struct engine *e, uint64_t tag)
{
	note(rig_of(e), "backup now; ");
	return took(e, tag);
}

static int
be_backup_verify(struct engine *e, uint64_t tag)
{
	note(rig_of(e), "backup verify; ");
	return took(e, tag);
}

static int
be_backup_cancel(struct engine *e, uint64_t tag)
{
	note(rig_of(e), "backup cancel; ");
	return took(e, tag);
}

static void
note_accounts(struct rig *r, const uint8_t (*v)[ENGINE_ID_LEN], size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		note(r, " %d", v[i][0]);
	note(r, "; ");
}

static int
be_group(struct engine *e, uint64_t tag, int64_t chat)
{
	note(rig_of(e), "group %d; ", (int)chat);
	return took(e, tag);
}

static int
be_group_create(struct engine *e, uint64_t tag, const char *name,
    const char *about, uint32_t timer_s,
    const uint8_t (*accounts)[ENGINE_ID_LEN], size_t n)
{
	note(rig_of(e), "new group %s%s %u:", name, about, timer_s);
	note_accounts(rig_of(e), accounts, n);
	return took(e, tag);
}

static int
be_group_act(struct engine *e, uint64_t tag, int64_t chat,
    enum engine_group_act act, const uint8_t (*accounts)[ENGINE_ID_LEN],
    size_t n)
{
	static const char *const words[] = {"add", "remove", "promote",
	    "demote", "approve", "decline", "leave"};

	note(rig_of(e), "group %d %s:", (int)chat, words[act]);
	note_accounts(rig_of(e), accounts, n);
	return took(e, tag);
}

static int
be_group_edit(struct engine *e, uint64_t tag, int64_t chat,
    const struct engine_group_edit *edit)
{
	note(rig_of(e), "group %d is %s/%s/%d; ", (int)chat,
	    edit->name != NULL ? edit->name : "-",
	    edit->about != NULL ? edit->about : "-", (int)edit->timer_s);
	return took(e, tag);
}

static int
be_group_permit(
    struct engine *e, uint64_t tag, int64_t chat, int send, int edit, int add)
{
	note(rig_of(e), "group %d permit %d %d %d; ", (int)chat, send, edit,
	    add);
	return took(e, tag);
}

static int
be_group_link(
    struct engine *e, uint64_t tag, int64_t chat, enum engine_group_link link)
{
	note(rig_of(e), "group %d link %d; ", (int)chat, (int)link);
	return took(e, tag);
}

static int
be_group_join(struct engine *e, uint64_t tag, const char *link)
{
	note(rig_of(e), "join %s; ", link);
	return took(e, tag);
}

static int
be_group_accept(struct engine *e, uint64_t tag, int64_t chat)
{
	note(rig_of(e), "group %d accept; ", (int)chat);
	return took(e, tag);
}

static int
be_verify_pin(struct engine *e, uint64_t tag, const char *code, const char *pin)
{
	note(rig_of(e), "verify %s pin %s; ", code, pin);
	return took(e, tag);
}

static int
be_set_pin(struct engine *e, uint64_t tag, const char *pin)
{
	note(rig_of(e), "pin %s; ", pin != NULL ? pin : "none");
	return took(e, tag);
}

static int
be_change_number(struct engine *e, uint64_t tag, const char *phone)
{
	note(rig_of(e), "number %s; ", phone);
	return took(e, tag);
}

static int
be_change_number_code(struct engine *e, uint64_t tag, const char *code)
{
	note(rig_of(e), "number code %s; ", code);
	return took(e, tag);
}

static int
be_delete_account(struct engine *e, uint64_t tag, const char *phone)
{
	note(rig_of(e), "delete account %s; ", phone);
	return took(e, tag);
}

static void
note_ids(struct rig *r, const int64_t *ids, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		note(r, "%s%d", i > 0 ? "," : " ", (int)ids[i]);
}

static int
be_forward_all(struct engine *e, uint64_t tag, const int64_t *msgs,
    size_t n_msgs, const int64_t *chats, size_t n_chats)
{
	note(rig_of(e), "forward");
	note_ids(rig_of(e), msgs, n_msgs);
	note(rig_of(e), " to");
	note_ids(rig_of(e), chats, n_chats);
	note(rig_of(e), "; ");
	return took(e, tag);
}

static int
be_report(struct engine *e, uint64_t tag, int64_t chat, const int64_t *msgs,
    size_t n, bool block)
{
	note(rig_of(e), "report %d:", (int)chat);
	note_ids(rig_of(e), msgs, n);
	note(rig_of(e), " block %d; ", block);
	return took(e, tag);
}

static int
be_statuses(struct engine *e, uint64_t tag)
{
	rig_of(e)->posts_tag = tag;
	rig_of(e)->posts_asked++;
	return rig_of(e)->refuse;
}

static int
be_status_post(struct engine *e, uint64_t tag, const char *text)
{
	note(rig_of(e), "post %s; ", text);
	return took(e, tag);
}

static int
be_status_see(struct engine *e, uint64_t tag, int64_t id)
{
	note(rig_of(e), "see %d; ", (int)id);
	return took(e, tag);
}

static int
be_status_viewers(struct engine *e, uint64_t tag, int64_t id)
{
	note(rig_of(e), "viewers %d; ", (int)id);
	return took(e, tag);
}

static int
be_status_delete(struct engine *e, uint64_t tag, int64_t id)
{
	note(rig_of(e), "delete post %d; ", (int)id);
	return took(e, tag);
}

static int
be_status_reply(struct engine *e, uint64_t tag, int64_t id, const char *text)
{
	note(rig_of(e), "answer post %d %s; ", (int)id, text);
	return took(e, tag);
}

static int
be_status_mute(struct engine *e, uint64_t tag,
    const uint8_t account[static ENGINE_ID_LEN], bool on)
{
	note(rig_of(e), "mute posts of %d %d; ", account[0], on);
	return took(e, tag);
}

static int
be_status_audience(struct engine *e, uint64_t tag)
{
	note(rig_of(e), "audience; ");
	return took(e, tag);
}

static const struct backend backend = {
    .unlock = be_unlock,
    .start = be_start,
    .verify = be_verify,
    .relay_key = be_relay_key,
    .self = be_self,
    .set_profile = be_set_profile,
    .contact = be_contact,
    .chats = be_chats,
    .chats_top = be_chats_top,
    .page_before = be_page_before,
    .page_after = be_page_after,
    .page_around = be_page_around,
    .send_text = be_send_text,
    .retry = be_retry,
    .mark_read = be_mark_read,
    .set_draft = be_set_draft,
    .typing = be_typing,
    .search = be_search,
    .starred = be_starred,
    .safety = be_safety,
    .set_trust = be_set_trust,
    .reconnect = be_reconnect,
    .send_reply = be_send_reply,
    .edit = be_edit,
    .retract = be_retract,
    .forget = be_forget,
    .react = be_react,
    .star = be_star,
    .msg_info = be_msg_info,
    .open_once = be_open_once,
    .mute = be_mute,
    .pin = be_pin,
    .archive = be_archive,
    .mark_unread = be_mark_unread,
    .block = be_block,
    .rename_contact = be_rename_contact,
    .set_timer = be_set_timer,
    .clear_chat = be_clear_chat,
    .delete_chat = be_delete_chat,
    .to_self = be_to_self,
    .send_once = be_send_once,
    .devices = be_devices,
    .device_rename = be_device_rename,
    .device_remove = be_device_remove,
    .wipe = be_wipe,
    .link_begin = be_link_begin,
    .link_answer = be_link_answer,
    .link_confirm = be_link_confirm,
    .link_cancel = be_link_cancel,
    .history = be_history,
    .verify_pin = be_verify_pin,
    .set_pin = be_set_pin,
    .change_number = be_change_number,
    .change_number_code = be_change_number_code,
    .delete_account = be_delete_account,
    .group = be_group,
    .group_create = be_group_create,
    .group_act = be_group_act,
    .group_edit = be_group_edit,
    .group_permit = be_group_permit,
    .group_link = be_group_link,
    .group_join = be_group_join,
    .group_accept = be_group_accept,
    .history_send = be_history_send,
    .history_ask = be_history_ask,
    .history_cancel = be_history_cancel,
    .check_pin = be_check_pin,
    .change_passphrase = be_change_passphrase,
    .backup = be_backup,
    .backup_set = be_backup_set,
    .backup_now = be_backup_now,
    .backup_verify = be_backup_verify,
    .backup_cancel = be_backup_cancel,
    .fetch = be_fetch,
    .media_pause = be_media_pause,
    .media_resume = be_media_resume,
    .media_cancel = be_media_cancel,
    .media_save = be_media_save,
    .forward_all = be_forward_all,
    .statuses = be_statuses,
    .status_post = be_status_post,
    .status_see = be_status_see,
    .status_viewers = be_status_viewers,
    .status_delete = be_status_delete,
    .status_reply = be_status_reply,
    .status_mute = be_status_mute,
    .status_audience = be_status_audience,
    .report = be_report,
};

static void
host_bell(void *ctx)
{
	note(ctx, "bell; ");
}

static void
host_notify(void *ctx, const char *title, const char *body)
{
	note(ctx, "notify %s/%s; ", title, body);
}

static void
host_title(void *ctx, const char *title)
{
	note(ctx, "title %s; ", title);
}

static void
host_copy(void *ctx, const char *s, size_t len)
{
	note(ctx, "copy %.*s; ", (int)len, s);
}

static void
host_mouse(void *ctx, bool on)
{
	note(ctx, "mouse %d; ", on);
}

static void
host_editor(void *ctx, const char *text)
{
	note(ctx, "editor %s; ", text);
}

static void
host_suspend(void *ctx)
{
	note(ctx, "suspend; ");
}

static void
host_save_prefs(void *ctx)
{
	note(ctx, "save; ");
}

static void
host_retheme(void *ctx)
{
	note(ctx, "retheme; ");
}

static void
host_ask_terminal(void *ctx)
{
	note(ctx, "ask terminal; ");
}

static void
host_load_picture(void *ctx, uint64_t key, const char *path)
{
	struct rig *r = ctx;

	note(r, "load %s; ", path != NULL ? path : "-");
	r->picture = key;
}

static int
host_ask_picture(void *ctx, const struct preview_ask *ask)
{
	struct rig *r = ctx;

	note(r, "draw %dx%d as %d; ", ask->cols, ask->rows, (int)ask->look);
	r->asked = *ask;
	return r->refuse;
}

static void
host_open_file(void *ctx, const char *path)
{
	note(ctx, "open %s; ", path);
}

static void
host_read_qr(void *ctx, const char *path)
{
	const char *name = strrchr(path, '/');

	note(ctx, "read qr %s; ", name != NULL ? name + 1 : path);
}

static void
host_camera(void *ctx, const struct preview_ask *ask)
{
	struct rig *r = ctx;

	note(r, "camera; ");
	r->asked = *ask;
}

static void
host_camera_stop(void *ctx)
{
	note(ctx, "camera off; ");
}

static const struct host host = {
    .bell = host_bell,
    .notify = host_notify,
    .title = host_title,
    .copy = host_copy,
    .mouse = host_mouse,
    .editor = host_editor,
    .suspend = host_suspend,
    .save_prefs = host_save_prefs,
    .retheme = host_retheme,
    .ask_terminal = host_ask_terminal,
    .load_picture = host_load_picture,
    .ask_picture = host_ask_picture,
    .read_qr = host_read_qr,
    .camera = host_camera,
    .camera_stop = host_camera_stop,
    .open_file = host_open_file,
};

/* ---- life -------------------------------------------------------------------- */

static void
draw_out(void *ctx, const void *p, size_t len)
{
	struct rig *r = ctx;

	assert_int_equal(write(fileno(r->out), p, len), len);
}

void
rig_open(struct rig *r, int rows, int cols, const char *term)
{
	char n[16];

	memset(r, 0, sizeof(*r));
	setenv("TZ", "UTC", 1);
	tzset();
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	snprintf(n, sizeof(n), "%d", rows);
	setenv("LINES", n, 1);
	snprintf(n, sizeof(n), "%d", cols);
	setenv("COLUMNS", n, 1);
	r->in = fopen("/dev/null", "r");
	r->out = tmpfile();
	assert_non_null(r->in);
	assert_non_null(r->out);
	r->scr = newterm(term != NULL ? term : "xterm-256color", r->out, r->in);
	assert_non_null(r->scr);
	set_term(r->scr);
	start_color();
	use_default_colors();
	assert_ok(draw_new(&r->draw, draw_out, r));
	draw_set_theme(r->draw, DEPTH_256, false, false);
	assert_ok(app_new(
	    &r->app, &backend, (struct engine *)(void *)r, &host, r, r->draw));
	r->wall = RIG_NOW;
	r->mono = 1000000;
	app_time(r->app, r->wall, r->mono);
}

static char *screen_text; /* of the last rig_screen() */

void
rig_close(struct rig *r)
{
	app_free(r->app);
	draw_free(r->draw);
	endwin();
	delscreen(r->scr);
	fclose(r->in);
	fclose(r->out);
	free(screen_text);
	screen_text = NULL;
}

void
rig_resize(struct rig *r, int rows, int cols)
{
	resizeterm(rows, cols);
	draw_redraw(r->draw);
	r->app->dirty = true;
}

void
rig_wait(struct rig *r, uint64_t ms)
{
	r->wall += ms;
	r->mono += ms;
	app_time(r->app, r->wall, r->mono);
	app_tick(r->app);
}

/* ---- keys, events --------------------------------------------------------------- */

void
rig_press(struct rig *r, const char *keys)
{
	struct key ev = {.type = KT_PRESS};
	size_t n;

	for (; *keys != '\0'; keys += n + (keys[n] == ' ')) {
		n = strcspn(keys, " ");
		if (!key_parse(keys, n, &ev.code, &ev.mods))
			fail_msg("no key: %s", keys);
		app_key(r->app, &ev);
	}
}

void
rig_type(struct rig *r, const char *text)
{
	struct key ev = {.type = KT_PRESS};
	size_t len = strlen(text), n;

	for (; len > 0; text += n, len -= n) {
		n = text_codepoint(text, len, &ev.code);
		app_key(r->app, &ev);
	}
}

void
rig_paste(struct rig *r, const char *text)
{
	struct key ev = {.type = KT_PASTE, .text = text, .len = strlen(text)};

	app_key(r->app, &ev);
}

void
rig_event(struct rig *r, struct engine_event ev)
{
	app_event(r->app, &ev);
}

void
rig_answer(struct rig *r, struct engine_event ev)
{
	ev.tag = r->tag;
	app_event(r->app, &ev);
}

const char *
rig_log(struct rig *r)
{
	static char last[RIG_LOG_CAP];

	memcpy(last, r->log, sizeof(last));
	r->log[0] = '\0';
	return last;
}

/* ---- what is shown ---------------------------------------------------------------- */

const char *
rig_screen(struct rig *r)
{
	struct buf b;
	int y, x, rows, cols;
	size_t len;

	app_draw(r->app);
	draw_size(r->draw, &rows, &cols);
	buf_init(&b, 1024 * 1024);
	for (y = 0; y < rows; y++) {
		assert_ok(draw_dump(r->draw, y, &b));
		assert_ok(buf_put(&b, "\n", 1));
	}
	if (draw_cursor_at(r->draw, &y, &x))
		assert_ok(buf_printf(&b, "cursor %d %d\n", y, x));
	else
		assert_ok(buf_printf(&b, "no cursor\n"));
	assert_ok(buf_put_u8(&b, 0));
	free(screen_text);
	buf_detach(&b, (uint8_t **)&screen_text, &len);
	return screen_text;
}

void
rig_row(struct rig *r, int y, char *out, size_t cap)
{
	const char *s = screen_text;
	size_t n;

	(void)r;
	while (y-- > 0)
		s = strchr(s, '\n') + 1;
	n = strcspn(s, "\n");
	snprintf(out, cap, "%.*s", (int)n, s);
}

bool
rig_shows(struct rig *r, const char *text)
{
	return strstr(rig_screen(r), text) != NULL;
}

/* Every cell must be where its column says, whatever is in it. */
static void
check_widths(struct rig *r)
{
	char row[4096];
	int y, rows, cols;

	draw_size(r->draw, &rows, &cols);
	for (y = 0; y < rows; y++) {
		rig_row(r, y, row, sizeof(row));
		assert_true(text_width(row, strlen(row)) <= cols);
	}
}

/* ncurses' cells look as their styles say, blanks too. */
static void
check_attrs(struct rig *r)
{
	static const struct {
		unsigned ta;
		attr_t a;
	} bits[] = {{TA_BOLD, A_BOLD}, {TA_DIM, A_DIM}, {TA_UNDER, A_UNDERLINE},
	    {TA_REVERSE, A_REVERSE}, {TA_ITALIC, A_ITALIC}};
	const struct theme *t = draw_theme(r->draw);
	int y, x, rows, cols;
	unsigned want;
	cchar_t cc;
	size_t i;

	draw_size(r->draw, &rows, &cols);
	for (y = 0; y < rows; y++) {
		for (x = 0; x < cols; x++) {
			want = t->look[draw_style_at(r->draw, y, x)].attrs;
			mvin_wch(y, x, &cc);
			for (i = 0; i < ARRAY_LEN(bits); i++)
				assert_int_equal((cc.attr & bits[i].a) != 0,
				    (want & bits[i].ta) != 0);
		}
	}
}

void
rig_golden(struct rig *r, const char *name)
{
	const char *got = rig_screen(r);
	char path[256], *want;
	size_t len;
	FILE *f;

	check_widths(r);
	check_attrs(r);
	snprintf(path, sizeof(path), GOLDEN_DIR "%s.txt", name);
	if (getenv("SOTTO_GOLDEN") != NULL) {
		f = fopen(path, "w");
		assert_non_null(f);
		assert_true(fputs(got, f) >= 0);
		assert_ok(fclose(f));
		return;
	}
	want = read_text_file(path, &len);
	if (strcmp(want, got) != 0)
		print_error("%s differs; it is now:\n%s", path, got);
	assert_true(strcmp(want, got) == 0);
	free(want);
}

void
rig_first_run(struct rig *r, const char *again)
{
	app_start(r->app, false, NULL);
	rig_paste(r, "sotto://relay.example/?invite=abc\n");
	rig_press(r, "Enter");
	rig_type(r, "+49 170 1234567");
	rig_press(r, "Enter");
	rig_type(r, "Mia");
	rig_press(r, "Enter");
	rig_type(r, "three quiet otters");
	rig_press(r, "Enter");
	rig_type(r, again);
}

/* ---- what there is ------------------------------------------------------------------ */

struct chat_row
rig_chat(int64_t id, const char *title, uint64_t last_ms, const char *last,
    uint32_t unread)
{
	static char phones[16][20];
	char *phone = phones[id % 16];

	snprintf(phone, sizeof(phones[0]), "+4917012345%02d", (int)id);
	return (struct chat_row){.chat = id,
	    .title = lit(title),
	    .phone = phone,
	    .last_ms = last_ms,
	    .last_text = lit(last),
	    .draft = lit(""),
	    .unread = unread};
}

struct msg_row
rig_msg(int64_t id, int64_t chat, bool outgoing, uint64_t ms,
    enum msg_state state, const char *text)
{
	return (struct msg_row){.id = id,
	    .chat = chat,
	    .outgoing = outgoing,
	    .sent_ms = ms,
	    .received_ms = ms,
	    .state = state,
	    .text = lit(text)};
}

static void
give_chats(struct rig *r)
{
	struct chat_row rows[] = {
	    rig_chat(1, "Ann Example", RIG_NOW - 2 * MINUTE,
		"See you at the harbour", 0),
	    rig_chat(2, "Bj\xc3\xb6rn", RIG_NOW - 3 * HOUR,
		"Two \xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d"
		"\xf0\x9f\x91\xa7 tickets?",
		3),
	    rig_chat(3, "+49 170 1234503", RIG_NOW - DAY, "ok", 0),
	    rig_chat(4, "\xe6\x9d\xb1\xe4\xba\xac\xe5\xa4\xaa\xe9\x83\x8e",
		RIG_NOW - 3 * DAY, "\xe3\x81\xaf\xe3\x81\x84", 0),
	    rig_chat(5, "Dora with a very long name that does not fit",
		RIG_NOW - 20 * DAY, "a last message that is long as well", 0),
	    rig_chat(6, "Emil", RIG_NOW - 400 * DAY, "old", 12),
	};

	rows[1].trust = TRUST_VERIFIED;
	rows[2].last_outgoing = true;
	rows[2].last_state = MSG_READ;
	rows[3].draft = lit("half a thought");
	rows[4].trust = TRUST_CHANGED;
	rows[0].online = true;
	rig_answer(r, (struct engine_event){.kind = EV_CHATS,
			  .tag = r->chats_tag,
			  .chats = rows,
			  .n = ARRAY_LEN(rows)});
}

static void
give_messages(struct rig *r)
{
	struct msg_row rows[] = {
	    rig_msg(1, 1, false, RIG_NOW - DAY - HOUR, MSG_RECEIVED,
		"Have you seen the boat? It is the blue one at the end of the "
		"pier, with the torn sail."),
	    rig_msg(2, 1, true, RIG_NOW - DAY - 50 * MINUTE, MSG_READ, "Yes!"),
	    rig_msg(3, 1, true, RIG_NOW - DAY - 49 * MINUTE, MSG_READ,
		"It looks older than in the picture \xf0\x9f\x98\x85"),
	    rig_msg(4, 1, false, RIG_NOW - 2 * HOUR, MSG_RECEIVED,
		"Shall we go on Saturday?\nThe weather should hold."),
	    rig_msg(5, 1, true, RIG_NOW - 30 * MINUTE, MSG_DELIVERED,
		"Saturday is good \xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd"),
	    rig_msg(6, 1, false, RIG_NOW - 2 * MINUTE, MSG_RECEIVED,
		"See you at the harbour"),
	    rig_msg(7, 1, true, RIG_NOW - MINUTE, MSG_SENT, "At nine?"),
	    rig_msg(8, 1, true, RIG_NOW, MSG_PENDING, "Or ten"),
	};

	rig_answer(r, (struct engine_event){
			  .kind = EV_PAGE, .msgs = rows, .n = ARRAY_LEN(rows)});
}

void
rig_main(struct rig *r)
{
	struct engine_key key = {.passphrase = "secret words"};
	struct engine_self self = {.registered = true,
	    .phone = lit("+491701234500"),
	    .name = lit("Mia"),
	    .relay = lit("sotto://relay.example/#key"),
	    .relay_name = lit("Example"),
	    .read_receipts = true};

	app_start(r->app, true, &key);
	rig_answer(r, (struct engine_event){.kind = EV_UNLOCKED, .self = self});
	give_chats(r);
	give_messages(r);
	rig_event(
	    r, (struct engine_event){.kind = EV_CONN, .conn = CONN_ONLINE});
	app_draw(r->app);
	rig_log(r);
}

/* ---- a group ------------------------------------------------------------------- */

struct group_row
rig_group(bool with_members)
{
	static struct group_member_row m[] = {
	    {.account = {1},
		.name = (char *)"Ann Example",
		.phone = (char *)"+491701234501"},
	    {.account = {3},
		.name = (char *)"Cara",
		.phone = (char *)"",
		.admin = true},
	    {.account = {9},
		.name = (char *)"Mia",
		.phone = (char *)"+491701234500",
		.you = true,
		.admin = true},
	    {.account = {6},
		.name = (char *)"Emil",
		.phone = (char *)"+491701234506",
		.asks = true},
	};
	struct group_row g = {.chat = RIG_GROUP,
	    .name = lit("Sailing"),
	    .about = lit("The blue boat, Saturdays"),
	    .standing = GROUP_IS_MEMBER,
	    .n_members = 3,
	    .n_asking = 1,
	    .admin = true,
	    .may_send = true,
	    .may_edit = true,
	    .may_add = true,
	    .failed = lit("")};

	if (with_members) {
		g.members = m;
		g.n_rows = ARRAY_LEN(m);
	}
	return g;
}

void
rig_give_group(struct rig *r)
{
	struct chat_row c =
	    rig_chat(RIG_GROUP, "Sailing", RIG_NOW - MINUTE, "Ann: at nine", 1);
	struct group_row g = rig_group(true);
	struct msg_row m[] = {
	    rig_msg(41, RIG_GROUP, false, RIG_NOW - 9 * MINUTE, MSG_RECEIVED,
		"Ann made this group"),
	    rig_msg(42, RIG_GROUP, false, RIG_NOW - 8 * MINUTE, MSG_RECEIVED,
		"Who comes on Saturday?"),
	    rig_msg(43, RIG_GROUP, false, RIG_NOW - 7 * MINUTE, MSG_RECEIVED,
		"At nine?"),
	    rig_msg(44, RIG_GROUP, false, RIG_NOW - 5 * MINUTE, MSG_RECEIVED,
		"@Mia can you bring the blue jacket?"),
	    rig_msg(
		45, RIG_GROUP, true, RIG_NOW - MINUTE, MSG_DELIVERED, "I can"),
	};

	m[0].kind = MSG_NOTE;
	m[1].from = m[2].from = lit("Ann Example");
	m[1].author[0] = m[2].author[0] = 1;
	m[3].from = lit("Cara");
	m[3].author[0] = 3;
	c.group = true;
	c.phone = lit("");
	c.account[0] = 7;
	rig_event(
	    r, (struct engine_event){.kind = EV_CHAT, .chats = &c, .n = 1});
	app_open_chat(r->app, RIG_GROUP);
	rig_answer(r, (struct engine_event){
			  .kind = EV_PAGE, .msgs = m, .n = ARRAY_LEN(m)});
	rig_event(r, (struct engine_event){.kind = EV_GROUP,
			 .tag = r->app->room_tag,
			 .groups = &g,
			 .n = 1});
}
