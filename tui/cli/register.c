/* SPDX-License-Identifier: GPL-3.0-or-later */
/* register.c — `sotto register`. */
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "tui/cli/commands.h"

const struct conf_row register_rows[REGISTER_ROWS] = {
    {.name = "relay",
	.type = CONF_STRING,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct register_opts, relay),
	.letter = 'r',
	.doc = "The relay's address or an invite link: sotto://..."},
    {.name = "phone",
	.type = CONF_STRING,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct register_opts, phone),
	.letter = 'n',
	.doc = "Your phone number."},
    {.name = "name",
	.type = CONF_STRING,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct register_opts, name),
	.doc = "What your contacts see beside the number."},
    {.name = "accept-relay-key",
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct register_opts, accept_key),
	.doc = "Trust the key that the relay shows at first contact. Not "
	       "needed when its address names the key behind a #."},
};

struct progress {
	struct front *f;
	bool accept;
	bool refused;
};

/* A relay without a pinned key shows the one it has. */
static void
on_event(void *ctx, const struct engine_event *ev)
{
	struct progress *p = ctx;

	if (ev->kind != EV_RELAY_KEY)
		return;
	fprintf(stderr, "The relay's key is %s\n", ev->text ? ev->text : "?");
	p->refused = !p->accept;
	if (engine_relay_key(p->f->e, 0, p->accept) != 0)
		p->refused = true;
}

static int
ask_for_code(struct front *f, const struct cli_opts *o,
    const struct register_opts *r, const struct progress *p)
{
	uint64_t tag = front_tag(f);
	struct engine_event *ev;
	int status = 0;

	ev = front_wait(f,
	    engine_register(f->e, tag, r->relay, r->phone, r->name), tag,
	    timeout_of(o));
	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	if (ev->kind != EV_CODE_SENT)
		status = front_refused(ev);
	else if (ev->text != NULL)
		fprintf(stderr, "%s\n", ev->text);
	engine_event_free(ev);
	if (p->refused)
		fprintf(stderr, "sotto: compare that key with the operator's "
				"and add --accept-relay-key, or use an address "
				"with the key in it\n");
	return status;
}

static int
give_code(struct front *f, const struct cli_opts *o, char *code, bool *again)
{
	uint64_t tag = front_tag(f);
	struct engine_event *ev;
	int status = 0;

	ev = front_wait(f, engine_verify(f->e, tag, code), tag, timeout_of(o));
	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	*again = ev->kind == EV_ERROR && ev->code == ERR_AUTH;
	if (ev->kind == EV_REGISTERED)
		printf("Registered as %s.\n", ev->self.phone);
	else
		status = front_refused(ev);
	engine_event_free(ev);
	return status;
}

static int
enter_code(struct front *f, const struct cli_opts *o)
{
	char line[64], code[32];
	bool again = true;
	int status = CLI_EXIT_FAILURE;

	while (again) {
		printf("Code: ");
		fflush(stdout);
		if (fgets(line, sizeof(line), stdin) == NULL) {
			fprintf(stderr, "sotto: no code was given\n");
			return CLI_EXIT_FAILURE;
		}
		if (text_digits(code, sizeof(code), line, strlen(line)) != 0 ||
		    code[0] == '\0') {
			fprintf(stderr, "sotto: a code has digits only\n");
			continue;
		}
		status = give_code(f, o, code, &again);
	}
	return status;
}

int
cli_register(void *ctx, const struct cli_args *args)
{
	const struct register_opts *own = args->own;
	const struct cli_opts *o = args->opts;
	struct front f = {0};
	struct progress p = {.f = &f, .accept = own->accept_key};
	struct front_opts fo;
	char country[8];
	int status;

	(void)ctx;
	if (own->relay == NULL || own->phone == NULL) {
		fprintf(stderr, "sotto: register needs --relay and --phone\n");
		return CLI_EXIT_USAGE;
	}
	fo = cli_front_opts(o, country);
	fo.create = true;
	f.on_event = on_event;
	f.ctx = &p;
	status = front_open(&f, &fo);
	if (status != 0)
		return status;
	status = ask_for_code(&f, o, own, &p);
	if (status == 0)
		status = enter_code(&f, o);
	/* The first connection as a device publishes its list of devices. */
	if (status == 0 && front_online(&f, timeout_of(o)) == ERR_IO)
		status = CLI_EXIT_FAILURE;
	front_close(&f);
	return status;
}
