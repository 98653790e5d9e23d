/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sys/mman.h>
#include <unistd.h>

#include "media/stream.h"
#include "tests/unit/test.h"

static void
test_stream_read_at__from_there_on_or_not_at_all(void **state)
{
	int fd = memfd_create("stream", MFD_CLOEXEC);
	uint8_t got[4] = {0};

	(void)state;
	assert_true(fd >= 0);
	assert_ok(stream_write(fd, "0123456789", 10));
	assert_ok(stream_read_at(fd, 3, got, 4));
	assert_memory_equal(got, "3456", 4);
	assert_ok(stream_read_at(fd, 6, got, 4));
	assert_memory_equal(got, "6789", 4);
	assert_int_equal(stream_read_at(fd, 7, got, 4), ERR_IO);
	assert_int_equal(stream_read_at(fd, 11, got, 1), ERR_IO);
	/* the file's own place is where it was: behind what was written */
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 10);
	close(fd);
	assert_int_equal(stream_read_at(fd, 0, got, 1), ERR_IO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_stream_read_at__from_there_on_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
