/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base.h"
#include "relay/admin/report.h"
#include "relay/store/store.h"

#define URLSAFE	 sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define KEY_CAP	 sodium_base64_ENCODED_LEN(crypto_box_SECRETKEYBYTES, URLSAFE)
#define TEXT_MAX ((size_t)STORE_REPORT_MAX * 3 / 2)

static int
complain(FILE *err, const char *path, const char *why)
{
	(void)fprintf(err, "sotto-relay: %s: %s\n", path, why);
	return EXIT_FAILURE;
}

/* ---- keys ------------------------------------------------------------------------------ */

static int
write_key(int fd, const uint8_t sk[static crypto_box_SECRETKEYBYTES])
{
	char text[KEY_CAP];
	ssize_t n;

	sodium_bin2base64(
	    text, sizeof(text), sk, crypto_box_SECRETKEYBYTES, URLSAFE);
	text[sizeof(text) - 1] = '\n';
	n = write(fd, text, sizeof(text));
	sodium_memzero(text, sizeof(text));
	return n == (ssize_t)sizeof(text) && fsync(fd) == 0 ? 0 : ERR_SYS;
}

int
report_keygen(const char *path, FILE *out, FILE *err)
{
	uint8_t pk[crypto_box_PUBLICKEYBYTES], sk[crypto_box_SECRETKEYBYTES];
	char text[KEY_CAP];
	int fd, r;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return complain(err, path, strerror(errno));
	crypto_box_keypair(pk, sk);
	r = write_key(fd, sk);
	sodium_memzero(sk, sizeof(sk));
	if (close(fd) != 0 || r != 0) {
		unlink(path);
		return complain(err, path, "it cannot be written");
	}
	sodium_bin2base64(text, sizeof(text), pk, sizeof(pk), URLSAFE);
	(void)fprintf(out, "report-key = %s\n", text);
	return EXIT_SUCCESS;
}

static int
read_key(const char *path, uint8_t sk[static crypto_box_SECRETKEYBYTES])
{
	char text[KEY_CAP] = "";
	FILE *f = fopen(path, "re");
	size_t n, len = 0;
	int r = ERR_FORMAT;

	if (f == NULL)
		return ERR_SYS;
	n = fread(text, 1, sizeof(text), f);
	if (n >= KEY_CAP - 1 &&
	    sodium_base642bin(sk, crypto_box_SECRETKEYBYTES, text, KEY_CAP - 1,
		NULL, &len, NULL, URLSAFE) == 0 &&
	    len == crypto_box_SECRETKEYBYTES)
		r = 0;
	sodium_memzero(text, sizeof(text));
	fclose(f);
	return r;
}

/* ---- opening --------------------------------------------------------------------------- */

/* Lines of base64 to bytes: each line is by itself. 0, ERR_FORMAT, ERR_RANGE. */
static int
read_blob(FILE *in, uint8_t *blob, size_t cap, size_t *len)
{
	char line[256];
	size_t n;

	*len = 0;
	while (fgets(line, sizeof(line), in) != NULL) {
		n = 0;
		if (*len == cap)
			return ERR_RANGE;
		if (sodium_base642bin(blob + *len, cap - *len, line,
			strlen(line), " \r\n", &n, NULL,
			sodium_base64_VARIANT_ORIGINAL) != 0)
			return ERR_FORMAT;
		*len += n;
	}
	return *len > crypto_box_SEALBYTES ? 0 : ERR_FORMAT;
}

static int
unseal(const char *path, uint8_t *plain, const uint8_t *blob, size_t len)
{
	uint8_t pk[crypto_box_PUBLICKEYBYTES], sk[crypto_box_SECRETKEYBYTES];
	int r;

	r = read_key(path, sk);
	if (r == 0 && crypto_scalarmult_base(pk, sk) != 0)
		r = ERR_FORMAT;
	if (r == 0 && crypto_box_seal_open(plain, blob, len, pk, sk) != 0)
		r = ERR_AUTH;
	sodium_memzero(sk, sizeof(sk));
	return r;
}

int
report_open(const char *path, FILE *in, FILE *out, FILE *err)
{
	uint8_t *blob = malloc(TEXT_MAX), *plain = malloc(TEXT_MAX);
	size_t len = 0;
	int r = ERR_NOMEM;

	if (blob != NULL && plain != NULL)
		r = read_blob(in, blob, TEXT_MAX, &len);
	if (r == 0)
		r = unseal(path, plain, blob, len);
	if (r == 0 && fwrite(plain, 1, len - crypto_box_SEALBYTES, out) !=
			  len - crypto_box_SEALBYTES)
		r = ERR_SYS;
	if (plain != NULL)
		sodium_memzero(plain, len);
	free(blob);
	free(plain);
	if (r == 0)
		return EXIT_SUCCESS;
	return complain(err, path,
	    r == ERR_AUTH ? "the report is for another key, or damaged"
			  : err_str(r));
}
