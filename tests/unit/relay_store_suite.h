/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay_store_suite.h — what every backend of relay/store/store.h must do. */
#ifndef TESTS_UNIT_RELAY_STORE_SUITE_H
#define TESTS_UNIT_RELAY_STORE_SUITE_H

#include "tests/unit/relay_store_help.h"

/* A backend under test: how a fresh, empty store of it comes to be. */
struct suite_backend {
	const char *name;
	void (*fresh)(struct rig *r); /* rig_init() and its opts */
};

/* Each runs its cases; the number that failed. */
int relay_store_suite(const struct suite_backend *b);
int relay_store_accounts(const struct suite_backend *b);
int relay_store_groups(const struct suite_backend *b);
int relay_store_blobs(const struct suite_backend *b);

#endif
