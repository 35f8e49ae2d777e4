/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fnmatch.h>
#include <string.h>

#include "geometry.h"
#include "inventory.h"

#define BIT(value) (1u << (value))
#define ALL_PROVIDERS (BIT(MEMBLOCK_PROVIDER_COUNT) - 1)

/* No limit, in percent. The kernel multiplies it by a number of pages, in a word
 * (mm/memory_hotplug.c:auto_movable_can_online_movable()). */
#define RATIO_WITHOUT_LIMIT 1000000

/* The kernel takes the - and _ of a parameter's name as one (kernel/params.c:parameqn()). */
static bool is_parameter(const char *word, size_t length, const char *name)
{
	size_t n = strlen(name);

	if (length <= n || word[n] != '=')
		return false;
	for (size_t i = 0; i < n; i++)
		if (word[i] != name[i] && (word[i] != '-' || name[i] != '_'))
			return false;
	return true;
}

/* The next word of a command line, apart by blanks outside of quotes (lib/cmdline.c:next_arg());
 * what follows -- is init's. NULL past the last. */
static const char *next_word(const char **cursor, size_t *ret_length)
{
	const char *word = *cursor + strspn(*cursor, " \t\r\n"), *end = word;

	for (bool quoted = false; *end && (quoted || !strchr(" \t\r\n", *end)); end++)
		quoted = quoted != (*end == '"');
	*cursor = end;
	*ret_length = (size_t)(end - word);
	if (end == word || (end == word + 2 && strncmp(word, "--", 2) == 0))
		return NULL;
	return word;
}

/* Whether a parameter stands on the command line, whatever its value is. */
static bool command_line_has(const struct memblock_platform *platform, const char *name)
{
	const char *cursor = platform->command_line ? platform->command_line : "", *word;
	size_t length;

	while ((word = next_word(&cursor, &length)))
		if (is_parameter(word, length, name))
			return true;
	return false;
}

/* What memhp_default_state= says, an action as state files take it: the last that makes sense
 * counts (mm/memory_hotplug.c:setup_memhp_default_state()). NULL where it says nothing. */
static const char *command_line_state(const struct memblock_platform *platform)
{
	static const char name[] = "memhp_default_state";
	const char *cursor = platform->command_line ? platform->command_line : "", *word;
	const char *found = NULL;
	size_t length;

	while ((word = next_word(&cursor, &length))) {
		const char *value = word + strlen(name) + 1, *state;

		if (!is_parameter(word, length, name))
			continue;
		length -= strlen(name) + 1;
		for (int i = 0; (state = memblock_action_to_string((enum memblock_action)i)); i++)
			if (strlen(state) == length && strncmp(value, state, length) == 0)
				found = state;
	}
	return found;
}

/* Who names either on the command line has chosen how the kernel finds a zone. */
static bool command_line_has_zone_policy(const struct memblock_platform *platform)
{
	return command_line_has(platform, "memory_hotplug.online_policy") ||
	       command_line_state(platform);
}

static bool is_s390(const struct memblock_platform *platform)
{
	return geometry_is_s390(platform->architecture);
}

static bool is_pseries(const struct memblock_platform *platform)
{
	return platform->providers & BIT(MEMBLOCK_PROVIDER_LMB);
}

static bool is_bare_metal(const struct memblock_platform *platform)
{
	return platform->virtualization && strcmp(platform->virtualization, "none") == 0;
}

static bool has_chosen_zones(const struct memblock_platform *platform)
{
	return command_line_has(platform, "memory_hotplug.online_policy");
}

static bool has_online_policy(const struct memblock_platform *platform)
{
	return platform->has_online_policy;
}

