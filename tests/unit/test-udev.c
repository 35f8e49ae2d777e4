/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "udev-event.h"
#include "unit.h"

/* How a file is taken apart: "LINE KEY{ATTRIBUTE}OPERATOR'VALUE'", a rule a line, a token apart
 * from the next by a blank. */
struct parse_row {
	const char *name;
	const char *text;
	const char *wanted;
	unsigned refused;
};

static const struct parse_row parse_rows[] = {
	{ "nothing", "", "", 0 },
	{ "comment", "# KEY==\"a\"\n  # another\n\n", "", 0 },
	{ "one", "KEY==\"a\"\n", "1 KEY=='a'", 0 },
	{ "without line feed", "KEY==\"a\"", "1 KEY=='a'", 0 },
	{ "operators", "A==\"1\", B!=\"2\", C+=\"3\", D-=\"4\", E:=\"5\", F=\"6\"",
	  "1 A=='1' B!='2' C+='3' D-='4' E:='5' F='6'", 0 },
	{ "attribute", "ATTR{[dmi/id]x}==\"a b,c\"", "1 ATTR{[dmi/id]x}=='a b,c'", 0 },
	{ "no commas", "A==\"1\"  B=\"2\"\tC=\"\"", "1 A=='1' B='2' C=''", 0 },
	{ "blanks around the operator", "A == \"1\", B{x} = \"2\"", "1 A=='1' B{x}='2'", 0 },
	{ "quotes inside", "RUN+=\"sh -c \\\"x\\\" \\n\"", "1 RUN+='sh -c \"x\" \\n'", 0 },
	{ "prefixes", "A=e\"x\", B==i\"y\"", "1 A='x' B=='y'", 0 },
	{ "several lines", "\nA==\"1\", \\\n   B=\"2\"\nC=\"3\"\n", "2 A=='1' B='2'\n4 C='3'", 0 },
	{ "a comment between", "A==\"1\", \\\n# x\n B=\"2\"\n", "1 A=='1' B='2'", 0 },
	{ "backslash at the end", "A==\"1\" \\", "1 A=='1'", 0 },
	{ "carriage returns", "A==\"1\"\r\nB==\"2\"\r\n", "1 A=='1'\n2 B=='2'", 0 },
	{ "no operator", "A\nB=\"1\"", "2 B='1'", 1 },
	{ "no quotes", "B=\"1\"\nA==1", "1 B='1'", 2 },
	{ "quote without end", "A==\"1\nB=\"2\"", "2 B='2'", 1 },
	{ "brace without end", "A{x==\"1\"", "", 1 },
	{ "no key", "==\"1\"", "", 1 },
};

static const char *const operators[] = { "==", "!=", "+=", "-=", ":=", "=" };

static void test_parse(void **state)
{
	const struct parse_row *row = *state;
	struct udev_rules rules = {};
	char text[1024] = "";

	assert_int_equal(udev_rules_parse(row->text, strlen(row->text), &rules), 0);
	for (size_t i = 0; i < rules.n; i++) {
		const struct udev_rule *rule = &rules.items[i];

		sprintf(text + strlen(text), "%s%u", i > 0 ? "\n" : "", rule->line);
		for (size_t j = 0; j < rule->n; j++) {
			const struct udev_token *token = &rule->tokens[j];

			sprintf(text + strlen(text), " %s%s%s%s%s'%s'", token->key,
				token->attribute ? "{" : "",
				token->attribute ? token->attribute : "",
				token->attribute ? "}" : "", operators[token->operator],
				token->value);
		}
	}
	assert_string_equal(text, row->wanted);
	assert_int_equal(rules.refused, row->refused);
	udev_rules_done(&rules);
}

static void test_long_rules(void **state)
{
	static const char good[] = "\nA==\"1\"";
	struct udev_rules rules = {};
	char *text = malloc(70000);

	(void)state;
	assert_non_null(text);
	for (size_t length = 16000; length < 66000; length += 25000) {
		memset(text, 'x', length);
		memcpy(text, "A==\"", 4);
		memcpy(text + length - 1, "\"", 1);
		memcpy(text + length, good, sizeof(good));
		assert_int_equal(udev_rules_parse(text, length + strlen(good), &rules), 0);
		assert_int_equal(rules.n, length < 16384 ? 2 : 1);
		assert_int_equal(rules.items[rules.n - 1].line, 2);
		udev_rules_done(&rules);
	}
	free(text);
}

/* What is known of the machine: its architecture and virtualization, and two attributes. */
struct event_row {
	const char *name;
	const char *architecture, *virtualization;
	const char *text;
	const char *wanted; /* "yes 1 online", "maybe 2 online|offline?", ...; a line each */
};

#define ONLINE "ATTR{state}=\"online\""

