# SPDX-License-Identifier: GPL-3.0-or-later
# Groups: signed, hash-chained changes, and what members seal among themselves.
common/group_SRC   := common/group/public.c common/group/pub.c \
	common/group/entry.c common/group/step.c common/group/apply.c \
	common/group/seal.c common/group/record.c common/group/draft.c \
	common/group/propose.c common/group/intent.c common/group/group.c \
	common/group/welcome.c
common/group_PKG   := libsodium libprotobuf-c
common/group_DEPS  := common/signal common/proto common
common/group_TESTS := test_group test_group_rules test_group_chain \
	test_group_random test_group_rebase test_group_alloc
test_group_SRC       := tests/unit/group_help.c tests/unit/group_forge.c
test_group_rules_SRC := tests/unit/group_help.c tests/unit/group_forge.c
test_group_chain_SRC := tests/unit/group_help.c tests/unit/group_forge.c
test_group_random_SRC := tests/unit/group_help.c
test_group_rebase_SRC := tests/unit/group_help.c
test_group_alloc_SRC  := tests/unit/group_help.c
common/group_FUZZ  := fuzz_group_entry fuzz_group_state
