/* SPDX-License-Identifier: GPL-3.0-or-later */
/* views.h — what the views keep while they are open, and the parts of the
 * screen they share. Private to tui/screen. */
#ifndef TUI_SCREEN_VIEWS_H
#define TUI_SCREEN_VIEWS_H

#include "tui/screen/app.h"
#include "tui/screen/folder.h"
#include "tui/screen/form.h"

#define NARROW_COLS 60 /* below, one pane at a time */

/* ---- forms ------------------------------------------------------------------- */

struct unlock_view {
	struct form form;
	struct field fields[1];
	uint64_t tag; /* 0: nothing asked */
	bool by_key; /* unlocking by a command or key file */
};

enum first_run_field {
	FR_RELAY,
	FR_PHONE,
	FR_NAME,
	FR_PASS,
	FR_AGAIN,
	FR_CODE,
	FR_FIELDS
};

enum first_run_step {
	FR_FILL, /* the form is filled in */
	FR_MAKING, /* the store is being made */
	FR_ASKING, /* the relay is asked for a code */
	FR_TYPE_CODE,
	FR_CHECKING, /* the code is on its way */
};

struct first_run_view {
	struct form form;
	struct field fields[FR_FIELDS];
	enum first_run_step step;
	bool opened; /* the store is there: no passphrase is needed */
	bool coded; /* a code has been sent */
	bool eager; /* Enter came before the relay's word that it was sent */
	uint64_t tag;
	uint32_t digits;
	uint64_t resend_at; /* monotonic: a new code may be asked for */
	uint64_t resend_shown; /* seconds shown */
	char strength[64];
};

struct new_chat_view {
	struct form form;
	struct field fields[2];
	uint64_t tag;
};

enum settings_field {
	SET_NAME,
	SET_RECEIPTS,
	SET_PRESENCE,
	SET_NOTIFY,
	SET_THEME,
	SET_PICTURES,
	SET_MOUSE,
	SET_FIELDS
};

struct settings_view {
	struct form form;
	struct field fields[SET_FIELDS];
	uint64_t tag;
};

/* ---- lists ------------------------------------------------------------------- */

enum palette_kind { PALETTE_CHAT, PALETTE_COMMAND, PALETTE_NUMBER };

struct palette_entry {
	enum palette_kind kind;
	int64_t chat;
	size_t command;
	int score;
	uint64_t recent;
};

#define PALETTE_MAX 200 /* entries shown */

struct palette_view {
	struct edit edit;
	struct palette_entry v[PALETTE_MAX];
	int n, marked, top;
};

#define SEARCH_HITS_MAX 200

struct hit {
	int64_t chat, msg;
	char *title, *text; /* heap */
	uint32_t off, len;
	uint64_t ms;
	bool outgoing, starred;
};

struct search_view {
	struct edit edit;
	int64_t chat; /* 0: everywhere */
	uint64_t tag; /* a search is under way */
	bool again; /* the words changed meanwhile */
	bool failed;
	struct hit v[SEARCH_HITS_MAX];
	int n, marked, top;
	bool asked; /* there has been an answer for these words */
};

#define STARRED_PAGE 100 /* asked for at once */

struct starred_view {
	struct hit *v; /* heap, n of them; newest first */
	int n, marked, top;
	int64_t chat; /* 0: all */
	int64_t at; /* the one jumped to last; kept while it is closed */
	int64_t undo; /* the one whose star was taken off last; 0: none */
	uint64_t tag; /* they are asked for */
	bool more, failed;
};

/* ---- others ------------------------------------------------------------------ */

struct safety_view {
	int64_t chat;
	uint64_t tag;
	char digits[ENGINE_SAFETY_LEN + 1]; /* "" not known yet */
	enum trust trust;
	char error[200];
};

struct help_view {
	int top, lines, view;
};

struct paste_view {
	char *text; /* heap, clean */
	size_t len;
	int lines, top, view;
	bool cut;
};

struct relay_key_view {
	char text[200];
	bool changed;
};

struct dead_view {
	char text[300];
};

