/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/e164.h"
#include "common/text.h"
#include "common/uri.h"
#include "relay/admin/ctl_priv.h"
#include "relay/admin/http.h"
#include "relay/admin/metrics.h"

#define TOKEN_BYTES    16
#define USES_MAX       1000000
#define EXPIRES_DEF_MS (7ULL * 24 * 3600 * 1000)
#define LINK_MAX       512
#define PAGE	       STORE_PAGE_MAX

static ctl_exec_fn exec_invite, exec_invites, exec_revoke, exec_accounts,
    exec_stats, exec_ban, exec_unban, exec_delete, exec_backup, exec_reload,
    exec_check;

#define O(name) (1U << CTL_OPT_##name)

static const struct ctl_cmd cmds[] = {
    {.name = "invite",
	.args = "",
	.help = "make an invite and print its link",
	.options = O(JSON) | O(USES) | O(EXPIRES) | O(NOTE),
	.exec = exec_invite},
    {.name = "invites",
	.args = "",
	.help = "list invites",
	.options = O(JSON),
	.exec = exec_invites},
    {.name = "revoke",
	.args = "TOKEN",
	.help = "void an invite",
	.options = O(JSON),
	.min_args = 1,
	.max_args = 1,
	.exec = exec_revoke},
    {.name = "accounts",
	.args = "[PREFIX]",
	.help = "list accounts, those whose number begins so",
	.options = O(JSON) | O(FULL),
	.max_args = 1,
	.exec = exec_accounts},
    {.name = "stats",
	.args = "",
	.help = "what the relay holds and does",
	.options = O(JSON),
	.exec = exec_stats},
    {.name = "ban",
	.args = "NUMBER",
	.help = "keep an account out; its connections close",
	.options = O(JSON) | O(FULL),
	.min_args = 1,
	.max_args = 1,
	.exec = exec_ban},
    {.name = "unban",
	.args = "NUMBER",
	.help = "let it in again",
	.options = O(JSON) | O(FULL),
	.min_args = 1,
	.max_args = 1,
	.exec = exec_unban},
    {.name = "delete",
	.args = "NUMBER",
	.help = "erase an account with its devices, keys and messages",
	.options = O(JSON) | O(FULL) | O(YES),
	.min_args = 1,
	.max_args = 1,
	.confirm = "This erases the account and what waits for it. Sure?",
	.exec = exec_delete},
    {.name = "reports",
	.args = "",
	.help = "list the reports that wait",
	.options = O(JSON),
	.exec = ctl_exec_reports},
    {.name = "report",
	.args = "ID",
	.help = "print a sealed report, for `sotto-relay report-open`",
	.min_args = 1,
	.max_args = 1,
	.exec = ctl_exec_report},
    {.name = "drop-report",
	.args = "ID",
	.help = "delete a report",
	.options = O(JSON),
	.min_args = 1,
	.max_args = 1,
	.exec = ctl_exec_drop_report},
    {.name = "backup",
	.args = "PATH",
	.help = "write a verified copy of the store into a new file",
	.options = O(JSON),
	.min_args = 1,
	.max_args = 1,
	.is_path = true,
	.exec = exec_backup},
    {.name = "reload",
	.args = "",
	.help = "read the configuration again",
	.options = O(JSON),
	.exec = exec_reload},
    {.name = "check",
	.args = "",
	.help = "examine the store; says no when something is wrong",
	.options = O(JSON),
	.exec = exec_check},
};

static const struct {
	const char *word;
	bool value;
} options[] = {
#define X(name, word, arg, help) {word, sizeof(arg) > 1},
    CTL_OPTIONS(X)
#undef X
};

const struct ctl_cmd *
ctl_cmds(size_t *n)
{
	*n = ARRAY_LEN(cmds);
	return cmds;
}

/* ---- understanding a request ---------------------------------------------------- */

/* The sentence, and the code that goes with it. */
#define BAD(why, ...)                                                          \
	((void)snprintf((why), CTL_WHY_MAX, __VA_ARGS__), ERR_FORMAT)

static int
parse_uses(const char *v, struct ctl_opts *o)
{
	uint32_t n = 0;
	size_t i;

	for (i = 0; v[i] >= '0' && v[i] <= '9' && i < 7; i++)
		n = n * 10 + (uint32_t)(v[i] - '0');
	if (i == 0 || v[i] != '\0' || n == 0 || n > USES_MAX)
		return ERR_FORMAT;
	o->uses = n;
	return 0;
}

