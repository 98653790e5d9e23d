# SPDX-License-Identifier: GPL-3.0-or-later
# Tests in which the client's side of media meets the relay's: nothing that is
# shipped links both.
tests/media_SRC   :=
tests/media_PKG   :=
tests/media_DEPS  := media/transfer common/blob relay/blobs $(relay/blobs_DEPS)
tests/media_TESTS := test_media_transfer
