/* SPDX-License-Identifier: GPL-3.0-or-later */
/* people.c — `sotto safety` and `sotto profile`: others, and oneself. */
#include <stdio.h>
#include <string.h>

#include "tui/cli/commands.h"

#define DIGIT_GROUP 5

const struct conf_row safety_rows[SAFETY_ROWS] = {
    {.name = "verify",
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct safety_opts, verify),
	.doc = "The numbers are the same on both sides: mark the contact as "
	       "verified."},
    {.name = "accept",
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct safety_opts, accept),
	.doc = "Accept a changed number without comparing, or take a "
	       "verification back."},
};

static const char *const switch_words[] = {"unchanged", "on", "off", NULL};

const struct conf_row profile_rows[PROFILE_ROWS] = {
    {.name = "name",
	.type = CONF_STRING,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct profile_opts, name),
	.doc = "What contacts see beside your number."},
    {.name = "receipts",
	.type = CONF_ENUM,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct profile_opts, receipts),
	.choices = switch_words,
	.def = "unchanged",
	.doc = "Tell senders when you have read their messages."},
    {.name = "presence",
	.type = CONF_ENUM,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct profile_opts, presence),
	.choices = switch_words,
	.def = "unchanged",
	.doc = "Let contacts see when you are here and typing, and see it of "
	       "them."},
    {.name = "yes",
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct profile_opts, yes),
	.letter = 'y',
	.doc = "wipe: do not ask."},
};

static const char *const trust_sentence[] = {
    [TRUST_FIRST_USE] = "Not compared yet.",
    [TRUST_VERIFIED] = "Verified.",
    [TRUST_CHANGED] =
	("CHANGED since you compared it. Nothing is sent until you run this "
	 "again with --verify or --accept."),
};

static int
print_safety(const struct cli_opts *o, const struct engine_event *ev)
{
	struct json j;
	struct buf b;
	int i;

	if (!o->json) {
		for (i = 0; i < ENGINE_SAFETY_LEN; i += DIGIT_GROUP)
			printf("%.*s%s", DIGIT_GROUP, ev->safety + i,
			    (i / DIGIT_GROUP) % 4 == 3 ? "\n" : "  ");
		printf("%s\n", trust_sentence[ev->trust]);
		return CLI_EXIT_OK;
	}
	line_begin(&j, &b);
	json_kv_str(&j, "safety", ev->safety);
	json_kv_str(&j, "trust", trust_word[ev->trust]);
	return line_print(&j, &b);
}

static int
safety_of(struct front *f, const struct cli_opts *o,
    const struct safety_opts *own, int64_t chat)
{
	uint64_t tag = front_tag(f);
	struct engine_event *ev;
	int queued, status;

	if (own->verify || own->accept)
		queued = engine_set_trust(f->e, tag, chat,
		    own->verify ? TRUST_VERIFIED : TRUST_FIRST_USE);
	else
		queued = engine_safety(f->e, tag, chat);
	ev = front_wait(f, queued, tag, timeout_of(o));
	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	status =
	    ev->kind == EV_SAFETY ? print_safety(o, ev) : front_refused(ev);
	engine_event_free(ev);
	return status;
}

int
cli_safety(void *ctx, const struct cli_args *args)
{
	const struct safety_opts *own = args->own;
	const struct cli_opts *o = args->opts;
	struct front f = {0};
	struct front_opts fo;
	int64_t chat = 0;
	char country[8];
	int status;

	(void)ctx;
	if (own->verify && own->accept) {
		fprintf(
		    stderr, "sotto: either --verify or --accept, not both\n");
		return CLI_EXIT_USAGE;
	}
	fo = cli_front_opts(o, country);
	status = front_open(&f, &fo);
	if (status != 0)
		return status;
	status = chat_of_number(&f, o, args->argv[0], NULL, &chat);
	if (status == 0)
		status = safety_of(&f, o, own, chat);
	front_close(&f);
	return status;
}

/* ---- oneself ------------------------------------------------------------------------ */

static int
print_self(const struct cli_opts *o, const struct engine_self *s)
{
	struct json j;
	struct buf b;

	if (!o->json) {
		printf("number:    %s\nname:      %s\nrelay:     %s\n"
		       "device:    %u\nreceipts:  %s\npresence:  %s\n",
		    s->registered ? s->phone : "not registered yet", s->name,
		    s->relay, s->device, s->read_receipts ? "on" : "off",
		    s->share_presence ? "on" : "off");
		return CLI_EXIT_OK;
	}
	line_begin(&j, &b);
	json_kv_bool(&j, "registered", s->registered);
	json_kv_str(&j, "phone", s->phone);
	json_kv_str(&j, "name", s->name);
	json_kv_str(&j, "relay", s->relay);
	json_kv_u64(&j, "device", s->device);
	json_kv_bool(&j, "receipts", s->read_receipts);
	json_kv_bool(&j, "presence", s->share_presence);
	return line_print(&j, &b);
}

static bool
switched(int choice, bool now)
{
	return choice == 0 ? now : choice == 1;
}

int
cli_profile(void *ctx, const struct cli_args *args)
{
	const struct profile_opts *own = args->own;
	const struct cli_opts *o = args->opts;
	struct engine_event *ev;
	struct front f = {0};
	struct front_opts fo;
	char country[8];
	uint64_t tag;
	int status;

	(void)ctx;
	if (args->argc > 0 && strcmp(args->argv[0], "wipe") == 0)
		return cli_wipe(o, own->yes);
	if (args->argc > 0) {
		fprintf(stderr, "sotto: profile, or profile wipe\n");
		return CLI_EXIT_USAGE;
	}
	fo = cli_front_opts(o, country);
	fo.offline = true; /* the relay hears of it at the next connection */
	status = front_open(&f, &fo);
	if (status != 0)
		return status;
	tag = front_tag(&f);
	ev = front_wait(&f,
	    engine_set_profile(f.e, tag, own->name,
		switched(own->receipts, f.self.read_receipts),
		switched(own->presence, f.self.share_presence)),
	    tag, 0);
	if (ev == NULL)
		status = CLI_EXIT_FAILURE;
	else
		status = ev->kind == EV_SELF ? print_self(o, &ev->self)
					     : front_refused(ev);
	engine_event_free(ev);
	front_close(&f);
	return status;
}
