/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "media/preview/sandbox.h"

/* The address sanitizer maps terabytes of shadow, and looks at the signal stack
 * before each jump out of a function. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* All rights of the first version: every later kernel knows them. */
#define EVERY_RIGHT ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)

static int
limit(int what, rlim_t n)
{
	struct rlimit l = {n, n};

	return setrlimit(what, &l) == 0 ? 0 : ERR_SYS;
}

static int
set_limits(uint64_t memory)
{
	int r = limit(RLIMIT_CPU, SANDBOX_CPU_S);

	if (r == 0 && !SANITIZED)
		r = limit(RLIMIT_AS, memory);
	if (r == 0)
		r = limit(RLIMIT_FSIZE, 0);
	if (r == 0)
		r = limit(RLIMIT_CORE, 0);
	if (r == 0)
		r = limit(RLIMIT_NOFILE, 3);
	return r;
}

/* No path can be opened. A kernel without Landlock has seccomp still. */
static int
close_files(void)
{
	struct landlock_ruleset_attr attr = {.handled_access_fs = EVERY_RIGHT};
	int fd =
	    (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	long r;

	if (fd < 0)
		return errno == ENOSYS || errno == EOPNOTSUPP ? 0 : ERR_SYS;
	r = syscall(SYS_landlock_restrict_self, fd, 0);
	close(fd);
	return r == 0 ? 0 : ERR_SYS;
}

static const int allowed[] = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(futex),
    SCMP_SYS(getrandom),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(sysinfo), /* qsort() asks how much memory there is */
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(sched_yield),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
#if SANITIZED
    SCMP_SYS(sigaltstack),
#endif
};

/* Memory, but never code. */
static const int mapping[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect)};

static int
filter_calls(void)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
	size_t i;
	int e = 0;

	if (f == NULL)
		return ERR_SYS;
	for (i = 0; e == 0 && i < ARRAY_LEN(allowed); i++)
		e = seccomp_rule_add(f, SCMP_ACT_ALLOW, allowed[i], 0);
	for (i = 0; e == 0 && i < ARRAY_LEN(mapping); i++)
		e = seccomp_rule_add(f, SCMP_ACT_ALLOW, mapping[i], 1,
		    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (e == 0)
		e = seccomp_load(f);
	seccomp_release(f);
	return e == 0 ? 0 : ERR_SYS;
}

int
sandbox_enter(uint64_t memory)
{
	int r;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    prctl(PR_SET_PDEATHSIG, 9, 0, 0, 0) != 0)
		return ERR_SYS;
	r = close_files();
	if (r == 0)
		r = set_limits(memory);
	if (r == 0)
		r = filter_calls();
	return r;
}
