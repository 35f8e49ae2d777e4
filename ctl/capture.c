/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "boot-files.h"
#include "capture-findings.h"
#include "capture.h"
#include "config.h"
#include "log.h"
#include "new-file.h"
#include "read-all.h"
#include "udev-files.h"
#include "virtualization.h"

#ifdef HAVE_LIBARCHIVE
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>

/* sys/bus/nd/devices/namespace0.0/... and the devices that those link to. */
#define PATH_MAX_LENGTH 1024
#define FILE_MAX ((size_t)64 << 20)

#define BELOW_ROOT(path) (&(path)[1])

/* What libmemblock and doctor read, or may one day: how deep folders are copied, and whether the
 * links in one lead to devices whose own folders are wanted too. */
static const struct wanted {
	const char *path;
	unsigned depth;
	bool devices;
	const char *only; /* entries that begin so; NULL for all */
} wanted[] = {
	{ "proc/buddyinfo", 0, false, NULL },
	{ "proc/cmdline", 0, false, NULL },
	{ "proc/iomem", 0, false, NULL },
	{ "proc/meminfo", 0, false, NULL },
	{ "proc/pagetypeinfo", 0, false, NULL },
	{ "proc/sys/kernel/osrelease", 0, false, NULL },
	{ "proc/version", 0, false, NULL },
	{ "proc/zoneinfo", 0, false, NULL },
	{ "proc/device-tree/ibm,dynamic-reconfiguration-memory", 1, false, NULL },
	{ "sys/devices/system/memory", 2, false, NULL },
	{ "sys/devices/system/node", 2, false, NULL },
	{ "sys/devices/system/xen_memory", 2, false, NULL },
	{ "sys/bus/acpi/devices", 1, true, "PNP0C80:" },
	{ "sys/bus/cxl/devices", 1, true, NULL },
	{ "sys/bus/dax/devices", 1, true, NULL },
	{ "sys/bus/nd/devices", 1, true, NULL },
	{ "sys/bus/virtio/devices", 1, true, NULL },
	{ "sys/class/virtio-ports", 1, true, NULL },
	{ "sys/devices/virtual/dmi/id/product_name", 0, false, NULL },
	{ "sys/devices/virtual/dmi/id/sys_vendor", 0, false, NULL },
	{ "sys/bus/vmbus/drivers/hv_balloon", 1, false, NULL },
	{ "sys/firmware/acpi/tables/SRAT", 0, false, NULL },
	{ "sys/firmware/memmap", 2, false, NULL },
	{ "sys/firmware/memory", 2, false, NULL },
	{ "sys/module/memory_hotplug/parameters", 1, false, NULL },
	{ "run/memblockd.conf.d", 1, false, NULL },
	{ "run/memblockd/kernel-policy", 0, false, NULL },
	{ "run/memblockd/ready", 0, false, NULL },
	{ "usr/lib/memblockd.conf.d", 1, false, NULL },
	{ "var/lib/memblockd/marks", 0, false, NULL },
};

/* Without it there is nothing to capture. */
static const char wanted_most[] = "sys/devices/system/memory";

/* `online` hangs while its block is being taken offline; the others name the very machine, or have
 * nothing to say of memory. */
static const char *const unwanted[] = { "online", "power", "security", "serial", "uevent", "uuid" };

/* A file is kept that holds one of these: others tell of other things. */
static const char *const any_words[] = { "", NULL };
static const char *const rule_words[] = { "memory", "daxdev-reconfigure", NULL };
static const char *const boot_words[] = { BOOT_POLICY, BOOT_BLOCKS, NULL };

struct capture {
	struct memblock_root *root;
	struct archive *archive;
	size_t n_files;
	size_t n_refused;
};

static int archive_failure(struct capture *capture, const char *path)
{
	int error = archive_errno(capture->archive);

	log_line("Can't write %s: %s", path, archive_error_string(capture->archive));
	return error > 0 ? -error : -EIO;
}

/* The configuration goes to where a captured tree has it. */
static void set_name(const struct capture *capture, struct archive_entry *entry, const char *path)
{
	char name[PATH_MAX_LENGTH];
	const char *file, *folder;

	config_paths(capture->root, &file, &folder);
	if (strncmp(path, BELOW_ROOT(file), strlen(file) - 1) == 0) {
		snprintf(name, sizeof(name), "%s%s", BELOW_ROOT(CONFIG_FILE),
			 path + strlen(file) - 1);
		path = name;
	}
	archive_entry_set_pathname(entry, path);
}

