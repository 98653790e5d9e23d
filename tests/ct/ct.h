/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ct.h — secrets as memory that valgrind calls undefined: a branch or an
 * address that depends on it is an error. Without valgrind nothing happens.
 */
#ifndef TESTS_CT_CT_H
#define TESTS_CT_CT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/signal/keys.h"

void ct_secret(void *p, size_t len);
void ct_public(void *p, size_t len);
bool ct_checked(void); /* under valgrind */

/* What is drawn is secret, but for numbers of up to 4 bytes: key ids. */
extern const struct signal_rng ct_rng;

/* Each returns the number of things that came out wrong. */
int ct_conversation(void);
int ct_group(void);

#endif
