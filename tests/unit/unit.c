/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

int run_rows(const char *group, const void *rows, size_t n, size_t row_size,
	     CMUnitTestFunction function)
{
	_cleanup_free_ struct CMUnitTest *tests = calloc(n, sizeof(*tests));

	if (!tests)
		return 1;
	for (size_t i = 0; i < n; i++) {
		/* The name comes first, and cmocka takes no const: nobody writes to a row. */
		void *row = (char *)(uintptr_t)rows + i * row_size;

		tests[i] = (struct CMUnitTest){
			.name = *(const char **)row,
			.test_func = function,
			.initial_state = row,
		};
	}
	return _cmocka_run_group_tests(group, tests, n, NULL, NULL);
}
