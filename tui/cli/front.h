/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * front.h — the engine as a command uses it: open the profile, give a
 * command, wait for its answer, look at what happens meanwhile.
 */
#ifndef TUI_CLI_FRONT_H
#define TUI_CLI_FRONT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base.h"
#include "tui/engine/engine.h"

struct front_opts {
	const char *profile; /* NULL: the default one */
	const char *passphrase_command;
	const char *key_file;
	const char *country, *proxy;
	bool offline; /* the command needs no relay */
	bool fetch; /* files come by themselves, as the rules say */
	bool create; /* may make a new store (register) */
};

struct front {
	struct engine *e;
	int wake[2]; /* a pipe: the engine's thread writes */
	uint64_t next_tag;
	/* Every event passes here first; may be NULL. */
	void (*on_event)(void *ctx, const struct engine_event *ev);
	void *ctx;
	enum conn_state conn;
	char *conn_text; /* why it is offline; heap */
	bool offline; /* it never dials */
	bool removed; /* this device is no longer part of the account */
	struct engine_self self; /* borrowed strings are ours */
};

/*
 * Open a profile and unlock its store; the passphrase comes from the options,
 * SOTTO_PASSPHRASE, or the terminal. Prints a sentence to stderr on failure.
 * Returns 0 or an exit status (args.h).
 */
int front_open(struct front *f, const struct front_opts *o) MUST_USE;
void front_close(struct front *f);

uint64_t front_tag(struct front *f);

/*
 * Wait for the answer to a command.
 *   queued      what the engine_*() call returned
 *   timeout_ms  0: as long as it takes
 * Returns the event, owned by the caller; NULL after a sentence on stderr (the
 * command could not be queued, memory, SIGINT or time).
 */
struct engine_event *front_wait(
    struct front *f, int queued, uint64_t tag, uint32_t timeout_ms) MUST_USE;

/* The same for what the store alone answers: SIGINT lets it finish. */
struct engine_event *front_finish(
    struct front *f, int queued, uint64_t tag) MUST_USE;

/*
 * Wait until one more event has been seen by on_event, or the time is over.
 * Returns 0; ERR_TIMEOUT; ERR_CLOSED interrupted; ERR_IO the engine failed.
 */
int front_turn(struct front *f, uint32_t timeout_ms) MUST_USE;

/* Wait until the relay is there. Returns 0; ERR_TIMEOUT (conn_text says why);
 * ERR_CLOSED; ERR_IO; ERR_DENIED after a sentence: the device was removed. */
int front_online(struct front *f, uint32_t timeout_ms) MUST_USE;

/* Print the sentence of an EV_ERROR; the exit status for it. */
int front_refused(const struct engine_event *ev);

/* Read a secret from the terminal without echo into out; 0 or ERR_IO. */
int front_ask_secret(const char *prompt, char *out, size_t cap) MUST_USE;

#endif
