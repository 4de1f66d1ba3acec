"""How each process of the grader starts; imported before anything else.

One thread everywhere: a fork of a torch that has used two threads hangs. And the collector of cyclic garbage looks less
often than after every 700th object: it takes a sixth of the time that imports do.
"""

import gc
import os

for _name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR"):
    os.environ[f"{_name}_NUM_THREADS"] = "1"
os.environ["VECLIB_MAXIMUM_THREADS"] = "1"  # macOS
gc.set_threshold(50_000)
