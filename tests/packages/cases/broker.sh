# shellcheck shell=bash disable=SC2154 # $here comes from tests/packages/run
# SPDX-License-Identifier: LGPL-2.1-or-later
# The whole way, with dbus-broker. Sourced by tests/packages/run.

bus_package=dbus-broker
# shellcheck source=tests/packages/walk.sh
. "$here/walk.sh"
