/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded: makes one call of a program fail, the n-th of its kind, whoever makes it: the program,
 * or a library on its behalf. The file that $FAULTS names is shared with who drives: it says which
 * call, and is told how many there were. README.md says what is left out.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define EXPORT __attribute__((__visibility__("default")))

/* The next of that name: the C library's, or a sanitizer's. */
#define NEXT(name)                                                                       \
	({                                                                               \
		static __typeof__(&(name)) next_;                                        \
		if (!next_)                                                              \
			next_ = (__typeof__(&(name)))(uintptr_t)dlsym(RTLD_NEXT, #name); \
		next_;                                                                   \
	})

/* As in faults.py. */
enum kind {
	ALLOCATE,
	OPEN,
	DESCRIPTOR, /* that of no file */
	READ,
	LIST,
	WRITE,
	CHANGE, /* names of files */
	TALK,
	THREAD,
	KINDS,
};

#define CALLERS 12

struct control {
	_Atomic uint32_t armed;
	_Atomic uint32_t hit;
	uint32_t kind;
	uint32_t error;
	uint64_t nth; /* from 1 on; 0 for none */
	_Atomic uint64_t seen[KINDS];
	_Atomic int64_t live; /* allocations that are not freed */
	char callers[CALLERS][64];
};

static struct control *control;
static _Atomic bool running; /* between the first and the last line of main() */

static void map_control(void)
{
	const char *path = getenv("FAULTS");
	int fd = path ? NEXT(open)(path, O_RDWR | O_CLOEXEC) : -1;
	void *p;

	if (fd < 0)
		return;
	p = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p != MAP_FAILED)
		control = p;
	(void)close(fd);
	(void)unsetenv("LD_PRELOAD"); /* of whom the program starts */
	(void)unsetenv("FAULTS");
}

/* For people who look for what failed: file+offset, as addr2line takes it. */
static void tell_callers(void)
{
	void *frames[CALLERS + 2];
	int n = backtrace(frames, CALLERS + 2);

	for (int i = 2; i < n; i++) {
		Dl_info info = {};
		const char *name;

		if (!dladdr(frames[i], &info) || !info.dli_fname)
			continue;
		name = strrchr(info.dli_fname, '/');
		snprintf(control->callers[i - 2], sizeof(control->callers[i - 2]), "%s+0x%zx",
			 name ? name + 1 : info.dli_fname,
			 (size_t)((char *)frames[i] - (char *)info.dli_fbase) - 1);
	}
}

/* Whether this call is the one; errno then says why. */
static bool fails(enum kind kind)
{
	uint64_t n;

	if (!running || !control->armed)
		return false;
	n = atomic_fetch_add(&control->seen[kind], 1) + 1;
	if (kind != control->kind || n != control->nth)
		return false;
	control->armed = 0; /* also for what the next lines call */
	tell_callers();
	control->hit = 1;
	errno = (int)control->error;
	return true;
}

/* Where the program begins, and where it ends. */

static int (*real_main)(int argc, char **argv, char **environment);

static int run_main(int argc, char **argv, char **environment)
{
	void *frame;
	int r;

	map_control();
	(void)backtrace(&frame, 1); /* loads what it needs once and for all */
	running = control != NULL;
	r = real_main(argc, argv, environment);
	running = false;
	return r;
}

typedef int start_main(int (*main)(int, char **, char **), int argc, char **argv,
		       void (*init)(void), void (*fini)(void), void (*rtld_fini)(void),
		       void *stack_end);
EXPORT start_main __libc_start_main;

EXPORT int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv,
			     void (*init)(void), void (*fini)(void), void (*rtld_fini)(void),
			     void *stack_end)
{
	real_main = main;
	return NEXT(__libc_start_main)(run_main, argc, argv, init, fini, rtld_fini, stack_end);
}

/* Memory. That of others goes through these three, strdup() and asprintf() among them. */

static void *count(void *p)
{
	if (p && running)
		control->live++;
	return p;
}

