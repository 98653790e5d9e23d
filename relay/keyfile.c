/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "relay/keyfile.h"

#define B64	 sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define TEXT_LEN 43 /* 32 bytes in base64url without padding */

static int
fail(char *why, size_t cap, int err, const char *path, const char *text)
{
	snprintf(why, cap, "%s: %s", path, text);
	return err;
}

static int
fail_errno(char *why, size_t cap, const char *path)
{
	return fail(why, cap, ERR_SYS, path, strerror(errno));
}

/* ---- making ---------------------------------------------------------------------------- */

static int
write_whole(int fd, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ERR_SYS;
		p += n;
		len -= (size_t)n;
	}
	return fsync(fd) == 0 ? 0 : ERR_SYS;
}

static int
sync_folder(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return ERR_SYS;
	r = fsync(fd);
	close(fd);
	return r == 0 ? 0 : ERR_SYS;
}

/* A new file appears whole or not at all, and never over another. */
static int
write_key(const char *dir, const char *path, const struct noise_secret *sk)
{
	char tmp[PATH_MAX], text[TEXT_LEN + 2];
	int fd, r;

	if ((size_t)snprintf(tmp, sizeof(tmp), "%s.new", path) >= sizeof(tmp))
		return ERR_SYS;
	sodium_bin2base64(text, TEXT_LEN + 1, sk->b, sizeof(sk->b), B64);
	text[TEXT_LEN] = '\n';
	(void)unlink(tmp);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	r = fd < 0 ? ERR_SYS : write_whole(fd, text, TEXT_LEN + 1);
	sodium_memzero(text, sizeof(text));
	if (fd >= 0)
		close(fd);
	if (r == 0 && link(tmp, path) != 0)
		r = ERR_SYS;
	if (fd >= 0)
		(void)unlink(tmp);
	return r == 0 ? sync_folder(dir) : r;
}

static int
make_key(const char *dir, const char *path, struct noise_keypair *kp, char *why,
    size_t cap)
{
	noise_keypair_make(kp, &noise_rng_system);
	if (write_key(dir, path, &kp->sk) == 0)
		return 0;
	sodium_memzero(kp, sizeof(*kp));
	return fail_errno(why, cap, path);
}

/* ---- reading --------------------------------------------------------------------------- */

static int
check_mode(int fd, const char *path, char *why, size_t cap)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return fail_errno(why, cap, path);
	if (!S_ISREG(st.st_mode))
		return fail(why, cap, ERR_FORMAT, path, "not a file");
	if ((st.st_mode & 077) != 0)
		return fail(why, cap, ERR_DENIED, path,
		    "others may read it; chmod 600, and think about who may "
		    "have");
	return 0;
}

static int
read_key(
    int fd, const char *path, struct noise_keypair *kp, char *why, size_t cap)
{
	char text[TEXT_LEN + 2];
	struct noise_secret sk;
	size_t len;
	ssize_t n;
	int r;

	n = read(fd, text, sizeof(text));
	if (n < 0)
		return fail_errno(why, cap, path);
	r = ERR_FORMAT;
	if ((n == TEXT_LEN || (n == TEXT_LEN + 1 && text[TEXT_LEN] == '\n')) &&
	    sodium_base642bin(sk.b, sizeof(sk.b), text, TEXT_LEN, NULL, &len,
		NULL, B64) == 0 &&
	    len == sizeof(sk.b))
		r = noise_keypair_of(kp, &sk);
	sodium_memzero(text, sizeof(text));
	sodium_memzero(&sk, sizeof(sk));
	return r == 0 ? 0 : fail(why, cap, r, path, "not a key of ours");
}

int
keyfile_load(const char *dir, struct noise_keypair *kp, char *why, size_t cap)
{
	char path[PATH_MAX];
	int fd, r;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, KEYFILE_NAME) >=
	    sizeof(path))
		return fail(why, cap, ERR_SYS, dir, "the name is too long");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		return make_key(dir, path, kp, why, cap);
	if (fd < 0)
		return fail_errno(why, cap, path);
	r = check_mode(fd, path, why, cap);
	if (r == 0)
		r = read_key(fd, path, kp, why, cap);
	close(fd);
	return r;
}
