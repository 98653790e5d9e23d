/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * app.h — the full-screen client without its terminal and its loop: keys,
 * events of the engine and the clock go in; drawing, commands and wishes to
 * the host come out. One stack of views; the lowest covers the screen, those
 * above it are opened over it.
 */
#ifndef TUI_SCREEN_APP_H
#define TUI_SCREEN_APP_H

#include <stdbool.h>
#include <stdint.h>

#include "tui/screen/backend.h"
#include "tui/screen/composer.h"
#include "tui/screen/draw.h"
#include "tui/screen/form.h"
#include "tui/screen/hist.h"
#include "tui/screen/keymap.h"
#include "tui/screen/model.h"
#include "tui/screen/pictures.h"
#include "tui/screen/prefs.h"

#define APP_VIEWS_MAX	 8
#define APP_CONTEXTS_MAX 8
#define APP_NOTICE_CAP	 320
#define APP_TAG_NONE	 1 /* an answer nobody waits for */

struct app;

/* A view; all of them are called on the main thread. Any but draw may be
 * NULL. */
struct view_ops {
	const char *name;
	/* Which keys are alive, the first that knows a key wins; 0-terminated. */
	void (*contexts)(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX]);
	/* False: the bar does not show the action now. */
	bool (*offers)(const struct app *a, enum action act);
	/* What Enter does here, for the bar; NULL: as the table says. */
	const char *(*enter)(const struct app *a);
	/* Draw into the box: everything but the bar at the bottom. */
	void (*draw)(struct app *a, struct box b);
	/* False: not done, another context may know better. */
	bool (*act)(struct app *a, enum action act, int digit);
	bool (*type)(struct app *a, uint32_t cp);
	bool (*paste)(struct app *a, const char *s, size_t n);
	bool (*mouse)(struct app *a, const struct key *ev);
	/* Every event passes every open view. */
	void (*event)(struct app *a, const struct engine_event *ev);
	/* The view leaves the stack: free what it holds. */
	void (*close)(struct app *a);
};

extern const struct view_ops view_main, view_status, view_unlock,
    view_first_run, view_palette, view_search, view_safety, view_help,
    view_new_chat, view_settings, view_paste, view_relay_key, view_dead,
    view_read, view_react, view_delete, view_pick, view_ask, view_menu,
    view_prompt, view_details, view_backup, view_backup_set, view_devices,
    view_link, view_link_new, view_removed, view_offer, view_picture,
    view_files, view_group, view_camera, view_starred;

/* What the composer's text is to become. */
enum writing_kind { WRITE_NEW, WRITE_REPLY, WRITE_EDIT };

struct writing {
	enum writing_kind kind;
	int64_t chat, msg; /* the one that is answered, changed */
	char *who, *what; /* heap; said above the composer */
};

/* What the engine was asked to do with the account. */
enum account_step {
	ACCOUNT_IDLE,
	ACCOUNT_SETS_PIN,
	ACCOUNT_CHECKS_PIN,
	ACCOUNT_SETS_PASSPHRASE,
	ACCOUNT_ASKS_CODE,
	ACCOUNT_MOVES,
	ACCOUNT_ENDS,
};

/* A message on its way into the store: kept until the engine has it. */
struct sending {
	uint64_t tag;
	int64_t chat;
	int64_t edit_of; /* a new text for this one; 0: a message */
	char *text; /* heap */
	struct sending *next;
};

/* Deleted for oneself a moment ago: it can still be kept. */
struct forgetting {
	int64_t chat;
	int64_t ids[HIST_PICKED_MAX];
	size_t n; /* 0: nothing */
	uint64_t at; /* monotonic: then it is done */
};

/* Where a jump came from. */
struct place {
	bool valid;
	int64_t chat;
	int64_t bottom; /* message at the bottom of the view; 0: the newest */
};

struct view_state; /* what the views keep; views.h */

struct app {
	const struct backend *be;
	struct engine *e;
	const struct host *host;
	void *host_ctx;
	struct draw *draw;
	struct pictures *pictures;

	uint64_t wall, mono; /* now, set by app_time() */

	const struct view_ops *views[APP_VIEWS_MAX];
	struct key_prefix prefix;

	char notice[APP_NOTICE_CAP]; /* until the next key */

	struct model m;
	struct prefs prefs;
	unsigned home; /* home country calling code, 0 none */
	uint64_t next_tag;
	uint64_t chats_tag; /* of the first chats, asked for; 0: here */
	uint64_t rest_tag; /* of all chats, when those were not all */

	int64_t open; /* the chat shown, 0 none */
	int64_t open_when_known; /* to be opened when its row comes */
	struct hist hist;
	struct composer comp;
	struct sending *sending;
	struct writing writing;
	struct forgetting forgetting;
	uint64_t draft_at; /* monotonic: save the draft then; 0: saved */
	uint64_t draft_since; /* of the first change not saved */
	uint64_t typing_at; /* monotonic: when we may say "typing" again */
	int64_t read_up_to; /* last engine_mark_read() of the open chat */
	struct place back;

	int64_t marked; /* the marked chat of the list, or LIST_ARCHIVE */
	struct group_row room; /* of the open chat, if it is one's; owned */
	uint64_t room_tag;
	char group_name[FORM_TEXT_MAX]; /* of the one that is being made */
	uint64_t group_tag; /* of one that is made or joined: to be opened */
	enum account_step account_step;
	uint64_t account_tag;
	char passphrase[2][FORM_TEXT_MAX]; /* old and new, while typed; wiped */
	uint64_t notes_tag; /* the chat with oneself is to be opened */

