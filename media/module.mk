# SPDX-License-Identifier: GPL-3.0-or-later
# What touches pictures and sound of others, and the child that does it.
media_SRC   := media/preview.c media/preview_child.c media/preview_wire.c \
	media/preview_async.c media/child.c media/sound.c media/loudness.c media/stream.c \
	media/preview_fit.c media/tiny.c media/safe_name.c media/still.c \
	media/camera.c media/camera_y4m.c media/camera_v4l2.c
media_FUZZ  := fuzz_safe_name
media_PKG   := libprotobuf-c libuv libsodium
media_DEPS  := common/proto common
test_sound_PKG := 
test_still_SRC := tests/unit/media_help.c
test_sound_SRC := tests/unit/media_help.c
$(B)/tests/test_sound: LDLIBS += -lm
media_TESTS := test_preview test_preview_kinds test_preview_async \
	test_preview_wire test_safe_name test_still test_stream test_sound test_camera
test_preview_async_SRC := tests/unit/media_help.c
test_preview_kinds_SRC := tests/unit/media_help.c
$(B)/obj/media/child.o: CPPFLAGS += -DSOTTO_LIBEXECDIR='"$(LIBEXECDIR)"'
# They ask the real child.
$(media_TESTS:%=$(B)/tests/%): | $(B)/sotto-preview $(B)/sotto-audio $(B)/sotto-still
# A camera that is not there: the test answers what would be asked of it.
$(B)/tests/test_camera: LDFLAGS += -Wl,--wrap=ioctl,--wrap=mmap,--wrap=munmap
