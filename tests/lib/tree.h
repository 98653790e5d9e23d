/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tree.h — remove a folder and everything in it. */
#ifndef TESTS_LIB_TREE_H
#define TESTS_LIB_TREE_H

#include <ftw.h>
#include <stdio.h>

static inline int
tree_remove_one(
    const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* Links are removed, not followed. 0, or -1 and errno. */
static inline int
tree_remove(const char *dir)
{
	return nftw(dir, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
