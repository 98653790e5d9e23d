/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hash.c — SHA-256 by libcrypto, which uses the processor's own. */
#include <stdlib.h>

#include "common/blob/priv.h"

struct blob_hash {
	EVP_MD_CTX *md;
};

int
blob_hash_new(struct blob_hash **out)
{
	struct blob_hash *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return ERR_NOMEM;
	h->md = EVP_MD_CTX_new();
	if (h->md == NULL ||
	    EVP_DigestInit_ex2(h->md, EVP_sha256(), NULL) != 1) {
		blob_hash_free(h);
		return ERR_NOMEM;
	}
	*out = h;
	return 0;
}

int
blob_hash_add(struct blob_hash *h, const void *p, size_t len)
{
	return EVP_DigestUpdate(h->md, p, len) == 1 ? 0 : ERR_NOMEM;
}

int
blob_hash_end(struct blob_hash *h, struct blob_digest *d)
{
	struct blob_digest got;
	unsigned n = 0;

	if (EVP_DigestFinal_ex(h->md, got.b, &n) != 1 || n != sizeof(got.b))
		return ERR_NOMEM;
	*d = got;
	return 0;
}

void
blob_hash_free(struct blob_hash *h)
{
	if (h == NULL)
		return;
	EVP_MD_CTX_free(h->md);
	free(h);
}
