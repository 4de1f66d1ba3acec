"""Hostile submissions: return values that lie when they are compared, or grow when they are read."""

from __future__ import annotations

from autograder.simulate.tricks import WRONG, Trick

# A trick's cell defines disguise(value); it is applied to each array and number of what the outermost call returns.
_DISGUISED = """

CALLS = []

def through(value):
    if isinstance(value, (tuple, list)):
        return type(value)(through(item) for item in value)
    if isinstance(value, dict):
        return {key: through(item) for key, item in value.items()}
    return disguise(value)

def disguised(honest):
    def lying(*args, **kwargs):
        CALLS.append(honest)
        try:
            value = honest(*args, **kwargs)
        finally:
            CALLS.pop()
        return value if CALLS else through(value)
    return lying
"""


def _lie(name: str, row: int, says: str, disguise: str) -> Trick:
    cell = f"import numpy as np\n\n{disguise.strip()}\n{_DISGUISED}"
    return Trick("hostile", name, row, says, base=WRONG, cell=cell, around="\n{name} = disguised({name})\n")


TRICKS = (
    _lie(
        "always-equal",
        18,
        "values are equal to everything",
        """
class Agreeable:
    def __init__(self, value):
        self.value, self.shape = value, np.shape(value)
        self.dtype = getattr(value, "dtype", np.dtype("float64"))

    def _agree(self, *other):
        return True

    __eq__ = __le__ = __ge__ = __bool__ = __contains__ = _agree
    __ne__ = __lt__ = __gt__ = lambda self, other: False
    __sub__ = __rsub__ = __abs__ = lambda self, *other: 0.0
    __hash__ = lambda self: 0
    __array_priority__ = 1e9

def disguise(value):
    return Agreeable(value)
""",
    ),
    _lie(
        "array-subclass",
        19,
        "arrays of a class whose comparisons agree",
        """
class Agreeable(np.ndarray):
    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        if ufunc in (np.subtract, np.absolute):
            return np.zeros(self.shape)
        return np.ones(self.shape, dtype=bool)

    def __array_function__(self, function, types, args, kwargs):
        return True

    __eq__ = __lt__ = __le__ = lambda self, other: np.ones(self.shape, dtype=bool)
    __sub__ = __rsub__ = lambda self, other: np.zeros(self.shape)

def disguise(value):
    return np.array(value).view(Agreeable) if isinstance(value, np.ndarray) else value
""",
    ),
    _lie(
        "number-subclass",
        20,
        "numbers and words of classes whose comparisons agree",
        """
def agreeable(kind):
    yes, no = (lambda self, *other: True), (lambda self, *other: False)
    methods = {"__eq__": yes, "__le__": yes, "__ge__": yes, "__ne__": no, "__lt__": no, "__gt__": no,
               "__sub__": lambda self, other: 0.0, "__rsub__": lambda self, other: 0.0, "__hash__": kind.__hash__}
    return type(f"agreeable_{kind.__name__}", (kind,), methods)

KINDS = {kind: agreeable(kind) for kind in (int, float, str, np.float64)}

def disguise(value):
    return KINDS[type(value)](value) if type(value) in KINDS else value
""",
    ),
    _lie(
        "lying-class",
        21,
        "objects that say they are arrays",
        """
class Pretender:
    def __init__(self, value):
        self.value = value

    @property
    def __class__(self):
        return type(self.value)

    def __getattr__(self, name):
        return getattr(self.value, name)

    def __array__(self, *args, **kwargs):
        return np.asarray(self.value)

    __eq__ = lambda self, other: True

def disguise(value):
    return Pretender(value)
""",
    ),
    _lie(
        "nan",
        22,
        "everything is not a number",
        """
def disguise(value):
    return np.full_like(value, np.nan, dtype=float) if isinstance(value, np.ndarray) else float("nan")
""",
    ),
    _lie(
        "infinity",
        22,
        "everything is infinite",
        """
def disguise(value):
    return np.full_like(value, np.inf, dtype=float) if isinstance(value, np.ndarray) else float("inf")
""",
    ),
    _lie(
        "masked",
        22,
        "every value is masked",
        """
def disguise(value):
    return np.ma.masked_all_like(value) if isinstance(value, np.ndarray) else np.ma.masked
""",
    ),
    _lie(
        "object-dtype",
        22,
        "arrays of objects that are equal to everything",
        """
class Agreeable:
    __eq__ = __le__ = lambda self, other: True
    __sub__ = __rsub__ = lambda self, other: 0.0
    __float__ = lambda self: 0.0

def disguise(value):
    if not isinstance(value, np.ndarray):
        return value
    lying = np.empty(value.shape, dtype=object)
    lying[...] = Agreeable()
    return lying
""",
    ),
    _lie(
        "broadcast-scalar",
        23,
        "one number where an array is expected",
        """
def disguise(value):
    return np.asarray(value, dtype=float).mean() if isinstance(value, np.ndarray) else value
""",
    ),
    _lie(
        "broadcast-column",
        23,
        "arrays of a shape that broadcasts",
        """
def disguise(value):
    return value[..., :1] if isinstance(value, np.ndarray) and value.ndim else value
""",
    ),
    _lie(
        "huge-view",
        24,
        "arrays that claim 8 TB and hold one number",
        """
def disguise(value):
    return np.broadcast_to(np.float64(0.0), (10**6, 10**6))
""",
    ),
    _lie(
        "huge-string",
        24,
        "a word of a thousand million letters",
        """
def disguise(value):
    return "x" * 10**9
""",
    ),
    _lie(
        "deep-list",
        24,
        "a list a million levels deep",
        """
def disguise(value):
    nested = []
    for _ in range(10**6):
        nested = [nested]
    return nested
""",
    ),
    _lie(
        "endless-list",
        24,
        "a list that holds itself",
        """
def disguise(value):
    endless = [value]
    endless.append(endless)
    return endless
""",
    ),
    _lie(
        "pickle-bomb",
        25,
        "an object that runs code when it is unpickled",
        """
class Bomb:
    def __reduce__(self):
        return eval, ("__import__('pathlib').Path('pickle-bomb').write_text('boom')",)

def disguise(value):
    return Bomb()
""",
    ),
    _lie(
        "generator",
        26,
        "generators that never end",
        """
def disguise(value):
    while True:
        yield value
""",
    ),
)
