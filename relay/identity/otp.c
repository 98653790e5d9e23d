/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/identity/otp_priv.h"

static const struct otp_driver *const drivers[] = {
    [OTP_DRIVER_NONE] = NULL,
    [OTP_DRIVER_LOG] = &otp_driver_log,
    [OTP_DRIVER_COMMAND] = &otp_driver_command,
    [OTP_DRIVER_HTTP] = &otp_driver_http,
};

int
otp_new(struct otp **list, uv_loop_t *loop, struct relay_conf *conf,
    const struct log *log, otp_over_fn *over, void *arg)
{
	struct otp *o;
	int r;

	o = calloc(1, sizeof(*o));
	if (o == NULL)
		return ERR_NOMEM;
	o->loop = loop;
	o->conf = relay_conf_ref(conf);
	o->log = log;
	o->driver = drivers[conf->otp_driver];
	if (o->driver != NULL && o->driver->open != NULL) {
		r = o->driver->open(o);
		if (r != 0) {
			relay_conf_unref(o->conf);
			free(o);
			return r;
		}
	}
	o->over = over;
	o->over_arg = arg;
	o->list = list;
	o->next = *list;
	*list = o;
	return 0;
}

struct otp *
otp_next(const struct otp *o)
{
	return o->next;
}

bool
otp_can_send(const struct otp *o)
{
	return o->driver != NULL;
}

struct template_values
otp_values(const struct otp_send *s)
{
	return (struct template_values){
	    .v = {
		[TEMPLATE_F_phone] = s->phone,
		[TEMPLATE_F_digits] = s->phone + 1,
		[TEMPLATE_F_code] = s->code,
		[TEMPLATE_F_relay] = s->otp->conf->name,
	    }};
}

void
otp_send(struct otp *o, const char *phone, const char *code, otp_done_fn *done,
    void *arg)
{
	struct otp_send *s;

	if (o->driver == NULL || o->closing) {
		done(arg, o->closing ? ERR_CLOSED : ERR_STATE);
		return;
	}
	if (o->n_sends >= o->driver->sends_max) {
		done(arg, ERR_BUSY);
		return;
	}
	s = calloc(1, o->driver->send_size);
	if (s == NULL) {
		done(arg, ERR_NOMEM);
		return;
	}
	s->otp = o;
	s->done = done;
	s->arg = arg;
	(void)snprintf(s->phone, sizeof(s->phone), "%s", phone);
	(void)snprintf(s->code, sizeof(s->code), "%s", code);
	s->next = o->sends;
	if (s->next != NULL)
		s->next->prev = s;
	o->sends = s;
	o->n_sends++;
	o->driver->start(s);
}

void
otp_report(struct otp_send *s, int err)
{
	otp_done_fn *done = s->done;

	s->done = NULL;
	if (done != NULL)
		done(s->arg, err);
}

static void
close_if_idle(struct otp *o)
{
	if (!o->closing || o->n_sends > 0 || o->driver_closed)
		return;
	o->driver_closed = true;
	if (o->driver != NULL && o->driver->close != NULL)
		o->driver->close(o);
	else
		otp_over(o);
}

void
otp_send_over(struct otp_send *s)
{
	struct otp *o = s->otp;

	assert(s->done == NULL);
	if (s->prev != NULL)
		s->prev->next = s->next;
	else
		o->sends = s->next;
	if (s->next != NULL)
		s->next->prev = s->prev;
	o->n_sends--;
	sodium_memzero(s, o->driver->send_size);
	free(s);
	close_if_idle(o);
}

void
otp_over(struct otp *o)
{
	otp_over_fn *over = o->over;
	void *arg = o->over_arg;
	struct otp **p;

	for (p = o->list; *p != o; p = &(*p)->next)
		continue;
	*p = o->next;
	relay_conf_unref(o->conf);
	free(o);
	if (over != NULL)
		over(arg);
}

void
otp_close(struct otp *o, bool now)
{
	struct otp_send *s, *next;

	if (o == NULL)
		return;
	/* One send more than there are: what ends meanwhile frees nothing. */
	o->n_sends++;
	o->closing = true;
	for (s = now ? o->sends : NULL; s != NULL; s = next) {
		next = s->next;
		otp_report(s, ERR_CLOSED);
		o->driver->cancel(s);
	}
	o->n_sends--;
	close_if_idle(o);
}