/* One entry: a file with its data, a link with its target, or a folder. Of the mode's bits those
 * count that make a program of a file. */
static int add_entry(struct capture *capture, const char *path, mode_t mode, const char *data,
		     size_t size)
{
	mode_t type = mode & AE_IFMT;
	struct archive_entry *entry = archive_entry_new();
	int r = 0;

	if (!entry)
		return log_oom();

	set_name(capture, entry, path);
	archive_entry_set_filetype(entry, type);
	archive_entry_set_perm(entry, type == AE_IFREG ? 0444 | (mode & 0111) : 0755);
	archive_entry_set_mtime(entry, time(NULL), 0);
	if (type == AE_IFLNK)
		archive_entry_set_symlink(entry, data);
	else
		archive_entry_set_size(entry, (la_int64_t)size);

	if (archive_write_header(capture->archive, entry) != ARCHIVE_OK ||
	    (type == AE_IFREG && size > 0 &&
	     archive_write_data(capture->archive, data, size) != (la_ssize_t)size))
		r = archive_failure(capture, path);

	archive_entry_free(entry);
	return r;
}

static bool holds(const char *data, const char *const *words)
{
	for (; *words; words++)
		if (strstr(data, *words))
			return true;
	return false;
}

/* What can't be read is counted and left out, but for what is not there. */
static void leave_out(struct capture *capture, int error)
{
	capture->n_refused += error != -ENOENT && error != -ENOTDIR;
}

static int add_file(struct capture *capture, const char *path, int flags, const char *const *words)
{
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *data = NULL;
	struct stat st = {};
	ssize_t size;

	fd = memblock_root_open(capture->root, path, flags);
	size = fd < 0 ? fd : read_all(fd, FILE_MAX, &data);
	if (size == -ENOMEM)
		return log_oom();
	if (size < 0 || fstat(fd, &st) < 0) {
		leave_out(capture, (int)size);
		return 0;
	}
	if (!holds(data, words))
		return 0;

	capture->n_files++;
	return add_entry(capture, path, AE_IFREG | (st.st_mode & 0111), data, (size_t)size);
}

static bool is_unwanted(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(unwanted); i++)
		if (strcmp(unwanted[i], name) == 0)
			return true;
	return false;
}

/* "sys/bus/nd/devices/namespace0.0" and "../../../devices/platform/..." give "sys/devices/platform/
 * ..."; links of sysfs are all relative. False where it would leave the tree. */
static bool resolve(const char *path, const char *target, char ret[PATH_MAX_LENGTH])
{
	size_t length = strlen(path);

	memcpy(ret, path, length + 1);
	do { /* the link's own name, then one folder for each .. */
		char *slash = strrchr(ret, '/');

		if (!slash)
			return false;
		*slash = '\0';
		if (strncmp(target, "../", 3) != 0)
			break;
		target += 3;
	} while (true);

	length = strlen(ret);
	if (length + 1 + strlen(target) >= PATH_MAX_LENGTH || strstr(target, ".."))
		return false;
	ret[length] = '/';
	memcpy(ret + length + 1, target, strlen(target) + 1);
	return true;
}

static int add_path(struct capture *capture, const char *path, unsigned depth, bool devices,
		    const char *only);