static int
option_value(enum ctl_option opt, const char *v, struct ctl_opts *o, char *why)
{
	switch (opt) {
	case CTL_OPT_USES:
		if (parse_uses(v, o) != 0)
			return BAD(why,
			    "--uses: \"%.40s\" is no number from 1 to 1000000",
			    v);
		return 0;
	case CTL_OPT_EXPIRES:
		o->expires_ms = 0;
		if (strcmp(v, "never") != 0 &&
		    limit_time_parse(v, &o->expires_ms) != 0)
			return BAD(why,
			    "--expires: \"%.40s\" is no time such as 7d, 12h "
			    "or never",
			    v);
		return 0;
	case CTL_OPT_NOTE:
		if (strlen(v) > STORE_NOTE_MAX ||
		    !text_is_clean(v, strlen(v), TEXT_LINE))
			return BAD(
			    why, "--note: at most 128 bytes of printable text");
		o->note = v;
		return 0;
	default:
		return 0;
	}
}

/* The option word[0..len) stands for, -1 none. */
static int
option_find(const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(options); i++)
		if (strlen(options[i].word) == len &&
		    memcmp(options[i].word, word, len) == 0)
			return (int)i;
	return -1;
}

/* The option at word *i, which moves to the last word that belongs to it. */
static int
parse_option(const struct words *w, size_t *i, const struct ctl_cmd *cmd,
    struct ctl_opts *o, char *why)
{
	const char *word = w->v[*i], *eq = strchr(word, '=');
	size_t len = eq != NULL ? (size_t)(eq - word) : strlen(word);
	int opt = option_find(word, len);
	const char *v = NULL;

	if (opt < 0 || (cmd->options & 1U << opt) == 0)
		return BAD(why, "%s has no option %.60s", cmd->name, word);
	o->given |= 1U << opt;
	if (!options[opt].value)
		return eq == NULL ? 0 : BAD(why, "%.60s: no value", word);
	if (eq != NULL)
		v = eq + 1;
	else if (*i + 1 < w->n)
		v = w->v[++*i];
	else
		return BAD(why, "%.60s needs a value", word);
	return option_value((enum ctl_option)opt, v, o, why);
}

/* Options may stand in front of the command, so it is looked for first. */
static const struct ctl_cmd *
find_cmd(const struct words *w, size_t *at, char *why)
{
	size_t i, k;
	int opt;

	for (i = 0; i < w->n && w->v[i][0] == '-'; i++) {
		opt = option_find(w->v[i], strlen(w->v[i]));
		if (opt >= 0 && options[opt].value)
			i++;
	}
	if (i >= w->n) {
		(void)BAD(why, "which command?");
		return NULL;
	}
	for (k = 0; k < ARRAY_LEN(cmds); k++)
		if (strcmp(w->v[i], cmds[k].name) == 0) {
			*at = i;
			return &cmds[k];
		}
	(void)BAD(why, "there is no command \"%.60s\"", w->v[i]);
	return NULL;
}

int
ctl_parse(const struct words *w, const struct ctl_cmd **cmd, struct ctl_opts *o,
    char *why)
{
	struct ctl_opts got = {.uses = 1, .expires_ms = EXPIRES_DEF_MS};
	bool only_args = false;
	size_t i, at = 0;
	int r;

	*cmd = find_cmd(w, &at, why);
	if (*cmd == NULL)
		return ERR_FORMAT;
	got.note = "";
	for (i = 0; i < w->n; i++) {
		if (i == at)
			continue;
		if (!only_args && strcmp(w->v[i], "--") == 0) {
			only_args = true;
		} else if (!only_args && strncmp(w->v[i], "--", 2) == 0) {
			r = parse_option(w, &i, *cmd, &got, why);
			if (r != 0)
				return r;
		} else if (got.nargs == (*cmd)->max_args) {
			return BAD(
			    why, "\"%.60s\" is one word too many", w->v[i]);
		} else {
			got.args[got.nargs++] = w->v[i];
		}
	}
	if (got.nargs < (*cmd)->min_args)
		return BAD(why, "%s is missing", (*cmd)->args);
	*o = got;
	return 0;
}

/* ---- helpers of the commands ----------------------------------------------------- */

void
ctl_prepare(
    struct ctl_req *q, enum store_kind kind, void (*done)(struct store_op *op))
{
	store_op_init(&q->op.head, kind, q->env->sink, done, q);
}

void
ctl_submit(struct ctl_req *q)
{
	store_submit(q->env->store, &q->op.head);
}

/* For texts: the number in full only when that was asked for. */
static const char *
shown(
    const struct ctl_req *q, const char *phone, char out[static E164_MASK_CAP])
{
	if (CTL_HAS(&q->opts, FULL))
		return phone;
	return e164_mask(out, phone);
}

