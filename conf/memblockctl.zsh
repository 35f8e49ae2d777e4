#compdef memblockctl
# SPDX-License-Identifier: GPL-2.0-or-later
# zsh completion of memblockctl, which knows itself what may come next.

local line
local -a found

for line in ${(f)"$(_call_program words ${words[1]} help --complete -- \
	${(@q)${(@Q)words[2,CURRENT-1]}} ${(q)${(Q)PREFIX}} 2>/dev/null)"}; do
	case $line in
	$'\tDIR') compset -P '--*='; _files -/ ;;
	$'\tFILE') compset -P '--*='; _files ;;
	$'\tHOST') compset -P '--*='; _hosts ;;
	$'\t'*) _message "${line#$'\t'}" ;;
	*) found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
	esac
done
_describe -V memblockctl found
