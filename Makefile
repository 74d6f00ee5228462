# SPDX-License-Identifier: LGPL-2.1-or-later
# accesspkg. `make help` lists the targets; README.md says what to type first.

# ---- where things go: all movable here, nothing at run time -------------------------------------------------
VERSION       := 0.1.0
DESTDIR       ?=
PREFIX        ?= /usr
SYSCONFDIR    ?= /etc
LOCALSTATEDIR ?= /var
MAILDIR       ?= /var/mail
MULTIARCH     := $(shell $(CC) -print-multiarch 2>/dev/null)
LIBDIR        ?= $(PREFIX)/lib$(if $(MULTIARCH),/$(MULTIARCH))
LIBEXECDIR    ?= $(PREFIX)/libexec
PAMDIR        ?= $(LIBDIR)/security
BINDIR        := $(PREFIX)/bin
SBINDIR       := $(PREFIX)/sbin
DATADIR       := $(PREFIX)/share
UNITDIR       := $(PREFIX)/lib/systemd/system
ZSHDIR        ?= $(DATADIR)/zsh/vendor-completions

# ---- how things are built -----------------------------------------------------------------------------------
BUILD    ?= build
CC       ?= cc
# Lines for backtraces; a debugger that is to show variables wants -Og -g. All of -g takes a quarter longer to build.
CFLAGS   ?= -O2 -g1
# The code of a suite runs once: optimizing it takes longer than it saves. (What glibc fortifies must be optimized.)
SUITE_CFLAGS ?= -O0 -U_FORTIFY_SOURCE
SANITIZE ?=
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
            -Wformat=2 -Wundef -Wvla -Wwrite-strings -Wimplicit-fallthrough $(if $(SANITIZE),,-Werror)
# (gcc's manual: a sanitizer makes some of its flow warnings wrong. The plain builds of both compilers judge.)
HARDEN   := -fPIC -fstack-protector-strong -fvisibility=hidden $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2)
# 0: without libsystemd, for hosts that have neither logind nor systemd. Sessions are not known there, processes are.
HAVE_SYSTEMD ?= 1
DEFINES  := -D_GNU_SOURCE -DACCESSPKG_VERSION='"$(VERSION)"' -DACCESSPKG_SYSCONFDIR='"$(SYSCONFDIR)"' \
            -DACCESSPKG_LOCALSTATEDIR='"$(LOCALSTATEDIR)"' -DACCESSPKG_LIBEXECDIR='"$(LIBEXECDIR)"' \
            -DACCESSPKG_SBINDIR='"$(SBINDIR)"' -DACCESSPKG_MAILDIR='"$(MAILDIR)"' -DACCESSPKG_PAMDIR='"$(PAMDIR)"' \
            -DHAVE_SYSTEMD=$(HAVE_SYSTEMD)

# Which library each part may use is written here and nowhere else; pkg-config is asked when a recipe runs.
SESSION_PKGS := $(if $(filter 1,$(HAVE_SYSTEMD)),libsystemd)
PKGS := dbus-1 jansson sqlite3 smartcols libmd $(SESSION_PKGS)
pkgflags = $(shell pkg-config --cflags $(1))
pkglibs  = $(shell pkg-config --libs $(1))

ALL_CFLAGS  = -std=gnu17 $(WARNINGS) $(HARDEN) $(DEFINES) -I. $(DBUS_CFLAGS) $(CFLAGS) $(SANITIZE)
ALL_LDFLAGS = -Wl,-z,relro,-z,now,--as-needed $(LDFLAGS) $(SANITIZE)
DBUS_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)

# With all processors, unless whoever calls said how many (-j).
JOBS = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))

# A line per file made; V=1 shows the whole commands.
V ?=
quiet = $(if $(V),,@printf '  %-4s %s\n' $(1) $@; )

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

