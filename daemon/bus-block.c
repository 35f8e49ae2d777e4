/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "bus-paths.h"
#include "bus-rows.h"

/*
 * Block objects are made when they are asked for: a machine of 200,000 blocks costs no
 * registration. What the vtable's functions get is the manager; the block is found by the path.
 */

static const struct memblock_block *find_block(const struct manager *manager, const char *path)
{
	uint64_t index;

	if (path_number(path, BLOCK_PATH "/memory", &index) < 0)
		return NULL;
	return memblock_inventory_find(manager->inventory, index);
}

static int find_object(sd_bus *bus __attribute__((unused)), const char *path,
		       const char *interface __attribute__((unused)), void *userdata,
		       void **ret_found, sd_bus_error *error __attribute__((unused)))
{
	if (!find_block(userdata, path))
		return 0;
	*ret_found = userdata;
	return 1;
}

static int not_known(sd_bus_error *error)
{
	return sd_bus_error_set(error, MEMBLOCK_BUS_ERROR "NotKnown",
				"What lies in the block is not known without /proc/iomem");
}

static int went_away(sd_bus_error *error)
{
	return sd_bus_error_set(error, MEMBLOCK_BUS_ERROR "NoSuchBlock",
				"The block went away while it was looked at");
}

static int append_words(sd_bus_message *reply, const struct memblock_inventory *inventory,
			const struct memblock_block *block)
{
	_cleanup_free_ uint64_t *words = NULL;
	enum memblock_source source;
	size_t n;
	int r;

	r = memblock_block_subsections(inventory, block, &words, &n, &source);
	return r < 0 ? r : sd_bus_message_append_array(reply, 't', words, n * sizeof(*words));
}

static int append_derived(sd_bus_message *reply, const struct memblock_inventory *inventory,
			  const struct memblock_block *block)
{
	_cleanup_free_ uint64_t *words = NULL;
	size_t n;
	int r;

	r = memblock_block_subsections_from(inventory, block, MEMBLOCK_SOURCE_IOMEM, &words, &n);
	return r < 0 ? r : sd_bus_message_append_array(reply, 't', words, n * sizeof(*words));
}

static int append_flags(sd_bus_message *reply, const struct memblock_inventory *inventory,
			const struct memblock_block *block)
{
	_cleanup_free_ uint32_t *flags = NULL;
	int n;

	n = memblock_block_section_flags(inventory, block, &flags);
	return n < 0 ? n
		     : sd_bus_message_append_array(reply, 'u', flags, (size_t)n * sizeof(*flags));
}

