# SPDX-License-Identifier: GPL-2.0-or-later
# What memblockctl and lsmem say of each block, a copy of the facts, and then
# what the kernel really does with each. Compared on the host by truth.judge.
# layouts: all
# ci: plain-2g two-nodes-mixed mixed-and-pmem hole-4k dimms-online nvdimm-namespaces dax-kmem load-all-2g
# time: 420
# shellcheck shell=sh
out=/vm/out
# On the guest's own disk: many small files are slow on the shared folder.
tree=/var/tmp/tree
mkdir -p "$tree/truth"

# Verdicts first, live, as an administrator would get them.
if command -v memblockctl >/dev/null; then
	memblockctl --direct list -a -b -J --output-all >"$tree.ours" && cp "$tree.ours" "$out/ours.json"
	memblockctl --direct show all -J >"$tree.show" && cp "$tree.show" "$out/show.json"
	memblockctl --direct capture /var/tmp/memblockctl.tar && cp /var/tmp/memblockctl.tar "$out"
fi
if command -v lsmem >/dev/null; then
	lsmem -a -b -J --output-all >"$out/lsmem.json"
fi

capture "$tree"
if command -v python3 >/dev/null; then
	sections >"$tree/truth/sections" || rm "$tree/truth/sections"
fi

offline-each "$tree/truth"
busybox dmesg | busybox grep -iE 'e820|srat|numa|node|zone|memory|pmem|nvdimm|dax|virtio_mem|offlin|isolat|migrat|page dumped|flags:' \
	>"$tree/truth/dmesg" || :
busybox tar -C "$tree" -cf - . | busybox dd of="$out/tree.tar" bs=256k 2>/dev/null
