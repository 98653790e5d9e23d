/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * omemo_store.h — what libomemo-c asks its caller for: cryptography (the same
 * hashes and ciphers that we use) and a store in memory. Aborts when the
 * library breaks its own promises.
 */
#ifndef TESTS_LIB_OMEMO_STORE_H
#define TESTS_LIB_OMEMO_STORE_H

#include <stddef.h>
#include <stdint.h>

#include <omemo/signal_protocol.h>

#define OMEMO_VERSION	  3 /* of its sessions */
#define OMEMO_RECORDS_MAX 4096

/* One store for everything: records named by kind and id or address. */
struct omemo_record {
	char name[96];
	signal_buffer *value;
};

struct omemo_store {
	signal_context *lib;
	signal_protocol_store_context *store;
	ec_key_pair *identity; /* the caller makes it */
	uint32_t reg;
	struct omemo_record record[OMEMO_RECORDS_MAX];
	size_t n;
};

/* An empty store, zeroed before; never freed, it lives as long as the process. */
void omemo_store_init(struct omemo_store *me);

void omemo_must(int ok);

/* Names of records, valid until the next call. */
const char *omemo_session_name(const signal_protocol_address *a);
const char *omemo_key_name(const char *kind, uint32_t id);

struct omemo_record *omemo_find(struct omemo_store *me, const char *name);
int omemo_put(
    struct omemo_store *me, const char *name, const uint8_t *p, size_t len);

#endif
