#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What TAB gives, asked of the completion's function as bash asks it.
set -u
# shellcheck source=../../conf/memblockctl.bash disable=SC1091
source "${srcdir:-.}/conf/memblockctl.bash"
status=0

# completes WANTED WORD...: the last word is the one being typed.
completes() {
	local wanted=$1
	shift
	COMP_WORDS=(memblockctl "$@")
	COMP_CWORD=$#
	_memblockctl "$MEMBLOCKCTL" "${!#}" "${COMP_WORDS[COMP_CWORD - 1]}"
	if [ "${COMPREPLY[*]}" = "$wanted" ]; then
		echo "ok       $*"
	else
		echo "FAILED   $*: \"${COMPREPLY[*]}\", not \"$wanted\""
		status=1
	fi
}

completes "status show" s
completes "list" li
completes "--svg" map --s
completes "--split --sysroot --summary" list --s
completes "--json" --js
completes "map mark monitor" help m
completes "online offline" o
completes "--blocks --best-effort" plan --b
completes "kernel" online -z k
completes "test" policy t
completes "device:" remove d
completes "node:" plan n
completes "RANGE,SIZE RANGE,STATE RANGE,SUBSECTIONS" list -o RANGE,S
completes "+KERNEL-REMOVABLE" list --output +K
completes "UNMOVABLE" list -o U
completes "--root" show 3 --r
exit $status
