# SPDX-License-Identifier: GPL-3.0-or-later
#
# One Makefile for the whole tree; each folder's module.mk lists its sources.
#   make demo       two people talking, on this machine
#   make check      everything that is missing is installed, then all tests
# Variables: B= (build folder), PREFIX, DESTDIR, CC, CFLAGS, LDFLAGS,
#   DEVELOPER=1 (warnings are errors, banned functions refused), SAN=, V=1.

B       ?= build
PREFIX  ?= /usr/local
BINDIR  ?= $(PREFIX)/bin
SBINDIR ?= $(PREFIX)/sbin
# Programs that only sotto starts.
LIBEXECDIR ?= $(PREFIX)/libexec/sotto
MANDIR  ?= $(PREFIX)/share/man
DOCDIR  ?= $(PREFIX)/share/doc/sotto
UNITDIR ?= $(PREFIX)/lib
CFLAGS  ?= -O2 -g
PYTHON  ?= /usr/bin/python3
VERSION := 0.1.0

MODULES := common common/proto common/noise common/signal \
	common/link tui/base tui/backup tui/store tui/net tui/engine tui/screen tui/cli tui \
	relay/store relay/identity relay/abuse relay/net relay/route relay/session \
	relay/queue relay/groups relay/link relay/keys relay/presence relay/admin relay
MODULES += common/aws common/group common/backup common/qr media/preview media/audio media
MODULES += calls common/blob relay/blobs media/transfer tests/media
MODULES += common/stun relay/turn
MODULES += media/still
include $(MODULES:%=%/module.mk) tests/module.mk

ifneq ($(V),1)
Q := @
endif
define newline


endef

# ---- flags ------------------------------------------------------------------
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wpointer-arith \
	-Wwrite-strings -Wundef -Wformat=2 -Wvla \
	-Wimplicit-fallthrough -Wdouble-promotion -Wdate-time \
	-Wredundant-decls -Wnested-externs -Wbad-function-cast \
	-Wmissing-noreturn -Wno-unused-parameter
ifeq ($(DEVELOPER),1)
WARN += -Werror -include common/banned.h
endif
HARDEN := -fPIE -fstack-protector-strong -fno-strict-overflow
ifeq ($(SAN),)
# Fortify needs optimisation; a packager's own level wins.
FORTIFY := $(if $(findstring FORTIFY_SOURCE,$(CFLAGS)),,$(if \
	$(filter -O1 -O2 -O3 -Os,$(CFLAGS)),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2))
endif
LDHARDEN := -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed

