"""What Landlock does not cover: system calls that a student's process may not make, and the capabilities it loses.

Landlock guards what files hold. It lets a process change modes, owners and times of files that it cannot open, set
limits and scheduling of other processes of its user, and watch folders. `SystemCallFilter` refuses that in the kernel
(seccomp): it is built once in the fork server, installed by one prctl in each fork, and inherited by all that the fork
starts. Calls that honest code makes on its own files (shutil.copy, Path.touch, os.chmod, flock) succeed and change
nothing: a lock of a library's file would tell one process what another has seen, whether flock or fcntl sets it.
Whoever owns a file may set its flags and hints by a descriptor that only reads it, so of ioctl just what Python itself
asks for is left. Pages that a pipe borrows (vmsplice, sendfile) count as nobody's memory, nor do pages of shared memory
without a file once they are mapped no more, nor what the kernel keeps of a rule of Landlock or of a filter, so there is
none of that; forks share files of the scratch folder. A pair of sockets holds as much as the system's default, which
the limit on memory counts.

What this leaves: it can learn from `stat` that a path exists, its size and its times, and from `kill` that a process
exists; no filter sees what a path or a process is, and sandlock's supervisor answers `stat` with the grader's rights.
Sockets are refused whole: Landlock guards the ports of `bind` and `connect`, while a TCP socket also reaches the
network by `listen` alone, by a first message that opens its connection, and as multipath TCP.
Where the grader is root, the process becomes a user of its own: a second fence, should Landlock fail.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Sequence

# A call's name, its number on x86-64, and on aarch64 ("-": there is none).
_CHANGE_NOTHING = """
chmod 90 - fchmod 91 52 fchmodat 268 53 fchmodat2 452 452 utime 132 - utimes 235 - futimesat 261 - utimensat 280 88
flock 73 32 sync 162 81 syncfs 306 267 fadvise64 221 223 readahead 187 213
"""
_NO_ATTRIBUTES = """
setxattr 188 5 lsetxattr 189 6 fsetxattr 190 7 setxattrat 463 463
getxattr 191 8 lgetxattr 192 9 fgetxattr 193 10 getxattrat 464 464
listxattr 194 11 llistxattr 195 12 flistxattr 196 13 listxattrat 465 465
removexattr 197 14 lremovexattr 198 15 fremovexattr 199 16 removexattrat 466 466
"""
_NOT_PERMITTED = """
chown 92 - fchown 93 55 lchown 94 - fchownat 260 54 file_getattr 468 468 file_setattr 469 469
socket 41 198 connect 42 203 bind 49 200 listen 50 201 sendmsg 46 211 sendmmsg 307 269 setsockopt 54 208
landlock_create_ruleset 444 444 landlock_add_rule 445 445 landlock_restrict_self 446 446 seccomp 317 277
mknod 133 - mknodat 259 33 name_to_handle_at 303 264 open_by_handle_at 304 265 quotactl 179 60 quotactl_fd 443 443
inotify_init 253 - inotify_init1 294 26 inotify_add_watch 254 27 inotify_rm_watch 255 28
fanotify_init 300 262 fanotify_mark 301 263
sched_setparam 142 118 sched_setscheduler 144 119 sched_setaffinity 203 122 sched_setattr 314 274
ioprio_set 251 30 setpriority 141 140 migrate_pages 256 238 move_pages 279 239
settimeofday 164 170 clock_settime 227 112 clock_adjtime 305 266 adjtimex 159 171
chroot 161 51 mount 165 40 umount2 166 39 pivot_root 155 41 unshare 272 97 setns 308 268
move_mount 429 429 open_tree 428 428 open_tree_attr 467 467 fsopen 430 430 fsconfig 431 431 fsmount 432 432
fspick 433 433 mount_setattr 442 442 statmount 457 457 listmount 458 458 listns 470 470
ptrace 101 117 kcmp 312 272 process_vm_readv 310 270 process_vm_writev 311 271 process_madvise 440 440
process_mrelease 448 448 pidfd_open 434 434 pidfd_getfd 438 438 pidfd_send_signal 424 424
perf_event_open 298 241 bpf 321 280 userfaultfd 323 282 keyctl 250 219 add_key 248 217 request_key 249 218
memfd_create 319 279 memfd_secret 447 447 io_uring_setup 425 425 io_uring_enter 426 426 io_uring_register 427 427
shmget 29 194 shmat 30 196 shmctl 31 195 shmdt 67 197 semget 64 190 semop 65 193 semctl 66 191 semtimedop 220 192
msgget 68 186 msgsnd 69 189 msgrcv 70 188 msgctl 71 187
mq_open 240 180 mq_unlink 241 181 mq_timedsend 242 182 mq_timedreceive 243 183 mq_notify 244 184 mq_getsetattr 245 185
syslog 103 116 acct 163 89 swapon 167 224 swapoff 168 225 reboot 169 142 sethostname 170 161 setdomainname 171 162
vhangup 153 58 init_module 175 105 finit_module 313 273 delete_module 176 106 kexec_load 246 104
kexec_file_load 320 294 iopl 172 - ioperm 173 - lookup_dcookie 212 18 nfsservctl 180 42 lsm_set_self_attr 460 460
"""
# The C library uses clone in the place of clone3, whose flags lie in memory, where no filter can look; programs read
# and write in the place of the others.
_NOT_THERE = """
clone3 435 435 splice 275 76 tee 276 77 vmsplice 278 75 sendfile 40 71 io_setup 206 0 cachestat 451 451
"""
_CLONE = "clone 56 220"
_PRLIMIT = "prlimit64 302 261"  # of itself alone
_FCNTL = "fcntl 72 25"
_IOCTL = "ioctl 16 29"
_MMAP = "mmap 9 222"
_PRCTL = "prctl 157 167"  # all but one more filter
_PAIR = "socketpair 53 199"  # of local sockets alone: another family would have the kernel load its module

_NAMESPACES = 0x7E02_0000  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
_STRANGE_CHILDREN = 0x0080_8000  # CLONE_UNTRACED; CLONE_PARENT: a child of the fork server
_SET_LEASE, _NOTIFY = 1024, 1026  # whoever opens a leased file waits for its holder; a watch of a folder
_SET_HINTS = (1036, 1038)  # what a file's owner says of its use stays with the file
_SET_LOCKS = (6, 7, 37, 38)
_SHARED, _ANONYMOUS = 0x01, 0x20
_LOCAL = 1  # AF_UNIX
# FIONREAD, FIONBIO, FIOASYNC, FIONCLEX, FIOCLEX, and what terminals are asked: TCGETS, TIOCGPGRP, TIOCGWINSZ
_PLAIN_REQUESTS = (0x541B, 0x5421, 0x5452, 0x5450, 0x5451, 0x5401, 0x540F, 0x5413)

_MACHINES = {"x86_64": (0, 0xC000_003E), "aarch64": (1, 0xC000_00B7)}  # column of the table, AUDIT_ARCH_...
_X32 = 0x4000_0000  # x86-64 has its calls a second time, from this number on

# In struct seccomp_data; of arguments their low halves.
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT, _SECOND_ARGUMENT, _FOURTH_ARGUMENT = 0, 4, 16, 24, 40
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERROR = 0x7FFF_0000, 0x0005_0000

_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 4, 22, 24, 38, 47
_SECCOMP_MODE_FILTER, _PR_CAP_AMBIENT_CLEAR_ALL, _CAPABILITY_VERSION_3 = 2, 4, 0x2008_0522


def denied(machine: str) -> dict[str, tuple[int, int]]:
    """Return, by name, the number of each call that is never made, and the error that its caller sees (0: success)."""
    column = _MACHINES[machine][0]
    groups = ((_CHANGE_NOTHING, 0), (_NO_ATTRIBUTES, errno.ENOTSUP), (_NOT_PERMITTED, errno.EPERM),
              (_NOT_THERE, errno.ENOSYS))  # fmt: skip
    return {
        name: (int(numbers[column]), error)
        for text, error in groups
        for name, *numbers in _rows(text)
        if numbers[column] != "-"
    }


def _rows(text: str) -> list[tuple[str, ...]]:
    words = iter(text.split())
    return list(zip(words, words, words, strict=True))


def program(machine: str) -> bytes:
    """Return the filter for a machine ("x86_64", "aarch64") as the kernel's BPF instructions. Raises KeyError."""
    column, architecture = _MACHINES[machine]
    refuse = _instruction(_RETURN, _ERROR | errno.EPERM)
    made = [_instruction(_LOAD, _ARCHITECTURE), _instruction(_EQUAL, architecture, yes=1), refuse]
    made += [_instruction(_LOAD, _NUMBER)]
    if machine == "x86_64":
        made += [_instruction(_AT_LEAST, _X32, no=1), refuse]
    for number, error in denied(machine).values():
        made += [_instruction(_EQUAL, number, no=1), _instruction(_RETURN, _ERROR | error)]
    allow, unsupported = _instruction(_RETURN, _ALLOW), _instruction(_RETURN, _ERROR | errno.EOPNOTSUPP)
    refused, nothing = (_SET_LEASE, _NOTIFY, *_SET_HINTS), _instruction(_RETURN, _ERROR)
    for text, argument, decide in (
        (_PRLIMIT, _FIRST_ARGUMENT, [_instruction(_EQUAL, 0, no=1), allow, refuse]),
        (_PRCTL, _FIRST_ARGUMENT, [_instruction(_EQUAL, _PR_SET_SECCOMP, no=1), refuse, allow]),
        (_PAIR, _FIRST_ARGUMENT, [_instruction(_EQUAL, _LOCAL, no=1), allow, refuse]),
        (_CLONE, _FIRST_ARGUMENT, [_instruction(_ANY_BIT, _NAMESPACES | _STRANGE_CHILDREN, no=1), refuse, allow]),
        (_FCNTL, _SECOND_ARGUMENT, [*_if_any(refused, refuse), *_if_any(_SET_LOCKS, nothing), allow]),
        (_MMAP, _FOURTH_ARGUMENT, [_instruction(_ANY_BIT, _ANONYMOUS, no=2), _instruction(_ANY_BIT, _SHARED, no=1),
                                   refuse, allow]),
        (_IOCTL, _SECOND_ARGUMENT, [*_if_any(_PLAIN_REQUESTS, allow), unsupported]),
    ):  # fmt: skip
        asked = [_instruction(_LOAD, argument), *decide]
        made += [_instruction(_EQUAL, int(_rows(text)[0][1 + column]), no=len(asked)), *asked]
    return b"".join([*made, allow])


