/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_action.h — what happens to a message after it was written: edits,
 * deletion for everyone, reactions, stars, quotes, timers. And what came before
 * the message it is about: it waits here.
 */
#ifndef TUI_STORE_STORE_ACTION_H
#define TUI_STORE_STORE_ACTION_H

#include "tui/store/store_message.h"

#define STORE_EMOJI_MAX 64 /* bytes of a reaction: one grapheme cluster */
#define STORE_QUOTE_MAX 1024 /* bytes of a quoted text that are kept */
#define STORE_EARLY_MAX 1000 /* waiting actions of one account; oldest go */

/* ---- edits ------------------------------------------------------------------- */

/* One former text. */
struct store_edit {
	uint64_t written_ms; /* the author's clock when it was written */
	char *text; /* heap */
};

/*
 * The author wrote the message anew at edited_ms (the author's clock). The
 * newest edit is the text, whatever order they come in; every text is kept in
 * the history. *changed (may be NULL): the text shown is another one now.
 * Returns 0; ERR_NOTFOUND; ERR_STATE deleted for everyone, or not a text;
 * ERR_RANGE no fit text.
 */
int store_message_edit(struct store *s, int64_t id, const char *text,
    uint64_t edited_ms, bool *changed) MUST_USE;

/* Former texts, oldest first; each is freed, then *v. */
int store_edit_list(
    struct store *s, int64_t id, struct store_edit **v, size_t *n) MUST_USE;
void store_edits_free(struct store_edit *v, size_t n);

/* ---- deletion for everyone -------------------------------------------------- */

/*
 * Text, history, reactions and quote are gone; the row stays as a line that
 * says so (STORE_MSG_DELETED). Again: 0. ERR_NOTFOUND.
 */
int store_message_retract(struct store *s, int64_t id) MUST_USE;

/* ---- reactions ----------------------------------------------------------------- */

struct store_reaction {
	int64_t message;
	uint8_t account[STORE_ID_LEN];
	char emoji[STORE_EMOJI_MAX + 1];
	uint64_t when_ms;
};

/*
 * One account's reaction; "" takes it back. The newest counts, whatever order
 * they come in. *changed as above. Returns 0; ERR_NOTFOUND; ERR_RANGE too long
 * or not UTF-8; ERR_STATE deleted for everyone.
 */
int store_reaction_put(struct store *s, int64_t id,
    const uint8_t account[static STORE_ID_LEN], const char *emoji,
    uint64_t when_ms, bool *changed) MUST_USE;

/* Those of a message, first come first. *v is heap, freed by free(). */
int store_reaction_list(
    struct store *s, int64_t id, struct store_reaction **v, size_t *n) MUST_USE;

/* ---- quotes ---------------------------------------------------------------------- */

/* What a message answers: as its author saw it, for it may be gone here. */
struct store_quote {
	uint8_t account[STORE_ID_LEN]; /* who wrote what is quoted */
	uint8_t message_id[STORE_ID_LEN];
	char text[STORE_QUOTE_MAX + 1];
	bool status; /* it is a status post, not a message */
};

/* Cut to STORE_QUOTE_MAX by the caller. ERR_NOTFOUND; ERR_RANGE not UTF-8. */
int store_quote_put(
    struct store *s, int64_t id, const struct store_quote *q) MUST_USE;
/* Whatever quotes this message has no words of it any more. ERR_NOTFOUND. */
int store_quote_forget(struct store *s, int64_t id) MUST_USE;
int store_quote_get(
    struct store *s, int64_t id, struct store_quote *q) MUST_USE;

/* ---- stars ------------------------------------------------------------------------- */

int store_message_star(struct store *s, int64_t id, bool on) MUST_USE;

/* Up to n starred ones of a chat (0: of all), newest first; before: that come
 * before this message, 0: the latest. more_before: there are more. */
int store_message_starred(struct store *s, int64_t chat, int64_t before,
    size_t n, struct store_messages *out) MUST_USE;

/* ---- timers ------------------------------------------------------------------------ */

/* The timer of a message starts: sent, or seen. Once. ERR_NOTFOUND. */
int store_message_start_timer(
    struct store *s, int64_t id, uint64_t now_ms) MUST_USE;

/* So start those of incoming messages of a chat that are read by now. */
int store_message_start_read(
    struct store *s, int64_t chat, uint64_t now_ms) MUST_USE;

/* Up to n whose time has come, without their text; then delete them. */
int store_message_expired(struct store *s, uint64_t now_ms, size_t n,
    struct store_messages *out) MUST_USE;

/* When the next one's time comes; 0: none waits. */
int store_message_next_expiry(struct store *s, uint64_t *ms) MUST_USE;

/* ---- before their message ----------------------------------------------------------- */

/* Numbers are on disk. */
enum store_early_kind {
	STORE_EARLY_EDIT = 1,
	STORE_EARLY_RETRACT = 2,
	STORE_EARLY_REACTION = 3,
	STORE_EARLY_VIEWED = 4, /* 4 to 6: on another device of ours */
	STORE_EARLY_FORGET = 5,
	STORE_EARLY_STAR = 6, /* text: "1", or "" for taken; when_ms: stamp */
};

/* An action whose message has not come. */
struct store_early {
	enum store_early_kind kind;
	uint8_t author[STORE_ID_LEN]; /* whose message it is about */
	uint8_t message_id[STORE_ID_LEN];
	uint8_t actor[STORE_ID_LEN]; /* who acted */
	uint64_t when_ms; /* the actor's clock */
	char *text; /* the edit's, or the emoji; heap in what is returned */
};

/* Keeps the newest of each kind, actor and message. */
int store_early_put(
    struct store *s, const struct store_early *e, uint64_t now_ms) MUST_USE;

/* Those for a message that came, in order of their clocks; they are removed.
 * Freed by store_earlies_free(). */
int store_early_take(struct store *s, const uint8_t author[static STORE_ID_LEN],
    const uint8_t message_id[static STORE_ID_LEN], struct store_early **v,
    size_t *n) MUST_USE;
void store_earlies_free(struct store_early *v, size_t n);

/* Those that waited too long. */
int store_early_prune(struct store *s, uint64_t before_ms) MUST_USE;

#endif
