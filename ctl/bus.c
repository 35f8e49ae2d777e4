/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "bus.h"
#include "log.h"
#include "polkit-agent.h"

const char *bus_error_word(const sd_bus_error *error, int r)
{
	const char *word;

	if (!sd_bus_error_is_set(error)) {
		word = strerrorname_np(-r);
		return word ? word : "Failed";
	}
	word = strrchr(error->name, '.');
	return word ? word + 1 : error->name;
}

char *bus_error_text(const sd_bus_error *error, int r)
{
	return strdup(sd_bus_error_is_set(error) && error->message ? error->message : strerror(-r));
}

int bus_tell(const sd_bus_error *error, int r)
{
	_cleanup_free_ char *text = bus_error_text(error, r);

	if (!text)
		return log_oom();
	log_line("%s: %s", bus_error_word(error, r), text);
	return r;
}

static bool is_denied(const sd_bus_error *error)
{
	return sd_bus_error_has_names(error, SD_BUS_ERROR_ACCESS_DENIED,
				      SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED);
}

int bus_tell_withheld(const sd_bus_error *error, int r)
{
	_cleanup_free_ char *text = bus_error_text(error, r);

	if (!text || r == -ENOMEM)
		return -ENOMEM;
	if (is_denied(error))
		log_line("What lies in blocks is told to those who may do org.memblockd1.inspect "
			 "(%s)",
			 text);
	else
		log_line("memblockd does not tell what lies in blocks: %s", text);
	return 0;
}

int bus_set_withheld(struct memblock_inventory *inventory, enum memblock_source source,
		     const sd_bus_error *error, int r)
{
	_cleanup_free_ char *text = bus_error_text(error, r);
	bool denied = is_denied(error);

	if (!text || r == -ENOMEM)
		return -ENOMEM;
	return memblock_inventory_tell_source(
		inventory, source,
		&(struct memblock_report_source){
			denied ? MEMBLOCK_SOURCE_HIDDEN : MEMBLOCK_SOURCE_FAILED,
			denied ? "memblockd tells it to those who may do org.memblockd1.inspect"
			       : text });
}

/* Nobody has the name, and nobody is started for it. */
static bool is_absent(const sd_bus_error *error)
{
	return sd_bus_error_has_names(error, SD_BUS_ERROR_SERVICE_UNKNOWN,
				      SD_BUS_ERROR_NAME_HAS_NO_OWNER);
}

static int fail(char **ret_why, int r, char *why)
{
	if (ret_why)
		*ret_why = why;
	else
		free(why);
	return r;
}

static const char *host;
static sd_bus *shared; /* once memblockd answered */
static bool leave_stopped;

void bus_set_host(const char *name)
{
	host = name;
}

/* ssh tells by itself what it knows. Where there is none, nobody does. */
static char *connection_text(int r)
{
	char *text;

	if (asprintf(&text,
		     host ? "no system bus by ssh, which runs systemd-stdio-bridge there: %s"
			  : "no system bus: %s",
		     strerror(-r)) < 0)
		return NULL;
	return text;
}

static char *silence_text(const sd_bus_error *error, int r)
{
	bool has_ended = r == -ENOTCONN || r == -ECONNRESET || r == -EPIPE;

	if (is_absent(error))
		return strdup("it does not run");
	return host && has_ended ? connection_text(r) : bus_error_text(error, r);
}

bool bus_is_remote(void)
{
	return host;
}

void bus_leave_stopped(void)
{
	leave_stopped = true;
}

/* No Ping: systemd-stdio-bridge would answer that by itself. */
static int ask_version(sd_bus *bus, sd_bus_error *error)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	int r;

	r = sd_bus_message_new_method_call(bus, &call, MEMBLOCK_BUS_NAME, MEMBLOCK_BUS_PATH,
					   "org.freedesktop.DBus.Properties", "Get");
	if (r >= 0)
		r = sd_bus_message_append(call, "ss", MEMBLOCK_BUS_MANAGER, "Version");
	if (r >= 0)
		r = sd_bus_message_set_auto_start(call, !leave_stopped);
	return r < 0 ? r : sd_bus_call(bus, call, 0, error, NULL);
}

int bus_connect(sd_bus **ret, char **ret_why)
{
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_bus_ sd_bus *bus = NULL;
	int r;

	if (shared) {
		*ret = sd_bus_ref(shared);
		return 0;
	}

	r = host ? sd_bus_open_system_remote(&bus, host) : sd_bus_open_system(&bus);
	if (r < 0)
		return fail(ret_why, r, connection_text(r));

	r = ask_version(bus, &error);
	if (r < 0)
		return fail(ret_why, r, silence_text(&error, r));
	shared = sd_bus_ref(bus);
	*ret = TAKE_PTR(bus);
	return 0;
}

static int tell_silence(int r, const char *why)
{
	return log_error(r, "memblockd%s%s does not answer (%s)", host ? " on " : "",
			 host ? host : "", why ? why : "out of memory");
}