PKGS := $(sort $(foreach m,$(MODULES),$($(m)_PKG)))
# pkg-config runs once, and only when something is compiled.
PKG_CFLAGS = $(eval PKG_CFLAGS := $$(shell pkg-config --cflags $(PKGS)))$(PKG_CFLAGS)
ALL_CFLAGS = -std=c17 -D_GNU_SOURCE -DSOTTO_VERSION='"$(VERSION)"' \
	-I. -I$(B)/gen $(WARN) $(HARDEN) $(FORTIFY) -MMD -MP \
	$(PKG_CFLAGS) $(SAN) $(CPPFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(LDHARDEN) $(SAN) $(LDFLAGS)

# ---- generated: protobuf ----------------------------------------------------
PROTOS := $(common/proto_PROTO)
PB_C   := $(PROTOS:%.proto=$(B)/gen/%.pb-c.c)
PB_H   := $(PROTOS:%.proto=$(B)/gen/%.pb-c.h)

# ---- objects and archives, one archive per module ---------------------------
slug   = $(subst /,-,$(1))
ar_of  = $(B)/lib/$(call slug,$(1)).a
objs   = $(patsubst %.c,$(B)/obj/%.o,$(1))
PROGRAMS := sotto sotto-relay sotto-preview sotto-audio sotto-still

.DEFAULT_GOAL := all
all: $(PROGRAMS:%=$(B)/%) man

define MODULE
$(call ar_of,$(1)): $(call objs,$($(1)_SRC)) \
    $(if $(filter common/proto,$(1)),$(patsubst $(B)/gen/%.c,$(B)/obj/gen/%.o,$(PB_C)))
endef
$(foreach m,$(MODULES),$(eval $(call MODULE,$(m))))

$(B)/lib/%.a:
	@mkdir -p $(@D)
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

$(B)/gen/%.pb-c.c $(B)/gen/%.pb-c.h: %.proto
	@mkdir -p $(B)/gen
	@echo "  PROTO $<"
	$(Q)protoc-c --c_out=$(B)/gen $<

$(B)/obj/%.o: %.c | $(PB_H)
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(B)/obj/gen/%.o: $(B)/gen/%.c | $(PB_H)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -w -c -o $@ $<

# What is compiled in from the folders above is compiled again when they change.
$(B)/libexecdir: FORCE
	@mkdir -p $(@D)
	@[ "$$(cat $@ 2>/dev/null)" = '$(LIBEXECDIR)' ] || \
	    echo '$(LIBEXECDIR)' > $@
.PHONY: FORCE
$(B)/obj/media/child.o: $(B)/libexecdir

# libs,MODULES: archives first (users before what they use), then system libs.
pkgs_of = $(sort $(foreach m,$(1),$($(m)_PKG)))
libs  = $(foreach m,$(1),$(call ar_of,$(m))) \
	$(if $(call pkgs_of,$(1)),$(shell pkg-config --libs $(call pkgs_of,$(1))))
LINK  = @mkdir -p $(@D); echo "  LINK  $@";

define PROGRAM
$(B)/$(1): $(call objs,$($(1)_MAIN)) $(foreach m,$($(1)_MODS),$(call ar_of,$(m)))
	$$(LINK)
	$$(Q)$$(CC) $$(ALL_LDFLAGS) -o $$@ $(call objs,$($(1)_MAIN)) \
	    $$(call libs,$($(1)_MODS)) -lpthread $$(LDLIBS)
endef
$(foreach p,$(PROGRAMS),$(eval $(call PROGRAM,$(p))))

# ---- unit tests: $(module)_TESTS, each links its module, what that needs, and
# the helpers named in <test>_SRC.
# Every malloc of ours goes through tests/unit/alloc.c, so that a test can make
# the n-th one fail.
WRAP := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup,--wrap=strndup
TEST_HELP := tests/unit/alloc.c tests/unit/hex.c
UNIT :=
define UNIT_TEST
UNIT += $(B)/tests/$(2)
$(B)/tests/$(2): $(B)/obj/tests/unit/$(2).o $(call objs,$(TEST_HELP) $($(2)_SRC)) \
    $(foreach m,$(1) $($(1)_DEPS),$(call ar_of,$(m)))
	$$(LINK)
	$$(Q)$$(CC) $$(ALL_LDFLAGS) $$(WRAP) -o $$@ $(B)/obj/tests/unit/$(2).o \
	    $(call objs,$(TEST_HELP) $($(2)_SRC)) $$(call libs,$(1) $($(1)_DEPS)) \
	    $$(shell pkg-config --libs cmocka $($(2)_PKG)) -lpthread $$(LDLIBS)
endef
$(foreach m,$(MODULES),$(foreach t,$($(m)_TESTS),$(eval $(call UNIT_TEST,$(m),$(t)))))

# ---- other test programs: tests/<dir>/<name>.c with <name>_MODS -------------
define TOOL
$(B)/tests/$(notdir $(1)): $(B)/obj/tests/$(1).o $(call objs,$($(1)_SRC)) \
    $(foreach m,$($(1)_MODS),$(call ar_of,$(m)))
	$$(LINK)
	$$(Q)$$(CC) $$(ALL_LDFLAGS) -o $$@ $(B)/obj/tests/$(1).o \
	    $(call objs,$($(1)_SRC)) $$(call libs,$($(1)_MODS)) \
	    $(if $($(1)_PKG),$$(shell pkg-config --libs $($(1)_PKG))) -lpthread $$(LDLIBS)
endef
$(foreach t,$(TOOLS),$(eval $(call TOOL,$(t))))
TOOL_BINS := $(foreach t,$(TOOLS),$(B)/tests/$(notdir $(t)))

# ---- fuzz: corpora replayed everywhere; libFuzzer by `make fuzz-<name>` ------
FUZZERS := $(foreach m,$(MODULES),$($(m)_FUZZ))
define FUZZ
$(B)/fuzz/$(2): $(B)/obj/tests/fuzz/$(2).o $(B)/obj/tests/fuzz/replay.o \
    $(foreach m,$(1) $($(1)_DEPS),$(call ar_of,$(m)))
	$$(LINK)
	$$(Q)$$(CC) $$(ALL_LDFLAGS) -o $$@ $(B)/obj/tests/fuzz/$(2).o \
	    $(B)/obj/tests/fuzz/replay.o $$(call libs,$(1) $($(1)_DEPS)) -lpthread $$(LDLIBS)
$(B)/libfuzzer/$(2): $(B)/obj/tests/fuzz/$(2).o \
    $(foreach m,$(1) $($(1)_DEPS),$(call ar_of,$(m)))
	$$(LINK)
	$$(Q)$$(CC) $$(ALL_LDFLAGS) -fsanitize=fuzzer -o $$@ $(B)/obj/tests/fuzz/$(2).o \
	    $$(call libs,$(1) $($(1)_DEPS)) -lpthread $$(LDLIBS)
endef
$(foreach m,$(MODULES),$(foreach f,$($(m)_FUZZ),$(eval $(call FUZZ,$(m),$(f)))))

FUZZ_SECONDS ?= 60
fuzz-%:
	$(Q)$(MAKE) CC=clang B=$(B)/fuzzing \
	    SAN="-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all" \
	    $(B)/fuzzing/libfuzzer/fuzz_$*
	@mkdir -p $(B)/fuzzing/found-$* tests/fuzz/corpus/$*
	$(B)/fuzzing/libfuzzer/fuzz_$* -max_total_time=$(FUZZ_SECONDS) -timeout=10 \
	    $(B)/fuzzing/found-$* tests/fuzz/corpus/$*

# ---- checks -----------------------------------------------------------------
.PHONY: all deps check unit check-asan coverage coverage-run e2e interop bench tidy format \
	format-check dist install uninstall demo clean man tools fuzz-replay
# Generated, and kept. Objects are no intermediate files: a source that is new to
# a module is compiled although the archive is younger than it.
.SECONDARY: $(PB_C) $(PB_H)

deps:
	$(Q)packaging/deps.sh $(DEPS)

# The two commands of the README install first, then start make afresh, with
# every processor unless -j says otherwise.
JOBS = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || echo 1))
check: deps
	$(Q)$(MAKE) -s --no-print-directory $(JOBS) unit
