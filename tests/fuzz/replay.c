/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replay.c — runs a fuzz target over the files of a folder where libFuzzer is
 * absent; a property that does not hold aborts inside the target.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int
replay_file(const char *dir, const char *name)
{
	char path[4096];
	uint8_t *bytes = NULL;
	long len;
	FILE *f;
	int ok = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "rb");
	if (f == NULL)
		return 0;
	if (fseek(f, 0, SEEK_END) != 0 || (len = ftell(f)) < 0)
		goto out;
	rewind(f);
	/* exact size, so that a sanitizer sees the first byte too many */
	bytes = malloc(len > 0 ? (size_t)len : 1);
	if (bytes == NULL || fread(bytes, 1, (size_t)len, f) != (size_t)len)
		goto out;
	fprintf(stderr, "%s\n", path);
	ok = LLVMFuzzerTestOneInput(bytes, (size_t)len) == 0;
out:
	free(bytes);
	fclose(f);
	return ok;
}

int
main(int argc, char **argv)
{
	struct dirent *e;
	int passed = 0, failed = 0;
	DIR *d;

	if (argc != 2 || (d = opendir(argv[1])) == NULL) {
		fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
		return 2;
	}
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		if (replay_file(argv[1], e->d_name))
			passed++;
		else
			failed++;
	}
	closedir(d);
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}
