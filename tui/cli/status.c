/* SPDX-License-Identifier: GPL-3.0-or-later */
/* status.c — `sotto status`: posts that are there for a day. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/cli/commands.h"

static const char *const mode_word[] = {
    [STATUS_ALL] = "all",
    [STATUS_BUT] = "except",
    [STATUS_ONLY] = "only",
};

struct job {
	struct front *f;
	const struct cli_opts *o;
	const struct cli_args *args; /* argv[0] is the verb */
	int argc; /* behind the verb */
	char *const *argv;
	/* the post that on_event() follows */
	int64_t post;
	enum msg_state state;
};

static void
on_event(void *ctx, const struct engine_event *ev)
{
	struct job *job = ctx;

	if (ev->kind == EV_STATUS_CHANGED && ev->n == 1 &&
	    ev->statuses[0].id == job->post)
		job->state = ev->statuses[0].state;
}

/* The answer to a command; NULL: *status is set. */
static struct engine_event *
answer(struct job *job, int queued, uint64_t tag, enum engine_event_kind want,
    int *status)
{
	struct engine_event *ev =
	    front_wait(job->f, queued, tag, timeout_of(job->o));

	*status = 0;
	if (ev == NULL)
		*status =
		    queued == ERR_RANGE ? CLI_EXIT_USAGE : CLI_EXIT_FAILURE;
	else if (ev->kind != want)
		*status = front_refused(ev);
	if (*status == 0)
		return ev;
	engine_event_free(ev);
	return NULL;
}

/* A command that says no more than that it was done. */
static int
done(struct job *job, int queued, uint64_t tag)
{
	int status;

	engine_event_free(answer(job, queued, tag, EV_DONE, &status));
	if (status == 0)
		flush_out(job->f, job->o);
	return status;
}

/* The number that list prints. */
static int
post_id(const struct job *job, int64_t *id)
{
	char *end;

	errno = 0;
	*id = strtoll(job->argv[0], &end, 10);
	if (errno == 0 && *end == '\0' && *id > 0)
		return 0;
	fprintf(stderr,
	    "sotto: %s is no post: `sotto status list` has their numbers\n",
	    job->argv[0]);
	return CLI_EXIT_USAGE;
}

/* ---- posts ------------------------------------------------------------------- */

static int
print_json(const struct status_row *s, const char *event)
{
	struct json j;
	struct buf b;

	line_begin(&j, &b);
	if (event != NULL)
		json_kv_str(&j, "event", event);
	json_kv_i64(&j, "id", s->id);
	json_kv_hex(&j, "message_id", s->message_id, ENGINE_ID_LEN);
	json_kv_hex(&j, "author", s->author, ENGINE_ID_LEN);
	json_kv_str(&j, "from", s->phone);
	json_kv_str(&j, "name", s->name);
	json_kv_bool(&j, "own", s->own);
	json_kv_str(&j, "kind", s->kind == STATUS_TEXT ? "text" : "other");
	json_kv_str(&j, "text", s->text);
	json_kv_u64(&j, "posted_ms", s->posted_ms);
	json_kv_u64(&j, "expires_ms", s->expires_ms);
	json_kv_bool(&j, "seen", s->seen);
	if (s->own) {
		json_kv_str(&j, "state", state_word[s->state]);
		json_kv_u64(&j, "audience", s->audience);
		json_kv_u64(&j, "views", s->views);
	} else {
		json_kv_bool(&j, "muted", s->muted);
	}
	return line_print(&j, &b);
}

static int
print_plain(const struct status_row *s)
{
	char when[WHEN_CAP];

	printf("%lld  %s  ", (long long)s->id, when_text(when, s->posted_ms));
	if (s->own)
		printf("You (%s, seen by %u of %u): %s\n", state_word[s->state],
		    s->views, s->audience, s->text);
	else
		printf("%s%s%s: %s\n", s->name, s->seen ? "" : " (new)",
		    s->muted ? " (muted)" : "", s->text);
	return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILURE;
}

