/* SPDX-License-Identifier: GPL-3.0-or-later */
/* commands_group.c — on the front's thread: what can be done with groups. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/group/group.h"
#include "tui/engine/cmd.h"
#include "tui/engine/engine.h"

static int
submit_plain(struct engine *e, enum cmd_kind kind, uint64_t tag, const char *s,
    int64_t chat)
{
	struct cmd *c = cmd_new(kind, tag, s, NULL, NULL);

	if (c == NULL)
		return ERR_NOMEM;
	c->chat = chat;
	return cmd_submit(e, c);
}

static int
submit_intent(
    struct engine *e, uint64_t tag, int64_t chat, const struct group_intent *in)
{
	struct cmd *c;
	struct buf b;
	int r = group_intent_pack(in, &b);

	if (r != 0)
		return r;
	c = cmd_new(CMD_GROUP_CHANGE, tag, NULL, NULL, NULL);
	if (c == NULL) {
		buf_clear(&b);
		return ERR_NOMEM;
	}
	buf_detach(&b, &c->data, &c->data_len);
	c->chat = chat;
	return cmd_submit(e, c);
}

/* They are only read. */
static void
set_accounts(
    struct group_intent *in, const uint8_t (*v)[ENGINE_ID_LEN], size_t n)
{
	in->accounts = (uint8_t(*)[GROUP_ACCOUNT_LEN])(uintptr_t)v;
	in->n_accounts = n;
}

static int
set_text(char *to, size_t cap, const char *from)
{
	size_t len = strlen(from);

	if (len >= cap)
		return ERR_RANGE;
	memcpy(to, from, len + 1);
	return 0;
}

int
engine_groups(struct engine *e, uint64_t tag)
{
	return submit_plain(e, CMD_GROUPS, tag, NULL, 0);
}

int
engine_group(struct engine *e, uint64_t tag, int64_t chat)
{
	return submit_plain(e, CMD_GROUP, tag, NULL, chat);
}

int
engine_group_create(struct engine *e, uint64_t tag, const char *name,
    const char *about, uint32_t timer_s,
    const uint8_t (*accounts)[ENGINE_ID_LEN], size_t n)
{
	struct group_intent in = {.kind = GROUP_CREATE};

	if (name[0] == '\0' || n >= ENGINE_GROUP_MEMBERS ||
	    set_text(in.meta.name, sizeof(in.meta.name), name) != 0 ||
	    set_text(in.meta.about, sizeof(in.meta.about),
		about != NULL ? about : "") != 0)
		return ERR_RANGE;
	in.meta.timer_s = timer_s;
	set_accounts(&in, accounts, n);
	return submit_intent(e, tag, 0, &in);
}

int
engine_group_act(struct engine *e, uint64_t tag, int64_t chat,
    enum engine_group_act act, const uint8_t (*accounts)[ENGINE_ID_LEN],
    size_t n)
{
	static const enum group_kind kinds[] = {
	    [ENGINE_GROUP_ADD] = GROUP_ADD,
	    [ENGINE_GROUP_REMOVE] = GROUP_REMOVE,
	    [ENGINE_GROUP_PROMOTE] = GROUP_PROMOTE,
	    [ENGINE_GROUP_DEMOTE] = GROUP_DEMOTE,
	    [ENGINE_GROUP_APPROVE] = GROUP_APPROVE,
	    [ENGINE_GROUP_DECLINE] = GROUP_DECLINE,
	    [ENGINE_GROUP_LEAVE] = GROUP_LEAVE,
	};
	struct group_intent in = {.kind = kinds[act]};

	if ((n == 0) != (act == ENGINE_GROUP_LEAVE) || n > ENGINE_GROUP_MEMBERS)
		return ERR_RANGE;
	set_accounts(&in, accounts, n);
	return submit_intent(e, tag, chat, &in);
}

int
engine_group_edit(struct engine *e, uint64_t tag, int64_t chat,
    const struct engine_group_edit *edit)
{
	struct group_intent in = {.kind = GROUP_EDIT};

	if (edit->name != NULL) {
		in.fields |= GROUP_F_NAME;
		if (edit->name[0] == '\0' ||
		    set_text(in.meta.name, sizeof(in.meta.name), edit->name))
			return ERR_RANGE;
	}
	if (edit->about != NULL) {
		in.fields |= GROUP_F_ABOUT;
		if (set_text(in.meta.about, sizeof(in.meta.about), edit->about))
			return ERR_RANGE;
	}
	if (edit->picture != NULL) {
		if (edit->picture_len > sizeof(in.meta.picture))
			return ERR_RANGE;
		in.fields |= GROUP_F_PICTURE;
		memcpy(in.meta.picture, edit->picture, edit->picture_len);
		in.meta.picture_len = edit->picture_len;
	}
	if (edit->timer_s != ENGINE_GROUP_AS_IS) {
		if (edit->timer_s > GROUP_TIMER_MAX_S)
			return ERR_RANGE;
		in.fields |= GROUP_F_TIMER;
		in.meta.timer_s = edit->timer_s;
	}
	return in.fields == 0 ? ERR_RANGE : submit_intent(e, tag, chat, &in);
}

int
engine_group_permit(
    struct engine *e, uint64_t tag, int64_t chat, int send, int edit, int add)
{
	struct group_intent in = {.kind = GROUP_PERMIT};

	if (send >= 0)
		in.fields |= GROUP_F_SEND;
	if (edit >= 0)
		in.fields |= GROUP_F_EDIT;
	if (add >= 0)
		in.fields |= GROUP_F_ADD;
	in.permissions.send = send > 0 ? GROUP_ADMINS : GROUP_EVERYBODY;
	in.permissions.edit = edit > 0 ? GROUP_ADMINS : GROUP_EVERYBODY;
	in.permissions.add = add > 0 ? GROUP_ADMINS : GROUP_EVERYBODY;
	return in.fields == 0 ? ERR_RANGE : submit_intent(e, tag, chat, &in);
}

int
engine_group_link(
    struct engine *e, uint64_t tag, int64_t chat, enum engine_group_link link)
{
	const struct group_intent in = {.kind = GROUP_LINK,
	    .has_token = link != ENGINE_LINK_OFF, /* drawn by the engine */
	    .approval = link == ENGINE_LINK_ASK};

	return submit_intent(e, tag, chat, &in);
}

int
engine_group_join(struct engine *e, uint64_t tag, const char *link)
{
	return submit_plain(e, CMD_GROUP_JOIN, tag, link, 0);
}

int
engine_group_accept(struct engine *e, uint64_t tag, int64_t chat)
{
	return submit_plain(e, CMD_GROUP_ACCEPT, tag, NULL, chat);
}
