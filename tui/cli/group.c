/* SPDX-License-Identifier: GPL-3.0-or-later */
/* group.c — `sotto group`: make, change, join and leave groups. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/cli/commands.h"

#define HEX_LEN (2 * ENGINE_ID_LEN)

static const char *const who_choices[] = {"unchanged", "all", "admins", NULL};

const struct conf_row group_rows[GROUP_ROWS] = {
    {.name = "name",
	.type = CONF_STRING,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct group_opts, name),
	.max = ENGINE_GROUP_NAME_MAX,
	.doc = "edit: the new name."},
    {.name = "about",
	.type = CONF_STRING,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct group_opts, about),
	.max = ENGINE_GROUP_ABOUT_MAX,
	.doc = "create, edit: the description."},
    {.name = "timer",
	.type = CONF_STRING,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct group_opts, timer),
	.max = 10,
	.doc = "create, edit: messages disappear after so many seconds; 0 "
	       "keeps them."},
    {.name = "send",
	.type = CONF_ENUM,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct group_opts, send),
	.choices = who_choices,
	.def = "unchanged",
	.doc = "permit: who may write."},
    {.name = "edit",
	.type = CONF_ENUM,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct group_opts, edit),
	.choices = who_choices,
	.def = "unchanged",
	.doc = "permit: who may change name and description."},
    {.name = "add",
	.type = CONF_ENUM,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct group_opts, add),
	.choices = who_choices,
	.def = "unchanged",
	.doc = "permit: who may add people."},
};

static const char *const standing_word[] = {
    [GROUP_IS_MAKING] = "making",
    [GROUP_IS_MEMBER] = "member",
    [GROUP_IS_ADDED] = "added",
    [GROUP_IS_ASKED] = "asked",
    [GROUP_IS_LEFT] = "left",
    [GROUP_IS_REMOVED] = "removed",
    [GROUP_IS_FAILED] = "failed",
    [GROUP_IS_JOINING] = "joining",
};

/* What a verb gets. */
struct job {
	struct front *f;
	const struct cli_opts *o;
	const struct group_opts *own;
	int64_t chat; /* of the group */
	char **argv; /* behind verb and group */
	int argc;
	uint8_t (*accounts)[ENGINE_ID_LEN]; /* heap */
	size_t n;
};

/* ---- printing -------------------------------------------------------------------- */

static void
json_member(struct json *j, const struct group_member_row *m)
{
	json_obj(j);
	json_kv_hex(j, "account", m->account, sizeof(m->account));
	json_kv_str(j, "name", m->name);
	json_kv_str(j, "phone", m->phone);
	json_kv_str(j, "role",
	    m->asks    ? "asks"
	    : m->admin ? "admin"
		       : "member");
	json_kv_bool(j, "you", m->you);
	json_close(j);
}

static int
print_json(const struct group_row *g, bool members)
{
	struct json j;
	struct buf b;
	size_t i;

	line_begin(&j, &b);
	json_kv_i64(&j, "chat", g->chat);
	json_kv_hex(&j, "id", g->id, sizeof(g->id));
	json_kv_str(&j, "name", g->name);
	json_kv_str(&j, "about", g->about);
	json_kv_u64(&j, "timer_s", g->timer_s);
	json_kv_str(&j, "standing", standing_word[g->standing]);
	json_kv_u64(&j, "version", g->version);
	json_kv_u64(&j, "members_count", g->n_members);
	json_kv_u64(&j, "asking_count", g->n_asking);
	json_kv_bool(&j, "admin", g->admin);
	json_kv_bool(&j, "may_send", g->may_send);
	json_kv_bool(&j, "may_edit", g->may_edit);
	json_kv_bool(&j, "may_add", g->may_add);
	json_kv_str(&j, "send", who_choices[1 + g->admins_send]);
	json_kv_str(&j, "edit", who_choices[1 + g->admins_edit]);
	json_kv_str(&j, "add", who_choices[1 + g->admins_add]);
	json_kv_bool(&j, "has_link", g->has_link);
	json_kv_bool(&j, "link_approval", g->link_approval);
	json_kv_str(&j, "link", g->link);
	json_kv_u64(&j, "pending", g->pending);
	json_kv_str(&j, "failed", g->failed);
	json_kv_bool(&j, "catching_up", g->catching_up);
	json_kv_str(&j, "alarm", g->alarm);
	json_kv_bool(&j, "alarm_accepted", g->alarm_accepted);
	if (members) {
		json_key(&j, "members");
		json_arr(&j);
		for (i = 0; i < g->n_rows; i++)
			json_member(&j, &g->members[i]);
		json_close(&j);
	}
	json_close(&j);
	return line_print(&j, &b);
}