demo: DEPS := build demo
demo: deps
	$(Q)$(MAKE) -s --no-print-directory $(JOBS) all
	$(Q)packaging/demo.sh $(B)

tools: $(TOOL_BINS)
unit: all tools $(UNIT) $(FUZZERS:%=$(B)/fuzz/%)
	$(Q)tests/run.sh $(B) $(UNIT:$(B)/tests/%=%) -- $(FUZZERS) -- check-install
ASAN_CC ?= $(CC)
check-asan:
	$(Q)$(MAKE) --no-print-directory CC="$(ASAN_CC)" B=$(B)/asan CFLAGS="-O1 -g -fno-omit-frame-pointer" \
	    SAN="-fsanitize=address,undefined -fno-sanitize-recover=all" unit
# How much of a module its own unit tests reach; an assertion is no branch.
COVER ?= common/signal
coverage:
	$(Q)$(MAKE) --no-print-directory B=$(B)/coverage CFLAGS="-O0 -g --coverage -DNDEBUG" \
	    LDFLAGS="$(LDFLAGS) --coverage" coverage-run
coverage-run: $($(COVER)_TESTS:%=$(B)/tests/%)
	$(Q)find $(B) -name '*.gcda' -delete
	$(Q)tests/run.sh $(B) $($(COVER)_TESTS)
	$(Q)tests/coverage.sh $(B) $($(COVER)_SRC)
e2e: all tools
	$(Q)B=$(abspath $(B)) $(PYTHON) -m pytest -q -n 2 -p no:cacheprovider tests/e2e
interop: tools
	$(Q)tests/interop/run.sh $(B)
bench: all tools
	$(Q)tests/bench/run.sh $(B)

