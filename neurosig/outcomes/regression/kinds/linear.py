"""Linear regression by least squares."""

import numpy as np

from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.regression.kind import (
    LEVERAGE,
    PERFECT_FIT,
    Data,
    Fit,
    Kind,
    Outcome,
    is_perfect,
)
from neurosig.outcomes.regression.newton import Basis
from neurosig.outcomes.regression.options import RegressionModel
from neurosig.outcomes.regression.outcome_column import finite_numbers
from neurosig.outcomes.regression.robust_errors import RobustErrors, Sandwich


class Linear(Kind):
    """outcome = a + beta x + gamma' z + e; Student's t with n - k - 1 degrees of freedom."""

    name = "linear"
    title = "linear regression"
    options = frozenset({"errors", "cluster", "cluster_errors"})
    robust = frozenset({"HC0", "HC1", "HC2", "HC3"})
    cluster_robust = frozenset({"CR1", "CR2", "jackknife"})
    has_df = True

    def read(
        self, cohort: Cohort, column: str, positive: str | float | None, model: RegressionModel
    ) -> Outcome:
        """The column as numbers."""
        del positive, model
        return Outcome(finite_numbers(cohort, column), column)

    def fit(self, data: Data, model: RegressionModel, confidence: float) -> Fit:
        """Least squares, with classical or robust errors."""
        del confidence
        from statsmodels.regression.linear_model import OLS

        n, k = data.design.shape
        columns, back = Basis.of(data.design)
        fitted = OLS(data.y - data.y.mean(), columns).fit()  # a level far from 0 costs digits
        residual = np.asarray(fitted.resid)
        if is_perfect(residual, data.y):
            return Fit.failed(k - 1, PERFECT_FIT, "the terms determine the outcome")
        df = np.full(k - 1, float(n - k))
        found = RobustErrors(np.sqrt(np.diag(back @ fitted.cov_params() @ back.T)))
        if model.is_robust:
            parts = Sandwich.of(data.design, residual, np.ones(n))
            robust = parts.errors(model, data.cases.cluster, factor=(n - 1) / (n - k))
            if robust is None:
                return Fit.failed(k - 1, LEVERAGE, leverage_message(model))
            found = robust
        return Fit(
            estimate=(back @ np.asarray(fitted.params))[1:],
            std_error=found.std_error[1:],
            df=df if found.df is None else found.df[1:],
        ).without_errors(found.is_unknown[1:])


def leverage_message(model: RegressionModel) -> str:
    """Why HC2 and HC3 do not exist."""
    return f"a row decides its own fit (leverage 1), so that {model.errors} divides by zero"


KIND = Linear()