static void
print_line(const struct group_row *g)
{
	printf("%5lld  %-32s  %4u  %s%s%s\n", (long long)g->chat,
	    g->name[0] != '\0' ? g->name : "-", g->n_members,
	    g->standing == GROUP_IS_MEMBER && g->admin
		? "admin"
		: standing_word[g->standing],
	    g->alarm != NULL ? "  WARNING" : "",
	    g->pending > 0 ? "  changes wait" : "");
}

static void
print_whole(const struct group_row *g)
{
	const struct group_member_row *m;
	char hex[HEX_LEN + 1];
	size_t i;

	print_line(g);
	if (g->about[0] != '\0')
		printf("%s\n", g->about);
	if (g->alarm != NULL)
		printf("%s\n", g->alarm);
	printf("write: %s, edit: %s, add: %s\n",
	    who_choices[1 + g->admins_send], who_choices[1 + g->admins_edit],
	    who_choices[1 + g->admins_add]);
	if (g->timer_s != 0)
		printf("messages disappear after %u s\n", g->timer_s);
	if (g->link != NULL)
		printf("%s\n", g->link);
	for (i = 0; i < g->n_rows; i++) {
		m = &g->members[i];
		sodium_bin2hex(
		    hex, sizeof(hex), m->account, sizeof(m->account));
		printf("  %-24s  %-16s  %-6s  %s\n", m->name, m->phone,
		    m->asks    ? "asks"
		    : m->admin ? "admin"
			       : "",
		    hex);
	}
}

/* ---- answers ------------------------------------------------------------------------ */

static int
report(const struct job *job, const struct group_row *g)
{
	int status = 0;

	if (job->o->json)
		status = print_json(g, true);
	if (status == 0 && g->pending > 0) {
		fprintf(stderr, "sotto: the relay cannot be reached; the "
				"change is made the next time this profile is "
				"connected\n");
		status = CLI_EXIT_OFFLINE;
	}
	return status;
}

/* The answer to a change; then what it brings along may leave. */
static int
finish(struct job *job, int queued, uint64_t tag)
{
	struct engine_event *ev =
	    front_wait(job->f, queued, tag, timeout_of(job->o));
	int status;

	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	status =
	    ev->kind == EV_GROUP ? report(job, ev->groups) : front_refused(ev);
	engine_event_free(ev);
	if (status == 0)
		flush_out(job->f, job->o);
	return status;
}

/* ---- who and what ----------------------------------------------------------------------- */

static bool
is_meant(const struct group_row *g, const char *text)
{
	uint8_t id[ENGINE_ID_LEN];
	char number[24];

	snprintf(number, sizeof(number), "%lld", (long long)g->chat);
	return strcmp(text, number) == 0 || strcmp(text, g->name) == 0 ||
	       (read_account(text, id) && memcmp(id, g->id, sizeof(id)) == 0);
}

static int
groups(struct front *f, const struct cli_opts *o, struct engine_event **ev)
{
	uint64_t tag = front_tag(f);
	int status;

	*ev = front_wait(f, engine_groups(f->e, tag), tag, timeout_of(o));
	if (*ev == NULL)
		return CLI_EXIT_FAILURE;
	if ((*ev)->kind == EV_GROUPS)
		return 0;
	status = front_refused(*ev);
	engine_event_free(*ev);
	return status;
}

static int
find_group(struct job *job, const char *text)
{
	struct engine_event *ev;
	size_t i, found = 0;
	int status = groups(job->f, job->o, &ev);

	if (status != 0)
		return status;
	for (i = 0; i < ev->n; i++) {
		if (!is_meant(&ev->groups[i], text))
			continue;
		job->chat = ev->groups[i].chat;
		found++;
	}
	engine_event_free(ev);
	if (found == 1)
		return 0;
	fprintf(stderr,
	    found == 0 ? "sotto: there is no group %s\n"
		       : "sotto: several groups are called %s: give the "
			 "number that `sotto group list` prints\n",
	    text);
	return CLI_EXIT_REFUSED;
}

/* The account behind the chat with a person. */
static int
account_of(struct job *job, int64_t chat, uint8_t out[static ENGINE_ID_LEN])
{
	uint64_t tag = front_tag(job->f);
	struct engine_event *ev = front_wait(
	    job->f, engine_chats(job->f->e, tag), tag, timeout_of(job->o));
	int status = CLI_EXIT_FAILURE;
	size_t i;

	if (ev == NULL)
		return status;
	for (i = 0; ev->kind == EV_CHATS && i < ev->n; i++)
		if (ev->chats[i].chat == chat) {
			memcpy(out, ev->chats[i].account, ENGINE_ID_LEN);
			status = 0;
		}
	engine_event_free(ev);
	return status;
}

