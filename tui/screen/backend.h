/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * backend.h — the commands the screen gives, as a table: the engine's own
 * functions in the program, a recorder in the tests of the views. What comes
 * back are events in both.
 */
#ifndef TUI_SCREEN_BACKEND_H
#define TUI_SCREEN_BACKEND_H

#include "media/preview.h"
#include "tui/engine/engine.h"

struct backend {
	int (*unlock)(
	    struct engine *e, uint64_t tag, const struct engine_key *key);
	int (*start)(struct engine *e, uint64_t tag, const char *uri,
	    const char *phone, const char *name); /* engine_register() */
	int (*verify)(struct engine *e, uint64_t tag, const char *code);
	int (*relay_key)(struct engine *e, uint64_t tag, bool accept);
	int (*self)(struct engine *e, uint64_t tag);
	int (*set_profile)(struct engine *e, uint64_t tag, const char *name,
	    bool read_receipts, bool share_presence);
	int (*contact)(struct engine *e, uint64_t tag, const char *phone,
	    const char *name);
	int (*chats)(struct engine *e, uint64_t tag);
	int (*chats_top)(struct engine *e, uint64_t tag, uint32_t n);
	int (*page_before)(struct engine *e, uint64_t tag, int64_t chat,
	    int64_t before, uint32_t n);
	int (*page_after)(struct engine *e, uint64_t tag, int64_t chat,
	    int64_t after, uint32_t n);
	int (*page_around)(struct engine *e, uint64_t tag, int64_t chat,
	    int64_t id, uint32_t n);
	int (*send_text)(
	    struct engine *e, uint64_t tag, int64_t chat, const char *text);
	int (*retry)(struct engine *e, uint64_t tag, int64_t msg_id);
	int (*mark_read)(
	    struct engine *e, uint64_t tag, int64_t chat, int64_t up_to);
	int (*set_draft)(
	    struct engine *e, uint64_t tag, int64_t chat, const char *text);
	int (*typing)(struct engine *e, uint64_t tag, int64_t chat);
	int (*search)(struct engine *e, uint64_t tag, int64_t chat,
	    const char *query, uint32_t limit);
	int (*starred)(struct engine *e, uint64_t tag, int64_t chat,
	    int64_t before, uint32_t n);
	int (*safety)(struct engine *e, uint64_t tag, int64_t chat);
	int (*set_trust)(
	    struct engine *e, uint64_t tag, int64_t chat, enum trust trust);
	int (*reconnect)(struct engine *e, uint64_t tag);
	int (*forward_all)(struct engine *e, uint64_t tag, const int64_t *msgs,
	    size_t n_msgs, const int64_t *chats, size_t n_chats);
	int (*send_reply)(struct engine *e, uint64_t tag, int64_t chat,
	    const char *text, int64_t reply_to);
	int (*edit)(
	    struct engine *e, uint64_t tag, int64_t msg_id, const char *text);
	int (*retract)(struct engine *e, uint64_t tag, int64_t msg_id);
	int (*forget)(struct engine *e, uint64_t tag, int64_t msg_id);
	int (*react)(
	    struct engine *e, uint64_t tag, int64_t msg_id, const char *emoji);
	int (*star)(struct engine *e, uint64_t tag, int64_t msg_id, bool on);
	int (*msg_info)(struct engine *e, uint64_t tag, int64_t msg_id);
	int (*open_once)(struct engine *e, uint64_t tag, int64_t msg_id);
	int (*mute)(
	    struct engine *e, uint64_t tag, int64_t chat, uint64_t until_ms);
	int (*pin)(struct engine *e, uint64_t tag, int64_t chat, bool on);
	int (*archive)(struct engine *e, uint64_t tag, int64_t chat, bool on);
	int (*mark_unread)(
	    struct engine *e, uint64_t tag, int64_t chat, bool on);
	int (*block)(struct engine *e, uint64_t tag, int64_t chat, bool on);
	int (*rename_contact)(
	    struct engine *e, uint64_t tag, int64_t chat, const char *name);
	int (*set_timer)(
	    struct engine *e, uint64_t tag, int64_t chat, uint32_t seconds);
	int (*clear_chat)(struct engine *e, uint64_t tag, int64_t chat);
	int (*delete_chat)(struct engine *e, uint64_t tag, int64_t chat);
	int (*to_self)(struct engine *e, uint64_t tag);
	int (*send_once)(
	    struct engine *e, uint64_t tag, int64_t chat, const char *text);
	int (*report)(struct engine *e, uint64_t tag, int64_t chat,
	    const int64_t *msgs, size_t n, bool block);
	int (*devices)(struct engine *e, uint64_t tag);
	int (*device_rename)(
	    struct engine *e, uint64_t tag, uint32_t device, const char *name);
	int (*device_remove)(struct engine *e, uint64_t tag, uint32_t device);
	int (*wipe)(struct engine *e, uint64_t tag);
	int (*link_begin)(
	    struct engine *e, uint64_t tag, const char *uri, const char *name);
	int (*link_answer)(struct engine *e, uint64_t tag, const char *offer);
	int (*link_confirm)(struct engine *e, uint64_t tag, bool accept);
	int (*link_cancel)(struct engine *e, uint64_t tag);
	int (*history)(struct engine *e, uint64_t tag);
	int (*verify_pin)(
	    struct engine *e, uint64_t tag, const char *code, const char *pin);
	int (*set_pin)(struct engine *e, uint64_t tag, const char *pin);
	int (*check_pin)(struct engine *e, uint64_t tag, const char *pin);
	int (*change_passphrase)(struct engine *e, uint64_t tag,
	    const char *old_passphrase, const char *passphrase);
	int (*change_number)(struct engine *e, uint64_t tag, const char *phone);
	int (*change_number_code)(
	    struct engine *e, uint64_t tag, const char *code);
	int (*delete_account)(
	    struct engine *e, uint64_t tag, const char *phone);
	int (*group)(struct engine *e, uint64_t tag, int64_t chat);
	int (*group_create)(struct engine *e, uint64_t tag, const char *name,
	    const char *about, uint32_t timer_s,
	    const uint8_t (*accounts)[ENGINE_ID_LEN], size_t n);
	int (*group_act)(struct engine *e, uint64_t tag, int64_t chat,
	    enum engine_group_act act, const uint8_t (*accounts)[ENGINE_ID_LEN],
	    size_t n);
	int (*group_edit)(struct engine *e, uint64_t tag, int64_t chat,
	    const struct engine_group_edit *edit);
	int (*group_permit)(struct engine *e, uint64_t tag, int64_t chat,
	    int send, int edit, int add);
	int (*group_link)(struct engine *e, uint64_t tag, int64_t chat,
	    enum engine_group_link link);
	int (*group_join)(struct engine *e, uint64_t tag, const char *link);
	int (*group_accept)(struct engine *e, uint64_t tag, int64_t chat);
	int (*history_send)(struct engine *e, uint64_t tag, uint32_t device,
	    const struct history_amount *amount);
	int (*history_ask)(struct engine *e, uint64_t tag, uint32_t device,
	    const struct history_amount *amount);
	int (*history_cancel)(struct engine *e, uint64_t tag, uint32_t device);
	int (*statuses)(struct engine *e, uint64_t tag);
	int (*status_post)(struct engine *e, uint64_t tag, const char *text);
	int (*status_see)(struct engine *e, uint64_t tag, int64_t id);
	int (*status_viewers)(struct engine *e, uint64_t tag, int64_t id);
	int (*status_delete)(struct engine *e, uint64_t tag, int64_t id);
	int (*status_reply)(
	    struct engine *e, uint64_t tag, int64_t id, const char *text);
	int (*status_mute)(struct engine *e, uint64_t tag,
	    const uint8_t account[static ENGINE_ID_LEN], bool on);
	int (*status_audience)(struct engine *e, uint64_t tag);
	int (*backup)(struct engine *e, uint64_t tag, bool show_code);
	int (*backup_set)(struct engine *e, uint64_t tag, const char *place,
	    const char *credentials, uint32_t every_days, uint32_t keep);
	int (*backup_now)(struct engine *e, uint64_t tag);
	int (*backup_verify)(struct engine *e, uint64_t tag);
	int (*backup_cancel)(struct engine *e, uint64_t tag);
	int (*fetch)(struct engine *e, uint64_t tag, int64_t msg_id);
	int (*media_pause)(struct engine *e, uint64_t tag, int64_t msg_id);
	int (*media_resume)(struct engine *e, uint64_t tag, int64_t msg_id);
	int (*media_cancel)(struct engine *e, uint64_t tag, int64_t msg_id);
	int (*media_save)(
	    struct engine *e, uint64_t tag, int64_t msg_id, const char *dir);
};