static int add_link(struct capture *capture, const char *path, int fd, bool devices)
{
	char target[PATH_MAX_LENGTH], device[PATH_MAX_LENGTH];
	ssize_t n;
	int r;

	n = readlinkat(fd, "", target, sizeof(target) - 1);
	if (n < 0) {
		leave_out(capture, -errno);
		return 0;
	}
	target[n] = '\0';

	r = add_entry(capture, path, AE_IFLNK, target, 0);
	if (r < 0 || !devices || !resolve(path, target, device))
		return r;
	return add_path(capture, device, 1, false, NULL);
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void free_names(struct dirent **names, int n)
{
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

static int add_folder(struct capture *capture, const char *path, int fd, unsigned depth,
		      bool devices, const char *only)
{
	struct dirent **names;
	int r, n;

	r = add_entry(capture, path, AE_IFDIR, NULL, 0);
	if (r < 0 || depth == 0)
		return r;

	n = scandirat(fd, ".", &names, NULL, compare_names);
	if (n < 0)
		leave_out(capture, -errno);
	for (int i = 0; i < n && r >= 0; i++) {
		char child[PATH_MAX_LENGTH];

		if (names[i]->d_name[0] == '.' || is_unwanted(names[i]->d_name) ||
		    (only && strncmp(names[i]->d_name, only, strlen(only)) != 0))
			continue;
		if ((size_t)snprintf(child, sizeof(child), "%s/%s", path, names[i]->d_name) >=
		    sizeof(child))
			continue;
		r = add_path(capture, child, depth - 1, devices, NULL);
	}
	if (n >= 0)
		free_names(names, n);
	return r;
}

static int add_path(struct capture *capture, const char *path, unsigned depth, bool devices,
		    const char *only)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	fd = memblock_root_open(capture->root, path, O_PATH | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0) {
		leave_out(capture, fd < 0 ? fd : -errno);
		return 0;
	}

	if (S_ISLNK(st.st_mode))
		return add_link(capture, path, fd, devices);
	if (S_ISDIR(st.st_mode)) {
		_cleanup_close_ int folder = memblock_root_open(capture->root, path, O_DIRECTORY);

		if (folder >= 0)
			return add_folder(capture, path, folder, depth, devices, only);
		leave_out(capture, folder);
		return 0;
	}
	if (S_ISREG(st.st_mode) && st.st_mode & 0444)
		return add_file(capture, path, O_NOFOLLOW, any_words);
	return 0;
}

/* Kernels before 6.1 have no file that says it, and --root needs to know. */
static int add_architecture(struct capture *capture)
{
	static const char path[] = "proc/sys/kernel/arch";
	_cleanup_close_ int fd = memblock_root_open(capture->root, path, 0);
	struct utsname name;
	char text[sizeof(name.machine) + 1];

	if (fd >= 0)
		return add_path(capture, path, 0, false, NULL);
	if (!memblock_root_is_live(capture->root) || uname(&name) < 0)
		return 0;

	snprintf(text, sizeof(text), "%s\n", name.machine);
	return add_entry(capture, path, AE_IFREG, text, strlen(text));
}

/* What the library made of files that are too large to keep, or hold more than is meant to leave
 * the machine. r: why there is none. */
static int add_text(struct capture *capture, const char *path, int r, const char *text)
{
	if (r == -ENOMEM)
		return log_oom();
	if (r < 0)
		leave_out(capture, r);
	if (r < 0 || !*text)
		return 0;
	capture->n_files++;
	return add_entry(capture, path, AE_IFREG, text, strlen(text));
}

/* What only an inventory leads to. */
static int add_findings(struct capture *capture)
{
	_cleanup_(memblock_inventory_unrefp) struct memblock_inventory *inventory = NULL;
	_cleanup_free_ char *sections = NULL, *pages = NULL;
	int r;

	r = memblock_inventory_new(capture->root, 0, &inventory, NULL);
	if (r < 0) { /* a report of why that fails is a good report too */
		leave_out(capture, r);
		return r == -ENOMEM ? log_oom() : 0;
	}

	r = findings_of_sections(capture->root, inventory, &sections);
	r = add_text(capture, "memblockd/sections", r, sections);
	if (r < 0)
		return r;
	r = findings_of_pages(inventory, &pages);
	return add_text(capture, "memblockd/pages", r, pages);
}

static void count_refused(const char *folder __attribute__((unused)),
			  int error __attribute__((unused)), void *userdata)
{
	((struct capture *)userdata)->n_refused++;
}

/* What a root can't tell of itself later on. */
static int add_virtualization(struct capture *capture)
{
	_cleanup_free_ char *word = NULL, *line = NULL;

	if (virtualization_read(capture->root, &word) < 0)
		return log_oom();
	if (!word)
		return 0;
	if (asprintf(&line, "%s\n", word) < 0)
		return log_oom();
	return add_entry(capture, "memblockd/virtualization", AE_IFREG, line, strlen(line));
}

static int add_those_with(struct capture *capture, const struct dropins *files,
			  const char *const *words)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < files->n; i++)
		r = add_file(capture, BELOW_ROOT(files->paths[i]), 0, words);
	return r;
}

/* Of udev rules those that are in force and speak of memory. What they mask is left out, so nothing
 * that masks has to be there; it is the same with the files of boot. */
static int add_rules(struct capture *capture)
{
	_cleanup_(dropins_done) struct dropins files = {};

	if (udev_rules_find(capture->root, count_refused, capture, &files) < 0)
		return log_oom();
	return add_those_with(capture, &files, rule_words);
}

