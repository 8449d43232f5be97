# SPDX-License-Identifier: Apache-2.0 OR MIT
# Compiler flags: warnings, hardening, instrumentation. Each flag is used where compiler and linker take it.

# APIKEYD_TRY_CFLAG(VARIABLE, FLAG): appends FLAG to VARIABLE when the compiler takes it.
AC_DEFUN([APIKEYD_TRY_CFLAG],
[AS_VAR_PUSHDEF([cached], [apikeyd_cv_cflag_$2])
AC_CACHE_CHECK([whether $CC takes $2], [cached],
  [apikeyd_saved=$CFLAGS
   CFLAGS="$CFLAGS -Werror $2"
   AC_COMPILE_IFELSE([AC_LANG_PROGRAM()], [AS_VAR_SET([cached], [yes])], [AS_VAR_SET([cached], [no])])
   CFLAGS=$apikeyd_saved])
AS_VAR_IF([cached], [yes], [$1="$$1 $2"])
AS_VAR_POPDEF([cached])])

# APIKEYD_TRY_LDFLAG(VARIABLE, FLAG): appends FLAG to VARIABLE when the linker takes it.
AC_DEFUN([APIKEYD_TRY_LDFLAG],
[AS_VAR_PUSHDEF([cached], [apikeyd_cv_ldflag_$2])
AC_CACHE_CHECK([whether the linker takes $2], [cached],
  [apikeyd_saved=$LDFLAGS
   LDFLAGS="$LDFLAGS $2"
   AC_LINK_IFELSE([AC_LANG_PROGRAM()], [AS_VAR_SET([cached], [yes])], [AS_VAR_SET([cached], [no])])
   LDFLAGS=$apikeyd_saved])
AS_VAR_IF([cached], [yes], [$1="$$1 $2"])
AS_VAR_POPDEF([cached])])

AC_DEFUN([APIKEYD_WARNINGS],
[WARNING_CFLAGS=
m4_foreach_w([flag], [-Wall -Wextra -Wformat=2 -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wundef
  -Wpointer-arith -Wcast-qual -Wwrite-strings -Wvla -Wimplicit-fallthrough -Wdouble-promotion],
  [APIKEYD_TRY_CFLAG([WARNING_CFLAGS], flag)])
AS_IF([test "$enable_werror" != no], [WARNING_CFLAGS="$WARNING_CFLAGS -Werror"])
AC_SUBST([WARNING_CFLAGS])])

AC_DEFUN([APIKEYD_HARDENING],
[HARDENING_CFLAGS=
HARDENING_LDFLAGS=
m4_foreach_w([flag], [-fstack-protector-strong -fstack-clash-protection -fcf-protection -ftrivial-auto-var-init=zero
  -fno-strict-overflow], [APIKEYD_TRY_CFLAG([HARDENING_CFLAGS], flag)])
dnl Fortification needs the optimiser and fights the sanitizers.
AS_CASE([$CFLAGS], [*-O0*|*FORTIFY*], [], [AS_IF([test "$enable_sanitizers" = no && test "$enable_coverage" = no],
  [HARDENING_CFLAGS="$HARDENING_CFLAGS -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"])])
m4_foreach([flag], [[-Wl,-z,relro], [-Wl,-z,now], [-Wl,-z,noexecstack], [-Wl,--as-needed]],
  [APIKEYD_TRY_LDFLAG([HARDENING_LDFLAGS], m4_defn([flag]))])
PIE_CFLAGS=-fPIE
PIE_LDFLAGS=-pie
AC_SUBST([HARDENING_CFLAGS])
AC_SUBST([HARDENING_LDFLAGS])
AC_SUBST([PIE_CFLAGS])
AC_SUBST([PIE_LDFLAGS])])

AC_DEFUN([APIKEYD_INSTRUMENTATION],
[INSTRUMENT_CFLAGS=
FUZZ_LDFLAGS=
AS_IF([test "$enable_sanitizers" != no],
  [INSTRUMENT_CFLAGS="-fsanitize=$enable_sanitizers -fno-sanitize-recover=all -fno-omit-frame-pointer -g"])
AS_IF([test "$enable_fuzzing" = yes],
  [INSTRUMENT_CFLAGS="$INSTRUMENT_CFLAGS -fsanitize=fuzzer-no-link"
   FUZZ_LDFLAGS=-fsanitize=fuzzer])
AS_IF([test "$enable_coverage" = yes], [INSTRUMENT_CFLAGS="$INSTRUMENT_CFLAGS --coverage -O0 -g"])
AC_SUBST([INSTRUMENT_CFLAGS])
AC_SUBST([FUZZ_LDFLAGS])])
