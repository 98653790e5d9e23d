/* SPDX-License-Identifier: GPL-3.0-or-later */
/* commands_media.c — the commands of engine.h about files: on the front's
 * thread. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "tui/engine/cmd.h"
#include "tui/engine/engine.h"
#include "tui/engine/media.h"

#define PATHS_MAX (ENGINE_FILES_MAX * (PATH_MAX + 1))

static int
submit(struct engine *e, enum cmd_kind kind, uint64_t tag, const char *s,
    int64_t id, int flag)
{
	struct cmd *c = cmd_new(kind, tag, s, NULL, NULL);

	if (c == NULL)
		return ERR_NOMEM;
	c->id = id;
	c->flag[0] = flag;
	return cmd_submit(e, c);
}

/* Absolute, NUL included: the engine's thread has no folder of its own. */
static int
put_path(struct buf *b, const char *path)
{
	char here[PATH_MAX];
	int r = 0;

	if (path[0] == '\0' || strlen(path) >= PATH_MAX)
		return ERR_RANGE;
	if (path[0] != '/') {
		if (getcwd(here, sizeof(here)) == NULL)
			return ERR_SYS;
		r = buf_put(b, here, strlen(here));
		if (r == 0)
			r = buf_put_u8(b, '/');
	}
	return r == 0 ? buf_put(b, path, strlen(path) + 1) : r;
}

static int
flags_of(const struct engine_files *f)
{
	return (f->original ? FILES_ORIGINAL : 0) |
	       (f->as_files ? FILES_AS_FILES : 0) |
	       (f->voice ? FILES_VOICE : 0) | (f->once ? FILES_ONCE : 0) |
	       (f->discard ? FILES_DISCARD : 0);
}

int
engine_send_files(struct engine *e, uint64_t tag, int64_t chat,
    const struct engine_files *files)
{
	struct buf b;
	struct cmd *c;
	size_t i;
	int r = 0;

	if (files->n == 0 || files->n > ENGINE_FILES_MAX ||
	    (files->voice && files->n != 1) ||
	    (files->once && files->as_files) ||
	    (files->caption != NULL &&
		strlen(files->caption) > ENGINE_TEXT_MAX))
		return ERR_RANGE;
	buf_init(&b, PATHS_MAX);
	for (i = 0; r == 0 && i < files->n; i++)
		r = put_path(&b, files->paths[i]);
	c = r == 0 ? cmd_new(CMD_SEND_FILES, tag, files->caption, NULL, NULL)
		   : NULL;
	if (c == NULL) {
		buf_clear(&b);
		return r == 0 ? ERR_NOMEM : r;
	}
	buf_detach(&b, &c->data, &c->data_len);
	c->chat = chat;
	c->id = files->answers;
	c->n = (uint32_t)files->n;
	c->flag[0] = flags_of(files);
	return cmd_submit(e, c);
}

int
engine_send_contact(struct engine *e, uint64_t tag, int64_t chat,
    const char *name, const char *phone)
{
	struct cmd *c;

	if (strlen(name) > MEDIA_CARD_MAX || strlen(phone) > MEDIA_CARD_MAX)
		return ERR_RANGE;
	c = cmd_new(CMD_SEND_CARD, tag, NULL, name, phone);
	if (c == NULL)
		return ERR_NOMEM;
	c->chat = chat;
	c->n = MEDIA_KIND_CONTACT;
	return cmd_submit(e, c);
}

int
engine_send_location(struct engine *e, uint64_t tag, int64_t chat,
    int32_t lat_e7, int32_t lon_e7, const char *caption)
{
	struct cmd *c;

	if (lat_e7 < -MEDIA_LAT_MAX || lat_e7 > MEDIA_LAT_MAX ||
	    lon_e7 < -MEDIA_LON_MAX || lon_e7 > MEDIA_LON_MAX ||
	    (caption != NULL && strlen(caption) > ENGINE_TEXT_MAX))
		return ERR_RANGE;
	c = cmd_new(CMD_SEND_CARD, tag, caption, NULL, NULL);
	if (c == NULL)
		return ERR_NOMEM;
	c->chat = chat;
	c->n = MEDIA_KIND_LOCATION;
	c->flag[0] = lat_e7;
	c->flag[1] = lon_e7;
	return cmd_submit(e, c);
}

int
engine_fetch(struct engine *e, uint64_t tag, int64_t msg_id)
{
	return submit(e, CMD_FETCH, tag, NULL, msg_id, 0);
}

int
engine_media_pause(struct engine *e, uint64_t tag, int64_t msg_id)
{
	return submit(e, CMD_MEDIA_PAUSE, tag, NULL, msg_id, 1);
}

int
engine_media_resume(struct engine *e, uint64_t tag, int64_t msg_id)
{
	return submit(e, CMD_MEDIA_PAUSE, tag, NULL, msg_id, 0);
}

int
engine_media_cancel(struct engine *e, uint64_t tag, int64_t msg_id)
{
	return submit(e, CMD_MEDIA_CANCEL, tag, NULL, msg_id, 0);
}

int
engine_media_read(struct engine *e, uint64_t tag, int64_t msg_id)
{
	return submit(e, CMD_MEDIA_READ, tag, NULL, msg_id, 0);
}

int
engine_media_save(
    struct engine *e, uint64_t tag, int64_t msg_id, const char *dir)
{
	return submit(e, CMD_MEDIA_READ, tag, dir, msg_id, 0);
}

int
engine_media_rules(struct engine *e, uint64_t tag)
{
	return submit(e, CMD_MEDIA_RULES, tag, NULL, 0, 0);
}

int
engine_set_media_rules(
    struct engine *e, uint64_t tag, const struct media_rules *rules)
{
	struct cmd *c = cmd_new(CMD_MEDIA_RULES, tag, NULL, NULL, NULL);
	struct media_rules *copy = malloc(sizeof(*copy));

	if (c == NULL || copy == NULL) {
		free(copy);
		cmd_free(c);
		return ERR_NOMEM;
	}
	*copy = *rules;
	c->data = (uint8_t *)copy;
	c->data_len = sizeof(*copy);
	return cmd_submit(e, c);
}
