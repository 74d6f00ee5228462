# SPDX-License-Identifier: LGPL-2.1-or-later
# Installing and taking away again. One list says what goes where; both targets are made from it.

# Rows of mode:source:destination.
DOCDIR        := $(DATADIR)/doc/accesspkg
MODULE_ROWS   := 0644:$(BUILD)/pam_accesspkg_gate.so:$(PAMDIR)/pam_accesspkg_gate.so \
                 0644:$(BUILD)/pam_accesspkg.so:$(PAMDIR)/pam_accesspkg.so \
                 0644:$(BUILD)/libnss_accesspkg.so.2:$(LIBDIR)/libnss_accesspkg.so.2
PROGRAM_ROWS  := 0755:$(BUILD)/accesspkgd:$(SBINDIR)/accesspkgd \
                 0755:$(BUILD)/pkg-admin:$(SBINDIR)/pkg-admin \
                 0755:$(BUILD)/pkg-approve:$(BINDIR)/pkg-approve \
                 0755:$(BUILD)/pkg-request:$(BINDIR)/pkg-request \
                 0755:$(BUILD)/accesspkg-submit:$(LIBEXECDIR)/accesspkg/accesspkg-submit \
                 0755:$(BUILD)/accesspkg-lookup:$(LIBEXECDIR)/accesspkg/accesspkg-lookup \
                 0755:$(BUILD)/accesspkg-privileged:$(LIBEXECDIR)/accesspkg/accesspkg-privileged \
                 0755:$(BUILD)/accesspkg-notify:$(LIBEXECDIR)/accesspkg/accesspkg-notify \
                 0755:$(BUILD)/accesspkg-mail:$(LIBEXECDIR)/accesspkg/accesspkg-mail \
                 0755:$(BUILD)/accesspkg-terminal:$(LIBEXECDIR)/accesspkg/accesspkg-terminal
UNITS         := accesspkgd.service accesspkgd.socket accesspkg-privileged.service accesspkg-notes.service accesspkg-notify.service \
                 accesspkg-metrics.service accesspkg-metrics.timer
SYSTEM_ROWS   := $(if $(filter 1,$(HAVE_SYSTEMD)),$(foreach unit,$(UNITS),\
                   0644:$(BUILD)/packaging/systemd/$(unit):$(UNITDIR)/$(unit))) \
                 0644:$(BUILD)/packaging/sysusers.conf:$(PREFIX)/lib/sysusers.d/accesspkg.conf \
                 0644:$(BUILD)/packaging/tmpfiles.conf:$(PREFIX)/lib/tmpfiles.d/accesspkg.conf \
                 0644:$(BUILD)/dbus/org.accesspkg1.service:$(DATADIR)/dbus-1/system-services/org.accesspkg1.service \
                 0644:$(BUILD)/dbus/org.accesspkg1.Privileged.service:$(DATADIR)/dbus-1/system-services/org.accesspkg1.Privileged.service \
                 0644:dbus/org.accesspkg1.conf:$(DATADIR)/dbus-1/system.d/org.accesspkg1.conf \
                 0644:dbus/org.accesspkg1.Manager.xml:$(DATADIR)/dbus-1/interfaces/org.accesspkg1.Manager.xml \
                 0644:dbus/org.accesspkg1.Privileged.conf:$(DATADIR)/dbus-1/system.d/org.accesspkg1.Privileged.conf \
                 0644:dbus/org.accesspkg1.Privileged.xml:$(DATADIR)/dbus-1/interfaces/org.accesspkg1.Privileged.xml
COMPLETE_ROWS := $(foreach command,pkg-admin pkg-approve pkg-request,\
                   0644:packaging/completions/accesspkg:$(DATADIR)/bash-completion/completions/$(command)) \
                 0644:packaging/completions/_accesspkg:$(ZSHDIR)/_accesspkg
DOC_ROWS      := 0644:COPYING:$(DOCDIR)/COPYING $(if $(wildcard README.md),0644:README.md:$(DOCDIR)/README.md) \
                 0644:docs/ADMINISTRATION.md:$(DOCDIR)/ADMINISTRATION.md \
                 0644:docs/NOTICES.md:$(DOCDIR)/NOTICES.md \
                 0644:docs/DIRECTORIES.md:$(DOCDIR)/DIRECTORIES.md \
                 0644:docs/COOKBOOK.md:$(DOCDIR)/COOKBOOK.md \
                 0644:docs/cockpit.png:$(DOCDIR)/cockpit.png \
                 $(foreach sample,$(shell find conf -type f),0644:$(sample):$(DOCDIR)/examples/$(sample:conf/%=%))