/* The NUMBER of a command, as E.164 in q->phone; false: answered. */
static bool
take_number(struct ctl_req *q)
{
	enum e164_reason why;
	unsigned home = 0;
	int r;

	static_assert(sizeof(q->phone) >= E164_CAP, "a number fits");
	if (q->env->conf != NULL)
		home = q->env->conf(q->env->arg)->home_country;
	r = e164_parse(q->phone, q->opts.args[0], home, &why);
	if (r != 0)
		ctl_finish(q, r, e164_reason_str(why));
	return r == 0;
}

static void
account_gone(struct ctl_req *q, int err, const struct store_devs *gone,
    const char *reason, const char *done_text)
{
	char mask[E164_MASK_CAP], text[128];

	if (err == ERR_NOTFOUND) {
		ctl_finish(q, err, "no account has that number");
		return;
	}
	if (err != 0) {
		ctl_finish(q, err, NULL);
		return;
	}
	if (reason != NULL && q->env->kick != NULL)
		q->env->kick(q->env->arg, gone, reason);
	(void)snprintf(
	    text, sizeof(text), "%s %s", shown(q, q->phone, mask), done_text);
	ctl_finish(q, ctl_out_text(&q->out, text), NULL);
}

/* ---- invites ------------------------------------------------------------------------ */

static int
link_of(const struct ctl_req *q, const char *token, struct buf *b)
{
	const struct relay_conf *conf =
	    q->env->conf != NULL ? q->env->conf(q->env->arg) : NULL;
	struct uri uri = {.port = q->env->port, .has_key = true};
	const char *why;
	int r;

	if (conf != NULL && conf->public_addr != NULL) {
		r = uri_parse(conf->public_addr, &uri, &why);
		if (r != 0)
			return r;
		uri.has_key = true;
	} else if (q->env->host != NULL) {
		(void)snprintf(uri.host, sizeof(uri.host), "%s", q->env->host);
	} else if (gethostname(uri.host, sizeof(uri.host)) != 0) {
		return ERR_SYS;
	}
	(void)snprintf(uri.invite, sizeof(uri.invite), "%s", token);
	memcpy(uri.key, q->env->relay_key, sizeof(uri.key));
	r = uri_format(&uri, b);
	return r == 0 ? buf_put_u8(b, 0) : r;
}

static void
invite_added(struct store_op *op)
{
	struct ctl_req *q = op->ctx;
	const struct store_invite *v = &q->op.invite_add.invite;
	struct buf link;
	int r = op->result;

	buf_init(&link, LINK_MAX);
	if (r == 0)
		r = link_of(q, v->token, &link);
	if (r == 0 && CTL_HAS(&q->opts, JSON)) {
		ctl_out_str(&q->out, "link", 0, (char *)link.p);
		ctl_out_str(&q->out, "token", 0, v->token);
		ctl_out_u64(&q->out, "uses", 0, v->uses);
		ctl_out_time(&q->out, "expires", 0, v->expires_ms);
		r = ctl_out_end(&q->out);
	} else if (r == 0) {
		r = ctl_out_text(&q->out, (char *)link.p);
	}
	buf_clear(&link);
	ctl_finish(q, r, NULL);
}

