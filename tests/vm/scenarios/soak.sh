# SPDX-License-Identifier: GPL-2.0-or-later
# DIMMs, virtio-mem, jobs, reloads, many clients, restarts and kills at random for SOAK_SECONDS, from a
# seed that is printed (SOAK_SEED); nothing is left behind of it. guest/soak does it, soak.judge
# makes the table.
# layouts: hotplug-1g
# ci: hotplug-1g
# mode: systemd
# time: 1200
# shellcheck shell=sh source-path=SCRIPTDIR/../guest
. checks.sh
seconds=$(ask variable SOAK_SECONDS)
seed=$(ask variable SOAK_SEED)
[ -n "$seed" ] || seed=$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')

enable_memblockd
mkdir -p "$drop_ins"
# No longer than what takes longest may take after the last operation.
say "${seconds:=300} seconds, SOAK_SEED=$seed"
DROP_INS=$drop_ins timeout -k 10 $((seconds + 600)) soak "$seconds" "$seed" /vm/out/soak.json ||
	fail "SOAK_SEED=$seed ended with $?"