SOURCES = $(foreach m,$(MODULES),$($(m)_SRC)) $(foreach p,$(PROGRAMS),$($(p)_MAIN))
tidy: $(PB_H)
	$(Q)printf '%s\n' $(sort $(SOURCES)) | xargs -P2 -I{} clang-tidy --quiet {} -- \
	    -std=c17 -D_GNU_SOURCE -DSOTTO_VERSION='"$(VERSION)"' -I. -I$(B)/gen $(PKG_CFLAGS)
format:
	$(Q)git ls-files '*.c' '*.h' | xargs clang-format -i
format-check:
	$(Q)git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror

# ---- man pages, install, dist -----------------------------------------------
MAN := sotto.1 sotto-relay.8 sotto-relay.conf.5
man: $(MAN:%=$(B)/man/%)
$(B)/man/%: docs/man/%.scd
	@mkdir -p $(@D)
	$(Q)scdoc < $< > $@

# What is put where: source, folder, mode. Both install and uninstall read it.
INSTALL := \
	$(B)/sotto:$(BINDIR):755 \
	$(B)/sotto-relay:$(SBINDIR):755 \
	$(B)/sotto-preview:$(LIBEXECDIR):755 \
	$(B)/sotto-audio:$(LIBEXECDIR):755 \
	$(B)/sotto-still:$(LIBEXECDIR):755 \
	$(B)/man/sotto.1:$(MANDIR)/man1:644 \
	$(B)/man/sotto-relay.8:$(MANDIR)/man8:644 \
	$(B)/man/sotto-relay.conf.5:$(MANDIR)/man5:644 \
	README.md:$(DOCDIR):644 SECURITY.md:$(DOCDIR):644 LICENSE:$(DOCDIR):644 \
	docs/hosting.md:$(DOCDIR)/docs:644 \
	docs/threat-model.md:$(DOCDIR)/docs:644 \
	$(B)/pkg/sotto-relay.conf.sample:$(DOCDIR):644 \
	$(B)/pkg/systemd/sotto-relay.service:$(UNITDIR)/systemd/system:644 \
	$(B)/pkg/sysusers.d/sotto-relay.conf:$(UNITDIR)/sysusers.d:644 \
	$(B)/pkg/tmpfiles.d/sotto-relay.conf:$(UNITDIR)/tmpfiles.d:644
split = $(word $(2),$(subst :, ,$(1)))
installed = $(call split,$(1),2)/$(notdir $(call split,$(1),1))

$(B)/pkg: $(B)/sotto-relay packaging/sotto-relay.service \
    packaging/sotto-relay.sysusers packaging/sotto-relay.tmpfiles
	@mkdir -p $@/systemd $@/sysusers.d $@/tmpfiles.d
	$(Q)$(B)/sotto-relay --sample-config > $@/sotto-relay.conf.sample
	$(Q)sed 's|@SBINDIR@|$(SBINDIR)|' packaging/sotto-relay.service \
	    > $@/systemd/sotto-relay.service
	$(Q)cp packaging/sotto-relay.sysusers $@/sysusers.d/sotto-relay.conf
	$(Q)cp packaging/sotto-relay.tmpfiles $@/tmpfiles.d/sotto-relay.conf

.PHONY: $(B)/pkg
install: all $(B)/pkg
	$(foreach i,$(INSTALL),install -D -m $(call split,$(i),3) \
	    $(call split,$(i),1) $(DESTDIR)$(call installed,$(i))$(newline))
uninstall:
	rm -f $(foreach i,$(INSTALL),$(DESTDIR)$(call installed,$(i)))
	rmdir $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(DOCDIR)/docs \
	    $(DESTDIR)$(DOCDIR) 2>/dev/null || true

# The same bytes for the same commit, whoever makes them.
DIST = $(B)/sotto-$(VERSION).tar.gz
dist:
	@git rev-parse --verify -q HEAD >/dev/null || \
	    { echo "make dist: works in a git checkout only" >&2; exit 1; }
	@mkdir -p $(B)
	git -c tar.umask=0022 -c tar.tar.gz.command="gzip -9cn" archive \
	    --prefix=sotto-$(VERSION)/ -o $(DIST) HEAD
clean:
	rm -rf $(B)

-include $(wildcard $(B)/obj/*/*.d $(B)/obj/*/*/*.d $(B)/obj/*/*/*/*.d)
