# SPDX-License-Identifier: GPL-2.0-or-later
# Debian's packages: installed, memblockd is enabled and runs; upgraded in the middle of a job, it
# puts that back; purged, nothing is left and the kernel has its own policy again. They come with
# make check-vm SCENARIO=package.
# layouts: plain-2g
# mode: systemd
# time: 400
# shellcheck shell=sh source-path=SCRIPTDIR/../guest
. checks.sh
archives=/var/cache/apt/archives
if ! ls $archives/memblockd_*.deb >/dev/null; then
	echo "no packages are here: make check-vm SCENARIO=package brings them"
	exit 77
fi
export DEBIAN_FRONTEND=noninteractive
parameters=/sys/module/memory_hotplug/parameters
kernel_policy="grep -s . $memory/auto_online_blocks $parameters/online_policy"
found=$($kernel_policy || :)

# All that there is, but for what dpkg and services write for themselves and for udev's list of tags
# that it ever knew.
everything() {
	{
		find / -xdev -not -path '/var/lib/dpkg/*' -not -path '/var/log/*' -not -path '*/systemd-private-*'
		find /run -name '*memblockd*' -not -path '/run/udev/tags/*'
	} | sort
}
# installed VERSION: memblockd of that version runs, enabled, and is asked.
installed() {
	expect 0 systemctl is-active memblockd
	expect 0 systemctl is-enabled memblockd
	expect 0 memblockctl status
	says 'Not removable'
	[ "$(dpkg-query -W -f '${Version}' memblockd)" = "$1" ] || fail "that is not version $1"
}
# newer FOLDER: the same packages, of a higher version, go there.
newer() {
	for package in "$archives"/*.deb; do
		rm -rf /run/unpacked
		dpkg-deb --raw-extract "$package" /run/unpacked
		sed -i 's/^Version: .*/&+newer/' /run/unpacked/DEBIAN/control
		dpkg-deb --root-owner-group -Znone --build /run/unpacked "$1" >/dev/null
	done
	rm -rf /run/unpacked
}

say "installed, it is enabled and runs"
everything >/vm/out/before
expect 0 dpkg --install $archives/*.deb
version=$(dpkg-query -W -f '${Version}' memblockd)
installed "$version"
[ "$(systemctl show -P NRestarts memblockd)" = 0 ] || fail "its first start came to nothing"
expect 0 dpkg --verify memblockd libmemblock1
until_so 60 "grep -qx online $memory/auto_online_blocks"

newer /var/tmp
say "upgraded in the middle of a job, which is put back"
expect 0 memblockctl offline 1G
went=$(blocks offline)
expect 0 memblockctl online -z movable 1G
remember
expect 0 memblockctl mark "$(echo "$went" | head -n 1)" --reason "a test of packages"
pin "$(echo "$went" | sed '1d;$d')"
last=$(echo "$went" | tail -n 1)
expect 0 memblockctl offline --no-wait --timeout 3600 "memory$last" "memory$pinned"
job=$(sed -n 's/^Job \([0-9]*\) is queued$/\1/p' $said)
until_so 60 "grep -q going-offline $memory/memory$pinned/state"
old=$(systemctl show -P MainPID memblockd)
expect 0 dpkg --install /var/tmp/*.deb
installed "$version+newer"
[ "$(systemctl show -P MainPID memblockd)" != "$old" ] || fail "the old one runs still"
all_as_remembered
expect 0 journalctl -b --no-pager -u memblockd -o cat
says "Job $job \(offline\): failed"
expect 0 memblockctl mark
says 'a test of packages'
unpin

say "removed, it has stopped and the kernel is as it was found"
expect 0 dpkg --remove memblockd libmemblock1
expect 4 systemctl status --no-pager memblockd
until_so 60 "[ \"\$($kernel_policy)\" = \"$found\" ]"
until_so 60 "! grep -qr MEMBLOCK_ /run/udev/data"
until_so 60 "! pgrep memblockd"
[ ! -e /run/memblockd-worker ] || fail "the worker's socket is left"
[ -e /etc/memblockd.conf ] || fail "the configuration is gone"
all_as_remembered

say "purged, nothing is left"
expect 0 dpkg --purge memblockd libmemblock1
rm /var/tmp/*.deb
everything >/vm/out/after
diff /vm/out/before /vm/out/after || fail "not as before"