/* In the order in which they are asked; the reasons in full stand in memblockd.conf(5). */
static const struct {
	struct memblock_default what;
	const char *state; /* what memhp_default_state= must say; NULL: anything */
	bool (*holds)(const struct memblock_platform *platform); /* NULL: always */
} defaults[] = {
	{ { MEMBLOCK_TREATMENT_NO, ALL_PROVIDERS,
	    "the kernel command line says memhp_default_state=offline" },
	  "offline",
	  NULL },
	{ { MEMBLOCK_TREATMENT_KERNEL, ALL_PROVIDERS,
	    "the kernel command line says memhp_default_state=online_kernel" },
	  "online_kernel",
	  NULL },
	{ { MEMBLOCK_TREATMENT_MOVABLE, ALL_PROVIDERS,
	    "the kernel command line says memhp_default_state=online_movable" },
	  "online_movable",
	  NULL },
	{ { MEMBLOCK_TREATMENT_DEFAULT, ALL_PROVIDERS,
	    "the kernel command line says memhp_default_state=online" },
	  "online",
	  NULL },
	/* Without /proc/iomem nothing tells these from other memory of such a machine. */
	{ { MEMBLOCK_TREATMENT_NO, BIT(MEMBLOCK_PROVIDER_STANDBY) | BIT(MEMBLOCK_PROVIDER_UNKNOWN),
	    "standby storage is left to the tools of s390" },
	  NULL,
	  is_s390 },
	{ { MEMBLOCK_TREATMENT_NO, BIT(MEMBLOCK_PROVIDER_LMB) | BIT(MEMBLOCK_PROVIDER_UNKNOWN),
	    "logical memory blocks are left to the tools of pseries" },
	  NULL,
	  is_pseries },
	{ { MEMBLOCK_TREATMENT_NO, BIT(MEMBLOCK_PROVIDER_DRIVER),
	    "memory of another driver, as of a GPU, is for that to bring online" },
	  NULL,
	  NULL },
	{ { MEMBLOCK_TREATMENT_NO, BIT(MEMBLOCK_PROVIDER_DAX),
	    "who sets a dax device up as memory says there whether it comes online" },
	  NULL,
	  NULL },
	{ { MEMBLOCK_TREATMENT_DEFAULT, ALL_PROVIDERS,
	    "the kernel command line says memory_hotplug.online_policy=" },
	  NULL,
	  has_chosen_zones },
	{ { MEMBLOCK_TREATMENT_DEFAULT, ALL_PROVIDERS,
	    "the kernel itself keeps zone Movable within a ratio (auto-movable)" },
	  NULL,
	  has_online_policy },
	{ { MEMBLOCK_TREATMENT_MOVABLE, ALL_PROVIDERS,
	    "memory of a machine without virtualization is added to be pulled again" },
	  NULL,
	  is_bare_metal },
	{ { MEMBLOCK_TREATMENT_DEFAULT, ALL_PROVIDERS,
	    "a virtual machine needs memory that the kernel can use for anything" },
	  NULL,
	  NULL },
};

bool memblock_policy_default(const struct memblock_platform *platform, size_t n,
			     struct memblock_default *ret)
{
	const char *state = command_line_state(platform);

	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
		if (defaults[i].state && (!state || strcmp(defaults[i].state, state) != 0))
			continue;
		if (defaults[i].holds && !defaults[i].holds(platform))
			continue;
		if (n-- == 0) {
			*ret = defaults[i].what;
			return true;
		}
		if (defaults[i].what.providers == ALL_PROVIDERS)
			break; /* none behind it is asked */
	}
	return false;
}

static struct memblock_default default_of(const struct memblock_platform *platform,
					  enum memblock_provider provider)
{
	struct memblock_default found;

	for (size_t i = 0; memblock_policy_default(platform, i, &found); i++)
		if (found.providers & BIT(provider))
			break;
	return found;
}

