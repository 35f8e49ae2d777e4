# SPDX-License-Identifier: GPL-2.0-or-later
# Calls that nobody means, by root and by nobody, on a real bus with a real polkit or none; and what
# each capability of the worker is there for.
# layouts: plain-2g
# mode: systemd
# time: 900
# shellcheck shell=sh source-path=SCRIPTDIR/../guest
. checks.sh
remember
enable_memblockd

path=/org/memblockd1
manager=org.memblockd1.Manager

say "calls that nobody means"
# One a line: object, interface, member and what busctl makes arguments of.
cat >/run/calls <<CALLS
$path $manager ListBlocks tu 18446744073709551615 4294967295
$path $manager GetBlock t 18446744073709551615
$path $manager GetBlockByAddress t 18446744073709551615
$path $manager GetBlock s memory0
$path $manager Offline a(tt)sa{sv} 1 18446744073709551615 18446744073709551615 x 0
$path $manager Offline a(tt)sa{sv} 1 0 0 - 0
$path $manager Offline a(tt)sa{sv} 0 - 1 size t 0
$path $manager Offline a(tt)sa{sv} 0 - 1 size d nan
$path $manager Online a(tt)sa{sv} 1 1 1 kernel 1 nonsense s x
$path $manager PlanOffline a(tt)sa{sv} 0 - 1 node i -2147483648
$path $manager Remove sa{sv} ../../etc/passwd 0
$path $manager Mark a(tt)ss 1 4096 4096 - -
$path $manager Mark a(tt)ss 0 ../.. x
$path $manager Unmark a(tt) 1 1 1
$path $manager CountPages a(tt) 1 1 1
$path/block/memory18446744073709551615 org.memblockd1.Block Details
$path/job/4294967295 org.memblockd1.Job Cancel
$path org.freedesktop.DBus.Properties Set ssv $manager Reserve t 0
CALLS
stranger() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}
pid=$(systemctl show -P MainPID memblockd)
fds() {
	find "/proc/$pid/fd" -mindepth 1 | wc -l
}
before=$(fds)
for who in '' stranger; do
	while read -r call; do
		# shellcheck disable=SC2086
		expect 1 $who busctl call org.memblockd1 $call
	done </run/calls
done
all_as_remembered
[ "$(systemctl show -P MainPID memblockd)" = "$pid" ] || fail "memblockd is another one"
until_so 60 "[ \$(find /proc/$pid/fd -mindepth 1 | wc -l) -le $((before + 2)) ]"
expect 0 memblockctl mark
[ "$(wc -l <$said)" -le 1 ] || fail "there are marks"

say "whom the sockets and folders let in"
expect 0 stat -c '%U %a' /run/memblockd /run/memblockd-marked /var/lib/memblockd
[ "$(cat $said)" = "memblockd 755
root 755
memblockd 755" ] || fail "other owners or modes"
expect 0 stat -c '%U:%G %a' /run/memblockd-worker
says '^root:memblockd 660$'
expect 0 find /run/memblockd /run/memblockd-marked -type f -perm /077
[ ! -s $said ] || fail "others may read them"
expect 1 stranger touch /run/memblockd/x /run/memblockd-marked/x /var/lib/memblockd/x

# with CAPABILITY...: the worker has these alone.
with() {
	mkdir -p /run/systemd/system/memblockd-worker@.service.d
	printf '[Service]\nCapabilityBoundingSet=\nCapabilityBoundingSet=%s\n' "$*" \
		>/run/systemd/system/memblockd-worker@.service.d/less.conf
	systemctl daemon-reload
	expect 0 systemctl restart memblockd
}
source_of() {
	busctl get-property org.memblockd1 $path $manager Sources | grep -o "\"$1\" \"[a-z]*\""
}
say "without CAP_SYS_ADMIN there are no addresses"
with CAP_SYS_RAWIO
until_so 60 "busctl get-property org.memblockd1 $path $manager Sources | grep '\"iomem\" \"hidden\"'"
say "without CAP_SYS_RAWIO there is no map of the kernel's"
with CAP_SYS_ADMIN
source_of iomem | grep read || fail "no addresses"
until_so 60 "busctl get-property org.memblockd1 $path $manager Sources | grep '\"sections\" \"hidden\"'"
say "with both there is all"
with CAP_SYS_ADMIN CAP_SYS_RAWIO
until_so 60 "busctl get-property org.memblockd1 $path $manager Sources | grep '\"sections\" \"read\"'"
source_of iomem | grep read || fail "no addresses"
