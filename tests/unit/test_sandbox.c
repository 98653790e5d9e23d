/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the sandbox a process computes and does nothing else: each attempt
 * runs in a child, which must be killed for it. */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "media/preview/sandbox.h"
#include "tests/unit/test.h"

typedef void (*attempt_fn)(void);

/* The status of a child that entered the sandbox and made the attempt. */
static int
status_of(attempt_fn attempt)
{
	int status = -1;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (sandbox_enter(SANDBOX_MEMORY_BYTES) != 0)
			_exit(99);
		attempt();
		_exit(7);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
compute(void)
{
	void *p = malloc(1024 * 1024);

	free(p);
}

static void
open_file(void)
{
	if (open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0)
		_exit(0);
}

static void
open_socket(void)
{
	if (socket(AF_INET, SOCK_STREAM, 0) >= 0)
		_exit(0);
}

static void
start_process(void)
{
	if (fork() == 0)
		_exit(0);
}

static void
start_program(void)
{
	execl("/bin/true", "true", (char *)NULL);
}

static void
map_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p != MAP_FAILED)
		_exit(0);
}

static void
signal_another(void)
{
	if (kill(getppid(), 0) == 0)
		_exit(0);
}

static void
test_sandbox_enter__leaves_computing_alone(void **state)
{
	int status = status_of(compute);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
}

static void
test_sandbox_enter__everything_else_is_the_end(void **state)
{
	static const attempt_fn attempts[] = {open_file, open_socket,
	    start_process, start_program, map_code, signal_another};
	size_t i;
	int status;

	(void)state;
	for (i = 0; i < ARRAY_LEN(attempts); i++) {
		status = status_of(attempts[i]);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("attempt %zu: status %d", i, status);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sandbox_enter__leaves_computing_alone),
	    cmocka_unit_test(test_sandbox_enter__everything_else_is_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
