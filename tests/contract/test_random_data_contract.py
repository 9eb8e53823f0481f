"""What every scoring method promises, on random matrices and signatures."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

import neurosig as ns
from neurosig.expression import base
from neurosig.methods.registry import registered

from .conftest import as_adata

pytestmark = pytest.mark.filterwarnings("ignore::neurosig.errors.NeurosigWarning")
few = settings(deadline=None, max_examples=12, derandomize=True)
# The signatures here are drawn, and a published recipe belongs to its own genes.
every_method = pytest.mark.parametrize("name", sorted(set(registered()) - {"published"}))


@st.composite
def cases(draw) -> tuple[pd.DataFrame, dict[str, object]]:
    """4 to 9 samples of 30 to 60 genes, half of them zero or tied, and three signatures."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_obs, n_genes = draw(st.integers(4, 9)), draw(st.integers(30, 60))
    values = rng.gamma(2.0, 1.5, (n_obs, n_genes)).round(draw(st.integers(1, 3)))
    values[rng.random(values.shape) < draw(st.sampled_from([0.0, 0.3, 0.6]))] = 0.0
    genes = [f"G{i}" for i in range(n_genes)]
    picked = [genes[i] for i in rng.permutation(n_genes)]
    n_plain, n_up, n_down = (draw(st.integers(3, 8)) for _ in range(3))
    sets = {
        "plain": picked[:n_plain],
        "absent": [*picked[n_plain : n_plain + 4], "X1", "X2"],
        "directed": {"up": picked[12 : 12 + n_up], "down": picked[20 : 20 + n_down]},
    }
    return pd.DataFrame(values, [f"s{i}" for i in range(n_obs)], genes), sets


def method_of(name: str):
    return registered()[name](**({"ctrl_size": 4, "n_bins": 4} if name == "module_score" else {}))


def assert_equal(found: pd.DataFrame, expected: pd.DataFrame, tolerance: float = 0.0) -> None:
    """Missing in the same places, and otherwise within the tolerance times the range."""
    a, b = found.loc[expected.index, expected.columns].to_numpy(), expected.to_numpy()
    is_missing = np.isnan(b)
    assert (np.isnan(a) == is_missing).all()
    if not is_missing.all():
        span = np.ptp(b[~is_missing])
        assert np.abs(a - b)[~is_missing].max() <= tolerance * (span or 1.0)


@every_method
@given(case=cases())
@few
def test_storage_blocks_and_threads(name, case):
    (x, sets), method = case, method_of(name)
    expected = ns.score(x, sets, method=method).values
    sparse = as_adata(x, scipy.sparse.csr_matrix)
    found = ns.score(sparse, sets, method=method).values
    assert_equal(found, expected, 0.0 if method.scope == "sample" else 1e-12)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            base.Expression,
            "bounds",
            lambda self, max_bytes=0: [
                (i, min(i + 3, self.n_obs)) for i in range(0, self.n_obs, 3)
            ],
        )
        assert_equal(ns.score(x, sets, method=method, n_jobs=2).values, expected)


@every_method
@given(case=cases(), seed=st.integers(0, 2**32 - 1))
@few
def test_the_order_of_samples_signatures_and_listed_genes(name, case, seed):
    (x, sets), method = case, method_of(name)
    expected = ns.score(x, sets, method=method).values
    shuffled = x.iloc[np.random.default_rng(seed).permutation(len(x))]
    tolerance = 0.0 if method.scope == "sample" else 1e-12
    if name != "gsva":  # its smoothed statistics hang on the order of samples where patterns agree
        assert_equal(ns.score(shuffled, sets, method=method).values, expected, tolerance)
    turned = {
        label: {arm: arm_genes[::-1] for arm, arm_genes in genes.items()}
        if isinstance(genes, dict)
        else genes[::-1]
        for label, genes in reversed(sets.items())
    }
    assert_equal(ns.score(x, turned, method=method).values, expected)


@every_method
@given(case=cases(), seed=st.integers(0, 2**32 - 1))
@few
def test_what_is_declared_not_to_matter_does_not(name, case, seed):
    (x, sets), method = case, method_of(name)
    rng = np.random.default_rng(seed)
    expected = ns.score(x, sets, method=method).values
    declared = method.invariant_to
    if "gene_order" in declared:
        found = ns.score(x[list(rng.permutation(x.columns))], sets, method=method).values
        # Both document that the sign of a balanced component is that of the first gene.
        if name in ("plage", "pc1"):
            is_turned = (found * expected).sum() < 0
            found = found.mul(np.where(is_turned, -1.0, 1.0))
        assert_equal(found, expected, 1e-12)
    if "other_samples" in declared:
        more = pd.DataFrame(rng.gamma(2.0, 3.0, (3, x.shape[1])), list("abc"), x.columns)
        found = ns.score(pd.concat([more, x]), sets, method=method).values.loc[x.index]
        assert_equal(found, expected)
    if "other_signatures" in declared:
        more_sets = {"first": list(x.columns[:9]), **sets, "last": list(x.columns[-7:])}
        found = ns.score(x, more_sets, method=method).values[list(sets)]
        assert_equal(found, expected)
    if "monotone_transform" in declared:
        assert_equal(ns.score(np.exp2(x), sets, method=method).values, expected)
    if "other_genes" in declared:
        more_genes = pd.DataFrame(rng.gamma(2.0, 3.0, (len(x), 5)), x.index, list("ABCDE"))
        found = ns.score(pd.concat([more_genes, x], axis=1), sets, method=method).values
        assert_equal(found, expected, 1e-12)


@every_method
@given(case=cases())
@few
def test_scores_stay_within_the_declared_bounds(name, case):
    (x, sets), method = case, method_of(name)
    found = ns.score(x, sets, method=method).values.to_numpy()
    low, high = method.bounds
    # singscore documents by how much the rule "min" for ties can leave them.
    slack = 2 * 8 / (2 * (x.shape[1] - 8)) if name == "singscore" else 1e-12
    assert np.nanmin(found) >= low - slack
    assert np.nanmax(found) <= high + slack
