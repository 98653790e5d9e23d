/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keymap.h — the one table of keys: dispatch, key bar, help (F1) and the table
 * in docs/tui.md all come from it.
 */
#ifndef TUI_SCREEN_KEYMAP_H
#define TUI_SCREEN_KEYMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "tui/screen/keys.h"

/* A context is a set of keys that are alive together: name, title in help. */
#define KEY_CONTEXTS(X)                                                        \
	X(GLOBAL, "Everywhere")                                                \
	X(MAIN, "Chats and conversation")                                      \
	X(COMPOSER, "Writing a message")                                       \
	X(EDIT, "Editing text")                                                \
	X(CHATLIST, "In the list of chats")                                    \
	X(SELECT, "A selected message")                                        \
	X(LIST, "Go to, search, new chat: the list")                           \
	X(SEARCH, "Search")                                                    \
	X(STARRED, "Starred messages")                                         \
	X(DIALOG, "A form that can be closed")                                 \
	X(FORM, "Forms")                                                       \
	X(SECRET, "A passphrase in a form")                                    \
	X(CODE, "The code of the first run")                                   \
	X(CHOICE, "A choice in a form")                                        \
	X(PASTE, "After a long paste")                                         \
	X(SAFETY, "Safety number")                                             \
	X(QUESTION, "A question")                                              \
	X(REACT, "A reaction")                                                 \
	X(DELETE, "Deleting messages")                                         \
	X(PICK, "Picking several chats or people")                             \
	X(GROUP, "Details of a group, besides those of a chat")                \
	X(DETAILS, "Details of a chat")                                        \
	X(MENU, "A choice of several")                                         \
	X(DEVICES, "Your devices")                                             \
	X(BACKUP, "Backups")                                                   \
	X(NEWCOMER, "The first run: another device")                           \
	X(OFFER, "A code to be read by another device")                        \
	X(LINKING, "Linking a new device")                                     \
	X(CAMERA, "The camera")                                                \
	X(REMOVED, "After this device was removed")                            \
	X(PICTURE, "A picture")                                                \
	X(FILES, "Files of this machine")                                      \
	X(STATUS, "Status posts")                                              \
	X(READ, "Something to read")                                           \
	X(HELP, "This help")

enum key_ctx {
	CTX_NONE,
#define X(name, title) CTX_##name,
	KEY_CONTEXTS(X)
#undef X
};

/*
 * Context, action, keys, label in the key bar ("" not there), what it does.
 * Keys: alternatives separated by a comma and a blank; two keys in a row by a
 * blank; "Alt-1..9" is nine keys. The first one is shown in the bar.
 */