	uint64_t bell_at; /* monotonic: no bell before */
	char title[64]; /* the terminal's, as last set */
	char folder[4096]; /* where files were picked last; "" */
	uint64_t media_open_tag; /* a file is saved, to be opened then */

	uint64_t timers_at; /* monotonic: another "59s" is to be shown */
	uint64_t countdown; /* seconds shown until the next attempt */
	struct view_state *vs;

	int nviews;
	int list_top; /* first chat in view */
	int status; /* exit status */
	enum style notice_style;
	uint32_t marker_wanted; /* unread when the chat was opened */
	uint32_t missed; /* messages come while syncing, told at its end */
	bool quit; /* the loop is to end */
	bool dirty; /* something may look different */
	bool interrupted; /* Ctrl-C was the last key */
	bool selecting; /* keys go to the selected message */
	bool focus_list; /* keys go to the list of chats */
	bool unmark; /* opened while marked as unread: reading ends that */
	bool unfolded; /* archived chats are in the list */
	bool show_list; /* narrow: the list instead of the conversation */
	bool focused; /* the terminal has the focus */
	bool editing; /* an editor runs, the terminal is not ours */
	bool claimed; /* a view has taken the event's error on itself */
};

/* Everything borrowed; d may come later, before a key, an event and the first
 * frame (app_use). 0 or ERR_NOMEM. */
int app_new(struct app **out, const struct backend *be, struct engine *e,
    const struct host *host, void *host_ctx, struct draw *d) MUST_USE;
void app_free(struct app *a); /* wipes */
void app_use(struct app *a, struct draw *d);

/*
 * Show the first view: unlock (exists) or first run. key, when not NULL,
 * unlocks without asking.
 */
void app_start(struct app *a, bool exists, const struct engine_key *key);

/* The clock, before anything else is called in a turn. */
void app_time(struct app *a, uint64_t wall_ms, uint64_t mono_ms);

void app_key(struct app *a, const struct key *ev);
void app_event(struct app *a, const struct engine_event *ev);
/* The editor has ended; text NULL: nothing is to change. */
void app_edited(struct app *a, const char *text, size_t len);

/* What was read in the picture of host->read_qr(): a text of others; NULL:
 * code says why not, as preview_run(), ERR_SYS for the file. */
void app_qr(struct app *a, int code, const char *text);
/* Of the camera: the text of a code in a picture; false: go on. */
bool app_camera_text(struct app *a, const char *text);
/* A picture of it, to aim by; taken over. */
void app_camera_picture(struct app *a, struct preview_answer *answer);
/* It is over; why, as camera_open() and camera_frame(). */
void app_camera_ended(struct app *a, int code);

/* Do what is due. Returns the monotonic time it is to be called again, 0:
 * nothing is waited for. */
uint64_t app_tick(struct app *a);

void app_draw(struct app *a);

/* What would be drawn now is about to be replaced by what was asked for. */
bool app_settling(const struct app *a);

/* Save what is not saved: before the program ends. */
void app_flush(struct app *a);

/* ---- for views ------------------------------------------------------------------ */

uint64_t app_tag(struct app *a);
/* A command could not be queued: say so. True when it was. */
bool app_asked(struct app *a, int r);

/* Why a command failed, as a sentence. Returns out. */
const char *app_sentence(const struct engine_event *ev, char *out, size_t cap);

void app_notice(struct app *a, enum style st, const char *fmt, ...)
    PRINTF(3, 4);

/* Open over what is there, or bring the only one. */
void app_push(struct app *a, const struct view_ops *v);
void app_close(struct app *a, const struct view_ops *v);
/* Close everything and begin with this one. */
void app_root(struct app *a, const struct view_ops *v);
bool app_is_open(const struct app *a, const struct view_ops *v);

/* The chat shown, NULL when there is none. */
struct chat *app_chat(const struct app *a);
void app_open_chat(struct app *a, int64_t chat);
/* Show a message of a chat, remembering where we were. len 0: no mark. */
void app_jump(
    struct app *a, int64_t chat, int64_t msg, uint32_t off, uint32_t len);
bool app_jump_back(struct app *a);

/* Send a text in the open chat, as an answer when one is being written; the
 * composer is not touched. */
bool app_send(struct app *a, const char *text);
/* Send a text that can be seen once, in the open chat. */
bool app_send_once(struct app *a, const char *text);
/* What is in the composer: sent, or the new text of the message that is being
 * edited. Then the composer is empty, or has the draft again that made room.
 * False: nothing has changed. */
bool app_submit(struct app *a);
/* The text is being changed: a draft to save, a "typing" to tell. */
void app_text_changed(struct app *a);

/* The newest, the oldest message; more of them where the view nears an end. */
void app_latest(struct app *a);
void app_oldest(struct app *a);
void app_more(struct app *a);

/* Ask for the chats, unless they are on their way. */
void app_ask_chats(struct app *a);
/* Unlocked and registered: show the chats. */
void app_begin(struct app *a);

/* An action that needs no view: quit, help, settings, ... */
bool app_do(struct app *a, enum action act, int digit);

#endif
