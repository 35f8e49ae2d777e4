/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "boot-files.h"
#include "doctor.h"

/* What writes to the kernel's files of memory while the machine boots: lines of tmpfiles.d(5),
 * services and rc.local. A script that one of them starts is not looked into. */

#define FILE_MAX ((size_t)1 << 20)

/* What stands between words for tmpfiles, systemd and a shell. */
#define SEPARATORS " \t\r'\"|>;&()"

/* A line that writes. */
struct writer {
	const char *path;
	unsigned line;
	const char *who;
	const char *state; /* what it writes; NULL where nobody can say */
	bool policy;       /* to auto_online_blocks, not to states of blocks */
	bool sure;         /* it is gone through at boot, for all that files say */
};

/* The word for a state that stands last before a place in the line, or else first behind it. */
static const char *state_in(const char *line, const char *place)
{
	const char *found = NULL;

	for (const char *p = line; *p && !(found && p > place);) {
		size_t length = strcspn(p, SEPARATORS);
		enum memblock_action action;
		char word[16];

		snprintf(word, sizeof(word), "%.*s", (int)MIN(length, sizeof(word)), p);
		if (memblock_action_from_string(word, &action) >= 0)
			found = memblock_action_to_string(action);
		p += length;
		p += strspn(p, SEPARATORS);
	}
	return found;
}

/* Whether a line speaks of a file whose writing changes what is online. */
static bool names_memory(const char *line, struct writer *writer)
{
	const char *policy = strstr(line, BOOT_POLICY);
	const char *block = strstr(line, BOOT_BLOCKS);

	if (!policy && !(block && (strstr(block, "/state") || strstr(block, "/online"))))
		return false;
	writer->policy = policy;
	writer->state = state_in(line, policy ? policy : block);
	return true;
}

static bool writes(const char *line)
{
	return strchr(line, '>') || strstr(line, "tee ");
}

/* Why it is no good here; NULL where it is. */
static const char *fault_of(const struct doctor *doctor, const struct writer *writer)
{
	const char *told = doctor->told.auto_online_blocks;

	if (!writer->sure || !writer->policy)
		return NULL;
	if (writer->state && strcmp(writer->state, "offline") != 0 && doctor->default_state &&
	    strcmp(doctor->default_state, "offline") == 0)
		return "to bring it online, which the kernel command line doesn't want";
	if ((doctor->ready || doctor->enabled) && told &&
	    !(writer->state && strcmp(writer->state, told) == 0))
		return "and memblockd tells it something else";
	return NULL;
}

/* Where a file of the same name stands for it. */
static void advise(struct findings *findings, const char *path)
{
	const char *name = strstr(path, "/tmpfiles.d/");

	if (!name)
		name = strstr(path, "/systemd/");
	if (strncmp(path, "/etc/", strlen("/etc/")) == 0 || !name)
		findings_set_advice(findings, "Take that line out of the file.");
	else
		findings_set_advice(findings,
				    "Copy the file to /etc%s, and take that line out of the copy.",
				    name);
}

static void tell_writer(struct doctor *doctor, const struct writer *writer)
{
	struct findings *findings = &doctor->findings;
	const char *fault = fault_of(doctor, writer);

	findings_add(findings, fault ? SEVERITY_WARNING : SEVERITY_INFO, "set-at-boot",
		     "%s %s%s%s%s", writer->who,
		     writer->policy ? "tells the kernel what to do with new memory"
				    : "changes whether memory blocks are online",
		     writer->sure ? " at boot" : ", once it is started", fault ? ", " : "",
		     fault ? fault : "");
	findings_add_evidence(findings, "%s:%u: writes %s to %s", writer->path, writer->line,
			      writer->state ? writer->state : "something",
			      writer->policy ? BOOT_POLICY : "state");
	if (!fault)
		return;
	if (doctor->told.auto_online_blocks)
		findings_add_evidence(findings, "memblockd tells it %s",
				      doctor->told.auto_online_blocks);
	advise(findings, writer->path);
}

/* A file, or a folder of files. */
static void not_read(const char *path, int error, void *userdata)
{
	struct doctor *doctor = userdata;

	doctor_tell_unknown(doctor, "What is done about memory at boot");
	findings_add_evidence(&doctor->findings, "%s: %s", path, strerror(-error));
}

