/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>
#include <stdint.h>

/*
 * What memblockd and memblockd-worker say to each other over a socket of packets (SOCK_SEQPACKET):
 * one request, one reply, in turn. Each connection has a worker process of its own.
 *
 * While a write is under way the other side may end it by WORKER_STOP, or by closing the
 * connection: the worker is sent SIGIO then, which ends the write with -EINTR, and where it is not
 * out of it half a second later it ends itself. WORKER_STOP has no reply of its own.
 */
#define WORKER_SOCKET "/run/memblockd-worker"

/* Long enough for any path below /sys and /proc that is asked for, and for a device's name. */
#define WORKER_TEXT_MAX 256

enum worker_verb {
	WORKER_OPEN,    /* text: path below the root; the reply brings a descriptor for reading */
	WORKER_WRITE,   /* block, action */
	WORKER_EJECT,   /* text: the device's name, provider; asks the kernel to let go of it */
	WORKER_GUARD,   /* block: its state and online files become read-only for everybody */
	WORKER_UNGUARD, /* block: and can be written again */
	WORKER_STOP,
};

struct worker_request {
	uint32_t verb;
	uint32_t action;   /* enum memblock_action */
	uint32_t provider; /* enum memblock_provider */
	uint32_t reserved;
	uint64_t block; /* index */
	char text[WORKER_TEXT_MAX];
};

struct worker_reply {
	int32_t result; /* 0 or a negative errno */
	uint32_t reserved;
};
