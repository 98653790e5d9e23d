/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report.h — the operator's side of reports, away from the relay: the key pair
 * they are sealed to (libsodium's crypto_box_seal), and opening one.
 *
 * The key file is one line of base64url: the private key. Whoever reads reports
 * keeps it; the relay is told the public key alone.
 */
#ifndef RELAY_ADMIN_REPORT_H
#define RELAY_ADMIN_REPORT_H

#include <stdio.h>

/* `sotto-relay report-keygen FILE`: make FILE (0600, it must not exist), print
 * the line for the configuration. An exit status; complaints to err. */
int report_keygen(const char *path, FILE *out, FILE *err);

/* `sotto-relay report-open FILE`: from in the text of `ctl report`, to out what
 * was sealed. */
int report_open(const char *path, FILE *in, FILE *out, FILE *err);

#endif