struct status_view {
	struct status_row *v; /* n posts; name and text are ours, wiped */
	size_t n, at;
	int64_t id; /* the one that is shown */
	bool known; /* there has been an answer */
	uint64_t tag, audience_tag, reply_tag;
	int top, lines, view; /* of its text: first one in view, all, seen */
	char hint[80]; /* of the prompt for a post */
};

/* What is new among posts: a line under the chats. */
struct status_strip {
	char *text; /* heap, wiped; NULL: nothing is */
	uint64_t tag; /* of the list of posts that is asked for */
	bool again; /* it changed meanwhile */
};

struct read_view {
	char title[80];
	char *text; /* heap, wiped */
	int top, lines, view;
};

struct react_view {
	int64_t msg;
	struct edit edit;
	int marked;
};

struct delete_view {
	int64_t ids[HIST_PICKED_MAX];
	size_t n;
	bool all; /* can be taken back from everybody */
};

#define PICK_MAX 1024 /* picked at once, at most */

/* What was picked, in the order of the list. */
typedef void picked_fn(struct app *a, const int64_t *chats, size_t n);

struct pick_view {
	char title[80];
	struct edit edit;
	struct palette_entry v[PALETTE_MAX];
	int n, marked, top;
	int64_t picked[PICK_MAX];
	size_t npicked, max;
	picked_fn *done;
	bool people; /* no groups, not oneself */
};

/* A question with yes and no. */
typedef void yes_fn(struct app *a, int64_t arg);

struct ask_view {
	char title[80], text[320];
	yes_fn *yes;
	int64_t arg;
};

#define MENU_MAX 12

typedef void chosen_fn(struct app *a, int i, int64_t arg);

struct menu_view {
	char title[80], words[MENU_MAX][64];
	int n, marked, top;
	chosen_fn *done;
	int64_t arg;
};

typedef void prompted_fn(struct app *a, const char *text, int64_t arg);

struct prompt_view {
	char title[80];
	struct form form;
	struct field fields[1];
	prompted_fn *done;
	int64_t arg;
	enum key_ctx keys; /* of its own; CTX_NONE */
	bool (*act)(struct app *a, enum action act);
};

struct details_view {
	int64_t chat;
	int marked, top, view;
};

#define DEVICES_HISTORY_MAX 16

struct backup_view { /* kept while it is closed */
	uint64_t tag;
	bool known, has_code, failed;
	char to[1024], credentials[1024], why[256];
	char said[320]; /* how the last one ended; "" */
	uint32_t every_days, keep;
	uint64_t last_ms, next_ms, failed_ms, done, total;
	enum backup_doing doing;
};

enum backup_set_field { BS_PLACE, BS_SECRET, BS_EVERY, BS_KEEP, BS_FIELDS };

struct backup_set_view {
	struct form form;
	struct field fields[BS_FIELDS];
	uint64_t tag;
};

struct devices_view {
	struct device_row *rows; /* heap, with their names */
	size_t n;
	int marked, top;
	uint64_t tag, change;
	bool offer; /* the newest in the list is offered history */
	char error[200];
	/* Kept while the list is closed; without the sentences. */
	struct history_row history[DEVICES_HISTORY_MAX];
	size_t nhistory;
};

struct link_view {
	uint64_t tag;
	bool reads; /* a picture was chosen: its code is awaited */
	char code[16], name[ENGINE_DEVICE_NAME_MAX + 1], error[200];
	bool confirming, ended;
};

/* The text of a code; borrowed. False: it is none that is looked for. */
typedef bool seen_fn(struct app *a, const char *text);

struct camera_view {
	struct raster *shown; /* the newest picture; NULL before the first */
	seen_fn *seen;
	char title[80], said[160];
	bool ended; /* no picture will come any more */
};

enum link_new_field { LN_RELAY, LN_NAME, LN_PASS, LN_AGAIN, LN_FIELDS };

enum link_new_step {
	LN_FILL,
	LN_MAKING, /* the store is being made, the relay asked */
	LN_OFFER, /* the code is shown */
	LN_COMPARE, /* so are the digits */
	LN_LINKED,
};

