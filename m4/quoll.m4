dnl SPDX-License-Identifier: BSD-2-Clause

dnl QUOLL_SYSTEM_CFLAGS(PREFIX)
dnl Turn the -I of PREFIX_CFLAGS into -isystem.
AC_DEFUN([QUOLL_SYSTEM_CFLAGS], [
$1_CFLAGS=`AS_ECHO(["$$1_CFLAGS"]) | sed 's/\(^\| \)-I */\1-isystem /g'`
])

dnl QUOLL_CC_FLAG(FLAG)
dnl Append FLAG to QUOLL_CFLAGS if the compiler takes it without a word.
AC_DEFUN([QUOLL_CC_FLAG], [
AS_VAR_PUSHDEF([var], [quoll_cv_flag_$1])
AC_CACHE_CHECK([whether $CC takes $1], [var], [
	quoll_save_CFLAGS=$CFLAGS
	CFLAGS="$CFLAGS -Werror $1"
	AC_COMPILE_IFELSE([AC_LANG_SOURCE([[int quoll_probe;]])],
		[AS_VAR_SET([var], [yes])], [AS_VAR_SET([var], [no])])
	CFLAGS=$quoll_save_CFLAGS
])
AS_VAR_IF([var], [yes], [QUOLL_CFLAGS="$QUOLL_CFLAGS $1"])
AS_VAR_POPDEF([var])
])

dnl QUOLL_SANITIZER(NAME)
dnl Compile and link with -fsanitize=NAME, or stop.
AC_DEFUN([QUOLL_SANITIZER], [
AC_MSG_CHECKING([whether $CC links with -fsanitize=$1])
quoll_save_CFLAGS=$CFLAGS
CFLAGS="$CFLAGS -fsanitize=$1"
AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [AC_MSG_RESULT([yes])], [
	AC_MSG_RESULT([no])
	AC_MSG_ERROR([$CC cannot build with -fsanitize=$1])
])
CFLAGS=$quoll_save_CFLAGS
QUOLL_CFLAGS="$QUOLL_CFLAGS -fsanitize=$1 -fno-omit-frame-pointer"
AS_IF([test "$1" = undefined],
	[QUOLL_CFLAGS="$QUOLL_CFLAGS -fno-sanitize-recover=undefined"])
QUOLL_LDFLAGS="$QUOLL_LDFLAGS -fsanitize=$1"
])