int
print_status(
    const struct cli_opts *o, const struct status_row *s, const char *event)
{
	char when[WHEN_CAP];

	if (o->json)
		return print_json(s, event);
	if (event == NULL)
		return print_plain(s);
	printf("%s  %s (status): %s\n", when_text(when, s->posted_ms), s->name,
	    s->text);
	return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILURE;
}

static struct engine_event *
list(struct job *job, int *status)
{
	uint64_t tag = front_tag(job->f);

	return answer(
	    job, engine_statuses(job->f->e, tag), tag, EV_STATUSES, status);
}

static int
do_list(struct job *job)
{
	struct engine_event *ev;
	int status;
	size_t i;

	ev = list(job, &status);
	for (i = 0; status == 0 && i < ev->n; i++)
		status = print_status(job->o, &ev->statuses[i], NULL);
	engine_event_free(ev);
	return status;
}

static int
tell_post(struct job *job)
{
	struct engine_event *ev;
	int status;
	size_t i;

	flush_out(job->f, job->o);
	ev = list(job, &status); /* as it is by now */
	for (i = 0; status == 0 && job->o->json && i < ev->n; i++)
		if (ev->statuses[i].id == job->post)
			status = print_json(&ev->statuses[i], NULL);
	engine_event_free(ev);
	if (status != 0 || job->state == MSG_SENT)
		return status;
	fprintf(stderr, "sotto: %s\n",
	    job->state == MSG_FAILED
		? "the relay refused the post"
		: "the post waits in the outbox; it leaves when the relay can "
		  "be reached");
	return job->state == MSG_FAILED ? CLI_EXIT_REFUSED : CLI_EXIT_OFFLINE;
}

static int
do_post(struct job *job)
{
	struct engine_event *ev;
	struct buf text;
	uint64_t tag;
	int status;

	buf_init(&text, ENGINE_STATUS_MAX + 1);
	status = read_text(job->args, 1, &text);
	if (status == 0) {
		tag = front_tag(job->f);
		ev = answer(job,
		    engine_status_post(job->f->e, tag, (const char *)text.p),
		    tag, EV_STATUS_NEW, &status);
		if (ev != NULL)
			job->post = ev->statuses[0].id;
		engine_event_free(ev);
	}
	buf_clear(&text);
	return status == 0 ? tell_post(job) : status;
}

static int
do_view(struct job *job)
{
	struct engine_event *ev;
	bool found = false;
	uint64_t tag;
	int64_t id;
	size_t i;
	int status = post_id(job, &id);

	if (status != 0)
		return status;
	ev = list(job, &status);
	for (i = 0; status == 0 && i < ev->n; i++)
		if (ev->statuses[i].id == id) {
			found = true;
			if (job->o->json)
				status = print_json(&ev->statuses[i], NULL);
			else if (puts(ev->statuses[i].text) == EOF)
				status = CLI_EXIT_FAILURE;
		}
	engine_event_free(ev);
	if (status == 0 && !found) {
		fprintf(stderr, "sotto: that post is gone\n");
		return CLI_EXIT_NOT_FOUND;
	}
	if (status != 0)
		return status;
	tag = front_tag(job->f);
	return done(job, engine_status_see(job->f->e, tag, id), tag);
}

static int
print_viewer(const struct cli_opts *o, const struct status_viewer_row *v)
{
	char when[WHEN_CAP];
	struct json j;
	struct buf b;

	if (!o->json) {
		printf("%s  %s\n", when_text(when, v->viewed_ms), v->name);
		return CLI_EXIT_OK;
	}
	line_begin(&j, &b);
	json_kv_hex(&j, "account", v->account, ENGINE_ID_LEN);
	json_kv_str(&j, "name", v->name);
	json_kv_u64(&j, "viewed_ms", v->viewed_ms);
	return line_print(&j, &b);
}

static int
do_viewers(struct job *job)
{
	struct engine_event *ev;
	uint64_t tag;
	int64_t id;
	size_t i;
	int status = post_id(job, &id);

	if (status != 0)
		return status;
	tag = front_tag(job->f);
	ev = answer(job, engine_status_viewers(job->f->e, tag, id), tag,
	    EV_STATUS_VIEWERS, &status);
	for (i = 0; status == 0 && i < ev->n_viewers; i++)
		status = print_viewer(job->o, &ev->viewers[i]);
	engine_event_free(ev);
	return status;
}

