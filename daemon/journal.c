/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of source files and lines in the journal are of no use to an administrator. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-journal.h>

#include "journal.h"
#include "log.h"
#include "macros.h"

/* clang-format off */
static const struct {
	const char *id;
	int priority;
} events[] = {
	[EVENT_STARTED] = { "079fdd8b36284e78bdb1335b0bac26ea", LOG_INFO },
	[EVENT_STOPPED] = { "74ac4ebf58f045cfb027345e67ca5561", LOG_INFO },
	[EVENT_CONFIGURATION] = { "64d392409aa145d396b33a7dcb54fd47", LOG_WARNING },
	[EVENT_SCAN_FAILED] = { "25f1c45b9c6940679994f3f912ec96c7", LOG_ERR },
	[EVENT_BUS] = { "4d325dd844e247b18e540b1a11f58179", LOG_NOTICE },
	[EVENT_JOB_STARTED] = { "cea06273795d4b1bbd599168d99bd96e", LOG_INFO },
	[EVENT_JOB_ENDED] = { "f0304978fd6e41d7bc09cc229765fad3", LOG_INFO },
	[EVENT_BLOCK_FAILED] = { "9443e258e4d64eb9871c4b0f94fae9e1", LOG_NOTICE },
	[EVENT_NOT_PUT_BACK] = { "e3000814cdf14964b6a02004bf6b1844", LOG_ERR },
	[EVENT_JOB_STUCK] = { "ffd8979ccffb49a49fa5dc96e5c92405", LOG_ERR },
	[EVENT_JOB_INTERRUPTED] = { "d5d2327e05654ea69a95fac99422a436", LOG_WARNING },
	[EVENT_ZONE_MISMATCH] = { "2a2d2af75dc14368b517aff0d7db0370", LOG_WARNING },
	[EVENT_MARKS] = { "4ce8fe198b5740d1886b59342d65fc6c", LOG_NOTICE },
	[EVENT_GUARD] = { "70e6e9b441444fd09c563f1202270b18", LOG_WARNING },
	[EVENT_ARRIVALS] = { "2ff463dd197e492db6f65f966d9c1bf6", LOG_NOTICE },
	[EVENT_KERNEL_POLICY] = { "17ce320fbee6463ab190d67a702414c7", LOG_NOTICE },
	[EVENT_RIVALS] = { "cfdcb6f36f174821a63df9d73bed208e", LOG_WARNING },
};
/* clang-format on */

/* systemd.exec(5): the variable names the file that standard error is, if that is the journal. */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uint64_t device, inode;
	struct stat st;

	if (!stream || sscanf(stream, "%" SCNu64 ":%" SCNu64, &device, &inode) != 2)
		return false;
	return fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

static void send_to_journal(enum event_id event, unsigned job, uint64_t block, const char *text)
{
	char message_id[64], priority[16], job_field[32], block_field[48];
	_cleanup_free_ char *message = NULL;
	struct iovec fields[5];
	int n = 0;

	if (asprintf(&message, "MESSAGE=%s", text) < 0) {
		message = NULL;
		return;
	}
	snprintf(message_id, sizeof(message_id), "MESSAGE_ID=%s", events[event].id);
	snprintf(priority, sizeof(priority), "PRIORITY=%d", events[event].priority);
	snprintf(job_field, sizeof(job_field), "MEMBLOCK_JOB=%u", job);
	snprintf(block_field, sizeof(block_field), "MEMBLOCK_BLOCK=%" PRIu64, block);

	fields[n++] = (struct iovec){ message, strlen(message) };
	fields[n++] = (struct iovec){ message_id, strlen(message_id) };
	fields[n++] = (struct iovec){ priority, strlen(priority) };
	if (job != NO_JOB)
		fields[n++] = (struct iovec){ job_field, strlen(job_field) };
	if (block != NO_BLOCK)
		fields[n++] = (struct iovec){ block_field, strlen(block_field) };
	(void)sd_journal_sendv(fields, n);
}

void tell(enum event_id event, unsigned job, uint64_t block, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;
	int r;

	va_start(ap, format);
	r = vasprintf(&text, format, ap);
	va_end(ap);
	if (r < 0) {
		text = NULL;
		(void)log_oom();
		return;
	}

	if (is_journal())
		send_to_journal(event, job, block, text);
	else
		log_line("%s", text);
}
