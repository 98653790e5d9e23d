/* SPDX-License-Identifier: GPL-3.0-or-later */
/* otp_log.c — the code in the relay's own log. Whoever reads it can register
 * any number, so it takes an explicit otp-driver = log. */
#include "relay/identity/otp_priv.h"

static void
log_start(struct otp_send *s)
{
	log_warn(s->otp->log,
	    "one-time code, in clear because otp-driver is log",
	    LOG_PHONE("phone", s->phone), LOG_STR("code", s->code));
	otp_report(s, 0);
	otp_send_over(s);
}

/* Nothing is ever under way. */
static void
log_cancel(struct otp_send *s)
{
	(void)s;
}

const struct otp_driver otp_driver_log = {
    .name = "log",
    .send_size = sizeof(struct otp_send),
    .sends_max = 1,
    .start = log_start,
    .cancel = log_cancel,
};