static int append_composition(sd_bus_message *reply, const struct memblock_inventory *inventory,
			      const struct memblock_block *block)
{
	_cleanup_free_ struct memblock_extent *extents = NULL;
	int n, r;

	n = memblock_block_composition(inventory, block, &extents);
	if (n < 0)
		return n;
	r = sd_bus_message_open_container(reply, 'a', "(ttsiss)");
	for (int i = 0; r >= 0 && i < n; i++) {
		const struct memblock_extent *extent = &extents[i];
		const char *zone = extent->zone == MEMBLOCK_ZONE_NONE
					   ? ""
					   : memblock_zone_to_string(extent->zone);

		r = sd_bus_message_append(reply, "(ttsiss)", extent->start,
					  extent->end - extent->start,
					  memblock_kind_to_string(extent->kind), extent->nid, zone,
					  extent->owner ? extent->owner : "");
	}
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_evidence(sd_bus_message *reply, const struct memblock_inventory *inventory,
			   const struct memblock_block *block)
{
	_cleanup_(memblock_strv_freep) char **evidence = NULL;
	int n;

	n = memblock_block_evidence(inventory, block, &evidence);
	return n < 0 ? n : sd_bus_message_append_strv(reply, evidence);
}

static const char *source_word(enum memblock_source source)
{
	return source == MEMBLOCK_SOURCE_IOMEM ? "derived" : "kernel";
}

/* How many words a section takes; 0, and no source, where the map is not known. */
static int map_form(const struct memblock_inventory *inventory, const struct memblock_block *block,
		    uint32_t *ret_words, const char **ret_source)
{
	_cleanup_free_ uint64_t *words = NULL;
	enum memblock_source source;
	size_t n;
	int r;

	r = memblock_block_subsections(inventory, block, &words, &n, &source);
	if (r == -ENOMEM)
		return r;
	*ret_words = r < 0 ? 0 : (uint32_t)r;
	*ret_source = r < 0 ? "" : source_word(source);
	return 0;
}

/* An empty list stands for what is not known. */
static int append_or_nothing(sd_bus_message *reply, const struct memblock_inventory *inventory,
			     const struct memblock_block *block, const char *type,
			     int (*append)(sd_bus_message *, const struct memblock_inventory *,
					   const struct memblock_block *))
{
	int r = append(reply, inventory, block);

	return r == -ENODATA ? sd_bus_message_append(reply, type, 0) : r;
}

static int append_details(sd_bus_message *reply, const struct memblock_inventory *inventory,
			  const struct memblock_block *block)
{
	const char *source;
	uint32_t words;
	int r;

	r = map_form(inventory, block, &words, &source);
	if (r >= 0)
		r = append_or_nothing(reply, inventory, block, "at", append_words);
	if (r >= 0)
		r = sd_bus_message_append(reply, "us", words, source);
	if (r >= 0)
		r = append_or_nothing(reply, inventory, block, "at", append_derived);
	if (r >= 0)
		r = append_or_nothing(reply, inventory, block, "au", append_flags);
	if (r >= 0)
		r = append_or_nothing(reply, inventory, block, "a(ttsiss)", append_composition);
	return r < 0 ? r : append_evidence(reply, inventory, block);
}

/* Has a worker read the kernel's table of a block's sections before answer() tells of it. */
static int look_first(sd_bus_message *message, struct manager *manager,
		      const struct memblock_block *block, bus_survey_function answer,
		      void *userdata, sd_bus_error *error)
{
	struct survey_question question = {};
	struct memblock_range *range = &question.sections;

	range->start = memblock_block_start(manager->inventory, block);
	range->end = range->start + memblock_inventory_block_size(manager->inventory);
	return bus_survey(manager, message, &question, answer, userdata, NULL, error);
}

/* Begins the answer to a call that look_first() held back, once the sections that were found are
 * added. */
static int begin_answer(struct manager *manager, sd_bus_message *message,
			const struct findings *findings, sd_bus_error *error,
			const struct memblock_block **ret_block, sd_bus_message **ret_reply)
{
	const struct memblock_block *block;
	int r;

	block = find_block(manager, sd_bus_message_get_path(message));
	if (!block)
		return went_away(error);
	r = asked_add_sections(manager, findings, block);
	if (r < 0)
		return r;
	*ret_block = block;
	return sd_bus_message_new_method_return(message, ret_reply);
}

static int answer_details(struct manager *manager, sd_bus_message *message,
			  struct findings *findings, void *userdata __attribute__((unused)),
			  sd_bus_error *error)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	const struct memblock_block *block = NULL;
	int r;

	r = begin_answer(manager, message, findings, error, &block, &reply);
	if (r >= 0)
		r = append_details(reply, manager->inventory, block);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int details(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct manager *manager = userdata;
	const struct memblock_block *block;
	int r;

	r = bus_authorize(manager, message, "inspect", error);
	if (r <= 0)
		return r < 0 ? r : 1;

	block = find_block(manager, sd_bus_message_get_path(message));
	return block ? look_first(message, manager, block, answer_details, NULL, error) : -ENXIO;
}

static int append_index(sd_bus_message *reply, const struct memblock_inventory *inventory,
			const struct memblock_block *block)
{
	(void)inventory;
	return sd_bus_message_append(reply, "t", memblock_block_index(block));
}

static int append_start(sd_bus_message *reply, const struct memblock_inventory *inventory,
			const struct memblock_block *block)
{
	return sd_bus_message_append(reply, "t", memblock_block_start(inventory, block));
}

static int append_size(sd_bus_message *reply, const struct memblock_inventory *inventory,
		       const struct memblock_block *block)
{
	(void)block;
	return sd_bus_message_append(reply, "t", memblock_inventory_block_size(inventory));
}

static int append_state(sd_bus_message *reply, const struct memblock_inventory *inventory,
			const struct memblock_block *block)
{
	(void)inventory;
	return sd_bus_message_append(reply, "s",
				     memblock_state_to_string(memblock_block_state(block)));
}

static int append_nid(sd_bus_message *reply, const struct memblock_inventory *inventory,
		      const struct memblock_block *block)
{
	(void)inventory;
	return sd_bus_message_append(reply, "i", memblock_block_nid(block));
}

static int append_nodes(sd_bus_message *reply, const struct memblock_inventory *inventory,
			const struct memblock_block *block)
{
	return bus_append_nodes(reply, inventory, block, "i");
}

static int append_zones(sd_bus_message *reply, const struct memblock_inventory *inventory,
			const struct memblock_block *block)
{
	(void)inventory;
	return bus_append_zones(reply, block);
}

static int append_removable(sd_bus_message *reply, const struct memblock_inventory *inventory,
			    const struct memblock_block *block)
{
	(void)inventory;
	return sd_bus_message_append(reply, "s",
				     memblock_answer_to_string(memblock_block_removable(block)));
}

static int append_reasons(sd_bus_message *reply, const struct memblock_inventory *inventory,
			  const struct memblock_block *block)
{
	(void)inventory;
	return bus_append_reasons(reply, block);
}

static int append_device(sd_bus_message *reply, const struct memblock_inventory *inventory,
			 const struct memblock_block *block)
{
	return sd_bus_message_append(reply, "s", device_text(inventory, block));
}

static int append_map_words(sd_bus_message *reply, const struct memblock_inventory *inventory,
			    const struct memblock_block *block)
{
	const char *source;
	uint32_t words;
	int r = map_form(inventory, block, &words, &source);

	return r < 0 ? r : sd_bus_message_append(reply, "u", words);
}

/* The one table of properties: what fills each, and whether org.memblockd1.inspect is asked. */
static const struct block_property {
	const char *name;
	int (*append)(sd_bus_message *reply, const struct memblock_inventory *inventory,
		      const struct memblock_block *block);
	bool inspect;
	const char *look; /* its type, where a worker is asked too */
} properties[] = {
	{ "Index", append_index, false, NULL },
	{ "Start", append_start, false, NULL },
	{ "Size", append_size, false, NULL },
	{ "State", append_state, false, NULL },
	{ "Nid", append_nid, false, NULL },
	{ "Nodes", append_nodes, false, NULL },
	{ "Zones", append_zones, false, NULL },
	{ "Removable", append_removable, false, NULL },
	{ "Reasons", append_reasons, false, NULL },
	{ "Device", append_device, false, NULL },
	{ "SubsectionWords", append_map_words, false, NULL },
	{ "Subsections", append_words, true, "at" },
	{ "Composition", append_composition, true, NULL },
	{ "Evidence", append_evidence, true, "as" },
};

static const struct block_property *find_property(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(properties); i++)
		if (strcmp(properties[i].name, name) == 0)
			return &properties[i];
	return NULL;
}

