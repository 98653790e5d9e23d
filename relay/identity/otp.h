/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * otp.h — how a one-time code reaches a person: one vtable, three drivers.
 *   log      writes the code into the relay's own log; for trying things out
 *   command  runs a program without a shell, the code on its standard input
 *   http     asks a gateway, by libcurl
 * One struct otp per loop; every call on the loop's thread.
 */
#ifndef RELAY_IDENTITY_OTP_H
#define RELAY_IDENTITY_OTP_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "common/base.h"
#include "common/log.h"
#include "relay/admin/conf.h"

#define OTP_CODE_MAX 15 /* characters of a code */

struct otp;

/* err: 0 the gateway has taken it; ERR_IO it could not; ERR_TIMEOUT;
 * ERR_STATE there is no driver; ERR_BUSY too many at once; ERR_CLOSED;
 * ERR_NOMEM. Comes exactly once, maybe before otp_send() returns. */
typedef void otp_done_fn(void *arg, int err);

/* An otp has been freed. */
typedef void otp_over_fn(void *arg);

/*
 * The driver that conf names, put in front of a list from which it vanishes
 * when it is freed; over(arg) then tells so.
 *   conf  a reference is taken
 *   log   borrowed
 * 0; ERR_NOMEM; ERR_SYS.
 */
int otp_new(struct otp **list, uv_loop_t *loop, struct relay_conf *conf,
    const struct log *log, otp_over_fn *over, void *arg) MUST_USE;

/* The one behind it in its list, NULL at the end. */
struct otp *otp_next(const struct otp *o);

/* phone canonical, code at most OTP_CODE_MAX characters; copied. */
void otp_send(struct otp *o, const char *phone, const char *code,
    otp_done_fn *done, void *arg);

/*
 * No more sends. now: those under way end with ERR_CLOSED before this returns;
 * else they may end as they like (and it may be closed now later). Freed when
 * all is over, maybe before this returns. NULL is fine.
 */
void otp_close(struct otp *o, bool now);

/* False for the driver `none`. */
bool otp_can_send(const struct otp *o);

#endif