static void
exec_invite(struct ctl_req *q)
{
	struct store_invite *v = &q->op.invite_add.invite;
	uint8_t raw[TOKEN_BYTES];

	ctl_prepare(q, STORE_INVITE_ADD, invite_added);
	randombytes_buf(raw, sizeof(raw));
	sodium_bin2base64(v->token, sizeof(v->token), raw, sizeof(raw),
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	(void)snprintf(v->note, sizeof(v->note), "%s", q->opts.note);
	v->uses = q->opts.uses;
	if (q->opts.expires_ms > 0)
		v->expires_ms =
		    relay_clock_wall(q->env->clock) + q->opts.expires_ms;
	ctl_submit(q);
}

static int
invite_row(struct ctl_req *q, const struct store_invite *v)
{
	struct ctl_out *o = &q->out;

	ctl_out_str(o, "token", 22, v->token);
	ctl_out_u64(o, "used", 6, v->used);
	ctl_out_u64(o, "of", 6, v->uses);
	ctl_out_time(o, "created", 16, v->created_ms);
	ctl_out_time(o, "expires", 16, v->expires_ms);
	ctl_out_str(o, "note", 0, v->note);
	return ctl_out_end(o);
}

static void
invites_listed(struct store_op *op)
{
	struct ctl_req *q = op->ctx;
	struct op_invite_list *l = &q->op.invite_list;
	int r = op->result;
	size_t i;

	for (i = 0; r == 0 && i < l->n; i++)
		r = invite_row(q, &l->v[i]);
	if (r == 0 && l->next != 0) {
		l->after = l->next;
		store_submit(q->env->store, op);
		return;
	}
	store_op_clear(op);
	ctl_finish(q, r, NULL);
}

static void
exec_invites(struct ctl_req *q)
{
	ctl_prepare(q, STORE_INVITE_LIST, invites_listed);
	q->op.invite_list.max = PAGE;
	ctl_submit(q);
}

static void
invite_revoked(struct store_op *op)
{
	struct ctl_req *q = op->ctx;

	if (op->result == ERR_NOTFOUND)
		ctl_finish(q, op->result, "there is no such invite");
	else if (op->result != 0)
		ctl_finish(q, op->result, NULL);
	else
		ctl_finish(q, ctl_out_text(&q->out, "revoked"), NULL);
}

static void
exec_revoke(struct ctl_req *q)
{
	struct op_invite_revoke *v = &q->op.invite_revoke;
	const char *token = q->opts.args[0];

	if (strlen(token) > STORE_INVITE_MAX) {
		ctl_finish(q, ERR_NOTFOUND, "there is no such invite");
		return;
	}
	ctl_prepare(q, STORE_INVITE_REVOKE, invite_revoked);
	(void)snprintf(v->token, sizeof(v->token), "%s", token);
	ctl_submit(q);
}

/* ---- accounts ------------------------------------------------------------------------ */

static int
account_row(struct ctl_req *q, const struct store_account *v)
{
	char mask[E164_MASK_CAP];
	struct ctl_out *o = &q->out;

	ctl_out_str(o, "number", 16, shown(q, v->phone, mask));
	ctl_out_time(o, "registered", 16, v->created_ms);
	ctl_out_u64(o, "devices", 7, v->devices);
	ctl_out_bool(o, "banned", 0, v->banned);
	return ctl_out_end(o);
}

static void
accounts_listed(struct store_op *op)
{
	struct ctl_req *q = op->ctx;
	struct op_account_list *l = &q->op.account_list;
	size_t i, n = strlen(q->phone);
	int r = op->result;

	for (i = 0; r == 0 && i < l->n; i++)
		if (strncmp(l->v[i].phone, q->phone, n) == 0)
			r = account_row(q, &l->v[i]);
	if (r == 0 && l->next != 0) {
		l->after = l->next;
		store_submit(q->env->store, op);
		return;
	}
	store_op_clear(op);
	ctl_finish(
	    q, r, r == ERR_FULL ? "too many to list: give a PREFIX" : NULL);
}

static void
exec_accounts(struct ctl_req *q)
{
	const char *p = q->opts.nargs > 0 ? q->opts.args[0] : "";
	size_t n = 0;

	/* "+49 170", "4917": the digits, with one + in front. */
	if (*p != '\0')
		q->phone[n++] = '+';
	for (p += *p == '+'; *p != '\0'; p++) {
		if (*p == ' ' || *p == '-')
			continue;
		if (*p < '0' || *p > '9' || n == STORE_PHONE_MAX) {
			ctl_finish(q, ERR_FORMAT,
			    "PREFIX is the beginning of a number, as +49170");
			return;
		}
		q->phone[n++] = *p;
	}
	q->phone[n] = '\0';
	ctl_prepare(q, STORE_ACCOUNT_LIST, accounts_listed);
	q->op.account_list.max = PAGE;
	ctl_submit(q);
}

static void
account_banned(struct store_op *op)
{
	struct ctl_req *q = op->ctx;
	const struct op_account_ban *v = &q->op.ban;

	account_gone(q, op->result, &v->gone, v->ban ? "banned" : NULL,
	    v->ban ? "is banned" : "is welcome again");
}

static void
set_ban(struct ctl_req *q, bool ban)
{
	if (!take_number(q))
		return;
	ctl_prepare(q, STORE_ACCOUNT_BAN, account_banned);
	q->op.ban.phone = q->phone;
	q->op.ban.ban = ban;
	ctl_submit(q);
}

static void
exec_ban(struct ctl_req *q)
{
	set_ban(q, true);
}

static void
exec_unban(struct ctl_req *q)
{
	set_ban(q, false);
}

static void
account_deleted(struct store_op *op)
{
	struct ctl_req *q = op->ctx;

	account_gone(q, op->result, &q->op.delete.gone, "revoked", "is erased");
}

static void
exec_delete(struct ctl_req *q)
{
	if (!take_number(q))
		return;
	ctl_prepare(q, STORE_ACCOUNT_DELETE, account_deleted);
	q->op.delete.phone = q->phone;
	ctl_submit(q);
}

/* ---- the relay itself ------------------------------------------------------------------ */

static void
stats_done(struct store_op *op)
{
	struct ctl_req *q = op->ctx;
	const struct op_stats *s = &q->op.stats;
	struct ctl_out *o = &q->out;
	uint64_t now = relay_clock_wall(q->env->clock);
	const char *reason = health_reason();

	if (op->result != 0) {
		ctl_finish(q, op->result, NULL);
		return;
	}
	o->tall = true;
	ctl_out_str(o, "version", 0, SOTTO_VERSION);
	ctl_out_str(o, "health", 0, reason != NULL ? reason : "ok");
	ctl_out_time(o, "started", 0, q->env->started_ms);
	ctl_out_u64(o, "uptime_s", 0,
	    now > q->env->started_ms ? (now - q->env->started_ms) / 1000 : 0);
	ctl_out_u64(
	    o, "connections", 0, (uint64_t)metrics_get(METRIC_connections));
	ctl_out_u64(o, "devices_online", 0,
	    (uint64_t)metrics_get(METRIC_devices_online));
	ctl_out_u64(o, "accounts", 0, s->accounts);
	ctl_out_u64(o, "banned", 0, s->banned);
	ctl_out_u64(o, "devices", 0, s->devices);
	ctl_out_u64(o, "invites", 0, s->invites);
	ctl_out_u64(o, "groups", 0, s->groups);
	ctl_out_u64(o, "reports", 0, s->reports);
	ctl_out_u64(o, "queued_messages", 0, s->queued);
	ctl_out_u64(o, "queued_bytes", 0, s->queued_bytes);
	ctl_out_time(o, "oldest_message", 0, s->oldest_ms);
	ctl_out_u64(o, "disk_bytes", 0, s->disk_bytes);
	ctl_out_u64(o, "schema_version", 0, s->schema_version);
	ctl_finish(q, ctl_out_end(o), NULL);
}

static void
exec_stats(struct ctl_req *q)
{
	ctl_prepare(q, STORE_STATS, stats_done);
	ctl_submit(q);
}

static void
backup_done(struct store_op *op)
{
	struct ctl_req *q = op->ctx;
	const struct op_backup *b = &q->op.backup;
	static const struct {
		int err;
		const char *text;
	} texts[] = {
	    {ERR_EXISTS, "that file exists already"},
	    {ERR_SYS, "the relay cannot write there"},
	    {ERR_FORMAT, "the copy is damaged and was removed"},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(texts); i++)
		if (op->result == texts[i].err) {
			ctl_finish(q, op->result, texts[i].text);
			return;
		}
	if (op->result != 0) {
		ctl_finish(q, op->result, NULL);
		return;
	}
	if (!CTL_HAS(&q->opts, JSON)) {
		ctl_finish(
		    q, ctl_out_text(&q->out, "written and verified"), NULL);
		return;
	}
	ctl_out_str(&q->out, "path", 0, b->path);
	ctl_out_u64(&q->out, "bytes", 0, b->bytes);
	ctl_finish(q, ctl_out_end(&q->out), NULL);
}

static void
exec_backup(struct ctl_req *q)
{
	if (q->opts.args[0][0] != '/') {
		ctl_finish(q, ERR_FORMAT, "PATH must begin with /");
		return;
	}
	ctl_prepare(q, STORE_BACKUP, backup_done);
	q->op.backup.path = q->opts.args[0];
	ctl_submit(q);
}

static void
exec_reload(struct ctl_req *q)
{
	char text[CONF_ERR_MAX] = "";
	int r;

	if (q->env->reload == NULL) {
		ctl_finish(q, ERR_STATE, NULL);
		return;
	}
	r = q->env->reload(q->env->arg, text, sizeof(text));
	if (r == 0)
		r = ctl_out_text(&q->out, text[0] != '\0' ? text : "reloaded");
	ctl_finish(q, r, text[0] != '\0' ? text : NULL);
}

static void
check_done(struct store_op *op)
{
	struct ctl_req *q = op->ctx;
	const char *reason = health_reason();

	if (op->result == ERR_FORMAT)
		ctl_finish(q, op->result, q->op.check.text);
	else if (op->result != 0)
		ctl_finish(q, op->result, NULL);
	else if (reason != NULL)
		ctl_finish(q, ERR_STATE, reason);
	else
		ctl_finish(q, ctl_out_text(&q->out, "sound"), NULL);
}

static void
exec_check(struct ctl_req *q)
{
	ctl_prepare(q, STORE_CHECK, check_done);
	ctl_submit(q);
}
