/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>
#include <stdint.h>

/*
 * What memblockd and memblockd-worker say to each other over a socket of packets (SOCK_SEQPACKET):
 * one request, one reply, in turn. Each connection has a worker process of its own.
 *
 * While a write or a count is under way the other side may end it by WORKER_STOP, or by closing the
 * connection: the worker is sent SIGIO then, which ends the write with -EINTR, and where it is not
 * out of it half a second later it ends itself. WORKER_STOP has no reply of its own.
 */
#define WORKER_SOCKET "/run/memblockd-worker"

/* Where udev, which is root, reads properties of blocks that can't go: a folder that memblockd
 * can't write in, since to give udev properties of one's own choice is to load modules and start
 * units. */
#define WORKER_MARKED "run/memblockd-marked"

/* Long enough for any path below /sys and /proc that is asked for, and for a device's name. */
#define WORKER_TEXT_MAX 256

/* Blocks or sections of one request. What they make of text is some MB, and is read at once. */
#define WORKER_COUNT_MAX 16384
/* Longer than the line of any block or section. */
#define WORKER_LINE_MAX 1024

/* Blocks of one write: few enough that who waits hears of them now and then. */
#define WORKER_WRITE_MAX 16

enum worker_verb {
	WORKER_OPEN, /* text: path below the root; the reply brings a descriptor for reading */
	/* block, count, action: writes to the states of so many neighbours, one after the other,
	 * until one fails. Where page_size is not 0, a block of that block_size with poisoned pages
	 * is not taken offline: -EHWPOISON. */
	WORKER_WRITE,
	WORKER_EJECT,   /* text: the device's name, provider; asks the kernel to let go of it */
	WORKER_GUARD,   /* block: its state and online files become read-only for everybody */
	WORKER_UNGUARD, /* block: and can be written again */
	/* block, count, block_size, page_size, limit: memblock_pages_read() of so many blocks. The
	 * reply brings a descriptor of a file of text, as memblock_pages_to_text() gives it, which
	 * nobody can change any more. It may be ended as a write is. */
	WORKER_PAGES,
	/* block (here: a section), count, section_size: memblock_sections_read(), its text in the
	 * same way. */
	WORKER_SECTIONS,
	WORKER_SET, /* setting, text: the value; sets one of the kernel's own policy */
	/* block, text: the properties that udev is to have of it, "" for none, in the form of
	 * worker/marked.c. Where those were others the kernel is asked for a `change` event. */
	WORKER_CHANGE,
	WORKER_STOP,
};

struct worker_request {
	uint32_t verb;
	uint32_t action;     /* enum memblock_action */
	uint32_t provider;   /* enum memblock_provider */
	uint32_t setting;    /* enum kernel_setting */
	uint64_t block;      /* index */
	uint64_t count;      /* 1 at least, and WORKER_WRITE_MAX or WORKER_COUNT_MAX at most */
	uint64_t block_size; /* in bytes, as the next two */
	uint64_t section_size;
	uint64_t page_size;
	uint64_t limit; /* pages of a block that are looked at; 0: all */
	char text[WORKER_TEXT_MAX];
};

struct worker_reply {
	int32_t result; /* 0 or a negative errno */
	uint32_t done;  /* of WORKER_WRITE: how many blocks were written to */
};
