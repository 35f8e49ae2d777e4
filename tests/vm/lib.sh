# SPDX-License-Identifier: GPL-2.0-or-later
# What the shell programs of this folder share; sourced, never run.
# shellcheck shell=sh disable=SC2034

vm_cache=${MEMBLOCKD_VM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/memblockd/vm}

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

say() {
	echo "${0##*/}: $*" >&2
}

need() {
	for tool in "$@"; do
		PATH=$PATH:/usr/sbin:/sbin command -v "$tool" >/dev/null ||
			die "$tool is not installed; see ./packages for what this ring needs"
	done
}

# hash_of FILE...: one short word that changes whenever a file's content does.
hash_of() {
	cat "$@" | sha256sum | cut -c1-16
}

# The machine's own way to its package mirror (proxies, checks switched off for
# a frozen mirror) holds for what mmdebstrap downloads too.
apt_options() {
	command -v apt-config >/dev/null || return 0
	apt-config dump | grep -E '^Acquire::(http|https|ftp|Check-|Retries|ForceIPv|Queue-Mode)' || :
}

# debootstrap ARGUMENT...: mmdebstrap with the machine's apt options, silent
# unless it fails.
debootstrap() {
	options=$(mktemp)
	log=$(mktemp)
	apt_options >"$options"
	# Without root mmdebstrap reads it as another user, one of its namespace.
	chmod 644 "$options"
	if mmdebstrap --aptopt="$options" "$@" >"$log" 2>&1; then
		rm -f "$options" "$log"
	else
		tail -n 20 "$log" >&2
		rm -f "$options" "$log"
		return 1
	fi
}