struct link_new_view {
	struct form form;
	struct field fields[LN_FIELDS];
	enum link_new_step step;
	bool opened; /* the store is there: no passphrase is needed */
	bool inverse;
	uint64_t tag;
	char offer[256], code[16];
};

struct removed_view {
	char why[300];
	uint64_t tag;
};

struct offer_view {
	char title[80], words[200], text[1024];
	bool inverse;
};

#define PICTURE_ITEMS_MAX 64 /* pictures looked through at once */

struct picture_item {
	uint64_t key;
	char name[120]; /* clean */
	char path[FOLDER_PATH_CAP]; /* "" not a file of this machine */
};

struct picture_full {
	struct picture_item *v; /* heap */
	size_t n, at;
	int zoom;
	uint32_t x, y; /* the middle of what is shown, in 65536ths */
};

#define FILES_MAX 32 /* picked at once */

/* Absolute paths; borrowed. */
typedef void files_fn(
    struct app *a, const char *const *paths, size_t n, int64_t arg);

struct files_view {
	char title[80];
	struct edit edit;
	struct folder folder;
	uint16_t v[FOLDER_MAX]; /* indices into it */
	int n, marked, top;
	char *picked[FILES_MAX]; /* heap; paths */
	size_t npicked, max;
	files_fn *done;
	int64_t arg;
};

struct group_view {
	struct group_row g; /* strings and members owned */
	int marked, top, view;
	uint64_t tag;
	uint8_t account[1][ENGINE_ID_LEN]; /* whom the menu is about */
};

struct view_state {
	struct unlock_view unlock;
	struct first_run_view first_run;
	struct new_chat_view new_chat;
	struct settings_view settings;
	struct palette_view palette;
	struct search_view search;
	struct starred_view starred;
	struct safety_view safety;
	struct help_view help;
	struct paste_view paste;
	struct relay_key_view relay_key;
	struct dead_view dead;
	struct read_view read;
	struct status_view status;
	struct status_strip strip;
	struct react_view react;
	struct delete_view delete;
	struct pick_view pick;
	struct ask_view ask;
	struct menu_view menu;
	struct prompt_view prompt;
	struct details_view details;
	struct devices_view devices;
	struct backup_view backup;
	struct backup_set_view backup_set;
	struct link_view link;
	struct camera_view camera;
	struct link_new_view link_new;
	struct removed_view removed;
	struct offer_view offer;
	struct group_view group;
	struct picture_full picture;
	struct files_view files;
};

/* ---- shared parts -------------------------------------------------------------- */

/* Open the views that need something to begin with. */
void unlock_begin(struct app *a, const struct engine_key *key);
void first_run_begin(struct app *a, bool opened);
void palette_begin(struct app *a, uint32_t cp);
void search_begin(struct app *a, const char *words);
void search_forget(struct app *a); /* words and hits outlive the view */
void starred_begin(struct app *a, int64_t chat); /* 0: of all chats */
void starred_forget(struct app *a);
void safety_begin(struct app *a, int64_t chat);
void new_chat_begin(struct app *a, const char *phone);
void settings_begin(struct app *a);
void paste_begin(struct app *a, const char *s, size_t n, bool cut);
/* A text to be read: copied, and wiped when it is closed. */
void read_begin(struct app *a, const char *title, const char *text);
void status_view_begin(struct app *a);
void react_begin(struct app *a, int64_t msg);
void delete_begin(struct app *a, const int64_t *ids, size_t n);
/* Chats, one or several; done is called with at least one. */
void pick_begin(struct app *a, const char *title, size_t max, picked_fn *done);
/* The same among people only. */
void people_begin(
    struct app *a, const char *title, size_t max, picked_fn *done);
/* yes is called when the answer is yes. */
void ask_begin(struct app *a, const char *title, yes_fn *yes, int64_t arg,
    const char *fmt, ...) PRINTF(5, 6);
/* One of n words; done is called with its number. */
void menu_begin(struct app *a, const char *title, const char *const *words,
    int n, int marked, chosen_fn *done, int64_t arg);
