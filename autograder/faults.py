"""What went wrong with files and the machine, as one sentence that says what to do. Imports nothing of the rest."""

from __future__ import annotations

import errno
import getpass
import os
import tempfile

_NEXT = {
    errno.ENOSPC: "the disk is full{at}. Free some space and run again: what is finished is kept",
    errno.EDQUOT: "your disk quota is used up{at}. Free some space and run again: what is finished is kept",
    errno.EROFS: "the file system is read-only{at}. Make it writable, or choose another folder",
    errno.EACCES: "{user} may not read or write{at}. Change its owner or its mode (chmod u+rwX), and run again",
    errno.EPERM: "{user} may not read or write{at}. Change its owner or its mode (chmod u+rwX), and run again",
    errno.ENOENT: "there is no such file or folder{at}. Check the path",
    errno.ENOTDIR: "there is a file where a folder is expected{at}. Move it away, and run again",
    errno.EISDIR: "there is a folder where a file is expected{at}. Move it away, and run again",
    errno.EEXIST: "there is something else already{at}. Move it away, and run again",
    errno.ENAMETOOLONG: "the path is too long{at}. Choose a shorter one",
    errno.EMFILE: "too many files are open{at}. Raise the limit (ulimit -n), and run again",
    errno.ENFILE: "too many files are open on this machine{at}. End other programs, and run again",
    errno.ENOMEM: "there is not enough memory{at}. End other programs, or use fewer --jobs, and run again",
    errno.EAGAIN: "no more processes can be started{at}. End other programs, or use fewer --jobs, and run again",
    errno.EIO: "the disk cannot be read or written{at}. Check it, restore the file from a backup, and run again",
}


def sentence(error: BaseException) -> str:
    """Return what to tell of an error: for those of files and memory what to do next, for others their own text."""
    if isinstance(error, MemoryError):
        return sentence(OSError(errno.ENOMEM, ""))
    if no_more_threads(error):
        return sentence(OSError(errno.EAGAIN, ""))
    if isinstance(error, OSError) and str(error) == "AF_UNIX path too long":  # of multiprocessing's socket
        where = tempfile.gettempdir()
        return f"the path of the folder for temporary files is too long: {where}. Set TMPDIR to a shorter one"
    if isinstance(error, OSError) and error.errno in _NEXT:
        name = error.filename if error.filename2 is None else error.filename2
        at = f": {os.fsdecode(name)}" if isinstance(name, (str, bytes, os.PathLike)) else ""
        return _NEXT[error.errno].format(at=at, user=_user())
    text = " ".join(str(error).split())
    return text if text and not isinstance(error, KeyError) else f"{type(error).__name__} {text}".strip()


def no_more_threads(error: BaseException) -> bool:
    """Return whether the system refused a thread, which Python tells as a RuntimeError."""
    return isinstance(error, RuntimeError) and str(error) == "can't start new thread"


def of_the_whole_disk(error: OSError) -> bool:
    """Return whether what failed for one file will fail for all others too."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a user of no name
        return "this user"