#define KEYMAP(X)                                                              \
	X(GLOBAL, HELP, "F1", "help", "Show the keys that work here")          \
	X(GLOBAL, QUIT, "Ctrl-Q", "quit", "Quit; drafts are kept")             \
	X(GLOBAL, INTERRUPT, "Ctrl-C", "",                                     \
	    "Close what is open; twice in the conversation: quit")             \
	X(GLOBAL, SUSPEND, "Ctrl-Z", "", "Suspend; fg brings it back")         \
	X(GLOBAL, REDRAW, "Ctrl-L", "", "Draw the screen afresh")              \
	X(MAIN, PALETTE, "Ctrl-K, Ctrl-G", "go to",                            \
	    "Go to a chat, a person or a command "                             \
	    "(Ctrl-K cuts when text follows the cursor)")                      \
	X(MAIN, NEXT_UNREAD, "Alt-A", "unread",                                \
	    "Go to the next chat with unread messages")                        \
	X(MAIN, SEARCH, "Ctrl-S", "search",                                    \
	    "Search this chat; again: everywhere")                             \
	X(MAIN, STARRED, "Alt-T", "", "Starred messages of all chats")         \
	X(MAIN, FOCUS_LIST, "Tab, Alt-L", "chats", "Go to the list of chats")  \
	X(MAIN, NEW_CHAT, "F2", "new chat", "Start a chat with a number")      \
	X(MAIN, SAFETY, "F3", "verify", "Compare the safety number")           \
	X(MAIN, SETTINGS, "F4", "settings", "Settings")                        \
	X(MAIN, RECONNECT, "F5", "", "Connect now instead of waiting")         \
	X(MAIN, DETAILS, "Alt-I", "details",                                   \
	    "Details of the chat: mute, pin, archive, timer, block and more")  \
	X(MAIN, ACCOUNT, "F8", "",                                             \
	    "Your account: PIN, another number, delete it")                    \
	X(MAIN, NEW_GROUP, "F7", "", "Make a group")                           \
	X(MAIN, JOIN_GROUP, "Alt-J", "", "Join a group by its link")           \
	X(MAIN, BACKUPS, "F9", "", "Backups: where, how often, one now")       \
	X(MAIN, DEVICES, "F6", "", "Your devices: link, name, remove")         \
	X(MAIN, STATUS, "Alt-S", "", "Status posts: look at them, write one")  \
	X(MAIN, NOTES, "Alt-N", "", "Notes to yourself")                       \
	X(MAIN, NEXT_CHAT, "Ctrl-N, Alt-Down", "", "Next chat")                \
	X(MAIN, PREV_CHAT, "Ctrl-P, Alt-Up", "", "Previous chat")              \
	X(MAIN, LAST_CHAT, "Alt-/", "", "Back to the chat before this one")    \
	X(MAIN, CHAT_N, "Alt-1..9", "", "The first to ninth chat of the list") \
	X(MAIN, PAGE_UP, "PgUp", "", "Older messages")                         \
	X(MAIN, PAGE_DOWN, "PgDn", "", "Newer messages")                       \
	X(MAIN, LINE_UP, "Alt-PgUp", "", "One line towards older ones")        \
	X(MAIN, LINE_DOWN, "Alt-PgDn", "", "One line towards newer ones")      \
	X(MAIN, OLDEST, "Alt-Home", "", "The oldest message")                  \
	X(MAIN, NEWEST, "Alt-End", "", "The newest message")                   \
	X(MAIN, FIRST_UNREAD, "Alt-U", "", "The first unread message")         \
	X(MAIN, SELECT, "Ctrl-Up", "",                                         \
	    "Select a message to answer, edit, delete and more")               \
	X(MAIN, RETRY, "Alt-R", "", "Send again what could not be sent")       \
	X(MAIN, KEEP, "Alt-K", "", "Keep what was deleted a moment ago")       \
	X(MAIN, LOOK, "Alt-G", "", "Look at pictures of this machine")         \
	X(MAIN, MOUSE, "Alt-M", "", "Mouse on or off")                         \
	X(MAIN, BACK, "Esc", "", "Back to where you were before a jump")       \
	X(COMPOSER, SEND, "Enter", "", "Send")                                 \
	X(COMPOSER, SEND_ONCE, "Alt-V", "",                                    \
	    "Send it as a text that can be seen once")                         \
	X(COMPOSER, NEWLINE, "Alt-Enter, Shift-Enter, Ctrl-J", "", "New line") \
	X(COMPOSER, COMPLETE, "Tab", "", "Complete a /command")                \
	X(COMPOSER, ROW_UP, "Up", "",                                          \
	    "Line up; from the first line: what you sent before")              \
	X(COMPOSER, ROW_DOWN, "Down", "", "Line down")                         \
	X(COMPOSER, EDITOR, "Ctrl-X Ctrl-E", "",                               \
	    "Write in $VISUAL or $EDITOR")                                     \
	X(COMPOSER, WRITE_LEAVE, "Esc", "leave it",                            \
	    "Leave the answer or the edit")                                    \
	X(EDIT, LINE_START, "Ctrl-A, Home", "", "Start of the line")           \
	X(EDIT, LINE_END, "Ctrl-E, End", "", "End of the line")                \
	X(EDIT, LEFT, "Ctrl-B, Left", "", "One character back")                \
	X(EDIT, RIGHT, "Ctrl-F, Right", "", "One character on")                \
	X(EDIT, WORD_LEFT, "Alt-B, Ctrl-Left, Alt-Left", "", "One word back")  \
	X(EDIT, WORD_RIGHT, "Alt-F, Ctrl-Right, Alt-Right", "", "One word on") \
	X(EDIT, BACKSPACE, "Backspace, Ctrl-H", "",                            \
	    "Delete the character before")                                     \
	X(EDIT, DELETE, "Ctrl-D, Delete", "", "Delete the character after")    \
	X(EDIT, KILL_END, "Ctrl-K", "", "Cut to the end of the line")          \
	X(EDIT, KILL_START, "Ctrl-U", "", "Cut to the start of the line")      \
	X(EDIT, KILL_BLANK, "Ctrl-W", "", "Cut back to the blank before")      \
	X(EDIT, KILL_WORD_LEFT, "Alt-Backspace, Ctrl-Backspace", "",           \
	    "Cut the word before")                                             \
	X(EDIT, KILL_WORD_RIGHT, "Alt-D, Ctrl-Delete", "",                     \
	    "Cut the word after")                                              \
	X(EDIT, YANK, "Ctrl-Y", "", "Put back what was cut last")              \
	X(EDIT, TRANSPOSE, "Ctrl-T", "", "Swap the characters around")         \
	X(EDIT, UNDO, "Ctrl-_, Ctrl-/, Ctrl-X Ctrl-U", "", "Undo")             \
	X(EDIT, REDO, "Alt-Z, Ctrl-X Ctrl-R", "", "Redo")                      \
	X(CHATLIST, CL_OPEN, "Enter, Right", "open", "Open the chat")          \
	X(CHATLIST, CL_UP, "Up", "", "Up")                                     \
	X(CHATLIST, CL_DOWN, "Down", "", "Down")                               \
	X(CHATLIST, CL_PAGE_UP, "PgUp", "", "Page up")                         \
	X(CHATLIST, CL_PAGE_DOWN, "PgDn", "", "Page down")                     \
	X(CHATLIST, CL_FIRST, "Home", "", "First chat")                        \
	X(CHATLIST, CL_LAST, "End", "", "Last chat")                           \
	X(CHATLIST, CL_LEAVE, "Esc, Tab", "back", "Back to the conversation")  \
	X(SELECT, SEL_REPLY, "r", "reply", "Answer it")                        \
	X(SELECT, SEL_OPEN, "Enter, o", "open",                                \
	    "Go to what it answers; look at a view-once text")                 \
	X(SELECT, SEL_RETRY, "R", "send again", "Send again if it failed")     \
	X(SELECT, SEL_EDIT, "e", "edit", "Change your text (15 minutes)")      \
	X(SELECT, SEL_REACT, "+", "react", "React with an emoji")              \
	X(SELECT, SEL_FORWARD, "f", "forward", "Forward to other chats")       \
	X(SELECT, SEL_DELETE, "d, Delete", "delete",                           \
	    "Delete for yourself, or your own for everyone")                   \
	X(SELECT, SEL_STAR, "s", "star", "Star it, or no longer")              \
	X(SELECT, SEL_COPY, "y", "copy", "Copy the text to the clipboard")     \
	X(SELECT, SEL_INFO, "i", "details",                                    \
	    "When it was sent, delivered, read; earlier texts")                \
	X(SELECT, SEL_REPORT, "!", "report",                                   \
	    "Tell the operator of the relay; the picked ones, if any")         \
	X(SELECT, SEL_PICK, "Space", "pick",                                   \
	    "Pick it too: forward, delete, star, copy several")                \
	X(SELECT, SEL_KEEP, "u", "undelete",                                   \
	    "Keep what was deleted a moment ago")                              \
	X(SELECT, SEL_UP, "Up, k, Ctrl-Up", "", "Older message")               \
	X(SELECT, SEL_DOWN, "Down, j, Ctrl-Down", "", "Newer message")         \
	X(SELECT, SEL_CLOSE, "Esc, q", "back", "Back to writing")              \
	X(LIST, LIST_PICK, "Enter", "open", "Take the marked entry")           \
	X(LIST, LIST_UP, "Up, Ctrl-P", "", "Up")                               \
	X(LIST, LIST_DOWN, "Down, Ctrl-N", "", "Down")                         \
	X(LIST, LIST_PAGE_UP, "PgUp", "", "Page up")                           \
	X(LIST, LIST_PAGE_DOWN, "PgDn", "", "Page down")                       \
	X(LIST, LIST_CLOSE, "Esc", "close", "Close")                           \
	X(SEARCH, SEARCH_SCOPE, "Ctrl-S, Tab", "this chat / everywhere",       \
	    "Search this chat or everywhere")                                  \
	X(STARRED, STARRED_OFF, "s, Delete", "unstar", "Take its star off")    \
	X(STARRED, STARRED_UNDO, "u", "undo", "Star it again")                 \
	X(STARRED, STARRED_SCOPE, "Tab", "this chat / all",                    \
	    "Those of this chat or of all")                                    \
	X(DIALOG, FORM_CANCEL, "Esc", "close", "Close without changing")       \
	X(FORM, FORM_ENTER, "Enter", "go on", "Go on")                         \
	X(FORM, FORM_NEXT, "Tab, Down", "next field", "Next field")            \
	X(FORM, FORM_PREV, "Shift-Tab, Up", "", "Field before")                \
	X(SECRET, FORM_REVEAL, "Ctrl-R", "show passphrase",                    \
	    "Show or hide the passphrase")                                     \
	X(CODE, FORM_RESEND, "Ctrl-R", "new code", "Ask for a new code")       \
	X(CHOICE, CHOICE_NEXT, "Space, Right", "change", "Next choice")        \
	X(CHOICE, CHOICE_PREV, "Left", "", "Choice before")                    \
	X(PASTE, PASTE_SEND, "Enter", "send", "Send it")                       \
	X(PASTE, PASTE_EDIT, "e, Tab", "edit", "Put it where you write")       \
	X(PASTE, PASTE_CANCEL, "Esc, n", "cancel", "Forget the paste")         \
	X(PASTE, PASTE_UP, "Up, PgUp", "", "Scroll up")                        \
	X(PASTE, PASTE_DOWN, "Down, PgDn", "", "Scroll down")                  \
	X(SAFETY, SAFETY_VERIFY, "v", "they are equal",                        \
	    "Compared and equal: mark as verified")                            \
	X(SAFETY, SAFETY_ACCEPT, "a", "accept unseen",                         \
	    "Accept the new number without comparing")                         \
	X(SAFETY, SAFETY_UNVERIFY, "u", "not verified",                        \
	    "Take the verified mark back")                                     \
	X(SAFETY, SAFETY_CLOSE, "Esc, q", "close", "Close")                    \
	X(QUESTION, QUESTION_YES, "y", "yes", "Yes")                           \
	X(QUESTION, QUESTION_NO, "n, Esc", "no", "No")                         \
	X(REACT, REACT_PICK, "Enter", "react",                                 \
	    "The marked one, or what you have typed")                          \
	X(REACT, REACT_N, "1..9", "", "The first to ninth one")                \
	X(REACT, REACT_NONE, "0", "take yours back", "Take yours back")        \
	X(REACT, REACT_LEFT, "Left, Shift-Tab", "", "One to the left")         \
	X(REACT, REACT_RIGHT, "Right, Tab", "", "One to the right")            \
	X(REACT, REACT_CLOSE, "Esc", "close", "No reaction")                   \
	X(DELETE, DELETE_HERE, "m, Enter", "for me", "On your devices only")   \
	X(DELETE, DELETE_ALL, "e", "for everyone",                             \
	    "Your own: from everybody's devices")                              \
	X(DELETE, DELETE_NO, "Esc, n", "keep", "Keep them")                    \
	X(PICK, PICK_DONE, "Enter", "done",                                    \
	    "Take the picked ones, or else the marked one")                    \
	X(PICK, PICK_TOGGLE, "Space, Tab", "pick", "Pick it, or let it go")    \
	X(GROUP, GROUP_ADD, "+, Insert", "add", "Add members")                 \
	X(GROUP, GROUP_ABOUT, "e", "description", "What the group is about")   \
	X(GROUP, GROUP_PERMIT, "o", "who may", "Who may send, change, add")    \
	X(GROUP, GROUP_LINK, "i", "invite link", "A link to join by")          \
	X(GROUP, GROUP_LEAVE, "l", "leave", "Leave the group")                 \
	X(GROUP, GROUP_ACCEPT, "A", "go on",                                   \
	    "Go on in spite of an alarm about the relay")                      \
	X(DETAILS, DETAILS_TAKE, "Enter", "change",                            \
	    "What the marked line is about")                                   \
	X(DETAILS, CHAT_MUTE, "m", "mute", "No notice of new messages")        \
	X(DETAILS, CHAT_PIN, "p", "pin", "Keep it at the top of the list")     \
	X(DETAILS, CHAT_ARCHIVE, "a", "archive",                               \
	    "Put it away behind the list until something comes")               \
	X(DETAILS, CHAT_TIMER, "t", "timer",                                   \
	    "How long new messages stay, on both sides")                       \
	X(DETAILS, CHAT_UNREAD, "u", "unread", "Mark it as unread")            \
	X(DETAILS, CHAT_VERIFY, "v", "safety number",                          \
	    "Compare the safety number")                                       \
	X(DETAILS, CHAT_RENAME, "n", "name", "What you call them")             \
	X(DETAILS, CHAT_BLOCK, "b", "block", "Nothing of theirs comes")        \
	X(DETAILS, CHAT_CLEAR, "c", "clear", "Delete its messages for you")    \
	X(DETAILS, CHAT_DELETE, "d", "delete", "Delete the chat for you")      \
	X(DETAILS, CHAT_STARRED, "s", "starred", "Its starred messages")       \
	X(DETAILS, DETAILS_UP, "Up, k, Shift-Tab", "", "Line up")              \
	X(DETAILS, DETAILS_DOWN, "Down, j, Tab", "", "Line down")              \
	X(DETAILS, DETAILS_PAGE_UP, "PgUp", "", "Page up")                     \
	X(DETAILS, DETAILS_PAGE_DOWN, "PgDn", "", "Page down")                 \
	X(DETAILS, DETAILS_CLOSE, "Esc, q", "close", "Close")                  \
	X(MENU, MENU_TAKE, "Enter", "take", "Take the marked one")             \
	X(MENU, MENU_UP, "Up, k, Shift-Tab", "", "Up")                         \
	X(MENU, MENU_DOWN, "Down, j, Tab", "", "Down")                         \
	X(MENU, MENU_CLOSE, "Esc, q", "close", "Close")                        \
	X(DEVICES, DEVICE_LINK, "l, Insert", "link a new one",                 \
	    "Take a new device into your account")                             \
	X(DEVICES, DEVICE_RENAME, "r, Enter", "name", "Name the marked one")   \
	X(DEVICES, DEVICE_REMOVE, "d, Delete", "remove",                       \
	    "Remove the marked one from your account")                         \
	X(DEVICES, DEVICE_HISTORY, "h", "history",                             \
	    "Send it messages from before it was linked, or ask it for some")  \
	X(DEVICES, DEVICE_UP, "Up, k", "", "Up")                               \
	X(DEVICES, DEVICE_DOWN, "Down, j", "", "Down")                         \
	X(DEVICES, DEVICE_CLOSE, "Esc, q", "close", "Close")                   \
	X(BACKUP, BACKUP_NOW, "b, Enter", "back up now", "Make one now")       \
	X(BACKUP, BACKUP_VERIFY, "v", "verify",                                \
	    "Read the newest one: is it whole?")                               \
	X(BACKUP, BACKUP_CHANGE, "e", "where and when",                        \
	    "Where they are kept, and how often one is made")                  \
	X(BACKUP, BACKUP_CODE, "r", "recovery code", "Show what opens them")   \
	X(BACKUP, BACKUP_STOP, "Esc", "",                                      \
	    "Call off what is under way; else close")                          \
	X(BACKUP, BACKUP_CLOSE, "q", "close",                                  \
	    "Close; what is under way goes on")                                \
	X(NEWCOMER, LINK_HERE, "F6", "I have an account",                      \
	    "Link this device to an account that you have")                    \
	X(OFFER, OFFER_INVERSE, "i", "inverse",                                \
	    "Draw the code for a terminal with dark letters")                  \
	X(OFFER, OFFER_COPY, "y", "copy", "Copy the text to the clipboard")    \
	X(OFFER, OFFER_CLOSE, "Esc, q", "close", "Close; the code is void")    \
	X(LINKING, LINK_FILE, "F2", "a picture file",                          \
	    "Read its code from a picture file")                               \
	X(LINKING, LINK_CAMERA, "F3", "the camera",                            \
	    "Read its code with a camera")                                     \
	X(CAMERA, CAMERA_CLOSE, "Esc, q", "close", "Close; the camera is off") \
	X(REMOVED, REMOVED_WIPE, "w", "wipe",                                  \
	    "Destroy everything that is kept on this device")                  \
	X(REMOVED, REMOVED_KEEP, "Esc, Enter", "keep and read",                \
	    "Keep the messages and read them")                                 \
	X(PICTURE, PICTURE_IN, "+, =", "zoom", "Larger")                       \
	X(PICTURE, PICTURE_OUT, "-", "", "Smaller")                            \
	X(PICTURE, PICTURE_WHOLE, "0", "whole", "The whole picture")           \
	X(PICTURE, PICTURE_LEFT, "Left, h", "",                                \
	    "To the left; of a whole picture: the one before")                 \
	X(PICTURE, PICTURE_RIGHT, "Right, l", "",                              \
	    "To the right; of a whole picture: the next one")                  \
	X(PICTURE, PICTURE_UP, "Up, k", "", "Upwards")                         \
	X(PICTURE, PICTURE_DOWN, "Down, j", "", "Downwards")                   \
	X(PICTURE, PICTURE_NEXT, "n, PgDn, Space", "next", "The next one")     \
	X(PICTURE, PICTURE_PREV, "p, PgUp", "", "The one before")              \
	X(PICTURE, PICTURE_OPEN, "o", "open elsewhere",                        \
	    "Open it in the viewer of the system")                             \
	X(PICTURE, PICTURE_CLOSE, "Esc, q, Enter", "close", "Close")           \
	X(FILES, FILES_DONE, "Enter", "take",                                  \
	    "Take the picked ones, or else the marked one; enter a folder")    \
	X(FILES, FILES_TOGGLE, "Space, Tab", "pick", "Pick it, or let it go")  \
	X(FILES, FILES_UP, "Left, Alt-Up", "folder above", "The folder above") \
	X(FILES, FILES_INTO, "Right", "", "Into the marked folder")            \
	X(FILES, FILES_LOOK, "Ctrl-O", "look", "See the picture in full")      \
	X(STATUS, STATUS_NEXT, "Right, Space, l", "next", "The next post")     \
	X(STATUS, STATUS_PREV, "Left, h", "back", "The post before")           \
	X(STATUS, STATUS_REPLY, "Enter", "answer",                             \
	    "Answer in the chat with who posted it")                           \
	X(STATUS, STATUS_WRITE, "n, Insert", "post", "Write a post")           \
	X(STATUS, STATUS_VIEWERS, "v", "viewers", "Who saw it")                \
	X(STATUS, STATUS_DELETE, "d, Delete", "delete",                        \
	    "Delete your post, for everybody")                                 \
	X(STATUS, STATUS_MUTE, "m", "mute", "Mute or unmute their posts")      \
	X(STATUS, STATUS_UP, "Up, k", "", "Line up")                           \
	X(STATUS, STATUS_DOWN, "Down, j", "", "Line down")                     \
	X(STATUS, STATUS_PAGE_UP, "PgUp", "", "Page up")                       \
	X(STATUS, STATUS_PAGE_DOWN, "PgDn", "more", "Page down")               \
	X(STATUS, STATUS_CLOSE, "Esc, q", "close", "Close")                    \
	X(READ, READ_UP, "Up, k", "", "Line up")                               \
	X(READ, READ_DOWN, "Down, j", "", "Line down")                         \
	X(READ, READ_PAGE_UP, "PgUp", "", "Page up")                           \
	X(READ, READ_PAGE_DOWN, "PgDn, Space", "", "Page down")                \
	X(READ, READ_CLOSE, "Esc, q, Enter", "close", "Close")                 \
	X(HELP, HELP_UP, "Up, k", "", "Line up")                               \
	X(HELP, HELP_DOWN, "Down, j", "", "Line down")                         \
	X(HELP, HELP_PAGE_UP, "PgUp", "", "Page up")                           \
	X(HELP, HELP_PAGE_DOWN, "PgDn, Space", "more", "Page down")            \
	X(HELP, HELP_CLOSE, "Esc, q, F1", "close", "Close")