EXPORT void *malloc(size_t size)
{
	return fails(ALLOCATE) ? NULL : count(NEXT(malloc)(size));
}

EXPORT void *calloc(size_t n, size_t size)
{
	return fails(ALLOCATE) ? NULL : count(NEXT(calloc)(n, size));
}

EXPORT void *realloc(void *p, size_t size)
{
	void *grown;

	if (fails(ALLOCATE))
		return NULL;
	grown = NEXT(realloc)(p, size);
	return p ? grown : count(grown);
}

EXPORT void free(void *p)
{
	if (p && running)
		control->live--;
	NEXT(free)(p);
}

/* Files. Fortified callers have names of their own for what may overflow. */

#define TAKE_MODE(flags)                                           \
	({                                                         \
		mode_t mode_ = 0;                                  \
		va_list ap_;                                       \
		va_start(ap_, flags);                              \
		if (__OPEN_NEEDS_MODE(flags))                      \
			mode_ = (mode_t)va_arg(ap_, unsigned int); \
		va_end(ap_);                                       \
		mode_;                                             \
	})

#define DEFINE_OPEN(name)                                                            \
	EXPORT int name(const char *path, int flags, ...)                            \
	{                                                                            \
		return fails(OPEN) ? -1 : NEXT(name)(path, flags, TAKE_MODE(flags)); \
	}                                                                            \
	EXPORT int __##name##_2(const char *path, int flags);                        \
	EXPORT int __##name##_2(const char *path, int flags)                         \
	{                                                                            \
		return fails(OPEN) ? -1 : NEXT(name)(path, flags, 0);                \
	}

#define DEFINE_OPENAT(name)                                                                  \
	EXPORT int name(int folder, const char *path, int flags, ...)                        \
	{                                                                                    \
		return fails(OPEN) ? -1 : NEXT(name)(folder, path, flags, TAKE_MODE(flags)); \
	}                                                                                    \
	EXPORT int __##name##_2(int folder, const char *path, int flags);                    \
	EXPORT int __##name##_2(int folder, const char *path, int flags)                     \
	{                                                                                    \
		return fails(OPEN) ? -1 : NEXT(name)(folder, path, flags, 0);                \
	}

DEFINE_OPEN(open)
DEFINE_OPEN(open64)
DEFINE_OPENAT(openat)
DEFINE_OPENAT(openat64)

