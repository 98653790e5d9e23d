/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * paths.h — where the files of a profile are: XDG folders, private to the
 * person.
 *
 *	config   $XDG_CONFIG_HOME/sotto/PROFILE   ~/.config/sotto/PROFILE
 *	data     $XDG_DATA_HOME/sotto/PROFILE     ~/.local/share/sotto/PROFILE
 *	cache    $XDG_CACHE_HOME/sotto/PROFILE    ~/.cache/sotto/PROFILE
 *	state    $XDG_STATE_HOME/sotto/PROFILE    ~/.local/state/sotto/PROFILE
 *	runtime  $XDG_RUNTIME_DIR/sotto/PROFILE   the state folder + "/run"
 *
 * With $SOTTO_HOME they are $SOTTO_HOME/config/PROFILE and so on. $HOME counts
 * before the passwd entry. Source: XDG Base Directory specification 0.8.
 */
#ifndef TUI_BASE_PATHS_H
#define TUI_BASE_PATHS_H

#include <stddef.h>

#include "common/base.h"

#define PATHS_CAP	  1024 /* bytes of a path, NUL included */
#define PATHS_PROFILE_MAX 32 /* bytes of a profile's name */
#define PATHS_DEFAULT	  "default" /* the profile when none is named */
#define PATHS_ERR_MAX	  1280

#define PATHS_KINDS(X) /* name   word       under $HOME */                     \
	X(CONFIG, "config", ".config")                                         \
	X(DATA, "data", ".local/share")                                        \
	X(CACHE, "cache", ".cache")                                            \
	X(STATE, "state", ".local/state")                                      \
	X(RUNTIME, "run", ".local/state")

enum paths_kind {
#define X(name, word, home) PATHS_##name,
	PATHS_KINDS(X)
#undef X
	    PATHS_KIND_COUNT
};

struct paths {
	char dir[PATHS_KIND_COUNT][PATHS_CAP];
	char profile[PATHS_PROFILE_MAX + 1];
};

struct paths_err {
	char text[PATHS_ERR_MAX]; /* a sentence, "" when there is none */
};

/*
 * Work the folders out; nothing is touched.
 *   profile  a-z, 0-9, - and _, not starting with -; NULL: PATHS_DEFAULT
 *   env      "NAME=value", NULL-terminated
 * Returns 0; ERR_FORMAT bad profile name; ERR_RANGE path too long;
 * ERR_NOTFOUND no home folder; the sentence in why (may be NULL).
 */
int paths_init(struct paths *p, const char *profile, char *const *env,
    struct paths_err *why) MUST_USE;

/*
 * Make the folder of one kind, with what is above it, 0700, and check what was
 * there before: ours, and closed to group and others.
 * Returns 0; ERR_DENIED not ours or open to others (why says what to type);
 * ERR_SYS (errno).
 */
int paths_make(const struct paths *p, enum paths_kind kind,
    struct paths_err *why) MUST_USE;

/* Make and check all. */
int paths_make_all(const struct paths *p, struct paths_err *why) MUST_USE;

/* "DIR/name" into out; 0 or ERR_RANGE. */
int paths_file(const struct paths *p, enum paths_kind kind, const char *name,
    char out[static PATHS_CAP]) MUST_USE;

/*
 * Names of the profiles that have a data folder, sorted.
 *   out  receives at most cap names
 * Returns how many there are (may exceed cap), or ERR_SYS.
 */
int paths_profiles(const struct paths *p, char (*out)[PATHS_PROFILE_MAX + 1],
    size_t cap) MUST_USE;

/* Where attachments go: $XDG_DOWNLOAD_DIR, the entry of user-dirs.dirs, else
 * ~/Downloads. Returns 0 or ERR_NOTFOUND, ERR_RANGE. */
int paths_downloads(char *const *env, char out[static PATHS_CAP]) MUST_USE;

#endif
