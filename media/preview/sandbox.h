/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sandbox.h — give up everything but computing: no new privileges, no file
 * system (Landlock, where the kernel has it), a handful of system calls
 * (seccomp), limits on memory and time.
 */
#ifndef MEDIA_PREVIEW_SANDBOX_H
#define MEDIA_PREVIEW_SANDBOX_H

#include <stdint.h>

#include "common/base.h"

#define SANDBOX_MEMORY_BYTES (512ull * 1024 * 1024)
#define SANDBOX_CPU_S	     10

/*
 * From here on this process can read and write the descriptors it has, and
 * allocate; any other system call ends it. Whatever is loaded at run time must
 * have been loaded.
 *   memory  bytes of address space, with what is mapped already
 * Returns 0; ERR_SYS the kernel refused a part: then nothing
 * untrusted may be touched.
 */
int sandbox_enter(uint64_t memory) MUST_USE;

#endif