int bus_fall_back(int r, const char *why)
{
	if (host)
		return tell_silence(r, why);
	log_line("memblockd does not answer (%s); reading the kernel itself",
		 why ? why : strerror(-r));
	return 0;
}

int bus_reach(sd_bus **ret)
{
	_cleanup_free_ char *why = NULL;
	int r;

	r = bus_connect(ret, &why);
	return r < 0 ? bus_fall_back(r, why) : 1;
}

int bus_need(sd_bus **ret)
{
	_cleanup_free_ char *why = NULL;
	int r;

	r = bus_connect(ret, &why);
	return r < 0 ? tell_silence(r, why) : 0;
}

int bus_block_size(sd_bus *bus, uint64_t *ret)
{
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r;

	r = sd_bus_get_property_trivial(bus, MEMBLOCK_BUS_NAME, MEMBLOCK_BUS_PATH,
					MEMBLOCK_BUS_MANAGER, "BlockSize", &error, 't', ret);
	return r < 0 ? bus_tell(&error, r) : 0;
}

int bus_allow_password(sd_bus_message *call)
{
	if (!host)
		polkit_agent_open(); /* another machine's polkit would not know of it */
	return sd_bus_message_set_allow_interactive_authorization(call, 1);
}

int bus_new_call(sd_bus *bus, const char *method, sd_bus_message **ret)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	int r;

	r = sd_bus_message_new_method_call(bus, &call, MEMBLOCK_BUS_NAME, MEMBLOCK_BUS_PATH,
					   MEMBLOCK_BUS_MANAGER, method);
	if (r >= 0)
		r = bus_allow_password(call);
	if (r >= 0)
		*ret = TAKE_PTR(call);
	return r;
}

int bus_call(sd_bus *bus, sd_bus_message *call, sd_bus_error *error, sd_bus_message **ret)
{
	return sd_bus_call(bus, call, BUS_PATIENCE_USEC, error, ret);
}

int bus_ask(sd_bus *bus, const char *method, sd_bus_message **ret)
{
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r;

	r = sd_bus_call_method(bus, MEMBLOCK_BUS_NAME, MEMBLOCK_BUS_PATH, MEMBLOCK_BUS_MANAGER,
			       method, &error, ret, NULL);
	return r < 0 ? bus_tell(&error, r) : 0;
}

int bus_watch_interrupts(sd_event *event, sd_event_signal_handler_t handler, void *userdata)
{
	sigset_t signals;
	int r;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
		return -errno;
	r = sd_event_add_signal(event, NULL, SIGINT, handler, userdata);
	return r < 0 ? r : sd_event_add_signal(event, NULL, SIGTERM, handler, userdata);
}

int bus_append_ranges(sd_bus_message *call, const struct memblock_range *ranges, size_t n)
{
	int r;

	r = sd_bus_message_open_container(call, 'a', "(tt)");
	for (size_t i = 0; r >= 0 && i < n; i++)
		r = sd_bus_message_append(call, "(tt)", ranges[i].start,
					  ranges[i].end - ranges[i].start);
	return r < 0 ? r : sd_bus_message_close_container(call);
}

int bus_get_all(sd_bus *bus, const char *path, const char *interface, sd_bus_error *error,
		sd_bus_message **ret)
{
	return sd_bus_call_method(bus, MEMBLOCK_BUS_NAME, path, "org.freedesktop.DBus.Properties",
				  "GetAll", error, ret, "s", interface);
}

static const struct bus_member *find_member(const struct bus_member *members, const char *name)
{
	for (; members->name; members++)
		if (strcmp(members->name, name) == 0)
			return members;
	return NULL;
}

/* The value of one property, whose name was read. */
static int read_value(sd_bus_message *message, const struct bus_member *member, void *target)
{
	const char type[] = { member->type, '\0' };
	int r;

	r = sd_bus_message_enter_container(message, 'v', type);
	if (r < 0)
		return r == -ENXIO ? -EBADMSG : r;
	r = sd_bus_message_read_basic(message, member->type, (char *)target + member->offset);
	return r < 0 ? r : sd_bus_message_exit_container(message);
}

static int read_property(sd_bus_message *message, const struct bus_member *members, void *target,
			 int (*other)(const char *name, sd_bus_message *message, void *target))
{
	const struct bus_member *member;
	const char *name;
	int r;

	r = sd_bus_message_read_basic(message, 's', &name);
	if (r < 0)
		return r;
	member = find_member(members, name);
	if (member)
		return read_value(message, member, target);
	r = other ? other(name, message, target) : 0;
	return r == 0 ? sd_bus_message_skip(message, "v") : r;
}

int bus_read_members(sd_bus_message *message, const struct bus_member *members, void *target,
		     int (*other)(const char *name, sd_bus_message *message, void *target))
{
	int r;

	r = sd_bus_message_enter_container(message, 'a', "{sv}");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
		r = read_property(message, members, target, other);
		if (r >= 0)
			r = sd_bus_message_exit_container(message);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : sd_bus_message_exit_container(message);
}