static const struct event_row event_rows[] = {
	{ "nothing", NULL, NULL, "", "" },
	{ "always", NULL, NULL, ONLINE, "yes 1 online" },
	{ "conditions that hold", NULL, NULL,
	  "SUBSYSTEM==\"memory\", SUBSYSTEMS==\"mem*\", ACTION==\"add|change\", "
	  "KERNEL==\"memory[0-9]*\", DEVPATH==\"/devices/*/memory/*\", TEST==\"state\", "
	  "ATTR{state}==\"offline\", ATTR{online}!=\"1\", DRIVER==\"\", " ONLINE,
	  "yes 1 online" },
	{ "another subsystem", NULL, NULL, "SUBSYSTEM==\"cpu\", " ONLINE, "" },
	{ "another action", NULL, NULL, "ACTION!=\"add\", " ONLINE, "" },
	{ "one block", NULL, NULL, "KERNEL==\"memory77\", " ONLINE, "maybe 1 online" },
	{ "some blocks", NULL, NULL, "KERNEL==\"memory[0-9]\", " ONLINE, "maybe 1 online" },
	{ "another device", NULL, NULL, "KERNEL==\"sd*\", " ONLINE, "" },
	{ "what is not known", NULL, NULL, "TAG==\"x\", " ONLINE, "maybe 1 online" },
	{ "and what does not hold", NULL, NULL, "TAG==\"x\", ACTION==\"remove\", " ONLINE, "" },
	{ "attribute", NULL, NULL, "ATTRS{known}==\"value\", " ONLINE, "yes 1 online" },
	{ "attribute that differs", NULL, NULL, "ATTRS{known}!=\"value\", " ONLINE, "" },
	{ "attribute that is not there", NULL, NULL, "ATTR{other}==\"*\", " ONLINE, "" },
	{ "nor differs for all", NULL, NULL, "ATTR{other}!=\"x\", " ONLINE, "maybe 1 online" },
	{ "attribute that is not known", NULL, NULL, "ATTR{hidden}==\"x\", " ONLINE,
	  "maybe 1 online" },
	{ "architecture", "x86_64", NULL, "CONST{arch}==\"x86-64\", " ONLINE, "yes 1 online" },
	{ "another", "ppc64le", NULL, "CONST{arch}!=\"ppc64*|s390*\", " ONLINE, "" },
	{ "none known", NULL, NULL, "CONST{arch}==\"x86-64\", " ONLINE, "maybe 1 online" },
	{ "virtualization", NULL, "kvm", "CONST{virt}==\"kvm\", " ONLINE, "yes 1 online" },
	{ "program", "s390x", NULL, "PROGRAM=\"/bin/uname -p\", RESULT!=\"s390*\", " ONLINE, "" },
	{ "result of a line before", "s390x", NULL,
	  "PROGRAM==\"uname -m\"\nRESULT==\"s390*\", " ONLINE, "yes 2 online" },
	{ "detect-virt", NULL, "kvm",
	  "PROGRAM=\"/usr/bin/systemd-detect-virt\", RESULT==\"kvm\", " ONLINE, "yes 1 online" },
	{ "detect-virt fails", NULL, "none",
	  "PROGRAM=\"/usr/bin/systemd-detect-virt\", RESULT==\"none\", " ONLINE, "maybe 1 online" },
	{ "any program", NULL, NULL, "PROGRAM==\"/bin/x\", RESULT==\"y\", " ONLINE,
	  "maybe 1 online" },
	{ "goto", NULL, NULL, "GOTO=\"a\"\n" ONLINE "\nLABEL=\"a\"", "" },
	{ "goto that is not taken", NULL, NULL,
	  "ACTION!=\"add\", GOTO=\"a\"\n" ONLINE "\nLABEL=\"a\"", "yes 2 online" },
	{ "goto that may be taken", NULL, NULL,
	  "TAG==\"x\", GOTO=\"a\"\n" ONLINE "\nLABEL=\"a\", ATTR{state}=\"offline\"",
	  "maybe 2 online\nyes 3 offline" },
	{ "several ways to one label", NULL, NULL,
	  "TAG==\"x\", GOTO=\"a\"\nTAG==\"y\", GOTO=\"a\"\nTAG==\"z\", GOTO=\"b\"\nGOTO=\"b\"\n"
	  "LABEL=\"a\", " ONLINE "\nLABEL=\"b\", ATTR{state}=\"offline\"",
	  "maybe 5 online\nyes 6 offline" },
	{ "goto without label", NULL, NULL, "GOTO=\"a\"\n" ONLINE, "yes 2 online" },
	{ "goto back", NULL, NULL, "LABEL=\"a\", " ONLINE "\nGOTO=\"a\"\nATTR{state}=\"offline\"",
	  "yes 1 online\nyes 3 offline" },
	{ "variable", NULL, NULL, "ENV{x}=\"online\"\nATTR{state}=\"$env{x}\"", "yes 2 online" },
	{ "changed", NULL, NULL, "ENV{x}=\"a\"\nENV{x}=\"b\"\nATTR{state}=\"%E{x}\"", "yes 3 b" },
	{ "changed perhaps", NULL, NULL,
	  "ENV{x}=\"a\"\nTAG==\"x\", ENV{x}=\"b\"\nATTR{state}=\"$env{x}\"", "yes 3 a|b" },
	{ "set perhaps", NULL, NULL, "TAG==\"x\", ENV{x}=\"a\"\nATTR{state}=\"$env{x}\"",
	  "yes 2 a?" },
	{ "never set", NULL, NULL, "ATTR{state}=\"$env{x}\"", "yes 1 ?" },
	{ "compared", NULL, NULL, "ENV{x}=\"a\"\nENV{x}==\"a\", " ONLINE "\nENV{x}!=\"a\", " ONLINE,
	  "yes 2 online" },
	{ "compared perhaps", NULL, NULL,
	  "ENV{x}=\"a\"\nTAG==\"x\", ENV{x}=\"b\"\nENV{x}==\"b\", " ONLINE, "maybe 3 online" },
	{ "more values than are kept", NULL, NULL,
	  "ENV{x}=\"a\"\nTAG==\"x\", ENV{x}=\"b\"\nTAG==\"x\", ENV{x}=\"c\"\n"
	  "TAG==\"x\", ENV{x}=\"d\"\nTAG==\"x\", ENV{x}=\"e\"\nATTR{state}=\"$env{x}\"",
	  "yes 6 a|b|c|d?" },
	{ "no synthetic event", NULL, NULL, "ENV{SYNTH_UUID}==\"?*\", " ONLINE, "" },
};

