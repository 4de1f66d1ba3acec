"""How each process of the grader starts, and ends; imported before anything else.

One thread everywhere: a fork of a torch that has used two threads hangs. The collector of cyclic garbage looks less
often than after every 700th object: it takes a sixth of the time that imports do. At the end it has nothing to look at:
all that was imported takes it half a second or more. Of `python -m NAME` the fork server has imported NAME when its
processes run it as their main module, which Python warns of: here it is meant. Some services and systems start programs
with few files that they may open, and let them raise that.
"""

import atexit
import contextlib
import gc
import os
import warnings

for _name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR"):
    os.environ[f"{_name}_NUM_THREADS"] = "1"
os.environ["VECLIB_MAXIMUM_THREADS"] = "1"  # macOS
gc.set_threshold(50_000)
atexit.register(gc.freeze)
warnings.filterwarnings("ignore", ".* found in sys.modules after import of package", RuntimeWarning, "runpy")
with contextlib.suppress(ImportError, ValueError, OSError):  # not on Windows
    import resource

    _files, _most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= _files < 1024:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024 if _most < 0 else min(1024, _most), _most))