enum action {
	ACT_NONE,
#define X(ctx, name, keys, label, help) ACT_##name,
	KEYMAP(X)
#undef X
};

struct keymap_row {
	enum key_ctx ctx;
	enum action action;
	const char *name; /* "NEXT_CHAT" */
	const char *keys;
	const char *label;
	const char *help;
};

extern const struct keymap_row keymap_rows[];
extern const size_t keymap_nrows;

const char *keymap_ctx_title(enum key_ctx ctx);

/* Up to two keys in a row, the first one pending. */
struct key_prefix {
	uint32_t code; /* 0: none */
	unsigned mods;
};

/*
 * What a key means in one context.
 *   digit  out, 1..9 for a range like Alt-1..9, otherwise 0; may be NULL
 * Returns ACT_NONE when it means nothing there.
 */
enum action keymap_find(enum key_ctx ctx, const struct key_prefix *prefix,
    const struct key *key, int *digit);

/* True when the key begins a pair of keys in that context. */
bool keymap_is_prefix(enum key_ctx ctx, const struct key *key);

/* The first key of an action as in the key bar: "^K", "F1",
 * "Alt-A". Returns out. */
const char *keymap_short(char out[static KEYS_NAME_CAP], enum action action);

/* The table of docs/tui.md, in Markdown; 0, ERR_FULL, ERR_NOMEM. */
int keymap_markdown(struct buf *b) MUST_USE;

#endif