static int
people(struct job *job, int from)
{
	int64_t chat;
	int i, status = 0;

	job->accounts = calloc((size_t)job->argc + 1, sizeof(*job->accounts));
	if (job->accounts == NULL)
		return CLI_EXIT_FAILURE;
	for (i = from; status == 0 && i < job->argc; i++) {
		if (read_account(job->argv[i], job->accounts[job->n])) {
			job->n++;
			continue;
		}
		status =
		    chat_of_number(job->f, job->o, job->argv[i], NULL, &chat);
		if (status == 0)
			status = account_of(job, chat, job->accounts[job->n++]);
	}
	return status;
}

static const uint8_t (*members(const struct job *job))[ENGINE_ID_LEN]
{
	return (const uint8_t(*)[ENGINE_ID_LEN])job->accounts;
}

/* "604800"; -1: it is no number. */
static int64_t
seconds(const char *text)
{
	char *end;
	unsigned long long v = strtoull(text, &end, 10);

	return *text >= '0' && *text <= '9' && *end == '\0' && v < UINT32_MAX
		   ? (int64_t)v
		   : -1;
}

static int
misuse(const char *how)
{
	fprintf(stderr, "sotto: group %s\n", how);
	return CLI_EXIT_USAGE;
}

/* ---- verbs ---------------------------------------------------------------------------------- */

static int
do_list(struct job *job)
{
	struct engine_event *ev;
	size_t i;
	int status = groups(job->f, job->o, &ev);

	if (status != 0)
		return status;
	for (i = 0; status == 0 && i < ev->n; i++) {
		if (job->o->json)
			status = print_json(&ev->groups[i], false);
		else
			print_line(&ev->groups[i]);
	}
	engine_event_free(ev);
	return status;
}

static int
do_show(struct job *job)
{
	uint64_t tag = front_tag(job->f);
	struct engine_event *ev = front_wait(job->f,
	    engine_group(job->f->e, tag, job->chat), tag, timeout_of(job->o));
	int status = 0;

	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	if (ev->kind != EV_GROUP)
		status = front_refused(ev);
	else if (job->o->json)
		status = print_json(ev->groups, true);
	else
		print_whole(ev->groups);
	engine_event_free(ev);
	return status;
}

static int
do_create(struct job *job)
{
	const char *timer = job->own->timer != NULL ? job->own->timer : "0";
	int64_t timer_s = seconds(timer);
	uint64_t tag;
	int status;

	if (timer_s < 0)
		return misuse("create --timer SECONDS");
	status = people(job, 1);
	if (status != 0)
		return status;
	tag = front_tag(job->f);
	return finish(job,
	    engine_group_create(job->f->e, tag, job->argv[0], job->own->about,
		(uint32_t)timer_s, members(job), job->n),
	    tag);
}

static int
do_edit(struct job *job)
{
	struct engine_group_edit edit = {.name = job->own->name,
	    .about = job->own->about,
	    .timer_s = ENGINE_GROUP_AS_IS};
	uint64_t tag = front_tag(job->f);
	int64_t timer_s;

	if (job->own->timer != NULL) {
		timer_s = seconds(job->own->timer);
		if (timer_s < 0)
			return misuse("edit --timer SECONDS");
		edit.timer_s = (uint32_t)timer_s;
	}
	if (edit.name == NULL && edit.about == NULL && job->own->timer == NULL)
		return misuse("edit needs --name, --about or --timer");
	return finish(
	    job, engine_group_edit(job->f->e, tag, job->chat, &edit), tag);
}

static int
act(struct job *job, enum engine_group_act what)
{
	int status = people(job, 0);
	uint64_t tag;

	if (status != 0)
		return status;
	tag = front_tag(job->f);
	return finish(job,
	    engine_group_act(
		job->f->e, tag, job->chat, what, members(job), job->n),
	    tag);
}

static int
do_add(struct job *job)
{
	return act(job, ENGINE_GROUP_ADD);
}

static int
do_remove(struct job *job)
{
	return act(job, ENGINE_GROUP_REMOVE);
}

static int
do_promote(struct job *job)
{
	return act(job, ENGINE_GROUP_PROMOTE);
}

static int
do_demote(struct job *job)
{
	return act(job, ENGINE_GROUP_DEMOTE);
}

static int
do_approve(struct job *job)
{
	return act(job, ENGINE_GROUP_APPROVE);
}

static int
do_decline(struct job *job)
{
	return act(job, ENGINE_GROUP_DECLINE);
}

static int
do_leave(struct job *job)
{
	return act(job, ENGINE_GROUP_LEAVE);
}

static int
do_permit(struct job *job)
{
	const struct group_opts *own = job->own;
	uint64_t tag = front_tag(job->f);

	if (own->send == 0 && own->edit == 0 && own->add == 0)
		return misuse("permit needs --send, --edit or --add");
	/* the choices: unchanged, all, admins */
	return finish(job,
	    engine_group_permit(job->f->e, tag, job->chat, own->send - 1,
		own->edit - 1, own->add - 1),
	    tag);
}

