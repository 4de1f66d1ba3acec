"""How each process of the grader starts; imported before anything else.

One thread everywhere: a fork of a torch that has used two threads hangs. And the collector of cyclic garbage looks less
often than after every 700th object: it takes a sixth of the time that imports do.
"""

import gc
import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
    os.environ[_name] = "1"
gc.set_threshold(50_000)
