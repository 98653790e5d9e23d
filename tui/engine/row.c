/* SPDX-License-Identifier: GPL-3.0-or-later */
/* row.c — a message as a front shows it: with what it answers, and how people
 * reacted to it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/e164.h"
#include "common/text.h"
#include "tui/engine/media.h"
#include "tui/engine/mention.h"
#include "tui/engine/row.h"
#include "tui/store/store_action.h"

#define WAITING_TEXT                                                           \
	"Waiting for this message. Their device is asked to send it again."
#define QUOTE_GONE	"This message is not there any more."
#define REACTIONS_SHOWN 8 /* different ones */

static const char *
text_of(const struct store_message *m)
{
	if (m->kind == STORE_MSG_DELETED)
		return m->dir == STORE_OUT ? "You deleted this message."
					   : "This message was deleted.";
	if (m->state == STORE_MSG_WAITING)
		return WAITING_TEXT;
	if (m->kind == STORE_MSG_ONCE)
		return m->dir == STORE_OUT ? "A message to be viewed once."
		       : (m->flags & STORE_MSG_VIEWED) != 0
			   ? "You have viewed this message."
			   : "A message to be viewed once. Open it to read it.";
	return m->text != NULL ? m->text : "";
}

char *
account_name(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    char out[static STORE_NAME_MAX])
{
	char shown[E164_FORMAT_CAP];
	struct store_contact c;
	const char *name = "Somebody";

	if (own_account(e, account))
		name = "You";
	else if (store_contact_get(e->store, account, &c) != 0)
		name = "Somebody";
	else if (c.name[0] != '\0')
		name = c.name;
	else if (c.profile_name[0] != '\0')
		name = c.profile_name;
	else if (c.phone[0] != '\0')
		name = e164_format(shown, c.phone);
	snprintf(out, STORE_NAME_MAX, "%s", name);
	return out;
}

/* The quote is what its author saw: here it may read otherwise by now. */
static int
add_quote(struct engine *e, struct msg_row *out)
{
	char line[TEXT_SANITIZE_CAP(STORE_QUOTE_MAX)], who[STORE_NAME_MAX];
	struct store_quote q;
	int r = store_quote_get(e->store, out->id, &q);

	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	text_sanitize(line, sizeof(line), q.text, strlen(q.text), TEXT_LINE_NL);
	out->quote = strdup(line[0] != '\0' ? line : QUOTE_GONE);
	out->quote_from = strdup(account_name(e, q.account, who));
	if (out->quote == NULL || out->quote_from == NULL)
		return ERR_NOMEM;
	r = store_message_find(
	    e->store, q.account, q.message_id, &out->quote_id);
	return r == ERR_NOTFOUND ? 0 : r;
}

/* How often each of them is there, in the order they came. */
static size_t
count_up(const struct store_reaction *v, size_t n,
    const struct store_reaction *first[static REACTIONS_SHOWN],
    unsigned count[static REACTIONS_SHOWN])
{
	size_t i, k, kinds = 0;

	for (i = 0; i < n; i++) {
		for (k = 0; k < kinds; k++)
			if (strcmp(first[k]->emoji, v[i].emoji) == 0)
				break;
		if (k == REACTIONS_SHOWN)
			continue;
		if (k == kinds) {
			first[kinds] = &v[i];
			count[kinds++] = 0;
		}
		count[k]++;
	}
	return kinds;
}

static int
add_reactions(struct engine *e, struct msg_row *out)
{
	const struct store_reaction *first[REACTIONS_SHOWN];
	unsigned count[REACTIONS_SHOWN];
	struct store_reaction *v = NULL;
	size_t n = 0, k, kinds;
	struct buf b;
	int r = store_reaction_list(e->store, out->id, &v, &n);

	if (r != 0)
		return r;
	buf_init(&b, REACTIONS_SHOWN * (STORE_EMOJI_MAX + 16));
	kinds = count_up(v, n, first, count);
	for (k = 0; r == 0 && k < kinds; k++) {
		r = buf_printf(&b, "%s%s", k > 0 ? "  " : "", first[k]->emoji);
		if (r == 0 && count[k] > 1)
			r = buf_printf(&b, " %u", count[k]);
	}
	if (r == 0)
		r = buf_put_u8(&b, 0);
	if (r == 0) {
		out->reactions = strdup((const char *)b.p);
		r = out->reactions == NULL ? ERR_NOMEM : 0;
	}
	buf_clear(&b);
	free(v);
	return r;
}

/* In a group it has to be said who wrote it. */
static int
add_from(struct engine *e, struct msg_row *out, const struct store_message *m)
{
	char who[STORE_NAME_MAX];
	uint8_t peer[STORE_ID_LEN];
	enum store_chat_kind kind;
	int r = store_chat_kind(e->store, m->chat, &kind, peer);

	if (r != 0 || kind != STORE_CHAT_GROUP)
		return r == ERR_NOTFOUND ? 0 : r;
	out->from = strdup(account_name(e, m->account, who));
	return out->from == NULL ? ERR_NOMEM : 0;
}

int
msg_row_from(
    struct engine *e, struct msg_row *out, const struct store_message *m)
{
	int r = 0;

	*out = (struct msg_row){
	    .id = m->id,
	    .chat = m->chat,
	    .kind = (enum msg_kind)m->kind,
	    .state = (enum msg_state)m->state,
	    .outgoing = m->dir == STORE_OUT,
	    .sent_ms = m->sent_ms,
	    .received_ms = m->received_ms,
	    .edited = m->edited_ms != 0,
	    .starred = m->starred,
	    .forwarded = (m->flags & STORE_MSG_FORWARDED) != 0,
	    .opened = (m->flags & STORE_MSG_VIEWED) != 0,
	    .expire_s = m->expire_s,
	    .expires_ms = m->expires_ms,
	    .mentions_me = (m->flags & STORE_MSG_MENTIONS_ME) != 0,
	    .text = strdup(text_of(m)),
	};
	if (out->text == NULL)
		return ERR_NOMEM;
	memcpy(out->message_id, m->message_id, sizeof(out->message_id));
	memcpy(out->author, m->account, sizeof(out->author));
	if ((m->flags & STORE_MSG_MENTIONS) != 0 && m->kind == STORE_MSG_TEXT)
		r = mentions_show(e, out);
	if (r == 0 && (m->flags & STORE_MSG_QUOTES) != 0)
		r = add_quote(e, out);
	if (r == 0 && m->reactions > 0)
		r = add_reactions(e, out);
	if (r == 0 && m->dir == STORE_IN)
		r = add_from(e, out, m);
	if (r == 0 && (m->kind == STORE_MSG_MEDIA || m->kind == STORE_MSG_ONCE))
		r = media_row_from(e, m->id, &out->media);
	if (r != 0)
		msg_row_clear(out);
	return r;
}