static int get_property(sd_bus *bus __attribute__((unused)), const char *path,
			const char *interface __attribute__((unused)), const char *name,
			sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct manager *manager = userdata;
	const struct memblock_block *block = find_block(manager, path);
	const struct block_property *property = find_property(name);
	int r;

	if (!block || !property)
		return -ENXIO;
	r = property->append(reply, manager->inventory, block);
	return r == -ENODATA ? not_known(error) : r;
}

/* Where the block was not asked for, the kernel's map of it can be had if that of any can. */
static int get_map_source(sd_bus *bus __attribute__((unused)), const char *path,
			  const char *interface __attribute__((unused)),
			  const char *name __attribute__((unused)), sd_bus_message *reply,
			  void *userdata, sd_bus_error *error __attribute__((unused)))
{
	struct manager *manager = userdata;
	const struct memblock_block *block = find_block(manager, path);
	_cleanup_free_ uint32_t *flags = NULL;
	const char *source;
	uint32_t words;
	int r;

	if (!block)
		return -ENXIO;
	r = map_form(manager->inventory, block, &words, &source);
	if (r < 0)
		return r;
	if (manager->asked.has_kernel_map &&
	    memblock_block_section_flags(manager->inventory, block, &flags) == -ENODATA)
		source = source_word(MEMBLOCK_SOURCE_SECTIONS);
	return sd_bus_message_append(reply, "s", source);
}

