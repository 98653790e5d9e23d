/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ctl.h — `sotto-relay ctl`: a unix socket (mode 0600, only the relay's own
 * user and root) and the program that talks to it. One table of commands gives
 * dispatch and help.
 *
 * Protocol: one request a connection, one line of words, quoted as in a shell
 * ("two words"); the answer is text lines, each with a leading space, and then
 * `ok` or `error CODE sentence`.
 */
#ifndef RELAY_ADMIN_CTL_H
#define RELAY_ADMIN_CTL_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <uv.h>

#include "common/base.h"
#include "common/log.h"
#include "relay/abuse/clock.h"
#include "relay/admin/conf.h"
#include "relay/store/store.h"

struct ctl;

#define CTL_LINE_MAX	  4096 /* bytes of a request, its \n included */
#define CTL_ANSWER_MAX	  (8u << 20)
#define CTL_CLIENTS_MAX	  8
#define CTL_TIMEOUT_MS	  10000 /* from accept to the whole request */
#define CTL_RELAY_KEY_LEN 32

/* What the commands act on. Borrowed; hooks may be NULL. Everything is called
 * on the loop's thread. */
struct ctl_env {
	uv_loop_t *loop;
	struct store *store;
	struct store_sink *sink; /* the loop's */
	const struct log *log;
	const struct relay_clock *clock;
	struct relay_conf *(*conf)(void *arg); /* borrowed by the caller */
	/* Close these devices' sessions; reason as in GoodbyeEvent. */
	void (*kick)(
	    void *arg, const struct store_devs *gone, const char *reason);
	/* Reload; 0 or a code, the sentence in text. */
	int (*reload)(void *arg, char *text, size_t cap);
	void *arg;
	/* For links where public-addr is not set; host NULL: the machine's,
	 * else copied. */
	uint8_t relay_key[CTL_RELAY_KEY_LEN];
	const char *host;
	uint16_t port;
	uint64_t started_ms; /* wall clock */
};

/*
 * Listen on path; a stale socket file is replaced, a live one is ERR_BUSY.
 * Heap, owned by the caller. 0; ERR_SYS, ERR_RANGE path too long, ERR_NOMEM.
 */
int ctl_start(
    struct ctl **out, const char *path, const struct ctl_env *env) MUST_USE;

/* Closes and removes the socket; freed by the loop's next turns. NULL is fine.
 */
void ctl_stop(struct ctl *c);

/*
 * The program `sotto-relay ctl [--socket PATH] [--json] COMMAND ...`.
 *   argc, argv  what follows the word ctl
 *   path        where the socket is when --socket is not given
 * Returns the exit status: 0; 1 the relay said no; 2 usage; 3 no relay there.
 */
int ctl_client(
    int argc, char *const *argv, const char *path, FILE *out, FILE *err);

/* The same with the socket that the configuration names (--config FILE before
 * the command, environment); argv[0] is "ctl". What main() calls. */
int ctl_main(int argc, char *const *argv, char *const *env);

#endif
