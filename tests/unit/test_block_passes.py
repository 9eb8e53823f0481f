"""One pass over the blocks of an expression: in order, checked on the way, each block read once."""

from collections import Counter

import numpy as np
import pytest

import neurosig as ns
from neurosig.errors import ExpressionError, NonFiniteError
from neurosig.expression import passes
from neurosig.expression.base import DenseExpression, Expression
from neurosig.expression.derived import Checked
from neurosig.expression.passes import run_blocks
from neurosig.methods.registry import registered

N_OBS, N_GENES = 60, 12
VALUES = np.log1p(np.random.default_rng(20260505).poisson(2.0, (N_OBS, N_GENES)))
GENES = [f"G{i:02d}" for i in range(N_GENES)]
SIGNATURES = {"a": GENES[:4], "b": GENES[4:9]}


class Counting(DenseExpression):
    """Ten blocks of six rows that count how often they are taken."""

    def __init__(self, values=VALUES) -> None:
        super().__init__(values, [f"c{i:02d}" for i in range(N_OBS)], GENES, {})
        self.n_reads: Counter = Counter()

    def bounds(self, max_bytes=0):
        return [(i, i + 6) for i in range(0, self.n_obs, 6)]

    def block(self, start, stop):
        if stop - start > 1:  # single rows are what the scale is guessed from
            self.n_reads[start] += 1
        return super().block(start, stop)


def row_sums(block):
    return block.data.sum(axis=1)


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_results_come_in_the_order_of_the_rows(n_jobs):
    passed = list(run_blocks(Counting(), row_sums, n_jobs=n_jobs))
    assert [start for start, _ in passed] == list(range(0, N_OBS, 6))
    np.testing.assert_array_equal(np.concatenate([r for _, r in passed]), VALUES.sum(axis=1))


SAMPLE_SCOPE = [n for n, cls in registered().items() if cls().scope == "sample"]


@pytest.mark.parametrize("name", SAMPLE_SCOPE)
@pytest.mark.parametrize("n_jobs", [1, 3])
def test_a_method_of_sample_scope_reads_each_block_once(name, n_jobs):
    expression = Counting()
    ns.score(expression, SIGNATURES, method=name, n_jobs=n_jobs)
    assert set(expression.n_reads.values()) == {1}
    assert len(expression.n_reads) == 10


@pytest.mark.parametrize("name", sorted(set(registered()) - {"published"}))  # needs recipes
@pytest.mark.parametrize("n_jobs", [1, 3])
def test_a_missing_value_in_the_last_row_is_the_error_with_all_of_them_counted(name, n_jobs):
    """By hand: two missing values, in G03 of c50 and in G07 of c59."""
    holed = VALUES.copy()
    holed[50, 3] = holed[59, 7] = np.nan
    with pytest.raises(NonFiniteError) as caught:
        ns.score(Counting(holed), SIGNATURES, method=name, n_jobs=n_jobs)
    assert caught.value.facts == {"n_nan": 2, "n_infinite": 0}
    assert "G03 in c50, G07 in c59" in str(caught.value)


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_an_infinite_value_is_an_error_where_missing_ones_are_not(n_jobs):
    holed = VALUES.copy()
    holed[5, 3], holed[41, 7] = np.nan, np.inf
    assert len(list(run_blocks(Checked(Counting(np.nan_to_num(holed))), row_sums))) == 10
    with pytest.raises(NonFiniteError, match=r"1 infinite value\..*G07 in c41"):
        list(run_blocks(Checked(Counting(holed), allow_nan=True), row_sums, n_jobs=n_jobs))


def test_values_that_heal_while_they_are_read_are_no_result():
    class Healing(Counting):
        def block(self, start, stop):
            block = super().block(start, stop)
            if start == 6 and self.n_reads[6] == 1:
                block.data[0, 0] = np.nan
                return type(block)(start, block.data.copy())
            block.data[np.isnan(block.data)] = 1.0
            return block

    with pytest.raises(ExpressionError, match="changed while it was read"):
        list(run_blocks(Checked(Healing(VALUES.copy())), row_sums))


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_an_error_of_the_task_ends_the_pass(n_jobs):
    expression = Counting()

    def fail_in_the_second(block):
        if block.start == 6:
            raise RuntimeError("as asked")
        return block.start

    with pytest.raises(RuntimeError, match="as asked"):
        list(run_blocks(expression, fail_in_the_second, n_jobs=n_jobs))
    assert len(expression.n_reads) < 10


def test_blocks_are_not_read_far_ahead_of_what_is_used():
    expression = Counting()
    passed = run_blocks(expression, row_sums, n_jobs=2)
    next(passed)
    assert len(expression.n_reads) <= 2 * 2 + 1
    passed.close()
    assert len(expression.n_reads) <= 2 * 2 + 1


def test_the_bar_is_told_of_each_block(monkeypatch):
    told = []

    def progress(items, *, total, title):
        told.append((total, title))
        for item in items:
            told.append("block")
            yield item

    monkeypatch.setattr(passes, "progress", progress)
    ns.score(Counting(), SIGNATURES, method="mean")
    assert told == [(10, "mean: 60 observations"), *["block"] * 10]


def test_a_checked_expression_is_the_same_expression():
    parent = Counting()
    checked: Expression = Checked(parent)
    assert checked.shape == parent.shape
    assert checked.bounds() == parent.bounds()
    assert checked.origin == parent.origin
    assert checked.to_frame().equals(parent.to_frame())
