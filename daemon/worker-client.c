/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "macros.h"
#include "worker-client.h"

struct worker {
	int fd;
	sd_event_source *source;
	worker_function reply; /* NULL: no request is under way */
	void *userdata;
};

DEFINE_CLEANUP(struct worker, worker_free)

static int set_patience(int fd, unsigned seconds)
{
	const struct timeval limit = { .tv_sec = seconds };

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0)
		return -errno;
	return 0;
}

/* Waits for nothing that takes longer; where seconds is 0, for nothing at all, then and later. That
 * a listener's queue is full is -EAGAIN. */
static int connect_to(const char *path, unsigned seconds)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = -1;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);

	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | (seconds ? 0 : SOCK_NONBLOCK), 0);
	if (fd < 0 || set_patience(fd, seconds) < 0 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;

	return TAKE_FD(fd);
}

static int send_request(int fd, const struct worker_request *request)
{
	ssize_t n = send(fd, request, sizeof(*request), MSG_NOSIGNAL);

	if (n < 0)
		return -errno;
	return n == sizeof(*request) ? 0 : -EIO;
}

/* The descriptor that came with a message; -1 for none. */
static int take_fd(struct msghdr *message)
{
	int fd = -1;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
		    c->cmsg_len == CMSG_LEN(sizeof(int)))
			memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

/* Returns 0 with the worker's answer, -ECONNRESET where it is gone, or what recvmsg(2) gave. */
static int receive_reply(int fd, struct worker_reply *ret, int *ret_fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {};
	struct iovec iov = { ret, sizeof(*ret) };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = control.bytes,
				  .msg_controllen = sizeof(control.bytes) };
	_cleanup_close_ int passed = -1;
	ssize_t n;

	do
		n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	passed = take_fd(&message);
	if (n == 0)
		return -ECONNRESET;
	if (n != sizeof(*ret) || ret->result > 0)
		return -EPROTO;

	if (ret_fd)
		*ret_fd = TAKE_FD(passed);
	return 0;
}

static int on_reply(sd_event_source *source __attribute__((unused)), int fd,
		    uint32_t revents __attribute__((unused)), void *userdata)
{
	struct worker *worker = userdata;
	worker_function function = worker->reply;
	struct worker_reply reply = {};
	_cleanup_close_ int passed = -1;
	int r;

	r = receive_reply(fd, &reply, &passed);
	if (r == -EAGAIN)
		return 0;
	if (r < 0 || !function) {
		/* Gone, or it says what nobody asked. */
		worker->source = sd_event_source_disable_unref(worker->source);
		closep(&worker->fd);
		worker->fd = -1;
	}

	worker->reply = NULL;
	if (r < 0)
		reply = (struct worker_reply){ .result = -ECONNRESET };
	if (function)
		function(&(const struct worker_answer){ reply.result, r < 0, reply.done, passed },
			 worker->userdata);
	return 0;
}

int worker_new(sd_event *event, const char *path, struct worker **ret)
{
	_cleanup_(worker_freep) struct worker *worker = calloc(1, sizeof(*worker));
	int r;

	if (!worker)
		return -ENOMEM;
	worker->fd = connect_to(path, 0);
	if (worker->fd < 0)
		return worker->fd;
	r = sd_event_add_io(event, &worker->source, worker->fd, EPOLLIN, on_reply, worker);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(worker);
	return 0;
}

struct worker *worker_free(struct worker *worker)
{
	if (!worker)
		return NULL;

	sd_event_source_disable_unref(worker->source);
	closep(&worker->fd);
	free(worker);
	return NULL;
}

int worker_send(struct worker *worker, const struct worker_request *request, worker_function reply,
		void *userdata)
{
	int r;

	if (worker->reply)
		return -EBUSY;
	if (worker_is_gone(worker))
		return -ECONNRESET;
	r = send_request(worker->fd, request);
	if (r < 0)
		return r;

	worker->reply = reply;
	worker->userdata = userdata;
	return 0;
}

void worker_stop(struct worker *worker)
{
	static const struct worker_request stop = { .verb = WORKER_STOP };

	/* Where it can't be said, the worker is gone, and on_reply() hears of it. */
	if (!worker_is_gone(worker))
		(void)send_request(worker->fd, &stop);
}

bool worker_is_gone(const struct worker *worker)
{
	return worker->fd < 0;
}

static int ask(int fd, const struct worker_request *request, int *ret_fd)
{
	struct worker_reply answer = {};
	int r;

	r = send_request(fd, request);
	if (r < 0)
		return r;
	r = receive_reply(fd, &answer, ret_fd);
	return r < 0 ? r : answer.result;
}

static int connect_and_ask(const char *path, int *connection, const struct worker_request *request,
			   unsigned seconds, int *ret_fd)
{
	int r;

	if (*connection < 0) {
		*connection = connect_to(path, seconds);
		if (*connection < 0)
			return *connection;
	}

	r = ask(*connection, request, ret_fd);
	/* After a late answer the next one would be taken for it. */
	if (r == -EAGAIN || r == -ECONNRESET || r == -EPIPE || r == -EPROTO) {
		closep(connection);
		*connection = -1;
	}
	return r;
}

int worker_ask(const char *path, int *connection, const struct worker_request *request,
	       unsigned seconds, int *ret_fd)
{
	bool was_there = *connection >= 0;
	int r;

	if (ret_fd)
		*ret_fd = -1;
	r = connect_and_ask(path, connection, request, seconds, ret_fd);
	/* That the worker of before was ended since says nothing of the next. */
	if (was_there && (r == -ECONNRESET || r == -EPIPE))
		r = connect_and_ask(path, connection, request, seconds, ret_fd);
	return r;
}
