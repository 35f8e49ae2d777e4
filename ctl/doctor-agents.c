/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "boot-files.h"
#include "doctor.h"
#include "dropins.h"
#include "links.h"

#define PORTS "sys/class/virtio-ports"
#define VIRTIO "sys/bus/virtio/devices"
#define CONFIG_MAX ((size_t)1 << 20)

static void look_for_balloons(struct doctor *doctor)
{
	static const struct {
		const char *path, *text;
	} balloons[] = {
		{ "sys/bus/vmbus/drivers/hv_balloon", "Hyper-V adds memory when it likes, and "
						      "waits up to 5 seconds for it to be online" },
		{ "sys/devices/system/xen_memory", "Xen's balloon adds memory when it likes" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(balloons); i++) {
		if (!is_there(doctor->root, balloons[i].path))
			continue;
		doctor->adds_by_itself = true;
		findings_add(&doctor->findings, SEVERITY_INFO, "balloon", "%s", balloons[i].text);
		findings_add_evidence(&doctor->findings, "/%s is there", balloons[i].path);
	}
}

/* include/uapi/linux/virtio_ids.h: VIRTIO_ID_MEM */
static int look_at_virtio(struct doctor *doctor, const char *name,
			  void *userdata __attribute__((unused)))
{
	char path[128], id[ATTRIBUTE_TEXT_MAX];
	int r;

	snprintf(path, sizeof(path), VIRTIO "/%.60s/device", name);
	r = read_attribute(doctor->root, path, id);
	if (r < 0 || strcmp(id, "0x0018") != 0)
		return r == -ENOMEM ? r : 0;
	doctor->adds_by_itself = true;
	findings_add(&doctor->findings, SEVERITY_INFO, "virtio-mem",
		     "The host adds and takes memory through %s, and stops while much of it is "
		     "offline",
		     name);
	findings_add_evidence(&doctor->findings, "/%s: %s", path, id);
	return 0;
}

/* Of the lists that the agent has: what is named in one is blocked, or else all that another one
 * doesn't name (FILTER_RPC_ARGS of RHEL 9.4 and later). */
static bool line_blocks(const char *line)
{
	const char *allowed = strstr(line, "allow-rpcs");
	bool is_named = strstr(line, "guest-set-memory-blocks");

	if (*line == '#')
		return false;
	return allowed ? strstr(allowed, "guest-") && !is_named : is_named;
}

/* Whether the agent's own configuration forbids what it does to memory. */
static int agent_is_blocked(const struct doctor *doctor, bool *ret)
{
	static const char *const files[] = { "etc/qemu/qemu-ga.conf", "etc/sysconfig/qemu-ga",
					     "etc/default/qemu-guest-agent" };

	*ret = false;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_free_ char *text = NULL;
		ssize_t size = read_file(doctor->root, files[i], CONFIG_MAX, &text);

		if (size == -ENOMEM)
			return -ENOMEM;
		for (char *line, *rest = text; size > 0 && (line = strsep(&rest, "\n"));)
			*ret |= line_blocks(line);
	}
	return 0;
}

static int look_at_port(struct doctor *doctor, const char *name,
			void *userdata __attribute__((unused)))
{
	char path[128], port[ATTRIBUTE_TEXT_MAX];
	bool blocked;
	int r;

	snprintf(path, sizeof(path), PORTS "/%.60s/name", name);
	r = read_attribute(doctor->root, path, port);
	if (r < 0 || strcmp(port, "org.qemu.guest_agent.0") != 0)
		return r == -ENOMEM ? r : 0;
	r = agent_is_blocked(doctor, &blocked);
	if (r < 0 || blocked)
		return r;
	findings_add(&doctor->findings, SEVERITY_INFO, "guest-agent",
		     "The host can take memory online and offline through the QEMU guest agent");
	findings_add_evidence(&doctor->findings, "/%s: %s", path, port);
	findings_set_advice(&doctor->findings, "To keep it from that, let the agent's "
					       "configuration block guest-set-memory-blocks.");
	return 0;
}

/* Counts the devices that a file tells daxctl to make movable memory of. */
static unsigned count_sections(char *text)
{
	unsigned n = 0;
	bool counts = false;

	for (char *line; (line = strsep(&text, "\n"));) {
		line += strspn(line, " \t");
		if (*line == '[') {
			counts = strstr(line, "reconfigure-device") != NULL;
			n += counts;
		} else if (counts && *line != '#' && *line != ';' &&
			   ((strncmp(line, "movable", 7) == 0 && strstr(line, "false")) ||
			    (strncmp(line, "mode", 4) == 0 && strstr(line, "devdax")))) {
			counts = false;
			n--;
		}
	}
	return n;
}

static void folder_not_read(const char *folder __attribute__((unused)),
			    int error __attribute__((unused)),
			    void *userdata __attribute__((unused)))
{
}

/* The kernel or a rule may be faster than daxctl, and what is online in another zone stays there
 * until it can be taken offline. */
static void tell_daxctl(struct doctor *doctor, const char *path, unsigned n)
{
	bool race =
		doctor_kernel_onlines(doctor) && strcmp(doctor->auto_online, "online_movable") != 0;

	findings_add(&doctor->findings, race ? SEVERITY_WARNING : SEVERITY_INFO, "daxctl",
		     race ? "daxctl makes memory of %u dax device%s, but the kernel is first to "
			    "bring it online, and not as movable"
			  : "daxctl makes movable memory of %u dax device%s",
		     n, n == 1 ? "" : "s");
	findings_add_evidence(&doctor->findings, "%s: [reconfigure-device]", path);
	findings_add_evidence(&doctor->findings, "%s: starts daxdev-reconfigure@.service",
			      doctor->daxctl_rule);
	if (!race)
		return;
	findings_add_evidence(&doctor->findings,
			      "/sys/devices/system/memory/auto_online_blocks: %s",
			      doctor->auto_online);
	findings_set_advice(&doctor->findings,
			    "Boot with memhp_default_state=online_movable; or with "
			    "memhp_default_state=offline, and give all other memory a rule in "
			    "memblockd.conf(5).");
}

/* Without its rule nothing of this happens by itself. */
static int look_at_daxctl(struct doctor *doctor)
{
	static const char *const folders[] = { "/etc/daxctl.conf.d" };
	_cleanup_(dropins_done) struct dropins files = {};
	int r;

	if (!doctor->daxctl_rule)
		return 0;
	r = dropins_find(doctor->root, folders, ARRAY_SIZE(folders), ".conf", folder_not_read, NULL,
			 &files);
	for (size_t i = 0; r >= 0 && i < files.n; i++) {
		_cleanup_free_ char *text = NULL;
		ssize_t size = read_file(doctor->root, files.paths[i] + 1, CONFIG_MAX, &text);
		unsigned n = size > 0 ? count_sections(text) : 0;

		if (size == -ENOMEM)
			return -ENOMEM;
		if (n > 0)
			tell_daxctl(doctor, files.paths[i], n);
	}
	return r;
}

int doctor_agents(struct doctor *doctor)
{
	int r;

	doctor->ready = is_there(doctor->root, "run/memblockd/ready");
	look_for_balloons(doctor);
	r = boot_unit_is_enabled(doctor->root, "memblockd.service", &doctor->enabled);
	if (r >= 0)
		r = doctor_for_each(doctor, VIRTIO, look_at_virtio, NULL);
	if (r >= 0)
		r = doctor_for_each(doctor, PORTS, look_at_port, NULL);
	return r < 0 ? r : look_at_daxctl(doctor);
}
