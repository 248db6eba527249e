/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nosteer PROGRAM [ARGUMENT...]: runs a program in which no steering program
 * can be attached to a port, as on a system that forbids it: a seccomp filter
 * answers that one setsockopt() with EPERM.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOAD(member)                                                           \
	BPF_STMT(                                                              \
	    BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))

/* Jumps over `n` instructions unless the number is `k`. */
#define UNLESS(k, n) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (k), 0, (n))

/* The lower half of an argument. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LOAD_ARG(i) LOAD(args[i])
#else
#define LOAD_ARG(i)                                                            \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS,                                     \
	    offsetof(struct seccomp_data, args[i]) + 4)
#endif

int
main(int argc, char **argv)
{
	struct sock_filter filter[] = {
	    LOAD(nr),
	    UNLESS(SYS_setsockopt, 5),
	    LOAD_ARG(1),
	    UNLESS(SOL_SOCKET, 3),
	    LOAD_ARG(2),
	    UNLESS(SO_ATTACH_REUSEPORT_CBPF, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {
	    .len = sizeof(filter) / sizeof(filter[0]), .filter = filter};

	if (argc < 2) {
		fprintf(stderr, "usage: nosteer PROGRAM [ARGUMENT...]\n");
		return 2;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
		fprintf(stderr, "nosteer: %s\n", strerror(errno));
		return 77;
	}
	execvp(argv[1], argv + 1);
	fprintf(stderr, "nosteer: %s: %s\n", argv[1], strerror(errno));
	return 127;
}
