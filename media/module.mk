# SPDX-License-Identifier: GPL-3.0-or-later
# What touches pictures and sound of others, and the child that does it.
media_SRC   := media/preview.c media/preview_child.c media/preview_wire.c \
	media/preview_async.c \
	media/preview_fit.c media/tiny.c media/safe_name.c
media_FUZZ  := fuzz_safe_name
media_PKG   := libprotobuf-c libuv
media_DEPS  := common/proto common
media_TESTS := test_preview test_preview_kinds test_preview_async \
	test_preview_wire test_safe_name
test_preview_async_SRC := tests/unit/media_help.c
test_preview_kinds_SRC := tests/unit/media_help.c
$(B)/obj/media/preview_child.o: CPPFLAGS += -DSOTTO_LIBEXECDIR='"$(LIBEXECDIR)"'
# They ask the real child.
$(media_TESTS:%=$(B)/tests/%): | $(B)/sotto-preview