static int add_tmpfiles(struct capture *capture)
{
	_cleanup_(dropins_done) struct dropins files = {};

	if (boot_tmpfiles_find(capture->root, count_refused, capture, &files) < 0)
		return log_oom();
	return add_those_with(capture, &files, boot_words);
}

static int add_unit_link(const char *path, void *userdata)
{
	return add_path(userdata, BELOW_ROOT(path), 0, false, NULL);
}

/* With what says whether it is started. */
static int add_service(const struct boot_service *service, void *userdata)
{
	struct capture *capture = userdata;
	size_t n_files = capture->n_files;
	int r = 0;

	if (service->path)
		r = add_file(capture, BELOW_ROOT(service->path), 0, boot_words);
	if (r >= 0)
		r = add_those_with(capture, &service->dropins, boot_words);
	if (r < 0 || capture->n_files == n_files)
		return r;
	return boot_for_each_link(capture->root, service->name, add_unit_link, capture);
}

static int add_boot(struct capture *capture)
{
	int r;

	r = add_tmpfiles(capture);
	if (r >= 0)
		r = boot_for_each_service(capture->root, count_refused, add_service, capture);
	if (r >= 0)
		r = boot_for_each_link(capture->root, "memblockd.service", add_unit_link, capture);
	if (r >= 0)
		r = add_file(capture, BELOW_ROOT(boot_rc_local(capture->root)), 0, boot_words);
	return r == -ENOMEM ? log_oom() : r;
}

static int add_configuration(struct capture *capture)
{
	const char *file, *folder;
	int r;

	config_paths(capture->root, &file, &folder);
	r = add_path(capture, BELOW_ROOT(file), 0, false, NULL);
	return r < 0 ? r : add_path(capture, BELOW_ROOT(folder), 1, false, NULL);
}

static int add_everything(struct capture *capture)
{
	_cleanup_close_ int fd = -1;
	int r;

	fd = memblock_root_open(capture->root, wanted_most, O_DIRECTORY);
	if (fd < 0)
		return log_error(fd, "Nothing to capture: /%s: %m", wanted_most);

	r = add_architecture(capture);
	if (r >= 0)
		r = add_virtualization(capture);
	if (r >= 0)
		r = add_rules(capture);
	if (r >= 0)
		r = add_boot(capture);
	if (r >= 0)
		r = add_configuration(capture);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(wanted); i++)
		r = add_path(capture, wanted[i].path, wanted[i].depth, wanted[i].devices,
			     wanted[i].only);
	return r < 0 ? r : add_findings(capture);
}

static int open_archive(struct capture *capture, const char *path, int fd)
{
	capture->archive = archive_write_new();
	if (!capture->archive)
		return log_oom();
	if (archive_write_set_format_filter_by_ext(capture->archive, path) != ARCHIVE_OK ||
	    archive_write_open_fd(capture->archive, fd) != ARCHIVE_OK)
		return archive_failure(capture, path);
	return 0;
}

static void tell(const struct capture *capture, const char *path)
{
	printf("%s: %zu files%s\n"
	       "It holds addresses of physical memory, names of memory devices, how many pages of\n"
	       "each memory block are used and for what, maker and model of the machine, the\n"
	       "kernel's version and command line, and udev rules, services and other files that\n"
	       "speak of memory, which may tell more than you want; no content of memory.\n",
	       path, capture->n_files,
	       capture->n_refused ? ", and what can't be read is missing" : "");
}

int capture(struct memblock_root *root, const char *path)
{
	struct capture capture = { .root = root };
	_cleanup_(new_file_done) struct new_file file = { .fd = -1 };
	int r;

	r = new_file_open(&file, path, 0600);
	if (r < 0)
		return r;

	r = open_archive(&capture, path, file.fd);
	if (r >= 0)
		r = add_everything(&capture);
	if (r >= 0 && archive_write_close(capture.archive) != ARCHIVE_OK)
		r = archive_failure(&capture, path);
	archive_write_free(capture.archive);
	if (r >= 0)
		r = new_file_commit(&file);
	if (r >= 0)
		tell(&capture, path);
	return r;
}
#else
int capture(struct memblock_root *root __attribute__((unused)), const char *path)
{
	return log_error(-EOPNOTSUPP, "Can't write %s: built without libarchive", path);
}
#endif
