/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report.c — messages of a chat for the operator of the relay, as they are
 * here, sealed to the operator's key. docs/protocol.md §11.
 *
 * It is a text for a person. Those of messages are indented, so that none can
 * look like a line of ours. The reporter is not in it, nor does the relay note
 * who it was.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "common/proto/method.h"
#include "common/proto/relay.pb-c.h"
#include "common/text.h"
#include "tui/engine/chat.h"
#include "tui/engine/row.h"
#include "tui/store/store_message.h"

#define PLAIN_MAX ((size_t)255 * 1024) /* bytes; the relay takes 256 KiB */
#define TEXT_MAX  4096 /* bytes of one message */
#define HEX_CAP	  (2 * STORE_ID_LEN + 1)

struct report {
	struct engine *e;
	uint64_t tag;
};

/* ---- the text ------------------------------------------------------------------- */

static const char *
time_text(char *out, size_t cap, uint64_t ms)
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(out, cap, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		out[0] = '\0';
	return out;
}

static const char *
hex(char out[static HEX_CAP], const uint8_t id[static STORE_ID_LEN])
{
	return sodium_bin2hex(out, HEX_CAP, id, STORE_ID_LEN);
}

/* Each line of it begins with four blanks. */
static int
put_indented(struct buf *b, const char *text)
{
	size_t n = strlen(text), len;
	int r = 0;

	if (n > TEXT_MAX)
		for (n = TEXT_MAX; n > 0 && ((uint8_t)text[n] & 0xc0) == 0x80;)
			n--;
	do {
		len = strcspn(text, "\n");
		len = len < n ? len : n;
		r = buf_printf(b, "    %.*s\n", (int)len, text);
		text += len;
		n -= len;
		if (n > 0) {
			text++;
			n--;
		}
	} while (r == 0 && n > 0);
	return r;
}

static int
put_who(
    struct engine *e, struct buf *b, const uint8_t account[static STORE_ID_LEN])
{
	char id[HEX_CAP], name[STORE_NAME_MAX];
	struct store_contact k;

	if (own_account(e, account))
		return buf_printf(b, "the reporter");
	if (store_contact_get(e->store, account, &k) != 0)
		memset(&k, 0, sizeof(k));
	return buf_printf(b, "%s %s%saccount %s",
	    account_name(e, account, name), k.phone,
	    k.phone[0] != '\0' ? " " : "", hex(id, account));
}

static int
put_message(struct engine *e, struct buf *b, const struct store_message *m)
{
	char id[HEX_CAP], when[40];
	int r = buf_printf(
	    b, "\n%s from ", time_text(when, sizeof(when), m->sent_ms));

	if (r == 0)
		r = put_who(e, b, m->account);
	if (r == 0)
		r = buf_printf(b, ", message %s%s%s:\n", hex(id, m->message_id),
		    m->edited_ms != 0 ? ", edited" : "",
		    (m->flags & STORE_MSG_FORWARDED) != 0 ? ", forwarded" : "");
	return r == 0 ? put_indented(b, m->text != NULL ? m->text : "") : r;
}

static int
put_head(struct engine *e, struct buf *b, const struct store_chat *chat)
{
	char id[HEX_CAP], when[40];
	int r = buf_printf(b, "Report of %s\n%s ",
	    time_text(when, sizeof(when), engine_now_ms()),
	    chat->kind == STORE_CHAT_PERSON ? "About" : "Group");

	if (r == 0)
		r = chat->kind == STORE_CHAT_PERSON
			? put_who(e, b, chat->peer)
			: buf_printf(b, "%s, id %s",
			      chat->title != NULL ? chat->title : "",
			      hex(id, chat->peer));
	return r == 0 ? buf_printf(b,
			    "\nThe messages are as the reporter has them; "
			    "nothing proves them.\n")
		      : r;
}

/* ERR_STATE one of them is no text of this chat. */
static int
write_report(struct engine *e, const struct cmd *c,
    const struct store_chat *chat, struct buf *b)
{
	struct store_message m;
	size_t i;
	int r = put_head(e, b, chat);

	for (i = 0; r == 0 && i < c->n_ids; i++) {
		r = store_message_get(e->store, c->ids[i], &m);
		if (r != 0)
			return r;
		r = m.chat != c->chat || m.dir == STORE_NOTE ||
			    (m.kind != STORE_MSG_TEXT &&
				m.kind != STORE_MSG_MEDIA) ||
			    m.state == STORE_MSG_WAITING
			? ERR_STATE
			: put_message(e, b, &m);
		store_message_clear(&m);
	}
	return r;
}

/* ---- on its way -------------------------------------------------------------------- */

static void
on_reported(void *ctx, const struct link_reply *reply)
{
	struct report *rp = ctx;
	char *text = NULL;

	if (reply->err == 0) {
		reply_done(rp->e, rp->tag);
	} else {
		text = sentence_of(reply->text);
		reply_error(rp->e, rp->tag, reply->err, "%s",
		    text != NULL && text[0] != '\0' ? text
						    : err_str(reply->err));
	}
	free(text);
	free(rp);
}

static int
send_sealed(struct engine *e, uint64_t tag, const struct buf *plain)
{
	Sotto__Relay__ReportRequest req = SOTTO__RELAY__REPORT_REQUEST__INIT;
	size_t len = plain->len + crypto_box_SEALBYTES;
	struct report *rp = malloc(sizeof(*rp));
	uint8_t *blob = malloc(len);
	int r = rp == NULL || blob == NULL ? ERR_NOMEM : 0;

	if (r == 0 &&
	    crypto_box_seal(blob, plain->p, plain->len, e->report_key) != 0)
		r = ERR_FORMAT; /* a key that is none */
	if (r == 0) {
		*rp = (struct report){e, tag};
		req.blob = (ProtobufCBinaryData){len, blob};
		r = ask_relay(e, METHOD_REPORT, &req.base, on_reported, rp);
	}
	if (r != 0)
		free(rp);
	free(blob);
	return r;
}

static int
report(struct engine *e, const struct cmd *c, const struct store_chat *chat)
{
	struct buf b;
	int r;

	buf_init(&b, PLAIN_MAX);
	r = write_report(e, c, chat, &b);
	if (r == 0)
		r = send_sealed(e, c->tag, &b);
	buf_clear(&b);
	return r;
}

static bool
can_report(struct engine *e, const struct cmd *c)
{
	if (!connection_online(e))
		reply_error(e, c->tag, ERR_CLOSED,
		    "A report needs the relay, and it is not connected.");
	else if (!e->has_report_key)
		reply_error(e, c->tag, ERR_STATE,
		    "The operator of this relay takes no reports.");
	else
		return true;
	return false;
}

static int
block_now(struct engine *e, const struct store_chat *chat)
{
	int r;

	if (chat->kind != STORE_CHAT_PERSON || own_account(e, chat->peer))
		return 0;
	r = txn_begin(e);
	return r == 0 ? txn_end(e, chat_block(e, chat, true)) : r;
}

void
cmd_report(struct engine *e, struct cmd *c)
{
	struct store_chat chat;
	int r;

	if (!can_report(e, c))
		return;
	r = store_chat_get(e->store, c->chat, &chat);
	if (r == 0) {
		r = report(e, c, &chat);
		if (r == 0 && c->flag[0] && block_now(e, &chat) == 0) {
			presence_start(e);
			outbox_kick(e);
		}
		store_chat_clear(&chat);
	}
	if (r != 0)
		reply_error(e, c->tag, r, "%s",
		    r == ERR_STATE ? "Only texts of that chat can be reported."
		    : r == ERR_NOTFOUND ? "That message is gone."
					: err_str(r));
}
