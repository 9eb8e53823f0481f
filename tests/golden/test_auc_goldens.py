"""AUCs of groups of cells and DeLong's variance against pROC 1.18.0 (scripts/31_models.R)."""

import numpy as np
import pandas as pd
import pytest

from neurosig.sc.auc import delong_variances, group_aucs

pytestmark = pytest.mark.data


@pytest.mark.parametrize("column", ["age", "ph.ecog"])
def test_auc_and_delong_variance_equal_proc(goldens, column):
    lung = pd.read_csv(goldens / "inputs" / "surv_lung.csv").dropna(subset=[column])
    is_case = ((lung["time"] < 365) & (lung["status"] == 2)).to_numpy().astype(np.intp)
    values = lung[column].to_numpy(dtype=np.float64)
    theirs = pd.read_csv(goldens / "expected" / "pROC_lung.csv").set_index("case").loc[column]
    found = group_aucs(values, is_case, 2)
    assert found[1] == pytest.approx(theirs["auc"], abs=1e-14)
    assert found[0] == pytest.approx(1 - theirs["auc"], abs=1e-14)
    for variance in delong_variances(values, is_case, 2):
        assert variance == pytest.approx(theirs["var_delong"], rel=1e-12)
