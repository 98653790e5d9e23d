/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * composer.h — where messages are written: one to eight lines that grow with
 * the text, what was sent before, and the guard against sending a mistyped
 * /command.
 */
#ifndef TUI_SCREEN_COMPOSER_H
#define TUI_SCREEN_COMPOSER_H

#include <stdbool.h>
#include <stdint.h>

#include "tui/screen/draw.h"
#include "tui/screen/edit.h"
#include "tui/screen/keymap.h"

#define COMPOSER_LINES_MAX 8
#define COMPOSER_SENT_MAX  50 /* texts remembered for Up */
#define COMPOSER_PASTE_MAX 5 /* lines put in without asking */
#define COMPOSER_PROMPT_W  2 /* cells before the text */

struct composer {
	struct edit edit;
	int width; /* cells the text was wrapped to when last drawn */
	int top; /* first wrapped line in view */
	bool guarded; /* the mistyped /command has been pointed out */
	char *sent[COMPOSER_SENT_MAX]; /* oldest first */
	int nsent;
	int recalled; /* index + 1 of what is shown, 0: one's own text */
	char *kept; /* one's own text while an old one is shown */
};

void composer_init(struct composer *c);
void composer_clear(struct composer *c); /* wipes */

/* Another chat's draft; 0, ERR_FULL, ERR_NOMEM. */
int composer_set(struct composer *c, const char *text, size_t len) MUST_USE;
bool composer_empty(const struct composer *c);
const char *composer_text(const struct composer *c);

/* EDIT actions, NEWLINE, ROW_UP, ROW_DOWN; false when it is another one.
 * *changed tells whether the text is another now. */
bool composer_act(struct composer *c, enum action act, bool *changed);
int composer_type(struct composer *c, uint32_t cp) MUST_USE;

/* A paste so long that the person is asked what to do with it. */
bool composer_paste_asks(const char *s, size_t len);

/* Put a paste in; 0, ERR_FULL, ERR_NOMEM. */
int composer_paste(struct composer *c, const char *s, size_t len) MUST_USE;

/* Remember a text that was sent. */
void composer_sent(struct composer *c, const char *text);

/* The wrapped lines it wants, 1 to max, in w cells. */
int composer_lines(const struct composer *c, int w, int max);

/* Draw into the box; hint is shown while there is no text. */
void composer_draw(struct draw *d, struct composer *c, struct box b,
    const char *hint, bool focus);

/* ---- /commands ------------------------------------------------------------------- */

/* word, what follows, action, what it does */
#define COMMANDS(X)                                                            \
	X("new", "NUMBER", NEW_CHAT, "Start a chat with a phone number")       \
	X("search", "WORDS", SEARCH, "Search messages")                        \
	X("starred", "", STARRED, "Starred messages of all chats")             \
	X("verify", "", SAFETY, "Compare the safety number")                   \
	X("unread", "", NEXT_UNREAD, "Go to the next unread chat")             \
	X("details", "", DETAILS, "Details of this chat")                      \
	X("mute", "TIME", CHAT_MUTE, "Mute this chat: 8h, off")                \
	X("pin", "", CHAT_PIN, "Pin this chat, or no longer")                  \
	X("archive", "", CHAT_ARCHIVE, "Archive this chat, or no longer")      \
	X("timer", "TIME", CHAT_TIMER, "Disappearing messages: 1d, off")       \
	X("rename", "NAME", CHAT_RENAME, "Name the person of this chat")       \
	X("block", "", CHAT_BLOCK, "Block this person, or no longer")          \
	X("once", "TEXT", SEND_ONCE, "Send a text that can be seen once")      \
	X("notes", "", NOTES, "Notes to yourself")                             \
	X("group", "NAME", NEW_GROUP, "Make a group")                          \
	X("join", "LINK", JOIN_GROUP, "Join a group by its link")              \
	X("account", "", ACCOUNT, "Your account: PIN, number, delete it")      \
	X("backup", "", BACKUPS, "Backups: where, how often, one now")         \
	X("devices", "", DEVICES, "Your devices: link, name, remove")          \
	X("settings", "", SETTINGS, "Settings: receipts, presence, look")      \
	X("retry", "", RETRY, "Send again what could not be sent")             \
	X("connect", "", RECONNECT, "Connect now")                             \
	X("look", "", LOOK, "Look at pictures of this machine")                \
	X("mouse", "", MOUSE, "Mouse on or off")                               \
	X("editor", "", EDITOR, "Write in your editor")                        \
	X("help", "", HELP, "Show the keys")                                   \
	X("quit", "", QUIT, "Quit")

struct command {
	const char *word, *args;
	enum action action;
	const char *help;
};

extern const struct command commands[];
extern const size_t ncommands;

enum slash {
	SLASH_NONE, /* a message */
	SLASH_COMMAND, /* *cmd, *args */
	SLASH_UNKNOWN, /* looks like a command, is none */
};

/* What the text is. args points into it. */
enum slash slash_parse(
    const char *text, const struct command **cmd, const char **args);

/* Complete "/se" to "/search "; false when there is nothing to complete. */
bool slash_complete(struct composer *c);

#endif
