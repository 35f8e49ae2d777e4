# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion of memblockctl, which knows itself what may come next.

function __memblockctl_complete
	set -l words (commandline -opc)
	set -l current (commandline -ct)
	set -l switch (string match -r -- '^--[a-z-]+=' "$current"; or echo)
	set -l value (string replace -r -- '^--[a-z-]+=' '' "$current")

	for line in ($words[1] help --complete -- $words[2..] "$current" 2>/dev/null)
		switch $line
			case \tDIR
				printf '%s\n' $switch(__fish_complete_directories "$value" '')
			case \tFILE
				printf '%s\n' $switch(__fish_complete_path "$value" '')
			case \tHOST
				printf '%s\n' $switch(__fish_complete_user_at_hosts)
			case \t\*
			case '*'
				printf '%s\n' $line
		end
	end
end

complete -c memblockctl -f -a '(__memblockctl_complete)'
