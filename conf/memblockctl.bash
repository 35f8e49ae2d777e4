# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion of memblockctl, which knows itself what may come next.

_memblockctl() {
	local line current before words
	read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
	[[ ${COMP_LINE:0:COMP_POINT} == *[[:blank:]] ]] && words+=('')
	current=${words[-1]}
	# As the shell would: of --root it matters.
	words=("${words[@]//[\"\']/}")
	words=("${words[@]/#\~\//"$HOME"/}")

	COMPREPLY=()
	while IFS= read -r line; do
		case $line in
		$'\tDIR') mapfile -t COMPREPLY < <(compgen -d -- "$2") && compopt -o filenames 2>/dev/null ;;
		$'\tFILE') mapfile -t COMPREPLY < <(compgen -f -- "$2") && compopt -o filenames 2>/dev/null ;;
		$'\tHOST') mapfile -t COMPREPLY < <(compgen -A hostname -- "$2") ;;
		$'\t'*) ;;
		*) COMPREPLY+=("${line%%$'\t'*}") ;;
		esac
	done < <("$1" help --complete -- "${words[@]:1}" 2>/dev/null)

	# For bash a word begins anew behind : and =.
	before=${current%"$2"}
	COMPREPLY=("${COMPREPLY[@]#"$before"}")
}

complete -F _memblockctl memblockctl
