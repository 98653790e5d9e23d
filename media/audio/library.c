/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "media/audio/library.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

bool
library_open(const char *soname, const struct library_row *rows)
{
	void *lib = dlopen(soname, RTLD_NOW | RTLD_LOCAL);

	if (lib == NULL)
		return false;
	for (; rows->name != NULL; rows++) {
		void *sym = dlsym(lib, rows->name);

		if (sym == NULL) {
			dlclose(lib);
			return false;
		}
		/* Data and function pointers are alike where there is dlsym() */
		memcpy(rows->fn, &sym, sizeof(sym));
	}
	return true;
}
