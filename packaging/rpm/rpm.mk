# SPDX-License-Identifier: LGPL-2.1-or-later
# The RPM packages, and what is tested of them.

.PHONY: rpm check-rpm deps-rpm install-rows
rpm: deps-rpm ## Build the RPM packages, in build/rpm (RPM_CHECK=1: runs the unit suites, too)
	packaging/rpm/build $(BUILD)/rpm

check-rpm: deps-rpm ## Build the RPM packages twice, lint them, and install, wire and remove them in a root of their own (as root)
	tests/rpm/run $(BUILD)/rpm

deps-rpm: ; @packaging/deps install $(TO_BUILD) rpm $(if $(RPM_CHECK),test)

# What the target install puts where, a line of mode:source:destination each.
install-rows:
	@printf '%s\n' $(INSTALL_ROWS) $(CONFIG_ROWS)
