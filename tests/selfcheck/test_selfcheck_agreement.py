"""What test files share: arguments in other forms, agreement with another function, tensors."""

import random
import threading
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from selfcheck import arrays, shared_generators
from selfcheck.agreement import (
    agree,
    agree_in_float32_and_strided,
    arguments_unchanged,
    as_they_were,
    each_close,
    generator_untouched,
    in_pairs,
    returns,
    shared_generators_untouched,
    sized,
    table,
)
from selfcheck.copies import copied
from selfcheck.expect import Mismatch
from selfcheck.target import LocalProvider, Probe, Target, current, setting
from selfcheck.tensors import agree_in_float32, expect_close, expect_tensor, to_number, with_parameters


@pytest.fixture
def target():
    """target(function): the function as a test sees it."""

    def make(function):
        current.provider = LocalProvider({"scaled": function})
        return Target("scaled")

    with setting(provider=None):
        yield make


def scaled(x, factor=2.0):
    return factor * x, "cache"


def test_arguments_in_float32_and_strided_hold_the_same_numbers():
    args = (np.arange(6.0).reshape(2, 3), [torch.ones(2, dtype=torch.float64)], {"n": np.int64([1, 2])}, 3.0, None)
    single, strided = arrays.in_float32(args), arrays.strided(args)
    assert (single[0].dtype, single[1][0].dtype, single[2]["n"].dtype) == (np.float32, torch.float32, np.int64)
    assert single[3:] == strided[3:] == (3.0, None)
    np.testing.assert_array_equal(strided[0], args[0])
    assert not strided[0].flags.c_contiguous
    assert args[0].dtype == np.float64


def test_weights_have_no_entry_near_zero_and_no_symmetry():
    U, W, b = arrays.layer(np.random.default_rng(0), 4, 6, 3)
    assert (U.shape, W.shape, b.shape) == ((18, 4), (18, 6), (18,))
    assert min(abs(U).min() * 2, abs(W).min() * np.sqrt(6), abs(b).min()) >= 0.2
    assert abs(W[:6] - W[:6].T).max() > 0.1


def test_agreement_names_the_sizes_and_the_value_that_differ(target):
    calls = sized(lambda rng, N: (rng.normal(size=(N, 2)),), np.random.default_rng(0), [{"N": 1}, {"N": 3}])
    agree(target(scaled), scaled, calls, ("y",))
    agree(target(scaled), scaled, calls, part=lambda result: result[0])
    agree_in_float32_and_strided(target(scaled), scaled, calls[1][1], ("y",))
    with pytest.raises(Mismatch, match=r"y with N = 3 differs"):
        agree(target(lambda x: scaled(x, 2.0 + (len(x) == 3))), scaled, calls, ("y",))
    half = target(lambda x: (scaled(x)[0].astype(np.float16 if x.dtype == np.float32 else np.float64), ""))
    with pytest.raises(Mismatch, match="y with float32 arrays has dtype float16"):
        agree_in_float32_and_strided(half, scaled, calls[1][1], ("y",))


def test_the_reference_is_asked_for_its_function_of_the_targets_name(target):
    reference = SimpleNamespace(scaled=scaled, other=lambda x: (3.0 * x, "cache"))
    calls = [(np.ones(3),)]
    agree(target(scaled), reference, [("at ones", *calls)], ("y",))
    ((_, _, (y, _)),) = in_pairs(target(scaled), reference, calls)
    np.testing.assert_array_equal(y, np.full(3, 2.0))
    with pytest.raises(Mismatch, match="y at ones differs"):
        agree(target(reference.other), reference, [("at ones", *calls)], ("y",))


def test_tensors_agree_in_float32_with_what_is_asked_in_float32(target):
    calls = [(torch.linspace(0.1, 1.0, 4, dtype=torch.float64),)]
    agree_in_float32(target(torch.exp), torch.exp, calls, "y")
    with pytest.raises(Mismatch, match=r"y in float32 has dtype torch.float64; expected torch.float32"):
        agree_in_float32(target(lambda x: torch.exp(x.double())), torch.exp, calls, "y")
    with pytest.raises(Mismatch, match="y in float32 differs"):
        agree_in_float32(target(torch.expm1), torch.exp, calls, "y")
    assert to_number(torch.tensor(0.5, dtype=torch.float64), "loss") == 0.5
    with pytest.raises(Mismatch, match=r"loss has shape \(1,\); expected \(\)"):
        to_number(torch.ones(1, dtype=torch.float64), "loss")


