#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What may a process do that runs as quolld.service says?

Prints a line `allowed NAME` or `denied NAME` for each thing that it tries.
"""
import ctypes
import mmap
import os
import socket

ADDR_NO_RANDOMIZE = 0x0040000
CLONE_NEWUSER = 0x10000000
KEYCTL_JOIN_SESSION_KEYRING = 1
SYS_KEYCTL = {"x86_64": 250, "aarch64": 219}
PAGE = 4096
libc = ctypes.CDLL(None, use_errno=True)
state = os.environ["STATE_DIRECTORY"]


def call(rc):
    if rc == -1:
        raise OSError(ctypes.get_errno(), "")


def write(path):
    with open(path, "w", encoding="ascii"):
        os.unlink(path)


def must_exist(path):
    os.stat(path)


def bind(port):
    with socket.socket() as s:
        s.bind(("127.0.0.9", port))


def set_user_id():
    path = state + "/probe"
    with open(path, "w", encoding="ascii"):
        pass
    try:
        os.chmod(path, 0o4700)
    finally:
        os.unlink(path)


def private_umask():
    if os.umask(0o77) != 0o77:
        raise OSError


def unprivileged():
    if os.getuid() == 0 or os.getgid() == 0:
        raise OSError


PROBES = (
    ("unprivileged", unprivileged),
    ("private-umask", private_umask),
    ("bind-853", lambda: bind(853)),
    ("write-state", lambda: write(state + "/probe")),
    ("write-usr", lambda: write("/usr/local/sbin/probe")),
    ("write-etc", lambda: write("/etc/systemd/system/probe")),
    ("see-home", lambda: os.listdir("/home")),
    ("see-others", lambda: must_exist("/proc/1/status")),
    ("see-machine", lambda: must_exist("/proc/meminfo")),
    ("see-tmp", lambda: must_exist("/tmp/shared")),
    ("see-devices", lambda: must_exist("/dev/probe")),
    ("netlink", lambda: socket.socket(socket.AF_NETLINK,
                                        socket.SOCK_RAW).close()),
    ("namespace", lambda: call(libc.unshare(CLONE_NEWUSER))),
    ("write-and-execute", lambda: mmap.mmap(-1, PAGE, prot=7).close()),
    ("personality", lambda: call(libc.personality(ADDR_NO_RANDOMIZE))),
    ("set-user-id", set_user_id),
    ("nice", lambda: os.nice(1)),
    ("lock-memory", lambda: call(libc.munlockall())),
    ("keyring", lambda: call(libc.syscall(SYS_KEYCTL[os.uname().machine],
                                          KEYCTL_JOIN_SESSION_KEYRING, None))),
)

for name, probe in PROBES:
    try:
        probe()
        print("allowed", name)
    except OSError:
        print("denied", name)
