/* SPDX-License-Identifier: GPL-3.0-or-later */
/* commands_care.c — on the front's thread: devices' history and the account,
 * as commands. The others: engine.c, commands.c. */
#include <stddef.h>
#include <string.h>

#include "tui/engine/cmd.h"
#include "tui/engine/engine.h"

#define DEVICE_MAX	 127
#define HISTORY_DAYS_MAX 36500

/* A command about a device, or about none. */
static int
submit_device(
    struct engine *e, enum cmd_kind kind, uint64_t tag, uint32_t device)
{
	struct cmd *c = cmd_new(kind, tag, NULL, NULL, NULL);

	if (c != NULL)
		c->n = device;
	return cmd_submit(e, c);
}

static int
submit_history(struct engine *e, enum cmd_kind kind, uint64_t tag,
    uint32_t device, const struct history_amount *amount)
{
	struct cmd *c;

	if (device < 1 || device > DEVICE_MAX ||
	    amount->days > HISTORY_DAYS_MAX ||
	    (amount->days > 0 && amount->messages > 0))
		return ERR_RANGE;
	c = cmd_new(kind, tag, NULL, NULL, NULL);
	if (c == NULL)
		return ERR_NOMEM;
	c->n = device;
	c->id = amount->days;
	c->chat = amount->messages;
	return cmd_submit(e, c);
}

int
engine_history_send(struct engine *e, uint64_t tag, uint32_t device,
    const struct history_amount *amount)
{
	return submit_history(e, CMD_HISTORY_SEND, tag, device, amount);
}

int
engine_history_ask(struct engine *e, uint64_t tag, uint32_t device,
    const struct history_amount *amount)
{
	return submit_history(e, CMD_HISTORY_ASK, tag, device, amount);
}

int
engine_history_cancel(struct engine *e, uint64_t tag, uint32_t device)
{
	return submit_device(e, CMD_HISTORY_CANCEL, tag, device);
}

int
engine_history(struct engine *e, uint64_t tag)
{
	return submit_device(e, CMD_HISTORY, tag, 0);
}

/* ---- the account -------------------------------------------------------------- */

int
engine_verify_pin(
    struct engine *e, uint64_t tag, const char *code, const char *pin)
{
	if (strlen(pin) > ENGINE_PIN_MAX)
		return ERR_RANGE;
	return cmd_submit(e, cmd_new(CMD_VERIFY_PIN, tag, code, pin, NULL));
}

int
engine_set_pin(struct engine *e, uint64_t tag, const char *pin)
{
	if (pin != NULL && strlen(pin) > ENGINE_PIN_MAX)
		return ERR_RANGE;
	return cmd_submit(e, cmd_new(CMD_SET_PIN, tag, pin, NULL, NULL));
}

int
engine_check_pin(struct engine *e, uint64_t tag, const char *pin)
{
	if (strlen(pin) > ENGINE_PIN_MAX)
		return ERR_RANGE;
	return cmd_submit(e, cmd_new(CMD_CHECK_PIN, tag, pin, NULL, NULL));
}

int
engine_change_number(struct engine *e, uint64_t tag, const char *phone)
{
	return cmd_submit(
	    e, cmd_new(CMD_CHANGE_NUMBER, tag, phone, NULL, NULL));
}

int
engine_change_number_code(struct engine *e, uint64_t tag, const char *code)
{
	return cmd_submit(
	    e, cmd_new(CMD_CHANGE_NUMBER_CODE, tag, code, NULL, NULL));
}

int
engine_delete_account(struct engine *e, uint64_t tag, const char *phone)
{
	return cmd_submit(
	    e, cmd_new(CMD_DELETE_ACCOUNT, tag, phone, NULL, NULL));
}

/* ---- backups ------------------------------------------------------------------- */

#define BACKUP_DAYS_MAX 366
#define BACKUP_KEEP_MAX 1000

static int
submit_backup(struct engine *e, enum cmd_kind kind, uint64_t tag, bool flag)
{
	struct cmd *c = cmd_new(kind, tag, NULL, NULL, NULL);

	if (c != NULL)
		c->flag[0] = flag;
	return cmd_submit(e, c);
}

int
engine_backup(struct engine *e, uint64_t tag, bool show_code)
{
	return submit_backup(e, CMD_BACKUP, tag, show_code);
}

int
engine_backup_set(struct engine *e, uint64_t tag, const char *place,
    const char *credentials, uint32_t every_days, uint32_t keep)
{
	struct cmd *c;

	if (every_days < 1 || every_days > BACKUP_DAYS_MAX || keep < 1 ||
	    keep > BACKUP_KEEP_MAX)
		return ERR_RANGE;
	c = cmd_new(CMD_BACKUP_SET, tag, place, credentials, NULL);
	if (c == NULL)
		return ERR_NOMEM;
	c->n = every_days;
	c->id = keep;
	return cmd_submit(e, c);
}

int
engine_backup_now(struct engine *e, uint64_t tag)
{
	return submit_backup(e, CMD_BACKUP_NOW, tag, false);
}

int
engine_backup_verify(struct engine *e, uint64_t tag)
{
	return submit_backup(e, CMD_BACKUP_NOW, tag, true);
}

int
engine_backup_cancel(struct engine *e, uint64_t tag)
{
	return submit_backup(e, CMD_BACKUP_CANCEL, tag, false);
}