COMMON_SRC := $(wildcard common/*.c)
BUS_SRC    := $(wildcard dbus/*.c)
# The rooms of accesspkgd (docs/ARCHITECTURE.md, Layers); the other folders of helperd/ are programs of their own.
ROOMS      := daemon bus engine lifecycle grants store policy config host
DAEMON_SRC := $(foreach room,$(ROOMS),$(wildcard helperd/$(room)/*.c))
LOOKUP_SRC := $(filter-out helperd/lookup/accesspkg-%.c,$(wildcard helperd/lookup/*.c))
PRIV_SRC   := $(filter-out helperd/privileged/accesspkg-%.c,$(wildcard helperd/privileged/*.c))
SESSION_SRC:= $(filter-out helperd/session/logind$(if $(filter 1,$(HAVE_SYSTEMD)),_none).c,$(wildcard helperd/session/*.c))
NOTIFY_SRC := $(filter-out helperd/notify/accesspkg-%.c,$(wildcard helperd/notify/*.c))
MAIL_SRC   := $(filter-out helperd/notify/mail/accesspkg-%.c,$(wildcard helperd/notify/mail/*.c))
TERMINAL_SRC := $(filter-out helperd/notify/terminal/accesspkg-%.c,$(wildcard helperd/notify/terminal/*.c))
SUBMIT_SRC := $(wildcard pam_module/submit/*.c)
PAM_SRC    := $(filter-out pam_module/texts.c,$(wildcard pam_module/*.c))
NSS_SRC    := $(wildcard nss_module/*.c)
CLI_SRC    := $(filter-out cli/pkg-%.c,$(wildcard cli/*.c))
CLI_MAIN   := $(wildcard cli/pkg-*.c)
SUPPORT_SRC:= $(wildcard tests/support/*.c)
SUITE_SRC  := $(wildcard tests/unit/*.c tests/bus/*.c tests/pam/*.c)
BENCH_SRC  := $(wildcard tests/bench/bench_*.c)
FUZZ_SRC   := $(wildcard tests/fuzz/*.c)
# What the two modules take from common/: nothing that logs, allocates freely or knows our programs.
LEAF_SRC   := common/grantfile.c common/grantdir.c common/names.c
PAM_LEAVES := $(LEAF_SRC) common/duration.c common/gate_options.c common/usage.c
# What lets a holder in; the gate, which has it as well, is loaded for all else.
HOLDER_SRC := $(addprefix pam_module/,check.c converse.c journal.c judge.c texts.c user.c)
GATE_SRC   := $(filter-out pam_module/pam_accesspkg.c,$(PAM_SRC))

LIB_COMMON := $(BUILD)/libcommon.a
LIB_BUS    := $(BUILD)/libbus.a
LIB_DAEMON := $(BUILD)/libhelperd.a
LIB_PRIV   := $(BUILD)/libprivileged.a
LIB_SESSION:= $(BUILD)/libsession.a
LIB_NOTIFY := $(BUILD)/libnotify.a
LIB_CLI    := $(BUILD)/libcli.a
LIB_PAM    := $(BUILD)/libpammodule.a
LIB_NSS    := $(BUILD)/libnssmodule.a
LIB_SUPPORT:= $(BUILD)/libsupport.a

PROGRAMS := $(BUILD)/accesspkgd $(BUILD)/accesspkg-lookup $(BUILD)/accesspkg-privileged $(BUILD)/accesspkg-submit \
            $(BUILD)/accesspkg-notify $(BUILD)/accesspkg-mail $(BUILD)/accesspkg-terminal \
            $(patsubst cli/%.c,$(BUILD)/%,$(CLI_MAIN))
MODULES  := $(BUILD)/pam_accesspkg.so $(BUILD)/pam_accesspkg_gate.so $(BUILD)/libnss_accesspkg.so.2
SUITES   := $(patsubst tests/%.c,$(BUILD)/tests/%,$(SUITE_SRC))
BENCHES  := $(patsubst tests/bench/%.c,$(BUILD)/tests/bench/%,$(BENCH_SRC)) $(BUILD)/tests/bench/slow_sync.so

.PHONY: all
all: deps-build $(PROGRAMS) $(MODULES) ## Build everything (the default)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:

# The paths that are compiled in: after `make`, a `make install PREFIX=...` must make everything anew.
SETTINGS := $(BUILD)/settings
settings := $(subst ','\'',$(DEFINES) $(DATADIR) $(PAMDIR))
ifneq ($(shell cat $(SETTINGS) 2>/dev/null),$(shell echo '$(settings)'))
.PHONY: $(SETTINGS)
endif
$(SETTINGS):
	@mkdir -p $(@D)
	@echo '$(settings)' >$@

# Large headers are read once for the product and once for the suites. With HEADERS empty each file reads those that it
# names, and must name them all (.ci/run builds so with one compiler).
HEADERS ?= $(BUILD)/obj/packaging/headers.h
SUITE_HEADERS := $(if $(HEADERS),$(BUILD)/obj/tests/suite_headers.h)
SUITE_OBJECTS := $(addprefix $(BUILD)/obj/tests/,$(addsuffix /%.o,unit bus pam support))
$(SUITE_OBJECTS): private ALL_CFLAGS += $(SUITE_CFLAGS)
$(SUITE_OBJECTS): private HEADERS := $(SUITE_HEADERS)
$(call obj,$(SUITE_SRC) $(SUPPORT_SRC)): | $(addsuffix .gch,$(SUITE_HEADERS))
$(BUILD)/obj/%.o: %.c $(SETTINGS) | deps-build $(addsuffix .gch,$(HEADERS))
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) $(ALL_CFLAGS) $(addprefix -include ,$(HEADERS)) -MMD -MP -c -o $@ $<

$(BUILD)/obj/tests/suite_headers.h.gch: private ALL_CFLAGS += $(SUITE_CFLAGS)
$(BUILD)/obj/tests/suite_headers.h.gch: packaging/headers.h
$(BUILD)/obj/%.gch: % $(SETTINGS) | deps-build
	@mkdir -p $(@D)
	@cp $< $(@:.gch=)
	$(call quiet,CC)$(CC) $(ALL_CFLAGS) -x c-header -o $@ $(@:.gch=)

define archive
	@mkdir -p $(@D)
	@rm -f $@
	$(call quiet,AR)$(AR) qcs $@ $^
endef
$(LIB_COMMON): $(call obj,$(COMMON_SRC)) ; $(archive)
$(LIB_BUS): $(call obj,$(BUS_SRC)) ; $(archive)
$(LIB_DAEMON): $(call obj,$(DAEMON_SRC) $(LOOKUP_SRC)) ; $(archive)
$(LIB_PRIV): $(call obj,$(PRIV_SRC)) ; $(archive)
$(LIB_SESSION): $(call obj,$(SESSION_SRC)) ; $(archive)
$(LIB_NOTIFY): $(call obj,$(NOTIFY_SRC) $(MAIL_SRC) $(TERMINAL_SRC)) ; $(archive)
$(LIB_CLI): $(call obj,$(CLI_SRC)) ; $(archive)
$(LIB_PAM): $(call obj,$(PAM_SRC)) ; $(archive)
$(LIB_NSS): $(call obj,$(NSS_SRC)) ; $(archive)
$(LIB_SUPPORT): $(call obj,$(SUPPORT_SRC)) ; $(archive)

link = $(call quiet,LINK)$(CC) $(ALL_LDFLAGS) -pie -o $@ $(filter %.o %.a,$^) $(call pkglibs,$(1)) $(2)

$(BUILD)/accesspkgd: $(call obj,helperd/main.c) $(LIB_DAEMON) $(LIB_BUS) $(LIB_COMMON)
	$(call link,dbus-1 jansson sqlite3 libmd,-lev)
$(BUILD)/accesspkg-lookup: $(call obj,helperd/lookup/accesspkg-lookup.c $(LOOKUP_SRC)) $(LIB_COMMON)
	$(call link,jansson)
$(BUILD)/accesspkg-privileged: $(call obj,helperd/privileged/accesspkg-privileged.c) $(LIB_PRIV) $(LIB_SESSION) $(LIB_BUS) \
    $(LIB_COMMON)
	$(call link,dbus-1 jansson $(SESSION_PKGS),-lev)
$(BUILD)/accesspkg-notify: $(call obj,helperd/notify/accesspkg-notify.c) $(LIB_NOTIFY) $(LIB_BUS) $(LIB_COMMON)
	$(call link,dbus-1 jansson,-lev)
$(BUILD)/accesspkg-mail: $(call obj,helperd/notify/mail/accesspkg-mail.c) $(LIB_NOTIFY) $(LIB_COMMON)
	$(call link,jansson)
$(BUILD)/accesspkg-terminal: $(call obj,helperd/notify/terminal/accesspkg-terminal.c) $(LIB_NOTIFY) $(LIB_SESSION) $(LIB_COMMON)
	$(call link,dbus-1 jansson $(SESSION_PKGS))
$(BUILD)/accesspkg-submit: $(call obj,$(SUBMIT_SRC)) $(LIB_BUS) $(LIB_COMMON)
	$(call link,dbus-1 jansson)
$(BUILD)/pkg-%: $(BUILD)/obj/cli/pkg-%.o $(LIB_CLI) $(LIB_BUS) $(LIB_COMMON)
	$(call link,dbus-1 jansson smartcols)

# A module exports what its map names, keeps no undefined symbol, and carries its leaves inside. Hosts are not
# built with sanitizers, so neither are modules, from sources then: the suites link the same sources with them.
# They are loaded again and again: docs/decisions/019-modules-load-quickly.md says what each of these flags saves.
MODULE_CFLAGS  := -fno-plt -ffunction-sections
MODULE_LDFLAGS := -nostartfiles -Wl,-z,noseparate-code,-O1,--hash-style=gnu,--gc-sections
$(call obj,$(PAM_SRC) $(HOLDER_SRC) $(NSS_SRC) $(PAM_LEAVES)): private ALL_CFLAGS += $(MODULE_CFLAGS)
module = $(call quiet,LINK)$(CC) $(filter-out -fsanitize%,$(ALL_CFLAGS)) $(MODULE_CFLAGS) -shared \
	-Wl,-z,relro,-z,now,-z,defs,--as-needed -Wl,--version-script=$(filter %.map,$^) $(MODULE_LDFLAGS) $(LDFLAGS) \
	-o $@ $(filter %.c %.o,$^) $(1)
module_parts = $(if $(SANITIZE),$(1),$(call obj,$(1)))
$(call obj,pam_module/pam_accesspkg.c): private ALL_CFLAGS += -DACCESSPKG_PAMDIR='"$(PAMDIR)"'
$(BUILD)/pam_accesspkg.so: private ALL_CFLAGS += -DACCESSPKG_PAMDIR='"$(PAMDIR)"'
$(BUILD)/pam_accesspkg.so: $(call module_parts,pam_module/pam_accesspkg.c $(HOLDER_SRC) $(PAM_LEAVES)) pam_module/pam_accesspkg.map \
    $(wildcard pam_module/*.h common/*.h) $(SETTINGS)
	@mkdir -p $(@D)
	$(call module,-lpam)
$(BUILD)/pam_accesspkg_gate.so: $(call module_parts,$(GATE_SRC) $(PAM_LEAVES)) pam_module/gate.map \
    $(wildcard pam_module/*.h common/*.h) $(SETTINGS)
	@mkdir -p $(@D)
	$(call module,-lpam)
$(BUILD)/libnss_accesspkg.so.2: $(call module_parts,$(NSS_SRC) $(LEAF_SRC)) nss_module/libnss_accesspkg.map $(wildcard nss_module/*.h common/*.h) $(SETTINGS)
	@mkdir -p $(@D)
	$(call module,-Wl$(comma)-soname$(comma)libnss_accesspkg.so.2)
comma := ,

# ---- tests --------------------------------------------------------------------------------------------------
# There are many of them: the faster linker where there is one.
SUITE_LDFLAGS := $(if $(SANITIZE),,$(if $(shell command -v ld.gold),-fuse-ld=gold))
$(SUITES): private ALL_LDFLAGS += $(SUITE_LDFLAGS)
$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(LIB_SUPPORT) $(LIB_CLI) $(LIB_PRIV) $(LIB_NOTIFY) $(LIB_SESSION) $(LIB_DAEMON) $(LIB_PAM) $(LIB_NSS) $(LIB_BUS) $(LIB_COMMON)
	@mkdir -p $(@D)
	$(call link,check dbus-1 jansson sqlite3 libmd $(SESSION_PKGS) smartcols,-lev -lpam -lpam_misc -ldl)

# These run on a host that has what the product needs, and no more.
$(BUILD)/tests/bench/%: $(BUILD)/obj/tests/bench/%.o $(BUILD)/obj/tests/bench/bench.o $(LIB_DAEMON) $(LIB_BUS) $(LIB_COMMON)
	@mkdir -p $(@D)
	$(call link,dbus-1 jansson sqlite3 libmd,-lev -lpam)
$(BUILD)/tests/bench/slow_sync.so: $(BUILD)/obj/tests/bench/slow_sync.o
	@mkdir -p $(@D)
	$(call quiet,LINK)$(CC) $(ALL_LDFLAGS) -shared -o $@ $^

# A directory that answers as a test tells it to; private roots alone know it.
NSS_TEST := $(BUILD)/tests/nss/libnss_directory.so.2
$(NSS_TEST): tests/support/nss/directory.c $(SETTINGS)
	@mkdir -p $(@D)
	$(call quiet,LINK)$(CC) $(filter-out -fsanitize%,$(ALL_CFLAGS)) -shared -Wl,-soname,$(@F) -o $@ $<
$(SUITES): | $(NSS_TEST)

STAGE := $(BUILD)/stage
CRASH_KILLS ?= 1000

.PHONY: check
check: deps-check ## Run every suite that needs no booted host (installs what is missing, if it may)
	+@$(MAKE) --no-print-directory $(JOBS) check-built

.PHONY: check-built
check-built: lint-own all $(SUITES)
	tests/lint/circles $(BUILD)
	tests/web/modules
	@rm -rf $(STAGE)
	@$(MAKE) --no-print-directory install DESTDIR=$(abspath $(STAGE)) >/dev/null
	tests/run $(BUILD)

# Those that flood, or show 10,000 of something: a smaller load is enough to see them work.
LOADS := bus/test_flood bus/test_hostile bus/test_many pam/test_bystander unit/test_slices
.PHONY: check-load
check-load: deps-check ## Run the suites that flood, and those of very many, with their whole load
	+@$(MAKE) --no-print-directory $(JOBS) all $(addprefix $(BUILD)/tests/,$(LOADS))
	@rm -rf $(STAGE)
	@$(MAKE) --no-print-directory install DESTDIR=$(abspath $(STAGE)) >/dev/null
	LOAD=1 tests/run $(BUILD) $(LOADS)

.PHONY: demo
demo: deps-demo ## Show the product at work: a refused ssh login, an approval, a login, an end
	@echo "Building ..."
	+@$(MAKE) --no-print-directory $(JOBS) -s all
	@rm -rf $(STAGE)
	@$(MAKE) --no-print-directory install DESTDIR=$(abspath $(STAGE)) >/dev/null
	@tests/demo/demo $(BUILD)

.PHONY: check-host
check-host: deps-host ## Boot a Debian host and drive it as users do (as root)
	+@$(MAKE) --no-print-directory $(JOBS) all
	tests/host/run $(BUILD)

.PHONY: check-web check-page
check-web: check-page deps-host ## Try the page for Cockpit, its modules, and it on a booted host with each Cockpit of Debian 12 (as root; pictures in build/web/shots)
	HOST_KIND=page tests/host/run $(BUILD) page
	HOST_KIND=page HOST_SUITE=bookworm-backports tests/host/run $(BUILD) page

check-page: deps-web ## The page without the booted host; TESTS="Deciding Many": some
	+@$(MAKE) --no-print-directory $(JOBS) all
	@rm -rf $(STAGE)
	@$(MAKE) --no-print-directory install DESTDIR=$(abspath $(STAGE)) >/dev/null
	tests/web/modules
	tests/web/run $(BUILD) $(TESTS)

.PHONY: check-crash
check-crash: deps-check ## kill -9 the daemon 1,000 times under load, put copies back, see that nothing is lost or revived (CRASH_KILLS=200: shorter)
	+@$(MAKE) --no-print-directory $(JOBS) all $(BUILD)/tests/crash/crash
	@rm -rf $(STAGE)
	@$(MAKE) --no-print-directory install DESTDIR=$(abspath $(STAGE)) >/dev/null
	tests/support/private-root $(BUILD) env CRASH_KILLS=$(CRASH_KILLS) $(abspath $(BUILD))/tests/crash/crash

# What our code does, counted: no clock and no busy machine changes it.
.PHONY: check-costs costs-update
check-costs: costs-built ## Count instructions and system calls of a granted check, of a look-up of groups and of Submit
	tests/costs/run $(BUILD)
costs-update: costs-built ## Note what is counted now in tests/costs/figures, which check-costs compares with
	tests/costs/run $(BUILD) update

.PHONY: costs-built
costs-built: deps-costs
	+@$(MAKE) --no-print-directory $(JOBS) all $(BUILD)/tests/costs/costs
	@rm -rf $(STAGE)
	@$(MAKE) --no-print-directory install DESTDIR=$(abspath $(STAGE)) >/dev/null

.PHONY: bench
bench: deps-bench ## Measure every row of docs/PERFORMANCE.md and write it anew; ROWS="1 2" shows some (as root)
	+@$(MAKE) --no-print-directory $(JOBS) all $(BENCHES)
	tests/bench/run $(BUILD) $(ROWS)

.PHONY: lint lint-own
lint-own: # what make check has of it
	tests/lint/run own
lint: ## Check formatting, layers, shell scripts and licence lines
	tests/lint/run

.PHONY: diagrams
diagrams: $(BUILD)/tests/unit/test_machines ## Draw the state machines in docs/ARCHITECTURE.md anew
	UPDATE_DIAGRAMS=1 $<

.PHONY: format
format: ## Format the sources in place
	clang-format -i $$(git ls-files '*.c' '*.h')

.PHONY: manuals
manuals: ## Write docs/man/org.accesspkg1.5 anew from the interface (the lint says what is stale in the others)
	$(call quiet,GEN)awk -f docs/man/org.accesspkg1.awk dbus/org.accesspkg1.Manager.xml dbus/contract.h >docs/man/org.accesspkg1.5

# ---- packages for the distribution ---------------------------------------------------------------------------
.PHONY: deb
deb: deps-packages ## Build the Debian packages, in build/deb
	packaging/build-deb $(BUILD)/deb

.PHONY: check-packages
check-packages: deps-packages ## Try the Debian packages on booted hosts (as root; CASES="lint walk": some)
	packaging/build-deb $(BUILD)/deb
	tests/packages/run $(BUILD) $(CASES)

# ---- what the distribution must have: packaging/deps knows the packages --------------------------------------
.PHONY: deps-build deps-check deps-demo deps-host deps-costs deps-bench deps-packages deps-web
TO_BUILD := build $(if $(filter 1,$(HAVE_SYSTEMD)),systemd)
deps-build: ; @packaging/deps check $(TO_BUILD)
deps-check: ; @packaging/deps install $(TO_BUILD) test
deps-demo:  ; @packaging/deps install $(TO_BUILD) demo
deps-host:  ; @packaging/deps install $(TO_BUILD) test host
deps-costs: ; @packaging/deps install $(TO_BUILD) test costs
deps-bench: ; @packaging/deps install $(TO_BUILD) host bench
deps-packages: ; @packaging/deps install $(TO_BUILD) packages
deps-web:   ; @packaging/deps install $(TO_BUILD) test web

# ---- install ------------------------------------------------------------------------------------------------
include packaging/install.mk
include packaging/rpm/rpm.mk

.PHONY: clean
clean: ## Remove what was built
	rm -rf $(BUILD)

.PHONY: help
help: ## List the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  Variables: DESTDIR PREFIX SYSCONFDIR LOCALSTATEDIR MAILDIR LIBDIR LIBEXECDIR PAMDIR ZSHDIR HAVE_SYSTEMD CC CFLAGS SANITIZE BUILD V"

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
