/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <sodium.h>

#include "tui/engine/content.h"
#include "tui/engine/draft.h"
#include "tui/store/store_action.h"

void
draft_init(struct draft *d)
{
	sotto__content__content__init(&d->c);
	randombytes_buf(d->id, sizeof(d->id));
	d->c.message_id = (ProtobufCBinaryData){sizeof(d->id), d->id};
	d->c.sent_ms = engine_now_ms();
}

void
draft_introduce(struct engine *e, struct draft *d)
{
	sotto__content__profile__init(&d->profile);
	d->profile.phone = e->self.phone;
	d->profile.name = e->self.name;
	d->c.profile = &d->profile;
}

int
draft_send_as(struct engine *e, struct draft *d,
    const uint8_t wire_id[static STORE_ID_LEN], const struct outbox_for *whom)
{
	Sotto__Content__Sync sync = SOTTO__CONTENT__SYNC__INIT;
	struct buf b;
	int r;

	buf_init(&b, CONTENT_MAX);
	if (whom->chat != NULL) {
		d->c.sync = &sync;
		d->c.chat_account = (ProtobufCBinaryData){
		    STORE_ID_LEN, (uint8_t *)(uintptr_t)whom->chat};
	}
	r = content_seal(&b, &d->c);
	if (whom->chat != NULL)
		d->c.sync = NULL; /* it ends with this call */
	if (r == 0)
		r = outbox_add(e, whom, &b, wire_id);
	buf_clear(&b);
	return r;
}

int
draft_send(struct engine *e, struct draft *d, const struct outbox_for *whom)
{
	return draft_send_as(e, d, d->id, whom);
}

int
draft_send_text(struct engine *e, const struct store_message *m,
    const uint8_t wire_id[static STORE_ID_LEN], const struct outbox_for *whom)
{
	Sotto__Content__Text text = SOTTO__CONTENT__TEXT__INIT;
	Sotto__Content__Quote quote = SOTTO__CONTENT__QUOTE__INIT;
	struct store_quote q;
	struct draft d = {0};
	int r;

	if ((m->flags & STORE_MSG_QUOTES) != 0) {
		r = store_quote_get(e->store, m->id, &q);
		if (r != 0)
			return r;
		quote.author_account =
		    (ProtobufCBinaryData){STORE_ID_LEN, q.account};
		quote.message_id =
		    (ProtobufCBinaryData){STORE_ID_LEN, q.message_id};
		quote.text = q.text;
		text.quote = &quote;
	}
	text.forwarded = (m->flags & STORE_MSG_FORWARDED) != 0;
	draft_init(&d);
	memcpy(d.id, m->message_id, sizeof(d.id));
	d.c.sent_ms = m->sent_ms;
	text.text = m->text;
	d.c.body_case = SOTTO__CONTENT__CONTENT__BODY_TEXT;
	d.c.text = &text;
	draft_introduce(e, &d);
	return draft_send_as(e, &d, wire_id, whom);
}
