/* SPDX-License-Identifier: GPL-3.0-or-later */
/* commands_status.c — on the front's thread: status posts, as commands. */
#include <stdlib.h>
#include <string.h>

#include "tui/engine/cmd.h"
#include "tui/engine/engine.h"

static int
submit(struct engine *e, enum cmd_kind kind, uint64_t tag, int64_t id,
    const char *text)
{
	struct cmd *c = cmd_new(kind, tag, text, NULL, NULL);

	if (c != NULL)
		c->id = id;
	return cmd_submit(e, c);
}

static bool
fits(const char *text, size_t max)
{
	return text[0] != '\0' && strlen(text) <= max;
}

int
engine_statuses(struct engine *e, uint64_t tag)
{
	return submit(e, CMD_STATUSES, tag, 0, NULL);
}

int
engine_status_post(struct engine *e, uint64_t tag, const char *text)
{
	return fits(text, ENGINE_STATUS_MAX)
		   ? submit(e, CMD_STATUS_POST, tag, 0, text)
		   : ERR_RANGE;
}

int
engine_status_see(struct engine *e, uint64_t tag, int64_t id)
{
	return submit(e, CMD_STATUS_SEE, tag, id, NULL);
}

int
engine_status_viewers(struct engine *e, uint64_t tag, int64_t id)
{
	return submit(e, CMD_STATUS_VIEWERS, tag, id, NULL);
}

int
engine_status_delete(struct engine *e, uint64_t tag, int64_t id)
{
	return submit(e, CMD_STATUS_DELETE, tag, id, NULL);
}

int
engine_status_retry(struct engine *e, uint64_t tag, int64_t id)
{
	return submit(e, CMD_STATUS_RETRY, tag, id, NULL);
}

int
engine_status_reply(
    struct engine *e, uint64_t tag, int64_t id, const char *text)
{
	return fits(text, ENGINE_TEXT_MAX)
		   ? submit(e, CMD_STATUS_REPLY, tag, id, text)
		   : ERR_RANGE;
}

int
engine_status_mute(struct engine *e, uint64_t tag,
    const uint8_t account[static ENGINE_ID_LEN], bool on)
{
	struct cmd *c = cmd_new(CMD_STATUS_MUTE, tag, NULL, NULL, NULL);

	if (c == NULL)
		return ERR_NOMEM;
	memcpy(c->key[0], account, ENGINE_ID_LEN);
	c->n = on;
	return cmd_submit(e, c);
}

int
engine_status_audience(struct engine *e, uint64_t tag)
{
	return submit(e, CMD_STATUS_AUDIENCE, tag, 0, NULL);
}

int
engine_status_set_audience(struct engine *e, uint64_t tag,
    enum status_mode mode, const uint8_t (*accounts)[ENGINE_ID_LEN], size_t n)
{
	struct cmd *c;

	if (n > ENGINE_STATUS_PEOPLE)
		return ERR_RANGE;
	c = cmd_new(CMD_STATUS_SET_AUDIENCE, tag, NULL, NULL, NULL);
	if (c == NULL)
		return ERR_NOMEM;
	c->n = mode;
	c->data = malloc(n * ENGINE_ID_LEN + 1);
	if (c->data == NULL) {
		cmd_free(c);
		return ERR_NOMEM;
	}
	if (n > 0)
		memcpy(c->data, accounts, n * ENGINE_ID_LEN);
	c->data_len = n * ENGINE_ID_LEN;
	return cmd_submit(e, c);
}