MAN_ROWS      := $(foreach page,$(wildcard docs/man/*.[1-8]),\
                   0644:$(page):$(DATADIR)/man/man$(subst .,,$(suffix $(page)))/$(notdir $(page)))
# The approvers' page: files as they are, which Cockpit finds by the folder.
WEB_ROWS      := $(foreach file,$(wildcard web/cockpit/*),0644:$(file):$(DATADIR)/cockpit/accesspkg/$(notdir $(file)))
INSTALL_ROWS  := $(PROGRAM_ROWS) $(MODULE_ROWS) $(SYSTEM_ROWS) $(COMPLETE_ROWS) $(DOC_ROWS) $(MAN_ROWS) $(WEB_ROWS)

# An administrator's file is never overwritten and never taken away.
CONFIG_ROWS   := $(if $(wildcard conf/accesspkg.conf),\
                   0644:conf/accesspkg.conf:$(SYSCONFDIR)/accesspkg/accesspkg.conf)

GENERATED     := $(patsubst %.in,$(BUILD)/%,$(wildcard packaging/*.in packaging/systemd/*.in dbus/*.in))
$(BUILD)/%: %.in $(SETTINGS) Makefile packaging/install.mk
	@mkdir -p $(@D)
	$(call quiet,GEN)sed -e 's|@SBINDIR@|$(SBINDIR)|g' -e 's|@DATADIR@|$(DATADIR)|g' -e 's|@LIBEXECDIR@|$(LIBEXECDIR)|g' \
	    -e 's|@SYSCONFDIR@|$(SYSCONFDIR)|g' -e 's|@LOCALSTATEDIR@|$(LOCALSTATEDIR)|g' $< >$@

# By rename: a login at this moment meets the old module or the new one, never half of one.
.PHONY: install
install: all $(GENERATED) ## Install below DESTDIR; without one, says what to run next
	@set -eu; for row in $(INSTALL_ROWS); do \
	    IFS=:; set -- $$row; \
	    install -D -m "$$1" "$$2" "$(DESTDIR)$$3.new"; mv -f "$(DESTDIR)$$3.new" "$(DESTDIR)$$3"; \
	done
	@install -d -m 0755 "$(DESTDIR)$(SYSCONFDIR)/accesspkg" "$(DESTDIR)$(SYSCONFDIR)/accesspkg/packages.d" \
	    "$(DESTDIR)$(SYSCONFDIR)/accesspkg/notify.d"
	@set -eu; for row in $(CONFIG_ROWS); do \
	    IFS=:; set -- $$row; [ -e "$(DESTDIR)$$3" ] || install -D -m "$$1" "$$2" "$(DESTDIR)$$3"; \
	done
ifeq ($(DESTDIR),)
	@echo "accesspkg $(VERSION) is installed. Run next, as root and in this order (see README.md):"
	@echo "  systemd-sysusers accesspkg.conf && systemd-tmpfiles --create accesspkg.conf"
	@echo "  systemctl daemon-reload && systemctl reload dbus"
	@echo "  systemctl enable accesspkgd && systemctl try-restart accesspkg-privileged"
	@echo "  systemctl restart accesspkgd accesspkg-notify"
	@echo "  sed -i '/^group:/ {/accesspkg/! s/\$$/ accesspkg/}' $(SYSCONFDIR)/nsswitch.conf"
	@echo "The last lets look-ups ask accesspkg: without it nobody gets the groups of a package."
	@echo "Have people told on their terminals and, where there is an MTA, by mail:"
	@echo "  ln -s $(LIBEXECDIR)/accesspkg/accesspkg-terminal $(SYSCONFDIR)/accesspkg/notify.d/terminal"
	@echo "  ln -s $(LIBEXECDIR)/accesspkg/accesspkg-mail $(SYSCONFDIR)/accesspkg/notify.d/mail"
endif

.PHONY: uninstall
uninstall: ## Take away what install put there; keeps configuration and state
ifeq ($(DESTDIR),)
	@users=$$(grep -rls '^[^#]*pam_accesspkg\.so' $(SYSCONFDIR)/pam.d $(SYSCONFDIR)/pam.conf); \
	if [ -n "$$users" ]; then \
	    echo "$$users" >&2; \
	    echo "The files above still name pam_accesspkg.so: without it nobody could log in through them." >&2; \
	    echo "Remove these lines first (pkg-admin pam disable --all; the others by hand), then run this again. Nothing was taken away." >&2; \
	    exit 1; \
	fi
endif
	@set -eu; for row in $(INSTALL_ROWS); do \
	    IFS=:; set -- $$row; rm -f "$(DESTDIR)$$3"; \
	done
	@for folder in $(DOCDIR)/examples/notify.d $(DOCDIR)/examples/packages.d $(DOCDIR)/examples/pam.d $(DOCDIR)/examples $(DOCDIR) \
	    $(LIBEXECDIR)/accesspkg $(DATADIR)/cockpit/accesspkg $(DATADIR)/cockpit; do \
	    rmdir "$(DESTDIR)$$folder" 2>/dev/null || true; \
	done
ifeq ($(DESTDIR),)
	@echo "accesspkg is gone; $(SYSCONFDIR)/accesspkg, $(LOCALSTATEDIR)/lib/accesspkg and $(LOCALSTATEDIR)/lib/accesspkg-privileged were kept. Run next, as root:"
	@echo "  systemctl disable --now accesspkgd.socket accesspkgd accesspkg-metrics.timer; systemctl stop accesspkg-notify accesspkg-privileged; systemctl daemon-reload; systemctl reload dbus"
	@echo "and take 'accesspkg' out of the line 'group:' of $(SYSCONFDIR)/nsswitch.conf, and out what you wrote for it into"
	@echo "$(SYSCONFDIR)/ssh/sshd_config.d, $(SYSCONFDIR)/sudo.conf (group_source dynamic), $(SYSCONFDIR)/sudoers and $(SYSCONFDIR)/sudoers.d (the packages' groups)."
endif
