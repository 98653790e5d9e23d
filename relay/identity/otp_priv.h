/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * otp_priv.h — what the drivers of otp.h share.
 *
 * Lifetimes
 *   1. A send is reported once (otp_report), then lives on until its handles
 *      are closed (otp_send_over).
 *   2. The driver is closed when the otp is closing and no send lives; it then
 *      says otp_over(), and the otp is freed.
 */
#ifndef RELAY_IDENTITY_OTP_PRIV_H
#define RELAY_IDENTITY_OTP_PRIV_H

#include "common/e164.h"
#include "relay/admin/template.h"
#include "relay/identity/otp.h"

struct otp_send;

struct otp_driver {
	const char *name;
	size_t send_size; /* of its struct, which begins with an otp_send */
	size_t sends_max; /* at once */
	int (*open)(struct otp *o); /* 0; ERR_NOMEM, ERR_SYS; may be NULL */
	void (*start)(struct otp_send *s); /* ends in otp_report, _over */
	void (*cancel)(struct otp_send *s); /* it was reported; end soon */
	void (*close)(struct otp *o); /* ends in otp_over(); may be NULL */
};

extern const struct otp_driver otp_driver_log;
extern const struct otp_driver otp_driver_command;
extern const struct otp_driver otp_driver_http;

struct otp {
	struct otp **list; /* it is in */
	struct otp *next;
	otp_over_fn *over;
	void *over_arg;
	uv_loop_t *loop;
	struct relay_conf *conf;
	const struct log *log;
	const struct otp_driver *driver; /* NULL: none */
	void *state; /* the driver's own */
	struct otp_send *sends;
	size_t n_sends;
	bool closing;
	bool driver_closed; /* or about to be */
};

struct otp_send {
	struct otp *otp;
	struct otp_send *next, *prev;
	otp_done_fn *done; /* NULL: reported */
	void *arg;
	char phone[E164_CAP];
	char code[OTP_CODE_MAX + 1];
};

/* What templates are filled with; borrows from s. */
struct template_values otp_values(const struct otp_send *s);

/* Tell the caller, once. */
void otp_report(struct otp_send *s, int err);

/* The driver is done with s: wiped and freed, after a report. */
void otp_send_over(struct otp_send *s);

/* The driver is closed: o is freed. */
void otp_over(struct otp *o);

#endif