def test_a_table_gives_a_dictionary_for_each_row_without_what_the_row_leaves_out():
    rows = table("N D h0", (), (1,), (2, 3), (4, ..., False), (5, 6, None))
    assert rows == [{}, {"N": 1}, {"N": 2, "D": 3}, {"N": 4, "h0": False}, {"N": 5, "D": 6, "h0": None}]
    assert list(table("b a", (1, 2))[0]) == ["b", "a"]
    with pytest.raises(ValueError, match="more than the 2 values"):
        table("N D", (1, 2, 3))


def test_what_is_returned_has_the_listed_names_and_shapes_and_the_cache_may_be_anything(target):
    x = np.ones((3, 4))
    returns(target(lambda x: x), (x,), "the new x (3, 4)")
    returns(target(lambda x: (x, x[:, 0], "whatever")), (x,), "y (3, 4), z (3,), cache")
    with pytest.raises(Mismatch, match=r"the new x has shape \(3, 4\); expected \(3,\)"):
        returns(target(lambda x: x), (x,), "the new x (3,)")
    with pytest.raises(Mismatch, match=r"^z has shape \(3,\); expected \(4,\)"):
        returns(target(lambda x: (x, x[:, 0], None)), (x,), "y (3, 4), z (4,), cache")
    with pytest.raises(Mismatch, match="the result has length 2; expected a tuple of 3 values"):
        returns(target(lambda x: (x, x)), (x,), "y (3, 4), z (3, 4), cache")
    with pytest.raises(Mismatch, match="x is a float; expected a NumPy array"):
        returns(target(lambda x: float(x.sum())), (x,), "x ()")
    for wrong in ("x (3, 4", "x (N, T)", "x (3,) y (3,)", "x (3,), "):
        with pytest.raises(ValueError, match="does not list"):
            returns(target(lambda x: x), (x,), wrong)


def test_close_goes_into_lists_and_dictionaries_and_is_exact_elsewhere():
    each_close([{"a": 1.0 + 1e-9}, 2], [{"a": 1.0}, 2], "it")
    with pytest.raises(Mismatch, match=r"it\[0\]\['a'\] differs"):
        each_close([{"a": 1.1}], [{"a": 1.0}], "it")
    with pytest.raises(Mismatch):
        each_close([2.0], [2], "it")


def test_a_changed_argument_is_named_and_a_generator_may_move(target):
    def draws(x, rng):
        rng.normal()
        return x

    def spoils(x, rng):
        x[0] = 7
        return x

    for x in (np.zeros(2), torch.zeros(2), [0, 0]):
        arguments_unchanged(target(draws), (x, np.random.default_rng(0)), "x rng")
        with pytest.raises(Mismatch, match="x"):
            arguments_unchanged(target(spoils), (x, np.random.default_rng(0)), "x rng")
        assert x[0] == 0


def test_no_edit_of_an_argument_reaches_the_test_or_the_reference(target):
    def spoils(x, weights, names):
        x[...], weights["W"][...] = 7.0, 7.0
        names.append("more")
        return x.copy()

    def right(x, weights, names):
        assert names == ["one"]
        return x + weights["W"]

    args = np.ones((2, 3)), {"W": np.ones(3)}, ["one"]
    function = target(spoils)
    for call in (
        lambda: function(*args),
        lambda: function.map([args, args]),
        lambda: function.watched(*args),
        lambda: in_pairs(function, right, [args]),
    ):
        call()
        assert args[0].sum() == 6
        assert args[1]["W"].sum() == 3
        assert args[2] == ["one"]
    ((_, found, desired),) = in_pairs(function, right, [args])
    assert (found.sum(), desired.sum()) == (42, 12)
    with pytest.raises(Mismatch, match="differs"):
        agree(function, right, [("", args)])


