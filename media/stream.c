/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "media/stream.h"

#include <errno.h>
#include <unistd.h>

int
stream_read(int fd, uint8_t *p, size_t len)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = read(fd, p + got, len - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0 && got == 0)
			return ERR_CLOSED;
		if (n <= 0)
			return ERR_IO;
		got += (size_t)n;
	}
	return 0;
}

int
stream_read_at(int fd, uint64_t at, uint8_t *p, size_t len)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = pread(fd, p + got, len - got, (off_t)(at + got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ERR_IO;
		got += (size_t)n;
	}
	return 0;
}

int
stream_write(int fd, const void *p, size_t len)
{
	const uint8_t *b = p;

	while (len > 0) {
		ssize_t n = write(fd, b, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ERR_IO;
		b += n;
		len -= (size_t)n;
	}
	return 0;
}