/* openat2(2) has no function of its own. */
EXPORT long syscall(long number, ...)
{
	long a[6];
	va_list ap;

	va_start(ap, number);
	for (size_t i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (number == SYS_openat2 && fails(OPEN))
		return -1;
	return NEXT(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* One function that fails as `failure`, or is what it always is. */
#define DEFINE(kind, failure, type, name, parameters, ...)                \
	EXPORT type name parameters                                       \
	{                                                                 \
		return fails(kind) ? (failure) : NEXT(name)(__VA_ARGS__); \
	}

/* The same, of what no header names. */
#define DEFINE_HIDDEN(kind, failure, type, name, parameters, ...) \
	type name parameters;                                     \
	DEFINE(kind, failure, type, name, parameters, __VA_ARGS__)

DEFINE(OPEN, NULL, FILE *, fopen, (const char *path, const char *mode), path, mode)
DEFINE(OPEN, NULL, FILE *, fopen64, (const char *path, const char *mode), path, mode)

DEFINE(DESCRIPTOR, -1, int, memfd_create, (const char *name, unsigned int flags), name, flags)
DEFINE(DESCRIPTOR, -1, int, epoll_create1, (int flags), flags)
DEFINE(DESCRIPTOR, -1, int, timerfd_create, (clockid_t clock, int flags), clock, flags)
DEFINE(DESCRIPTOR, -1, int, signalfd, (int fd, const sigset_t *mask, int flags), fd, mask, flags)
DEFINE(DESCRIPTOR, -1, int, socket, (int domain, int type, int protocol), domain, type, protocol)
DEFINE(DESCRIPTOR, -1, int, pipe2, (int fds[2], int flags), fds, flags)

DEFINE(READ, -1, ssize_t, read, (int fd, void *buffer, size_t size), fd, buffer, size)
DEFINE_HIDDEN(READ, -1, ssize_t, __read_chk, (int fd, void *buffer, size_t size, size_t room), fd,
	      buffer, size, room)
DEFINE(READ, -1, ssize_t, pread, (int fd, void *buffer, size_t size, off_t offset), fd, buffer,
       size, offset)
DEFINE(READ, -1, ssize_t, pread64, (int fd, void *buffer, size_t size, off64_t offset), fd, buffer,
       size, offset)
DEFINE_HIDDEN(READ, -1, ssize_t, __pread_chk,
	      (int fd, void *buffer, size_t size, off_t offset, size_t room), fd, buffer, size,
	      offset, room)
DEFINE_HIDDEN(READ, -1, ssize_t, __pread64_chk,
	      (int fd, void *buffer, size_t size, off64_t offset, size_t room), fd, buffer, size,
	      offset, room)
DEFINE(READ, -1, ssize_t, readlinkat, (int folder, const char *path, char *buffer, size_t size),
       folder, path, buffer, size)
DEFINE_HIDDEN(READ, -1, ssize_t, __readlinkat_chk,
	      (int folder, const char *path, char *buffer, size_t size, size_t room), folder, path,
	      buffer, size, room)

DEFINE(LIST, NULL, DIR *, opendir, (const char *path), path)
DEFINE(LIST, NULL, DIR *, fdopendir, (int fd), fd)
DEFINE(LIST, NULL, struct dirent *, readdir, (DIR * dir), dir)
DEFINE(LIST, NULL, struct dirent64 *, readdir64, (DIR * dir), dir)

DEFINE(WRITE, -1, ssize_t, write, (int fd, const void *buffer, size_t size), fd, buffer, size)
DEFINE(WRITE, -1, ssize_t, pwrite, (int fd, const void *buffer, size_t size, off_t offset), fd,
       buffer, size, offset)
DEFINE(WRITE, -1, int, ftruncate, (int fd, off_t size), fd, size)
DEFINE(WRITE, -1, int, fsync, (int fd), fd)

/* Of a stream that is no file's, nothing is written. */
static bool has_file(FILE *file)
{
	return file && fileno(file) >= 0;
}

EXPORT int fflush(FILE *file)
{
	int r = NEXT(fflush)(file);

	return has_file(file) && fails(WRITE) ? EOF : r;
}

EXPORT int fclose(FILE *file)
{
	bool failed = has_file(file) && fails(WRITE);
	int error = errno, r = NEXT(fclose)(file);

	if (!failed)
		return r;
	errno = error;
	return EOF;
}

DEFINE(CHANGE, -1, int, mkdir, (const char *path, mode_t mode), path, mode)
DEFINE(CHANGE, -1, int, unlink, (const char *path), path)
DEFINE(CHANGE, -1, int, unlinkat, (int folder, const char *path, int flags), folder, path, flags)
DEFINE(CHANGE, -1, int, rename, (const char *from, const char *to), from, to)
DEFINE(CHANGE, -1, int, renameat, (int from, const char *old, int to, const char *new), from, old,
       to, new)

DEFINE(TALK, -1, int, connect, (int fd, const struct sockaddr *address, socklen_t size), fd,
       address, size)
DEFINE(TALK, -1, ssize_t, send, (int fd, const void *buffer, size_t size, int flags), fd, buffer,
       size, flags)
DEFINE(TALK, -1, ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), fd, message,
       flags)
DEFINE(TALK, -1, ssize_t, recv, (int fd, void *buffer, size_t size, int flags), fd, buffer, size,
       flags)
DEFINE(TALK, -1, ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), fd, message, flags)

EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*start)(void *), void *userdata)
{
	return fails(THREAD) ? EAGAIN : NEXT(pthread_create)(thread, attributes, start, userdata);
}
