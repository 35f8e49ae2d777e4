# SPDX-License-Identifier: GPL-2.0-or-later

# MB_OPTIONAL_LIBRARY(name, PREFIX, pkg-config modules, what it is for)
# Adds --with-NAME. Where it isn't said, the library is used if it is there; where it is asked for
# and missing, configure ends. Sets PREFIX_CFLAGS, PREFIX_LIBS, HAVE_PREFIX.
AC_DEFUN([MB_OPTIONAL_LIBRARY], [
AC_ARG_WITH([$1], [AS_HELP_STRING([--without-$1], [leave out $4])], [], [with_$1=auto])
AS_IF([test "x$with_$1" != xno], [
	PKG_CHECK_MODULES([$2], [$3], [with_$1=yes], [
		AS_IF([test "x$with_$1" = xyes],
			[AC_MSG_ERROR([--with-$1 was asked for, but $3 was not found (it is for $4)])])
		AC_MSG_NOTICE([$3 was not found: without it there is no $4])
		with_$1=no
	])
])
AS_IF([test "x$with_$1" = xyes], [AC_DEFINE([HAVE_$2], [1], [Whether there is $1, for $4.])])
AM_CONDITIONAL([HAVE_$2], [test "x$with_$1" = xyes])
])

# MB_WITH_DIR(switch, variable, folder, what lies there)
# Where others look for what we install: by default where they do look, whatever our prefix is.
AC_DEFUN([MB_WITH_DIR], [
AC_ARG_WITH([$1], [AS_HELP_STRING([--with-$1=DIR], [where $4 go @<:@$3@:>@])],
	[AC_SUBST([$2], [$withval])], [AC_SUBST([$2], [$3])])
])

# MB_TRY_CFLAG(variable, flag, includes, where it doesn't): adds a flag that the compiler knows, and
# the headers too.
AC_DEFUN([MB_TRY_CFLAG], [
mb_saved_CFLAGS="$CFLAGS"
CFLAGS="$CFLAGS -Werror $2"
AC_MSG_CHECKING([whether $CC takes $2])
AC_LINK_IFELSE([AC_LANG_PROGRAM([$3], [])],
	[AC_MSG_RESULT([yes])
	CFLAGS="$mb_saved_CFLAGS"
	$1="$$1 $2"],
	[AC_MSG_RESULT([no])
	CFLAGS="$mb_saved_CFLAGS"
	$4])
])

AC_DEFUN([MB_WARNINGS], [
AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror], [make warnings errors])],
	[], [enable_werror=no])
m4_foreach_w([mb_flag], [-Wall -Wextra -Wcast-align -Wconversion -Wdate-time -Wformat=2
	-Wimplicit-fallthrough -Wlogical-op -Wmissing-declarations -Wmissing-prototypes
	-Wno-sign-conversion -Wold-style-definition -Wpointer-arith -Wredundant-decls -Wshadow
	-Wstrict-prototypes -Wundef -Wvla -Wwrite-strings],
	[MB_TRY_CFLAG([MB_CFLAGS], mb_flag)])
AS_IF([test "x$enable_werror" = xyes], [MB_CFLAGS="$MB_CFLAGS -Werror"])
])

AC_DEFUN([MB_HARDENING], [
m4_foreach_w([mb_flag], [-fstack-protector-strong -fstack-clash-protection -fvisibility=hidden
	-fno-common],
	[MB_TRY_CFLAG([MB_CFLAGS], mb_flag)])
MB_LDFLAGS="$MB_LDFLAGS -Wl,-z,relro -Wl,-z,now -Wl,--as-needed"
])

# Not with sanitizers, which see less where functions go by other names, nor without optimisation,
# which it needs. Where CPPFLAGS name a level, as those of distributions do, ours counts.
AC_DEFUN([MB_FORTIFY], [
AS_CASE(["$MB_CFLAGS"], [*-fsanitize=*], [],
	[MB_TRY_CFLAG([MB_CFLAGS], [-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3], [#include <string.h>],
		[MB_TRY_CFLAG([MB_CFLAGS], [-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2],
			[#include <string.h>])])])
])

# MB_INSTRUMENT(switch, sanitizer, what)
AC_DEFUN([MB_INSTRUMENT], [
AC_ARG_ENABLE([$1], [AS_HELP_STRING([--enable-$1], [build with $3])], [], [enable_$1=no])
AS_IF([test "x$enable_$1" = xyes], [
	MB_CFLAGS="$MB_CFLAGS -fsanitize=$2 -fno-omit-frame-pointer -fno-sanitize-recover=all"
	MB_LDFLAGS="$MB_LDFLAGS -fsanitize=$2"
])
])

# MB_FUZZERS: --enable-fuzzers has libFuzzer drive the targets of tests/fuzz, and sets FUZZER_LIBS.
AC_DEFUN([MB_FUZZERS], [
AC_ARG_ENABLE([fuzzers],
	[AS_HELP_STRING([--enable-fuzzers], [build for make fuzz, with ASan and UBSan (clang)])],
	[], [enable_fuzzers=no])
AS_IF([test "x$enable_fuzzers" = xyes], [
	AS_IF([test "x$with_cmocka" != xyes],
		[AC_MSG_ERROR([--enable-fuzzers needs cmocka: the targets use what unit tests use])])
	mb_saved_CFLAGS="$CFLAGS"
	CFLAGS="$CFLAGS -fsanitize=fuzzer,address,undefined"
	AC_MSG_CHECKING([whether $CC has libFuzzer])
	AC_LINK_IFELSE([AC_LANG_SOURCE([[
		int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size);
		int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size)
		{
			return data && size > 1 && 0;
		}]])],
		[AC_MSG_RESULT([yes])],
		[AC_MSG_RESULT([no])
		AC_MSG_ERROR([--enable-fuzzers needs clang and its libFuzzer: configure with CC=clang; Debian has both in clang and libclang-rt-dev])])
	CFLAGS="$mb_saved_CFLAGS"
	MB_CFLAGS="$MB_CFLAGS -fsanitize=fuzzer-no-link,address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=all"
	MB_LDFLAGS="$MB_LDFLAGS -fsanitize=address,undefined"
	AC_SUBST([FUZZER_LIBS], [-fsanitize=fuzzer])
])
AM_CONDITIONAL([ENABLE_FUZZERS], [test "x$enable_fuzzers" = xyes])
])
