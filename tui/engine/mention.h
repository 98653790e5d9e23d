/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mention.h — "@Name" in the texts of groups. docs/protocol.md §6.8.
 *
 * What a person calls others stays with them: the text that leaves has the name
 * that a member gave themselves, and every reader sees the one that they know
 * them by. Places are in bytes of UTF-8.
 */
#ifndef TUI_ENGINE_MENTION_H
#define TUI_ENGINE_MENTION_H

#include "common/proto/content.pb-c.h"
#include "tui/engine/impl.h"
#include "tui/store/store_mention.h"

#define MENTION_LEN_MAX 600 /* bytes of one, with its "@" */

struct mentions {
	char *text; /* heap, wiped: what is sent; NULL: the text as it was */
	struct store_mention v[STORE_MENTIONS_MAX];
	size_t n; /* 0: nobody is named */
};

void mentions_clear(struct mentions *m);

/* Whom an own text for this chat names: "@" and a member's name as shown here,
 * or the one they gave themselves, or their number; the longest counts, and a
 * name that two have is nobody's. 0; ERR_NOMEM; the store's. */
int mentions_of_text(struct engine *e, const struct store_chat *chat,
    const char *text, struct mentions *out) MUST_USE;

/*
 * Those that came with a text. All are dropped when one is malformed, or when
 * cleaning has changed the text; of others those that name no member. raw: as
 * it came; clean: as it is kept. *me: it is about us.
 */
int mentions_of_wire(struct engine *e, int64_t chat, const char *raw,
    const char *clean, Sotto__Content__Mention *const *wire, size_t n_wire,
    struct mentions *out, bool *me) MUST_USE;

/* For the wire; borrows from m. */
struct mentions_wire {
	Sotto__Content__Mention one[STORE_MENTIONS_MAX];
	Sotto__Content__Mention *list[STORE_MENTIONS_MAX];
};
void mentions_write(
    struct mentions_wire *w, const struct store_mention *v, size_t n);

/* A row's text with the names that this person has for others, and where they
 * are. out: text and id are set. */
int mentions_show(struct engine *e, struct msg_row *out) MUST_USE;

#endif
