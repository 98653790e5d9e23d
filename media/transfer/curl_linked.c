/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "media/transfer/curl_fns.h"

const struct media_curl media_curl_linked = {
#define X(name) .name = curl_##name,
    MEDIA_CURL_FNS(X)
#undef X
};