static int
do_delete(struct job *job)
{
	uint64_t tag = front_tag(job->f);
	int64_t id;
	int status = post_id(job, &id);

	return status != 0
		   ? status
		   : done(job, engine_status_delete(job->f->e, tag, id), tag);
}

static int
do_retry(struct job *job)
{
	uint64_t tag = front_tag(job->f);
	int64_t id;
	int status = post_id(job, &id);

	return status != 0
		   ? status
		   : done(job, engine_status_retry(job->f->e, tag, id), tag);
}

static int
do_reply(struct job *job)
{
	uint64_t tag = front_tag(job->f);
	struct engine_event *ev;
	struct buf text;
	int64_t id;
	int status = post_id(job, &id);

	if (status != 0)
		return status;
	buf_init(&text, ENGINE_TEXT_MAX + 1);
	status = read_text(job->args, 2, &text);
	if (status == 0) {
		ev = answer(job,
		    engine_status_reply(
			job->f->e, tag, id, (const char *)text.p),
		    tag, EV_SENT_LOCALLY, &status);
		engine_event_free(ev);
	}
	buf_clear(&text);
	return status == 0 ? leave_now(job->f, job->o, true) : status;
}

/* ---- people ------------------------------------------------------------------ */

static int
account_of(
    struct job *job, const char *number, uint8_t out[static ENGINE_ID_LEN])
{
	struct engine_event *ev;
	uint64_t tag;
	int64_t chat;
	size_t i;
	int status = chat_of_number(job->f, job->o, number, NULL, &chat);

	if (status != 0)
		return status;
	tag = front_tag(job->f);
	ev = answer(job, engine_chats(job->f->e, tag), tag, EV_CHATS, &status);
	if (ev == NULL)
		return status;
	status = CLI_EXIT_NOT_FOUND;
	for (i = 0; i < ev->n; i++)
		if (ev->chats[i].chat == chat) {
			memcpy(out, ev->chats[i].account, ENGINE_ID_LEN);
			status = 0;
		}
	engine_event_free(ev);
	return status;
}

static int
do_mute(struct job *job)
{
	uint8_t account[ENGINE_ID_LEN];
	uint64_t tag;
	bool off = job->argc > 1;
	int status;

	if (off && strcmp(job->argv[1], "off") != 0) {
		fprintf(stderr, "sotto: mute NUMBER, or mute NUMBER off\n");
		return CLI_EXIT_USAGE;
	}
	status = account_of(job, job->argv[0], account);
	if (status != 0)
		return status;
	tag = front_tag(job->f);
	return done(
	    job, engine_status_mute(job->f->e, tag, account, !off), tag);
}

static int
print_person(const struct cli_opts *o, const struct status_person_row *p)
{
	struct json j;
	struct buf b;

	if (!o->json) {
		printf("  %s  %s (%s)%s\n", p->sees ? "sees " : "    -",
		    p->name, p->phone, p->muted ? ", muted" : "");
		return CLI_EXIT_OK;
	}
	line_begin(&j, &b);
	json_kv_hex(&j, "account", p->account, ENGINE_ID_LEN);
	json_kv_str(&j, "name", p->name);
	json_kv_str(&j, "phone", p->phone);
	json_kv_bool(&j, "sees", p->sees);
	json_kv_bool(&j, "except", p->but);
	json_kv_bool(&j, "only", p->only);
	json_kv_bool(&j, "muted", p->muted);
	return line_print(&j, &b);
}

static int
print_audience(const struct cli_opts *o, const struct status_audience *a)
{
	struct json j;
	struct buf b;
	size_t i;
	int status = 0;

	if (o->json) {
		line_begin(&j, &b);
		json_kv_str(&j, "audience", mode_word[a->mode]);
		json_kv_u64(&j, "people", a->sees);
		status = line_print(&j, &b);
	} else {
		printf("%s: %u %s\n",
		    a->mode == STATUS_ALL   ? "All contacts"
		    : a->mode == STATUS_BUT ? "All contacts, except some"
					    : "Only some",
		    a->sees, a->sees == 1 ? "person" : "people");
	}
	for (i = 0; status == 0 && i < a->n_people; i++)
		status = print_person(o, &a->people[i]);
	return status;
}