/* The answer to a Get of such a property. */
static int answer_get(struct manager *manager, sd_bus_message *message, struct findings *findings,
		      void *userdata, sd_bus_error *error)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	const struct block_property *property = userdata;
	const struct memblock_block *block = NULL;
	int r;

	r = begin_answer(manager, message, findings, error, &block, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'v', property->look);
	if (r >= 0)
		r = property->append(reply, manager->inventory, block);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	if (r < 0)
		return r == -ENODATA ? not_known(error) : r;
	return sd_bus_send(NULL, reply, NULL);
}

/*
 * sd-bus wants the value of a property at once, and both polkit and workers take their time. So a
 * Get of what org.memblockd1.inspect guards is held here, in front of the vtable, until polkit has
 * answered; and where a worker is asked, it is answered from here.
 */
static int guard_get(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct manager *manager = userdata;
	const struct block_property *property;
	const struct memblock_block *block;
	const char *interface, *name;
	int r;

	if (!sd_bus_message_is_method_call(message, "org.freedesktop.DBus.Properties", "Get"))
		return 0;
	if (sd_bus_message_read(message, "ss", &interface, &name) < 0)
		return 0; /* the vtable's own answer is better */
	property = find_property(name);
	if (strcmp(interface, MEMBLOCK_BUS_BLOCK) != 0 || !property || !property->inspect)
		return 0;

	r = bus_authorize(manager, message, "inspect", error);
	if (r <= 0)
		return r < 0 ? r : 1;
	block = find_block(manager, sd_bus_message_get_path(message));
	if (!block || !property->look)
		return 0;
	return look_first(message, manager, block, answer_get, (void *)property, error);
}

#define BLOCK_PROPERTY(name, type) SD_BUS_PROPERTY(name, type, get_property, 0, 0)
/* Left out of GetAll, which must not ask for what a stranger may not see. */
#define GUARDED_PROPERTY(name, type) \
	SD_BUS_PROPERTY(name, type, get_property, 0, SD_BUS_VTABLE_PROPERTY_EXPLICIT)

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("Details", SD_BUS_NO_ARGS,
				SD_BUS_RESULT("at", subsections, "u", words_per_section, "s",
					      source, "at", derived, "au", section_flags,
					      "a(ttsiss)", composition, "as", evidence),
				details, SD_BUS_VTABLE_UNPRIVILEGED),
	BLOCK_PROPERTY("Index", "t"),
	BLOCK_PROPERTY("Start", "t"),
	BLOCK_PROPERTY("Size", "t"),
	BLOCK_PROPERTY("State", "s"),
	BLOCK_PROPERTY("Nid", "i"),
	BLOCK_PROPERTY("Nodes", "ai"),
	BLOCK_PROPERTY("Zones", "as"),
	BLOCK_PROPERTY("Removable", "s"),
	BLOCK_PROPERTY("Reasons", "as"),
	BLOCK_PROPERTY("Device", "s"),
	SD_BUS_PROPERTY("SubsectionSource", "s", get_map_source, 0, 0),
	BLOCK_PROPERTY("SubsectionWords", "u"),
	GUARDED_PROPERTY("Subsections", "at"),
	GUARDED_PROPERTY("Composition", "a(ttsiss)"),
	GUARDED_PROPERTY("Evidence", "as"),
	SD_BUS_VTABLE_END,
};

int bus_add_blocks(sd_bus *connection, struct manager *manager)
{
	int r;

	r = sd_bus_add_fallback(connection, NULL, BLOCK_PATH, guard_get, manager);
	return r < 0 ? r
		     : sd_bus_add_fallback_vtable(connection, NULL, BLOCK_PATH, MEMBLOCK_BUS_BLOCK,
						  vtable, find_object, manager);
}
