# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion of memblockctl. Nothing is listed twice: verbs, switches and columns are asked of
# the command itself.

_memblockctl_words() {
	# The first words of a section of --help: _memblockctl_words SECTION [VERB]
	"$command" help ${2:+"$2"} 2>/dev/null |
		sed -n "/^$1:/,/^\$/s/^ *\(-[A-Za-z], \)\{0,1\} *\(-*[A-Za-z][A-Za-z-]*\).*/\2/p"
}

_memblockctl_columns() {
	# A list that grows by commas; a + in front adds to what is shown anyway.
	local before=${current%"${current##*[,+]}"} column
	for column in $(_memblockctl_words Columns list); do
		COMPREPLY+=("$before$column")
	done
}

_memblockctl_memory() {
	# What the verbs that change memory take: blocks, node:N and device:NAME. Where a colon ends
	# words, what stands behind it is a word of its own.
	local typed=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} kind=''
	if [[ $typed == : ]]; then
		kind=$before current=''
	elif [[ $before == : ]]; then
		kind=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case $kind in
	node | device)
		mapfile -t COMPREPLY < <("$command" "${kind}s" 2>/dev/null | awk 'NR > 1 { print $1 }')
		;;
	*)
		COMPREPLY=(node: device:)
		[[ $verb == remove ]] && COMPREPLY=(device:)
		if [[ $current == [nd]* ]]; then
			compopt -o nospace 2>/dev/null
		elif [[ $verb != remove ]]; then
			mapfile -t -O 2 COMPREPLY < <("$command" list -a -n -r -o BLOCK 2>/dev/null |
				sed 's/^/memory/')
		fi
		;;
	esac
}

_memblockctl() {
	local command=$1 current=$2 previous=$3 verb='' word verbs
	COMPREPLY=()
	verbs=$(_memblockctl_words Verbs)
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		[[ " ${verbs//$'\n'/ } " == *" $word "* ]] && { verb=$word; break; }
	done

	case $previous in
	--root | --sysroot | -s)
		mapfile -t COMPREPLY < <(compgen -d -- "$current")
		return
		;;
	--zone | -z)
		mapfile -t COMPREPLY < <(compgen -W "kernel movable" -- "$current")
		return
		;;
	--svg)
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--output | -o | --split | -S)
		_memblockctl_columns
		;;
	*)
		if [[ $current == -* ]]; then
			mapfile -t COMPREPLY < <(_memblockctl_words Switches "$verb")
		elif [[ -z $verb || $verb == help ]]; then
			mapfile -t COMPREPLY <<<"$verbs"
		elif [[ $verb == show || $verb == map || $verb == mark || $verb == unmark ]]; then
			mapfile -t COMPREPLY < <("$command" list -a -n -r -o BLOCK 2>/dev/null)
		elif [[ $verb == online || $verb == offline || $verb == plan || $verb == remove ]]; then
			_memblockctl_memory
		elif [[ $verb == policy && $previous == policy ]]; then
			COMPREPLY=(test)
		elif [[ $verb == policy ]]; then
			mapfile -t COMPREPLY < <("$command" list -a -n -r -o BLOCK 2>/dev/null)
		elif [[ $verb == cancel ]]; then
			mapfile -t COMPREPLY < <("$command" jobs 2>/dev/null | awk 'NR > 1 { print $1 }')
		elif [[ $verb == capture ]]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$current")
			return
		fi
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "${COMPREPLY[*]}" -- "$current")
}

complete -F _memblockctl memblockctl
