/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/sound_server.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/tree.h"
#include "tests/unit/test.h"

static pid_t
read_pid(const char *dir)
{
	char path[96];
	long pid = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/pid", dir);
	f = fopen(path, "re");
	if (f == NULL || fscanf(f, "%ld", &pid) != 1 || pid <= 1)
		fail_msg("no process id in %s", path);
	fclose(f);
	return (pid_t)pid;
}

void
sound_server_start(struct sound_server *s)
{
	char command[512], address[128];

	snprintf(s->dir, sizeof(s->dir), "/tmp/sotto-sound-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	/* The first process ends when the server answers. */
	snprintf(command, sizeof(command),
	    "cd %s && export HOME=$PWD PULSE_RUNTIME_PATH=$PWD && "
	    "pulseaudio --daemonize=yes -n --exit-idle-time=-1 "
	    "--disable-shm=yes --use-pid-file=yes --log-target=file:$PWD/log "
	    "-L 'module-null-sink sink_name=spk rate=48000' "
	    "-L \"module-native-protocol-unix socket=$PWD/sock "
	    "auth-anonymous=1\" 2>start",
	    s->dir);
	if (system(command) != 0) /* NOLINT(cert-env33-c): a fixed one */
		fail_msg("pulseaudio does not start: see %s", s->dir);
	s->pid = read_pid(s->dir);
	snprintf(address, sizeof(address), "unix:%s/sock", s->dir);
	assert_int_equal(setenv("PULSE_SERVER", address, 1), 0);
	assert_int_equal(setenv("HOME", s->dir, 1), 0);
}

void
sound_server_stop(struct sound_server *s)
{
	struct pollfd p = {.events = POLLIN};

	if (s->pid > 0) {
		p.fd = (int)syscall(SYS_pidfd_open, s->pid, 0);
		assert_true(p.fd >= 0);
		kill(s->pid, SIGKILL);
		assert_int_equal(poll(&p, 1, 5000), 1);
		close(p.fd);
	}
	s->pid = 0;
	if (s->dir[0] != '\0')
		assert_int_equal(tree_remove(s->dir), 0);
	s->dir[0] = '\0';
}