/* Those named behind the mode. */
static int
set_audience(struct job *job, enum status_mode mode, int *queued, uint64_t tag)
{
	uint8_t(*v)[ENGINE_ID_LEN] = calloc((size_t)job->argc, sizeof(*v));
	size_t n = 0;
	int i, status = v == NULL ? CLI_EXIT_FAILURE : 0;

	for (i = 1; status == 0 && i < job->argc; i++)
		status = account_of(job, job->argv[i], v[n++]);
	if (status == 0)
		*queued = engine_status_set_audience(job->f->e, tag, mode,
		    (const uint8_t(*)[ENGINE_ID_LEN])v, n);
	free(v);
	return status;
}

static int
do_audience(struct job *job)
{
	struct engine_event *ev;
	uint64_t tag;
	int queued = 0, status = 0, mode;

	for (mode = STATUS_ALL; job->argc > 0 && mode <= STATUS_ONLY; mode++)
		if (strcmp(job->argv[0], mode_word[mode]) == 0)
			break;
	if (mode > STATUS_ONLY || (mode == STATUS_ALL && job->argc > 1)) {
		fprintf(stderr, "sotto: audience all, audience except "
				"NUMBER..., or audience only NUMBER...\n");
		return CLI_EXIT_USAGE;
	}
	tag = front_tag(job->f);
	if (job->argc == 0)
		queued = engine_status_audience(job->f->e, tag);
	else
		status =
		    set_audience(job, (enum status_mode)mode, &queued, tag);
	if (status != 0)
		return status;
	ev = answer(job, queued, tag, EV_STATUS_AUDIENCE, &status);
	if (ev != NULL)
		status = print_audience(job->o, ev->status_audience);
	engine_event_free(ev);
	if (status == 0 && job->argc > 0)
		flush_out(job->f, job->o);
	return status;
}

/* ---- verbs ------------------------------------------------------------------- */

static const struct {
	const char *name;
	bool online; /* waits for the relay, if it is there */
	int min, max; /* arguments */
	int (*fn)(struct job *job);
} verbs[] = {
    {"list", false, 0, 0, do_list},
    {"post", true, 0, 1, do_post},
    {"view", true, 1, 1, do_view},
    {"viewers", false, 1, 1, do_viewers},
    {"delete", true, 1, 1, do_delete},
    {"retry", true, 1, 1, do_retry},
    {"reply", true, 1, 2, do_reply},
    {"mute", true, 1, 2, do_mute},
    {"audience", true, 0, ENGINE_STATUS_PEOPLE + 1, do_audience},
};

int
cli_status(void *ctx, const struct cli_args *args)
{
	struct front f = {0};
	struct job job = {.f = &f,
	    .o = args->opts,
	    .args = args,
	    .argc = args->argc - 1,
	    .argv = args->argv + 1};
	struct front_opts fo;
	char country[8];
	size_t i;
	int status;

	(void)ctx;
	for (i = 0; i < ARRAY_LEN(verbs); i++)
		if (strcmp(verbs[i].name, args->argv[0]) == 0)
			break;
	if (i == ARRAY_LEN(verbs) || job.argc < verbs[i].min ||
	    job.argc > verbs[i].max) {
		fprintf(stderr, "sotto: status has no such verb, or it takes "
				"other arguments: see `sotto status --help`\n");
		return CLI_EXIT_USAGE;
	}
	fo = cli_front_opts(args->opts, country);
	fo.offline = !verbs[i].online;
	f.on_event = on_event;
	f.ctx = &job;
	status = front_open(&f, &fo);
	if (status != 0)
		return status;
	if (verbs[i].online) /* else it leaves the next time */
		(void)!front_online(&f, timeout_of(job.o));
	status = f.removed ? CLI_EXIT_UNREGISTERED : verbs[i].fn(&job);
	front_close(&f);
	return status;
}