/* A line of text; label and hint are static. */
void prompt_begin(struct app *a, const char *title, const char *label,
    const char *hint, const char *text, prompted_fn *done, int64_t arg);
void prompt_secret(struct app *a); /* what is typed is not shown */
/* More keys than a form has, and what they do. */
void prompt_keys(struct app *a, enum key_ctx keys,
    bool (*act)(struct app *a, enum action act));
void details_begin(struct app *a, int64_t chat);
void group_view_begin(struct app *a, int64_t chat);
/* A text to be read by another device, with words about it. */
void offer_begin(
    struct app *a, const char *title, const char *words, const char *text);
void backup_view_begin(struct app *a);
void backup_set_begin(struct app *a);
void backup_view_event(struct app *a, const struct engine_event *ev);
void devices_view_begin(struct app *a);
void devices_view_history(struct app *a, const struct engine_event *ev);
/* Ask what a device that was just linked shall have. */
void devices_view_offer(struct app *a, uint32_t device);
void link_view_begin(struct app *a); /* the trusted device */
/* A look through the camera until seen() says yes. */
void camera_begin(struct app *a, const char *title, seen_fn *seen);
/* The new one. relay: as far as it is known, or "". */
void link_new_view_begin(struct app *a, const char *relay, bool opened);
void removed_begin(struct app *a, const char *why);
/* Pictures over the whole screen, beginning with one; copied. */
void picture_begin(
    struct app *a, const struct picture_item *items, size_t n, size_t at);
/* Pictures of this machine, chosen first. */
void look_begin(struct app *a);
/* Files of this machine, at most max; done is called with at least one. */
void files_begin(
    struct app *a, const char *title, size_t max, files_fn *done, int64_t arg);
/* Draw a text as a QR code; what is left of the box is for words. */
struct box qr_box(struct app *a, struct box b, const char *text, bool inverse);
/* What the engine knows of a message. */
void info_show(struct app *a, const struct engine_event *ev);

/* The selected message, and the picked ones. */
bool message_act(struct app *a, enum action act);
bool message_offers(const struct app *a, enum action act);
void message_retry_all(struct app *a);
void select_end(struct app *a);

/* First-run's countdown; like app_tick(). */
uint64_t first_run_tick(struct app *a);

void chatlist_draw(struct app *a, struct box b, bool focus);
bool chatlist_act(struct app *a, enum action act);
#define LIST_ARCHIVE (-1) /* the line that archived chats are behind */
#define LIST_STATUS  (-2) /* the line of new posts, on which no mark goes */
/* The chat on a line of the list, LIST_ARCHIVE, LIST_STATUS, 0 none. */
int64_t chatlist_at(struct app *a, struct box b, int y);

/* The line of new posts; it follows every event. */
void strip_ask(struct app *a);
void strip_event(struct app *a, const struct engine_event *ev);
void strip_forget(struct app *a); /* wipes */
int strip_rows(const struct app *a, struct box b); /* of those of the box */
void strip_draw(struct app *a, struct box b); /* into its last one */

void conv_draw(struct app *a, struct box b);
void conv_header(struct app *a, int y, int x, int w);

/* The line at the bottom: keys or a notice, and the connection. */
void bar_draw(struct app *a, int y);

/* A sign for the state of an outgoing message. */
enum sign sign_of(enum msg_state state);

/* One found message: two lines. hit_from() copies; ERR_NOMEM leaves it empty. */
#define HIT_ROWS 2
int hit_from(struct hit *h, const struct hit_row *r) MUST_USE;
void hit_clear(struct hit *h); /* wipes */
void hit_draw(struct app *a, struct box b, const struct hit *h, bool marked);

/* A box in the middle, at most w by h cells; title may be NULL. */
struct box popup(struct app *a, struct box b, int w, int h, const char *title);

/* Move a mark over n entries of which view are seen at once. */
void list_move(int *marked, int *top, int n, int view, int by);
/* How far an action moves it, pages being of so many; 0: it does not. */
int list_step(enum action act, int page);

#endif