/* The text of a file; NULL where there is none, or where it can't be read, which is told. */
static int read_text(struct doctor *doctor, const char *path, char **ret)
{
	ssize_t size = read_file(doctor->root, path + 1, FILE_MAX, ret);

	if (size < 0 && size != -ENOENT && size != -ENOMEM) /* a mask may lead nowhere */
		not_read(path, (int)size, doctor);
	return size == -ENOMEM ? -ENOMEM : 0;
}

/* w, w+ and w! write, if the file is there, which is so with the kernel's; f+ does too. */
static bool is_writing_type(const char *line)
{
	return *line == 'w' || strncmp(line, "f+", 2) == 0;
}

static int look_at_tmpfiles(struct doctor *doctor, const char *path)
{
	struct writer writer = { .path = path, .who = "systemd-tmpfiles", .sure = true };
	_cleanup_free_ char *text = NULL;
	char *rest;
	int r;

	r = read_text(doctor, path, &text);
	rest = text;
	for (char *line; (line = strsep(&rest, "\n"));) {
		writer.line++;
		if (is_writing_type(line + strspn(line, " \t")) && names_memory(line, &writer))
			tell_writer(doctor, &writer);
	}
	return r;
}

static int read_tmpfiles(struct doctor *doctor)
{
	_cleanup_(dropins_done) struct dropins files = {};
	int r;

	r = boot_tmpfiles_find(doctor->root, not_read, doctor, &files);
	for (size_t i = 0; r >= 0 && i < files.n; i++)
		r = look_at_tmpfiles(doctor, files.paths[i]);
	return r;
}

static bool goes_on(const char *line)
{
	size_t length = strlen(line);

	return length > 0 && line[length - 1] == '\\';
}

/* ExecStartPre=, ExecStart= and ExecStartPost=, over lines that end with a backslash. */
static int look_at_unit(struct doctor *doctor, const char *path, const char *service)
{
	struct writer writer = { .path = path, .who = service };
	_cleanup_free_ char *text = NULL;
	bool starts = false, joined = false;
	char *rest;
	int r;

	r = read_text(doctor, path, &text);
	rest = text;
	for (char *line; r >= 0 && (line = strsep(&rest, "\n"));) {
		writer.line++;
		line += strspn(line, " \t");
		if (*line == '#' || *line == ';')
			continue; /* no part of a line, not even in the middle of one */
		if (!joined)
			starts = strncmp(line, "ExecStart", strlen("ExecStart")) == 0;
		joined = goes_on(line);
		if (!starts || !writes(line) || !names_memory(line, &writer))
			continue;
		r = boot_unit_is_enabled(doctor->root, service, &writer.sure);
		if (r >= 0)
			tell_writer(doctor, &writer);
	}
	return r;
}

static int look_at_service(const struct boot_service *service, void *userdata)
{
	int r = 0;

	if (service->path)
		r = look_at_unit(userdata, service->path, service->name);
	for (size_t i = 0; r >= 0 && i < service->dropins.n; i++)
		r = look_at_unit(userdata, service->dropins.paths[i], service->name);
	return r;
}

static bool is_program(const struct doctor *doctor, const char *path)
{
	_cleanup_close_ int fd = memblock_root_open(doctor->root, path, O_PATH);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) >= 0 && st.st_mode & 0111;
}

/* systemd-rc-local-generator(8) has it run if it is a program. */
static int look_at_rc_local(struct doctor *doctor)
{
	const char *path = boot_rc_local(doctor->root);
	struct writer writer = { .path = path, .who = "rc.local" };
	_cleanup_free_ char *text = NULL;
	char *rest;
	int r;

	r = read_text(doctor, path, &text);
	rest = text;
	writer.sure = is_program(doctor, path + 1);
	for (char *line; (line = strsep(&rest, "\n"));) {
		writer.line++;
		if (line[strspn(line, " \t")] != '#' && writes(line) && names_memory(line, &writer))
			tell_writer(doctor, &writer);
	}
	return r;
}

int doctor_boot(struct doctor *doctor)
{
	int r;

	r = read_tmpfiles(doctor);
	if (r >= 0)
		r = boot_for_each_service(doctor->root, not_read, look_at_service, doctor);
	return r < 0 ? r : look_at_rc_local(doctor);
}