static int
do_link(struct job *job)
{
	static const char *const words[] = {
	    [ENGINE_LINK_OFF] = "off",
	    [ENGINE_LINK_OPEN] = "on",
	    [ENGINE_LINK_ASK] = "ask",
	};
	uint64_t tag;
	size_t i;

	if (job->argc == 0)
		return do_show(job);
	for (i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(words[i], job->argv[0]) == 0)
			break;
	if (i == ARRAY_LEN(words))
		return misuse("link GROUP [on|ask|off]");
	tag = front_tag(job->f);
	i = (size_t)finish(job,
	    engine_group_link(
		job->f->e, tag, job->chat, (enum engine_group_link)i),
	    tag);
	return i == 0 && !job->o->json ? do_show(job) : (int)i;
}

static int
do_join(struct job *job)
{
	uint64_t tag = front_tag(job->f);

	return finish(
	    job, engine_group_join(job->f->e, tag, job->argv[0]), tag);
}

static int
do_accept(struct job *job)
{
	uint64_t tag = front_tag(job->f);

	return finish(job, engine_group_accept(job->f->e, tag, job->chat), tag);
}

static int
do_send(struct job *job)
{
	uint64_t tag = front_tag(job->f);
	struct engine_event *ev = front_wait(job->f,
	    engine_send_text(job->f->e, tag, job->chat, job->argv[0]), tag,
	    timeout_of(job->o));
	int status;

	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	status = ev->kind == EV_SENT_LOCALLY ? 0 : front_refused(ev);
	engine_event_free(ev);
	if (status == 0)
		flush_out(job->f, job->o);
	return status;
}

static const struct {
	const char *name;
	bool group; /* the next argument is one */
	bool online; /* waits for the relay, if it is there */
	int min, max; /* arguments behind that */
	int (*fn)(struct job *job);
} verbs[] = {
    {"list", false, false, 0, 0, do_list},
    {"show", true, false, 0, 0, do_show},
    {"create", false, true, 1, ENGINE_GROUP_MEMBERS, do_create},
    {"edit", true, true, 0, 0, do_edit},
    {"add", true, true, 1, ENGINE_GROUP_MEMBERS, do_add},
    {"remove", true, true, 1, ENGINE_GROUP_MEMBERS, do_remove},
    {"promote", true, true, 1, ENGINE_GROUP_MEMBERS, do_promote},
    {"demote", true, true, 1, ENGINE_GROUP_MEMBERS, do_demote},
    {"approve", true, true, 1, ENGINE_GROUP_MEMBERS, do_approve},
    {"decline", true, true, 1, ENGINE_GROUP_MEMBERS, do_decline},
    {"leave", true, true, 0, 0, do_leave},
    {"permit", true, true, 0, 0, do_permit},
    {"link", true, true, 0, 1, do_link},
    {"join", false, true, 1, 1, do_join},
    {"accept", true, true, 0, 0, do_accept},
    {"send", true, true, 1, 1, do_send},
};

static int
run(struct job *job, size_t verb, char *const *argv)
{
	int status = 0;

	if (verbs[verb].online) /* else it waits for the next time */
		(void)!front_online(job->f, timeout_of(job->o));
	if (job->f->removed)
		return CLI_EXIT_UNREGISTERED;
	if (verbs[verb].group)
		status = find_group(job, argv[1]);
	if (status == 0)
		status = verbs[verb].fn(job);
	free(job->accounts);
	return status;
}

int
cli_group(void *ctx, const struct cli_args *args)
{
	struct job job = {.o = args->opts, .own = args->own};
	struct front f = {0};
	struct front_opts fo;
	char country[8];
	size_t i;
	int skip, status;

	(void)ctx;
	for (i = 0; i < ARRAY_LEN(verbs); i++)
		if (strcmp(verbs[i].name, args->argv[0]) == 0)
			break;
	if (i == ARRAY_LEN(verbs))
		return misuse("has no such verb: see `sotto group --help`");
	skip = 1 + verbs[i].group;
	job.argc = args->argc - skip;
	if (job.argc < verbs[i].min || job.argc > verbs[i].max)
		return misuse("takes other arguments there: see `sotto group "
			      "--help`");
	job.argv = (char **)(uintptr_t)args->argv + skip;
	fo = cli_front_opts(args->opts, country);
	fo.offline = !verbs[i].online;
	status = front_open(&f, &fo);
	if (status != 0)
		return status;
	job.f = &f;
	status = run(&job, i, (char *const *)(uintptr_t)args->argv);
	front_close(&f);
	return status;
}
