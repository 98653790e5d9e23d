/* SPDX-License-Identifier: GPL-3.0-or-later */
/* found.c — backups that lie somewhere: whose they are, and the newest. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "tui/backup/schedule.h"

#define STAMP_LEN 16 /* 20261124T170000Z */

void
backup_account_hex(
    char out[static 9], const uint8_t account[static STORE_ID_LEN])
{
	sodium_bin2hex(out, 9, account, 4);
}

/* ---- names ----------------------------------------------------------------------- */

static bool
get_digits(const char **p, unsigned n, int *out)
{
	*out = 0;
	for (; n > 0; n--, (*p)++) {
		if (**p < '0' || **p > '9')
			return false;
		*out = 10 * *out + (**p - '0');
	}
	return true;
}

static bool
get_stamp(const char *p, uint64_t *ms)
{
	struct tm tm = {0};
	time_t t;

	if (!get_digits(&p, 4, &tm.tm_year) || !get_digits(&p, 2, &tm.tm_mon) ||
	    !get_digits(&p, 2, &tm.tm_mday) || *p++ != 'T' ||
	    !get_digits(&p, 2, &tm.tm_hour) || !get_digits(&p, 2, &tm.tm_min) ||
	    !get_digits(&p, 2, &tm.tm_sec) || *p != 'Z')
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	t = timegm(&tm);
	if (t < 0)
		return false;
	*ms = (uint64_t)t * 1000;
	return true;
}

/* sotto-ACCOUNT-DEVICE-TIME.backup; early ones name no device. */
static bool
read_name(struct backup_found *f, const char *name)
{
	const char *at = name + strlen(BACKUP_NAMES), *stamp;
	char *end = NULL;
	unsigned long device = 0;

	*f = (struct backup_found){.device = 0};
	snprintf(f->name, sizeof(f->name), "%s", name);
	if (strspn(at, "0123456789abcdef") != 8 || at[8] != '-')
		return false;
	memcpy(f->account, at, 8);
	stamp = at + 9;
	if (strchr(stamp, '-') != NULL) {
		device = strtoul(stamp, &end, 10);
		if (end == stamp || *end != '-' || device > 127)
			return false;
		stamp = end + 1;
	}
	f->device = (uint32_t)device;
	return get_stamp(stamp, &f->made_ms);
}

static int
by_time(const void *a, const void *b)
{
	const struct backup_found *x = a, *y = b;

	if (x->made_ms != y->made_ms)
		return x->made_ms < y->made_ms ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* ---- what is there ------------------------------------------------------------------ */

static int
said(struct backup_job *job, const struct place *p, int r)
{
	snprintf(job->why, sizeof(job->why), "%s", place_error(p));
	return r;
}

int
backup_list(struct backup_job *job, struct place *p, const char *account,
    struct backup_found **out, size_t *n_out)
{
	char(*names)[PLACE_NAME_MAX] = NULL;
	struct backup_found *v;
	size_t i, n = 0, k = 0;
	int r = place_list(p, BACKUP_NAMES, &names, &n);

	if (r != 0)
		return said(job, p, r);
	v = calloc(n + 1, sizeof(*v));
	for (i = 0; v != NULL && i < n; i++)
		if (read_name(&v[k], names[i]) &&
		    (account == NULL || strcmp(account, v[k].account) == 0))
			k++;
	free(names);
	if (v == NULL)
		return ERR_NOMEM;
	qsort(v, k, sizeof(*v), by_time);
	*out = v;
	*n_out = k;
	return 0;
}

static int
several(
    struct backup_job *job, const struct backup_found *v, size_t n, char *name)
{
	size_t i;

	for (i = 0; i + 1 < n; i++)
		if (strcmp(v[i].account, v[n - 1].account) != 0) {
			snprintf(job->why, sizeof(job->why),
			    "backups of several accounts lie there, %s and %s "
			    "among them: say which file, or use the profile "
			    "of the account",
			    v[i].account, v[n - 1].account);
			return ERR_EXISTS;
		}
	memcpy(name, v[n - 1].name, PLACE_NAME_MAX);
	return 0;
}

static int
newest(struct backup_job *job, struct place *p, const char *account,
    uint32_t device, char *name)
{
	struct backup_found *v = NULL;
	size_t n = 0;
	int r = backup_list(job, p, account, &v, &n);

	while (r == 0 && device != 0 && n > 0 && v[n - 1].device != device)
		n--;
	if (r == 0 && n == 0) {
		snprintf(job->why, sizeof(job->why), "there is no backup%s",
		    account != NULL ? " of this account" : "");
		r = ERR_NOTFOUND;
	}
	if (r == 0)
		r = several(job, v, n, name);
	free(v);
	return r;
}

int
backup_fetch(struct backup_job *job, struct place *p, const char *account,
    uint32_t device, const char *name, const char *file)
{
	char found[PLACE_NAME_MAX];
	int r = 0;

	if (name == NULL) {
		r = newest(job, p, account, device, found);
		name = found;
	}
	if (r != 0)
		return r;
	r = place_get(p, name, file);
	return r == 0 ? 0 : said(job, p, r);
}