def test_a_probe_gets_copies_too():
    def spoils(namespace, x):
        x[...] = 7
        return 0

    x = np.zeros(2)
    with setting(provider=LocalProvider({}, SimpleNamespace(PROBES={"spoils": spoils}))):
        assert Probe()("spoils", x) == 0
        seen = Probe().watched("spoils", x)
    assert x.tolist() == [0, 0]
    assert seen.args[0].tolist() == [7, 7]
    with pytest.raises(Mismatch, match="x of spoils was changed"):
        as_they_were((x,), seen, ["x of spoils"])


@pytest.mark.parametrize(
    "draw",
    [random.random, np.random.random, lambda: torch.rand(1), lambda: random.seed(1), lambda: np.random.seed(1)],
)
def test_a_call_that_uses_or_seeds_a_shared_generator_is_found_and_nothing_of_it_stays(target, draw):
    before = shared_generators.digests()
    shared_generators_untouched(target(lambda: 1).watched, (), np.random.default_rng(0))
    with pytest.raises(Mismatch, match="generators that all code shares"):
        shared_generators_untouched(target(draw).watched, (), np.random.default_rng(0))
    assert shared_generators.digests() == before


def test_states_that_did_not_come_back_are_not_taken_for_untouched():
    right = shared_generators.digests_of(5)
    assert shared_generators.untouched(right, 5)
    assert not shared_generators.untouched(right, 6)
    assert shared_generators.untouched({name: right[name] for name in ("random", "numpy")}, 5)
    for name in ("random", "numpy"):
        assert not shared_generators.untouched({key: state for key, state in right.items() if key != name}, 5)


def test_a_generator_that_moved_or_did_not_come_back_is_found():
    generator = np.random.default_rng(0)
    generator_untouched(generator, np.random.default_rng(0), "moved")
    for other in (np.random.default_rng(1), None, 3):
        with pytest.raises(Mismatch, match="moved"):
            generator_untouched(generator, other, "moved")


def test_copies_keep_layout_and_share_nothing():
    base = np.arange(24.0).reshape(4, 6)
    for array in (base, base.T, base[:, ::2], np.broadcast_to(base[:1], (4, 6)), np.array(3.0)):
        twin = copied(array)
        np.testing.assert_array_equal(twin, array)
        assert not np.shares_memory(twin, array)
        assert twin.flags.c_contiguous == array.flags.c_contiguous
        assert twin.flags.f_contiguous == array.flags.f_contiguous
        assert twin.flags.writeable
    lock = threading.Lock()
    assert copied([lock])[0] is lock
    leaf = torch.ones(2, requires_grad=True)
    assert copied(leaf).requires_grad


def test_a_tensor_is_told_by_its_type_dtype_shape_and_numbers():
    expect_tensor(torch.zeros(2, 3, dtype=torch.int64), (2, 3), "ids", torch.int64)
    expect_close(torch.ones(2), torch.ones(2), "h")
    for wrong, said in (
        (np.zeros(2), "h is not a torch tensor"),
        (torch.zeros(2), "h has dtype torch.float32; expected torch.float64"),
        (torch.zeros(3, dtype=torch.float64), "shape"),
    ):
        with pytest.raises(Mismatch, match=said):
            expect_tensor(wrong, (2,), "h")
    with pytest.raises(Mismatch, match="h differs"):
        expect_close(torch.zeros(2), torch.ones(2), "h")


def test_a_module_takes_parameters_in_their_order():
    module = with_parameters(torch.nn.Linear(2, 1).double(), np.array([[1.0, 2.0]]), np.array([3.0]))
    assert module(torch.ones(2, dtype=torch.float64)).item() == 6.0
    with pytest.raises(ValueError, match="shorter"):
        with_parameters(torch.nn.Linear(2, 1), np.ones((1, 2)))


def test_a_search_returns_the_first_that_holds_and_ends_where_none_does():
    numbers = iter(range(10**6))
    assert arrays.first_that(lambda number: number > 7, lambda: next(numbers)) == 8
    assert arrays.first_that(lambda number: number < 0, lambda: next(numbers), most=5) == 13