/* The engine's functions. */
extern const struct backend backend_engine;

/* What the app needs from the program around it; none may be NULL. */
struct host {
	void (*bell)(void *ctx);
	void (*notify)(void *ctx, const char *title, const char *body);
	void (*title)(void *ctx, const char *title);
	void (*copy)(void *ctx, const char *s, size_t len);
	void (*mouse)(void *ctx, bool on);
	/* Edit the text in a program of the person's; app_edited() follows. */
	void (*editor)(void *ctx, const char *text);
	void (*suspend)(void *ctx);
	/* Write changed settings down. */
	void (*save_prefs)(void *ctx);
	/* The theme setting, or that of pictures, has changed. */
	void (*retheme)(void *ctx);
	/* As struct picture_host. */
	void (*ask_terminal)(void *ctx);
	void (*load_picture)(void *ctx, uint64_t key, const char *path);
	int (*ask_picture)(void *ctx, const struct preview_ask *ask);
	/* Read the QR code of a picture file: app_qr() follows. */
	void (*read_qr)(void *ctx, const char *path);
	/* Look through the camera: app_camera_...() follow, pictures of at most
	 * so many cells drawn as ask says. Until it ends or is stopped. */
	void (*camera)(void *ctx, const struct preview_ask *ask);
	void (*camera_stop)(void *ctx);
	/* Show a file in the program that the system has for it. */
	void (*open_file)(void *ctx, const char *path);
};

#endif
