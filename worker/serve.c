/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "macros.h"
#include "stop.h"
#include "worker.h"

/* Once offline, a block with poisoned pages can't be brought online again. */
static int look_for_poison(struct memblock_root *root, const struct worker_request *request)
{
	return request->action == MEMBLOCK_ACTION_OFFLINE && request->page_size > 0 &&
			       worker_is_poisoned(root, request)
		       ? -EHWPOISON
		       : 0;
}

static int write_state(struct memblock_root *root, const struct worker_request *request)
{
	int r;

	r = look_for_poison(root, request);
	if (r >= 0 && stop_is_asked())
		r = -EINTR;
	if (r >= 0)
		do
			r = memblock_write_state(root, request->block,
						 (enum memblock_action)request->action);
		while (r == -EINTR && !stop_is_asked());
	return r;
}

static int write_states(struct memblock_root *root, const struct worker_request *request,
			uint32_t *ret_done)
{
	struct worker_request one = *request;
	int r;

	if (!memblock_action_to_string((enum memblock_action)request->action) ||
	    request->count == 0 || request->count > WORKER_WRITE_MAX)
		return -EINVAL;

	r = stop_watch();
	for (; r >= 0 && *ret_done < request->count; one.block++) {
		r = write_state(root, &one);
		*ret_done += r >= 0;
	}
	stop_unwatch();
	return r;
}

static int eject(struct memblock_root *root, const struct worker_request *request)
{
	int r;

	r = stop_watch();
	if (r >= 0)
		r = worker_eject(root, request->provider, request->text);
	stop_unwatch();
	return r;
}

/* A look that takes long is ended with the process. */
static int look(struct memblock_root *root, const struct worker_request *request, int *ret_fd)
{
	int r;

	r = stop_watch();
	if (r >= 0)
		r = request->verb == WORKER_PAGES ? worker_count_pages(root, request)
						  : worker_read_sections(root, request);
	stop_unwatch();
	if (r < 0)
		return r;
	*ret_fd = r;
	return 0;
}

static int answer(struct memblock_root *root, const struct worker_request *request,
		  uint32_t *ret_done, int *ret_fd)
{
	int r;

	switch (request->verb) {
	case WORKER_OPEN:
		r = worker_open(root, request->text);
		if (r < 0)
			return r;
		*ret_fd = r;
		return 0;
	case WORKER_WRITE:
		return write_states(root, request, ret_done);
	case WORKER_EJECT:
		return eject(root, request);
	case WORKER_GUARD:
		return worker_guard(root, request->block);
	case WORKER_UNGUARD:
		return worker_unguard(root, request->block);
	case WORKER_SET:
		return worker_set(root, request->setting, request->text);
	case WORKER_CHANGE:
		return worker_change(root, request->block, request->text);
	case WORKER_PAGES:
	case WORKER_SECTIONS:
		return look(root, request, ret_fd);
	default:
		return -EINVAL;
	}
}

static int send_reply(int socket, const struct worker_reply *reply, int fd)
{
	struct iovec iovec = { .iov_base = (void *)reply, .iov_len = sizeof(*reply) };
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(fd))];
	} control = { .header = {
			      .cmsg_level = SOL_SOCKET,
			      .cmsg_type = SCM_RIGHTS,
			      .cmsg_len = CMSG_LEN(sizeof(fd)),
		      } };
	struct msghdr message = { .msg_iov = &iovec, .msg_iovlen = 1 };
	ssize_t n;

	if (fd >= 0) {
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
	}
	do
		n = sendmsg(socket, &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* 1 with a request, 0 where the other side hung up, -EBADMSG for what is no request. Descriptors
 * that came along are dropped by the kernel, since there is no room for them. */
static int receive(int socket, struct worker_request *ret)
{
	struct worker_request request;
	ssize_t n;

	do
		n = recv(socket, &request, sizeof(request), MSG_TRUNC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? 0 : -errno;
	if (n == 0)
		return 0;
	if (n != sizeof(request) || !memchr(request.text, '\0', sizeof(request.text)))
		return -EBADMSG;

	*ret = request;
	return 1;
}

int worker_serve(struct memblock_root *root, int socket)
{
	for (;;) {
		_cleanup_close_ int fd = -1;
		struct worker_request request = {};
		struct worker_reply reply = {};
		int r;

		r = receive(socket, &request);
		if (r == 0 || (r < 0 && r != -EBADMSG))
			return r;
		/* It came too late for the write that it was to end. */
		if (r > 0 && request.verb == WORKER_STOP)
			continue;

		reply.result = r < 0 ? -EINVAL : answer(root, &request, &reply.done, &fd);
		r = send_reply(socket, &reply, fd);
		if (r == -EPIPE || r == -ECONNRESET)
			return 0;
		if (r < 0)
			return r;
	}
}