def _if_any(values: Sequence[int], then: bytes) -> list[bytes]:
    """Instructions that do `then` if what is loaded is one of the values, and else come to what follows them."""
    last = len(values) - 1
    return [_instruction(_EQUAL, value, yes=last - at, no=int(at == last)) for at, value in enumerate(values)] + [then]


def _instruction(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    """One instruction; a comparison skips `yes` or `no` of those that follow."""
    return struct.pack("=HBBI", code, yes, no, value)


class SystemCallFilter:
    """The filter of this machine, ready to be installed. Raises OSError where it has no table for the machine."""

    def __init__(self) -> None:
        machine = platform.machine()
        if machine not in _MACHINES:
            raise OSError(errno.ENOSYS, f"no table of system calls for {machine}")
        code = program(machine)
        self._code = ctypes.create_string_buffer(code, len(code))
        self._program = ctypes.create_string_buffer(
            struct.pack("@HP", len(code) // 8, ctypes.addressof(self._code)), struct.calcsize("@HP")
        )
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._address = ctypes.c_void_p(ctypes.addressof(self._program))

    def install(self) -> None:
        """Filter the calls of this process and of all that it will start, for good. Raises OSError."""
        if self._libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, self._address, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "the filter of system calls cannot be installed")


def drop_capabilities(user: int | None = None) -> None:
    """Give up all capabilities of this process, and that a program could gain any. Raises OSError.

    user: the id of the user and group that root becomes, for good.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    number = ctypes.c_ulong
    capability = 0
    while libc.prctl(_PR_CAPBSET_DROP, number(capability), 0, 0, 0) == 0:  # an ordinary user may not, and has none
        capability += 1
    libc.prctl(_PR_CAP_AMBIENT, number(_PR_CAP_AMBIENT_CLEAR_ALL), 0, 0, 0)
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        libc.prctl(_PR_SET_DUMPABLE, number(1), 0, 0, 0)  # else /proc/self would be root's
    header, none = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0), bytes(24)
    if libc.capset(header, none) != 0 or libc.prctl(_PR_SET_NO_NEW_PRIVS, number(1), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the capabilities cannot be dropped")
