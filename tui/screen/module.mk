# SPDX-License-Identifier: GPL-3.0-or-later
# The full-screen client. Unit tests need no engine: views are driven through
# backend.h with events the tests make.
tui/screen_SRC   := tui/screen/keys.c tui/screen/key_name.c \
	tui/screen/keymap.c tui/screen/edit.c \
	tui/screen/theme.c tui/screen/direct.c tui/screen/tty.c \
	tui/screen/catch.c tui/screen/raster.c tui/screen/picture_caps.c tui/screen/pictures.c tui/screen/loop_pictures.c \
	tui/screen/view_picture.c tui/screen/folder.c tui/screen/view_files.c tui/screen/draw.c tui/screen/when.c \
	tui/screen/when_span.c tui/screen/strength.c \
	tui/screen/model.c tui/screen/hist.c tui/screen/hist_layout.c tui/screen/hist_media.c tui/screen/prefs.c \
	tui/screen/composer.c tui/screen/form.c tui/screen/notify.c \
	tui/screen/app.c tui/screen/app_chat.c tui/screen/app_send.c \
	tui/screen/app_event.c tui/screen/bar.c tui/screen/chatlist.c \
	tui/screen/conv.c tui/screen/conv_media.c tui/screen/media_act.c tui/screen/view_main.c tui/screen/view_palette.c \
	tui/screen/view_search.c tui/screen/view_starred.c \
	tui/screen/view_safety.c \
	tui/screen/view_help.c tui/screen/view_paste.c \
	tui/screen/writing.c tui/screen/forget.c \
	tui/screen/view_message.c tui/screen/view_react.c \
	tui/screen/view_delete.c tui/screen/view_pick.c \
	tui/screen/view_read.c tui/screen/view_status.c tui/screen/view_ask.c \
	tui/screen/view_menu.c tui/screen/view_prompt.c \
	tui/screen/chat_act.c tui/screen/view_details.c \
	tui/screen/qr_box.c tui/screen/view_devices.c tui/screen/view_backup.c tui/screen/view_backup_set.c \
	tui/screen/view_link.c tui/screen/view_camera.c tui/screen/loop_camera.c tui/screen/view_link_new.c \
	tui/screen/view_removed.c tui/screen/view_offer.c \
	tui/screen/room.c tui/screen/room_act.c \
	tui/screen/view_group.c tui/screen/account_act.c \
	tui/screen/view_notices.c tui/screen/view_unlock.c \
	tui/screen/view_first_run.c tui/screen/view_new_chat.c \
	tui/screen/view_settings.c tui/screen/backend.c \
	tui/screen/external.c tui/screen/fact.c tui/screen/screen.c
tui/screen_PKG   := ncursesw libuv
tui/screen_DEPS  := tui/base media common/qr common/proto common
tui/screen_TESTS := test_keydecode test_keymap test_edit test_hist \
	test_screen_parts test_draw test_app test_app_message test_app_chat \
	test_app_devices test_app_group test_views
tui/screen_TESTS += test_app_backup
test_app_backup_SRC := tests/unit/screen_rig.c
test_draw_SRC  := tests/unit/screen_rig.c
test_app_SRC   := tests/unit/screen_rig.c
test_app_devices_SRC := tests/unit/screen_rig.c
test_app_group_SRC := tests/unit/screen_rig.c
test_app_chat_SRC := tests/unit/screen_rig.c
test_app_message_SRC := tests/unit/screen_rig.c
test_views_SRC := tests/unit/screen_rig.c
tui/screen_TESTS += test_pictures
test_pictures_SRC := tests/unit/screen_rig.c
tui/screen_TESTS += test_app_media
test_app_media_SRC := tests/unit/screen_rig.c
tui/screen_SRC   += tui/screen/status_strip.c
tui/screen_TESTS += test_status_view
test_status_view_SRC := tests/unit/screen_rig.c
tui/screen_FUZZ  := fuzz_keys
