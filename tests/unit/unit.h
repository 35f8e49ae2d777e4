/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* cmocka.h wants these four before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "macros.h"

#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)

/* Runs a function once for each row of a table, as a test of its own. A row is a structure whose
 * first member is its name; the function finds the row in *state. Returns how many failed. */
int run_rows(const char *group, const void *rows, size_t n, size_t row_size,
	     CMUnitTestFunction function);

#define RUN_ROWS(rows, function) \
	run_rows(#function, (rows), ARRAY_SIZE(rows), sizeof((rows)[0]), (function))
#define RUN_TESTS(tests) cmocka_run_group_tests_name(__FILE__, (tests), NULL, NULL)
