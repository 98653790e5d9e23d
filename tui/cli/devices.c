/* SPDX-License-Identifier: GPL-3.0-or-later */
/* devices.c — `sotto devices`: list, name, remove. */
#include <stdio.h>
#include <string.h>

#include "tui/cli/commands.h"

const struct conf_row devices_rows[DEVICES_ROWS] = {
    {.name = "rename",
	.type = CONF_U32,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct devices_opts, rename),
	.max = 127,
	.def = "0",
	.doc = "Call this device NAME."},
    {.name = "remove",
	.type = CONF_U32,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct devices_opts, remove),
	.max = 127,
	.def = "0",
	.doc = "Remove this device from the account."},
    {.name = "days",
	.type = CONF_U32,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct devices_opts, days),
	.max = 36500,
	.def = "0",
	.doc = "history: what the last DAYS brought."},
    {.name = "messages",
	.type = CONF_U32,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct devices_opts, messages),
	.max = 4000000000,
	.def = "0",
	.doc = "history: the newest messages, so many."},
    {.name = "all",
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct devices_opts, all),
	.doc = "history: everything."},
    {.name = "cancel",
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct devices_opts, cancel),
	.doc = "history: call it off, or refuse it."},
    {.name = "wait",
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct devices_opts, wait),
	.doc = "history: until nothing is under way any more."},
};

/* What is to be said of a device, besides its name. */
static const char *
remark(const struct device_row *v)
{
	if (!v->listed)
		return "not confirmed: others do not know it";
	if (v->gone)
		return "not on the relay any more: remove it";
	if (v->this_one)
		return v->id == 1 ? "this one, the first" : "this one";
	return v->id == 1 ? "the first" : "";
}

static int
print_json(const struct device_row *v)
{
	struct json j;
	struct buf b;

	line_begin(&j, &b);
	json_kv_u64(&j, "device", v->id);
	json_kv_str(&j, "name", v->name);
	json_kv_u64(&j, "added_ms", v->added_ms);
	json_kv_u64(&j, "seen_ms", v->seen_ms);
	json_kv_bool(&j, "this", v->this_one);
	json_kv_bool(&j, "listed", v->listed);
	json_kv_bool(&j, "gone", v->gone);
	json_close(&j);
	return line_print(&j, &b);
}

static void
print_row(const struct device_row *v)
{
	char added[WHEN_CAP], seen[WHEN_CAP];

	printf("%3u  %-24s  added %s  seen %s  %s\n", v->id,
	    v->name[0] != '\0' ? v->name : "-", when_text(added, v->added_ms),
	    v->seen_ms != 0 ? when_text(seen, v->seen_ms) : "?", remark(v));
}

static int
print_devices(const struct cli_opts *o, const struct engine_event *ev)
{
	int status = 0;
	size_t i;

	for (i = 0; status == 0 && i < ev->n; i++) {
		if (o->json)
			status = print_json(&ev->devices[i]);
		else
			print_row(&ev->devices[i]);
	}
	return status;
}

static int
list(struct front *f, const struct cli_opts *o)
{
	uint64_t tag = front_tag(f);
	struct engine_event *ev;
	int status;

	ev = front_wait(f, engine_devices(f->e, tag), tag, timeout_of(o));
	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	status =
	    ev->kind == EV_DEVICES ? print_devices(o, ev) : front_refused(ev);
	engine_event_free(ev);
	return status;
}

static int
change(struct front *f, const struct cli_opts *o,
    const struct devices_opts *own, const char *name)
{
	uint64_t tag = front_tag(f);
	struct engine_event *ev;
	int queued, status;

	if (own->remove != 0)
		queued = engine_device_remove(f->e, tag, own->remove);
	else
		queued = engine_device_rename(f->e, tag, own->rename, name);
	ev = front_wait(f, queued, tag, timeout_of(o));
	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	status = ev->kind == EV_DONE ? 0 : front_refused(ev);
	engine_event_free(ev);
	if (status == 0)
		flush_out(f, o); /* the others hear of it */
	return status;
}

int
cli_devices(void *ctx, const struct cli_args *args)
{
	const struct devices_opts *own = args->own;
	const struct cli_opts *o = args->opts;
	struct front f = {0};
	struct front_opts fo;
	char country[8];
	bool past = args->argc > 0 && own->rename == 0 && own->remove == 0 &&
		    strcmp(args->argv[0], "history") == 0;
	int status;

	(void)ctx;
	if ((own->rename != 0 && own->remove != 0) ||
	    (!past && (own->rename != 0) != (args->argc == 1))) {
		fprintf(stderr, "sotto: devices, devices --rename ID NAME, "
				"devices --remove ID, or devices history\n");
		return CLI_EXIT_USAGE;
	}
	fo = cli_front_opts(o, country);
	status = front_open(&f, &fo);
	if (status != 0)
		return status;
	status = need_relay(&f, o);
	if (status == 0 && past)
		status = devices_history(
		    &f, o, own, args->argc > 1 ? args->argv[1] : NULL);
	else if (status == 0)
		status = own->rename != 0 || own->remove != 0
			     ? change(&f, o, own,
				   args->argc == 1 ? args->argv[0] : NULL)
			     : list(&f, o);
	front_close(&f);
	return status;
}