static int attribute(const char *name, void *userdata, char **ret)
{
	(void)userdata;
	if (strcmp(name, "hidden") == 0)
		return -ENODATA;
	if (strcmp(name, "known") != 0)
		return 0;
	*ret = strdup("value");
	return *ret ? 1 : -ENOMEM;
}

static int effect(enum truth truth, const struct udev_rule *rule, const struct udev_token *token,
		  const struct udev_values *values, void *userdata)
{
	static const char *const words[] = { "no", "maybe", "yes" };
	char *text = (char *)userdata + strlen(userdata);

	if (strcmp(token->key, "ATTR") != 0)
		return 0;
	text += sprintf(text, "%s%s %u ", text > (char *)userdata ? "\n" : "", words[truth],
			rule->line);
	for (size_t i = 0; i < values->n; i++)
		text += sprintf(text, "%s%s", i > 0 ? "|" : "", values->items[i]);
	strcpy(text, values->others ? "?" : "");
	return 0;
}

static void test_event(void **state)
{
	const struct event_row *row = *state;
	char text[1024] = "";
	const struct udev_machine machine = {
		.architecture = row->architecture,
		.virtualization = row->virtualization,
		.attribute = attribute,
		.effect = effect,
		.userdata = text,
	};
	struct udev_event *event;
	struct udev_rules rules;

	assert_int_equal(udev_rules_parse(row->text, strlen(row->text), &rules), 0);
	assert_int_equal(udev_event_new(&machine, "add", &event), 0);
	assert_int_equal(udev_event_apply(event, &rules), 0);
	assert_string_equal(text, row->wanted);
	udev_event_free(event);
	udev_rules_done(&rules);
}

/* Variables and results live on from file to file, a jump ends with its own. */
static void test_files(void **state)
{
	static const char *const files[] = { "ENV{x}=\"online\"\nGOTO=\"end\"\nLABEL=\"end\"",
					     "LABEL=\"end\", ATTR{state}=\"$env{x}\"" };
	char text[1024] = "";
	const struct udev_machine machine = {
		.attribute = attribute,
		.effect = effect,
		.userdata = text,
	};
	struct udev_event *event;

	(void)state;
	assert_int_equal(udev_event_new(&machine, "add", &event), 0);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct udev_rules rules;

		assert_int_equal(udev_rules_parse(files[i], strlen(files[i]), &rules), 0);
		assert_int_equal(udev_event_apply(event, &rules), 0);
		udev_rules_done(&rules);
	}
	assert_string_equal(text, "yes 1 online");
	udev_event_free(event);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_long_rules),
		cmocka_unit_test(test_files),
	};

	return RUN_ROWS(parse_rows, test_parse) + RUN_ROWS(event_rows, test_event) +
	       RUN_TESTS(tests);
}