/* A list without words fits all; a word that is not known, NULL, fits no other. */
static bool is_listed(const char *const *list, const char *word)
{
	if (!list || !*list)
		return true;
	for (; word && *list; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

static bool fits_virtualization(const struct memblock_rule *rule, const char *virtualization)
{
	if (is_listed(rule->virtualizations, virtualization))
		return true;
	return virtualization && strcmp(virtualization, "none") != 0 &&
	       is_listed(rule->virtualizations, "vm");
}

static bool fits_machine(const struct memblock_rule *rule, const struct memblock_platform *platform)
{
	return is_listed(rule->architectures, platform->architecture) &&
	       fits_virtualization(rule, platform->virtualization);
}

static bool fits_provider(const struct memblock_rule *rule, enum memblock_provider provider)
{
	return is_listed(rule->providers, memblock_provider_to_string(provider));
}

static bool fits_device(const struct memblock_rule *rule, const char *name)
{
	const char *const *pattern = rule->devices;

	if (!pattern || !*pattern)
		return true;
	for (; name && *pattern; pattern++)
		if (fnmatch(*pattern, name, FNM_NOESCAPE) == 0)
			return true;
	return false;
}

static bool has_node(const struct memblock_rule *rule, int nid)
{
	for (size_t i = 0; i < rule->n_nodes; i++)
		if (rule->nodes[i] == nid)
			return true;
	return false;
}

/* All of its nodes must be named. */
static bool fits_nodes(const struct memblock_rule *rule, const struct memblock_inventory *inventory,
		       const struct memblock_block *block)
{
	const int *nids;
	size_t n;

	if (rule->n_nodes == 0)
		return true;
	n = memblock_block_nodes(inventory, block, &nids);
	for (size_t i = 0; i < n; i++)
		if (!has_node(rule, nids[i]))
			return false;
	return n > 0;
}

static bool fits_ranges(const struct memblock_rule *rule,
			const struct memblock_inventory *inventory,
			const struct memblock_block *block)
{
	for (size_t i = 0; i < rule->n_ranges; i++)
		if (rule->ranges[i].start <= block_start(inventory, block) &&
		    rule->ranges[i].end >= block_end(inventory, block))
			return true;
	return rule->n_ranges == 0;
}

static enum memblock_provider provider_of(const struct memblock_inventory *inventory,
					  const struct memblock_block *block)
{
	const struct memblock_device *device = memblock_block_device(inventory, block);

	return device ? device->provider : MEMBLOCK_PROVIDER_UNKNOWN;
}

/* The block that speaks for all of its device: the lowest, since devices grow upwards. Blocks that
 * no device owns speak for themselves. */
static const struct memblock_block *speaker_of(const struct memblock_inventory *inventory,
					       const struct memblock_block *block)
{
	if (!block_has_owner(inventory, block))
		return block;
	for (size_t i = 0; i < inventory->n_blocks; i++)
		if (inventory->blocks[i].device == block->device)
			return &inventory->blocks[i];
	return block;
}

static bool is_by_place(const struct memblock_rule *rule)
{
	return rule->n_nodes > 0 || rule->n_ranges > 0;
}

static bool fits_block(const struct memblock_rule *rule, const struct memblock_platform *platform,
		       const struct memblock_inventory *inventory,
		       const struct memblock_block *block)
{
	const struct memblock_device *device = memblock_block_device(inventory, block);

	if (!fits_machine(rule, platform) || !fits_provider(rule, provider_of(inventory, block)) ||
	    !fits_device(rule, device ? device->name : NULL))
		return false;
	if (!is_by_place(rule))
		return true;
	block = speaker_of(inventory, block);
	return fits_nodes(rule, inventory, block) && fits_ranges(rule, inventory, block);
}

void memblock_policy_decide(const struct memblock_policy *policy,
			    const struct memblock_platform *platform,
			    const struct memblock_inventory *inventory,
			    const struct memblock_block *block, struct memblock_decision *ret)
{
	struct memblock_default otherwise;

	for (size_t i = 0; i < policy->n_rules; i++)
		if (fits_block(&policy->rules[i], platform, inventory, block)) {
			*ret = (struct memblock_decision){ policy->rules[i].treatment,
							   &policy->rules[i],
							   "it is the first rule that fits" };
			return;
		}

	otherwise = default_of(platform, provider_of(inventory, block));
	*ret = (struct memblock_decision){ otherwise.treatment, NULL, otherwise.why };
}

/* Where nothing tells what may come, it is something that nobody knows. */
static unsigned providers_of(const struct memblock_platform *platform)
{
	return platform->providers ? platform->providers : BIT(MEMBLOCK_PROVIDER_UNKNOWN);
}

bool memblock_policy_rule_holds(const struct memblock_rule *rule,
				const struct memblock_platform *platform)
{
	unsigned providers = providers_of(platform);

	for (int i = 0; i < MEMBLOCK_PROVIDER_COUNT; i++)
		if (providers & BIT(i) && fits_provider(rule, (enum memblock_provider)i))
			return fits_machine(rule, platform);
	return false;
}

/* All that may become of memory of one provider. */
static unsigned treatments_of(const struct memblock_policy *policy,
			      const struct memblock_platform *platform,
			      enum memblock_provider provider)
{
	unsigned found = 0;

	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct memblock_rule *rule = &policy->rules[i];

		if (!fits_machine(rule, platform) || !fits_provider(rule, provider))
			continue;
		found |= BIT(rule->treatment);
		if (!is_by_place(rule) && !(rule->devices && *rule->devices))
			return found;
	}
	return found | BIT(default_of(platform, provider).treatment);
}

/* Why the kernel doesn't bring all that comes online by itself. */
static const char *why_kernel_cannot(const struct memblock_policy *policy, unsigned treatments)
{
	if (policy->leave_kernel)
		return "memblockd.conf says KernelPolicy=leave";
	if (treatments & (treatments - 1))
		return "memory that may come to this machine is not all treated alike";
	if (treatments == BIT(MEMBLOCK_TREATMENT_NO))
		return "memory that comes to this machine is left as it is";
	if (treatments == BIT(MEMBLOCK_TREATMENT_MOVABLE) && policy->movable_ratio > 0)
		return "told online_movable, the kernel keeps zone Movable within no ratio";
	return NULL;
}

/* How the kernel finds a zone where that is left to it, whoever brings the memory online; unless
 * the command line chose that. The ratio too, unless the command line has one and memblockd.conf
 * has none. */
static void tell_zone_policy(const struct memblock_policy *policy,
			     const struct memblock_platform *platform,
			     struct memblock_kernel_policy *told)
{
	bool chosen = command_line_has_zone_policy(platform);

	if (!platform->has_online_policy)
		return;
	if (!chosen)
		told->online_policy = "auto-movable";
	if (policy->ratio_is_set ||
	    (!chosen && !command_line_has(platform, "memory_hotplug.auto_movable_ratio")))
		told->auto_movable_ratio =
			policy->movable_ratio ? policy->movable_ratio : RATIO_WITHOUT_LIMIT;
}

void memblock_policy_for_kernel(const struct memblock_policy *policy,
				const struct memblock_platform *platform,
				struct memblock_kernel_policy *ret)
{
	static const enum memblock_action actions[] = {
		[MEMBLOCK_TREATMENT_DEFAULT] = MEMBLOCK_ACTION_ONLINE,
		[MEMBLOCK_TREATMENT_KERNEL] = MEMBLOCK_ACTION_ONLINE_KERNEL,
		[MEMBLOCK_TREATMENT_MOVABLE] = MEMBLOCK_ACTION_ONLINE_MOVABLE,
	};
	unsigned providers = providers_of(platform), treatments = 0;

	for (int i = 0; i < MEMBLOCK_PROVIDER_COUNT; i++)
		if (providers & BIT(i))
			treatments |= treatments_of(policy, platform, (enum memblock_provider)i);

	*ret = (struct memblock_kernel_policy){
		.why_not = why_kernel_cannot(policy, treatments),
		.treatments = treatments,
	};
	for (size_t i = 0; !ret->why_not && i < ARRAY_SIZE(actions); i++)
		if (treatments == BIT(i))
			ret->auto_online_blocks = memblock_action_to_string(actions[i]);
	if (!policy->leave_kernel && treatments & BIT(MEMBLOCK_TREATMENT_DEFAULT))
		tell_zone_policy(policy, platform, ret);
}
