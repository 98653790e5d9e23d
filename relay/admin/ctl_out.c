/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/text.h"
#include "relay/admin/ctl_priv.h"
#include "relay/admin/template.h"

#define ROW_MAX 4096

void
ctl_out_init(struct ctl_out *o, struct buf *b, bool json, bool tall)
{
	*o = (struct ctl_out){.b = b, .json = json, .tall = tall};
	buf_init(&o->head, ROW_MAX);
	buf_init(&o->row, ROW_MAX);
}

void
ctl_out_clear(struct ctl_out *o)
{
	buf_clear(&o->head);
	buf_clear(&o->row);
}

static void
put(struct ctl_out *o, struct buf *b, const char *s, size_t len)
{
	if (o->err == 0)
		o->err = buf_put(b, s, len);
}

static void
put_str(struct ctl_out *o, struct buf *b, const char *s)
{
	put(o, b, s, strlen(s));
}

/* A cell of a table; what follows is two blanks away. */
static void
put_cell(struct ctl_out *o, struct buf *b, const char *s, int width)
{
	int cells = text_width(s, strlen(s));

	put_str(o, b, s);
	for (; cells < width + 2 && width > 0; cells++)
		put(o, b, " ", 1);
}

static void
put_json(struct ctl_out *o, const char *s)
{
	if (o->err == 0)
		o->err = template_escape(&o->row, TEMPLATE_JSON, s, strlen(s));
}

/* One field: text for people, json for programs (a string when quoted). */
static void
field(struct ctl_out *o, const char *name, int width, const char *text,
    const char *json, bool quoted)
{
	if (o->json) {
		put_str(o, &o->row, o->fields == 0 ? "{\"" : ", \"");
		put_str(o, &o->row, name);
		put_str(o, &o->row, quoted ? "\": \"" : "\": ");
		put_json(o, json);
		put_str(o, &o->row, quoted ? "\"" : "");
	} else if (o->tall) {
		put_str(o, &o->row, o->fields == 0 ? " " : "\n ");
		put_cell(o, &o->row, name, 22);
		put_str(o, &o->row, text);
	} else {
		if (o->fields == 0) {
			put_str(o, &o->head, " ");
			put_str(o, &o->row, " ");
		}
		if (!o->headed)
			put_cell(o, &o->head, name, width);
		put_cell(o, &o->row, text, width);
	}
	o->fields++;
}

void
ctl_out_str(struct ctl_out *o, const char *name, int width, const char *v)
{
	field(o, name, width, v, v, true);
}

void
ctl_out_u64(struct ctl_out *o, const char *name, int width, uint64_t v)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, v);
	field(o, name, width, text, text, false);
}

void
ctl_out_bool(struct ctl_out *o, const char *name, int width, bool v)
{
	field(o, name, width, v ? "yes" : "no", v ? "true" : "false", false);
}

/* "2026-11-24 07:40" for people, milliseconds for programs. */
void
ctl_out_time(struct ctl_out *o, const char *name, int width, uint64_t ms)
{
	char text[LOG_TIME_CAP], json[24];

	log_time(text, ms);
	text[10] = ' ';
	text[16] = '\0';
	(void)snprintf(json, sizeof(json), "%" PRIu64, ms);
	field(o, name, width, ms == 0 ? "never" : text, json, false);
}

/* Without the blanks behind the last cell. */
static void
put_line(struct ctl_out *o, const struct buf *line)
{
	size_t n = line->len;

	while (n > 1 && line->p[n - 1] == ' ')
		n--;
	put(o, o->b, (const char *)line->p, n);
	put(o, o->b, "\n", 1);
}

int
ctl_out_end(struct ctl_out *o)
{
	if (o->json) {
		put_str(o, o->b, " ");
		put_str(o, &o->row, "}");
	} else if (!o->tall && !o->headed) {
		put_line(o, &o->head);
		o->headed = true;
	}
	put_line(o, &o->row);
	buf_reset(&o->head);
	buf_reset(&o->row);
	o->fields = 0;
	return o->err;
}

int
ctl_out_text(struct ctl_out *o, const char *text)
{
	if (o->json) {
		ctl_out_str(o, "text", 0, text);
		return ctl_out_end(o);
	}
	put_str(o, o->b, " ");
	put_str(o, o->b, text);
	put_str(o, o->b, "\n");
	return o->err;
}
