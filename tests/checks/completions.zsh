# SPDX-License-Identifier: GPL-2.0-or-later
# What TAB gives in a real zsh behind each line of standard input, one line of words each, in the order
# of words: zsh -f completions.zsh FOLDER, where the completion lies in FOLDER as _memblockctl.
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "fpath=(${(q)1} \$fpath); stty -echo; PS1= PS2="
zpty -w shell '
autoload -Uz compinit && compinit -D -u
compadd() {
	local -a matches
	builtin compadd -O matches "$@"
	words_found+=("$IPREFIX"$^matches)
	builtin compadd "$@"
}
ask() {
	typeset -gU words_found=()
	_main_complete
	print -r -- "<<${(j: :)${(@o)words_found}}>>"
	compstate[insert]= compstate[list]=
}
zle -C ask complete-word ask
bindkey "^I" ask
print -r -- "<<""ready>>"'
zpty -r shell answer '*<<ready>>*' || exit
while IFS= read -r line; do
	zpty -w -n shell $'\C-u'"$line"$'\t'
	zpty -r shell answer '*<<*>>*' || exit
	print -r -- "${${answer##*<<}%%>>*}"
done
