"""A prognostic model as it was trained in one cohort, to be judged in others."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig import _atomic, provenance
from neurosig._text_files import open_text
from neurosig.errors import (
    ClinicalError,
    InputError,
    ParameterError,
    ResourceError,
    UnknownSignatureError,
    count,
    examples,
)
from neurosig.outcomes.arguments import number_list
from neurosig.outcomes.clinic.clean import numbers_of, refuse_duplicate_columns
from neurosig.outcomes.clinic.scoring_record import ScoringRecord
from neurosig.outcomes.pooling.frozen_terms import FrozenScore, FrozenTerm
from neurosig.outcomes.prediction.risk_model import RiskModel
from neurosig.outcomes.results import Results

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

FloatArray = NDArray[np.float64]
CutKind = Literal["median", "maxstat"]
FORMAT: Final = "neurosig frozen model 1"
LOW, HIGH = "low", "high"
_MAX_BYTES = 64 * 2**20


@dataclass(frozen=True, eq=False, kw_only=True)
class FrozenModel:
    """A Cox model with everything that was learnt from its training cohort.

        linear predictor of a patient = sum_j coef_j (x_j - centre_j)
        risk(t) = 1 - exp(-H0(t) exp(linear predictor))

    x: the scores, standardised by the mean and the standard deviation of the training cohort, then
    the columns of the covariates; H0: the cumulative baseline hazard at the centre (Efron). Nothing
    of another cohort enters: the prediction of a patient depends on that patient alone.

    Attributes
    ----------
    cohort, endpoint, unit, n, n_events
        The training cohort: its name, endpoint and unit of time, patients and events used.
    scores, terms
        Mean and standard deviation of each score; levels and knots of the covariates.
    coef, centre
        Of the columns `names`.
    event_time, hazard
        H0 after each event time.
    follow_up
        The longest follow-up of the training cohort; there are no predictions after it.
    cut, cut_kind
        Patients with a linear predictor above the cut are at high risk; None without.
    scoring
        How the scores were made, where it is known.

    Examples
    --------
    The median of the linear predictor is that of the patient with the median score.

    >>> import warnings
    >>> import neurosig as ns
    >>> clinic = pd.DataFrame({"years": [1, 2, 3, 4, 5], "dead": [1, 0, 1, 1, 0]})
    >>> scores = pd.DataFrame({"NGF": [2.0, 4.0, 1.0, 3.0, 0.0]})
    >>> end = ns.Endpoint(time="years", event="dead", unit="years")
    >>> cohort = ns.Cohort.join(scores, clinic, end, name="A")
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", ns.errors.SmallSampleWarning)
    ...     model = ns.train(cohort, "NGF", cut="median")
    >>> model.scores[0].mean, round(model.scores[0].sd, 4), model.predict(cohort)["group"].tolist()
    (2.0, 1.5811, ['low', 'high', 'low', 'high', 'low'])
    """

    cohort: str
    endpoint: str
    unit: str
    n: int
    n_events: int
    scores: tuple[FrozenScore, ...]
    terms: tuple[FrozenTerm, ...]
    coef: FloatArray
    centre: FloatArray
    event_time: FloatArray
    hazard: FloatArray
    follow_up: float
    cut: float | None = None
    cut_kind: CutKind | None = None
    scoring: ScoringRecord | None = None

    @property
    def signatures(self) -> tuple[str, ...]:
        """The signatures it needs scores of."""
        return tuple(score.signature for score in self.scores)

    @property
    def covariates(self) -> tuple[str, ...]:
        """The clinical columns it needs."""
        return tuple(term.column for term in self.terms)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of its design: the scores, then those of the covariates."""
        return (*self.signatures, *(name for term in self.terms for name in term.names))

    @property
    def risk_model(self) -> RiskModel:
        """Its coefficients and baseline as arrays."""
        return RiskModel(self.coef, self.centre, self.event_time, self.hazard, np.nan, np.nan)

    @property
    def table(self) -> pd.DataFrame:
        """A row per column: term, coefficient, hazard ratio, centre, and mean and SD of scores."""
        n_others = len(self.names) - len(self.scores)
        return pd.DataFrame(
            {
                "term": self.names,
                "coef": self.coef,
                "hazard_ratio": np.exp(self.coef),
                "centre": self.centre,
                "score_mean": [*(s.mean for s in self.scores), *[np.nan] * n_others],
                "score_sd": [*(s.sd for s in self.scores), *[np.nan] * n_others],
            }
        )

    def design(self, data: pd.DataFrame) -> FloatArray:
        """Its columns (n, k) for rows of any cohort, NaN where a value is missing or infinite.

        Raises
        ------
        UnknownSignatureError, ClinicalError
            A score is missing or holds texts; a covariate is missing, or cannot be read as in
            training; two columns have one name.
        """
        refuse_duplicate_columns(data)
        absent = [name for name in self.signatures if name not in data.columns]
        if absent:
            raise UnknownSignatureError(
                f"There is no score of {absent[0]!r}, which the model needs",
                f"It needs {examples(self.signatures)}; {examples(absent)} missing",
                "Score the cohort with the signatures of the model",
                unknown=tuple(absent),
            )
        lacking = [name for name in self.covariates if name not in data.columns]
        if lacking:
            raise ClinicalError(
                f"The model needs the covariate {lacking[0]!r}, which is not there",
                f"{count(len(lacking), 'covariate')} of {len(self.covariates)} missing: "
                f"{examples(lacking)}; trained in {self.cohort}",
                "Add the column to the clinical table, or train without it",
                columns=tuple(lacking),
            )
        scores = [s.standardised(numbers_of(data[s.signature])) for s in self.scores]
        return np.column_stack([*scores, *(term.columns(data) for term in self.terms)])

    def predict(self, cohort: "Cohort | pd.DataFrame", times: Sequence[float] = ()) -> pd.DataFrame:
        """Predictions of each patient, whatever its outcome.

        Parameters
        ----------
        cohort
            A cohort, or a table with the scores and covariates as columns.
        times
            When risks are wanted, in the unit of the model.

        Returns
        -------
        DataFrame
            Indexed as the rows: `linear_predictor`, `group` (with a cut), `risk_<t>`; missing where
            a score or covariate is.

        Raises
        ------
        UnknownSignatureError, ClinicalError
            As `design`; the scores of the cohort were made in another way.
        ParameterError
            A time is not positive, or after the follow-up of the training cohort.
        """
        data = cohort if isinstance(cohort, pd.DataFrame) else cohort.data
        if not isinstance(cohort, pd.DataFrame):
            self.check_scores(cohort)
        horizons = self.check_times(times)
        x, model = self.design(data), self.risk_model
        predictor = model.linear_predictor(x)
        table = pd.DataFrame({"linear_predictor": predictor}, index=data.index)
        if self.cut is not None:
            group = np.where(predictor > self.cut, HIGH, LOW).astype(object)
            group[np.isnan(predictor)] = None
            table["group"] = pd.Series(group, index=table.index, dtype=object)
        risks = model.risk(x, horizons)
        for t, risk in zip(horizons, risks.T, strict=True):
            table[f"risk_{t:g}"] = risk
        return table

    def check_scores(self, cohort: "Cohort") -> None:
        """Refuse scores that were made in another way, where both say how.

        Raises
        ------
        ClinicalError
            Method, parameters, revision or the size of a signature differ.
        """
        if self.scoring is None or cohort.scoring is None:
            return
        differences = self.scoring.differences(cohort.scoring, self.signatures)
        if differences:
            raise ClinicalError(
                f"The scores of {cohort.name!r} are not those the model was trained on",
                f"Trained in {self.cohort}: {'; '.join(differences)}",
                "Score the cohort as the training cohort was",
                differences=tuple(differences),
            )

    def check_times(self, times: Sequence[float] | float) -> FloatArray:
        """Times as an array in order, within the follow-up of the training cohort.

        Raises
        ------
        ParameterError
            A time is not positive, or after that follow-up.
        """
        horizons = np.unique(number_list("times", times))
        outside = horizons[~((horizons > 0) & (horizons <= self.follow_up))]
        if outside.size:
            raise ParameterError(
                f"The model has no risk by {outside[0]:g} {self.unit}",
                f"The cohort {self.cohort!r} it was trained in was followed to {self.follow_up:g} "
                f"{self.unit}",
                "Give times within that, in the unit of the model",
            )
        return horizons

    def validate(
        self,
        cohort: "Cohort",
        *,
        times: Sequence[float] = (),
        confidence: float = 0.95,
        other_endpoint: bool = False,
        allow_loss: bool = False,
    ) -> Results:
        """How well the model does in another cohort; see `neurosig.validate`."""
        from neurosig.outcomes.pooling.validation import validate

        return validate(
            self,
            cohort,
            times=times,
            confidence=confidence,
            other_endpoint=other_endpoint,
            allow_loss=allow_loss,
        )

    def save(self, path: str | Path) -> None:
        """Write the model to a JSON file, whole or not at all; `load` reads the same numbers.

        Raises
        ------
        InputError
            The path does not end in .json.
        ResourceError
            The file cannot be written.
        """
        target = Path(path)
        if target.suffix != ".json":
            raise InputError(
                f"A model is saved as .json, not {target.suffix or 'without suffix'!r}",
                f"The path given is {str(path)!r}",
                f'model.save("{target.stem or "model"}.json")',
            )
        content = {name: _plain(getattr(self, name)) for name in self.__dataclass_fields__}
        _atomic.write_json(target, {"format": FORMAT, **content, "made_by": provenance.record()})

    @classmethod
    def load(cls, path: str | Path) -> "FrozenModel":
        """Read what `save` wrote.

        Raises
        ------
        ResourceError
            The file is missing, damaged, or not of a saved model.
        """
        try:
            text = open_text(path, max_bytes=_MAX_BYTES).text
            content = json.loads(text, parse_constant=_refuse_constant)
            if not isinstance(content, dict) or content.get("format") != FORMAT:
                raise ValueError(f"its format is not {FORMAT!r}")  # noqa: TRY301
            return _model(content)
        except (ValueError, KeyError, TypeError, OSError, RecursionError) as error:
            raise ResourceError(
                f"{str(path)!r} does not hold a saved model",
                f"Reading it failed: {type(error).__name__}: {error}",
                "Give a file that FrozenModel.save wrote",
            ) from error


_LISTS = ("levels", "knots", "quartiles", "codes")
"""Of a frozen term; files of before they were kept have no quartiles and codes."""


def _plain(value: object) -> Any:
    """A field as JSON has it."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, FrozenScore | FrozenTerm | ScoringRecord):
        return asdict(value)
    return value


def _model(content: Mapping[str, Any]) -> FrozenModel:
    """The model of a file's content; ValueError where it contradicts itself."""
    arrays = {
        name: np.asarray(content[name], dtype=np.float64)
        for name in ("coef", "centre", "event_time", "hazard")
    }
    scoring, cut = content["scoring"], content["cut"]
    model = FrozenModel(
        cohort=str(content["cohort"]),
        endpoint=str(content["endpoint"]),
        unit=str(content["unit"]),
        n=int(content["n"]),
        n_events=int(content["n_events"]),
        scores=tuple(FrozenScore(**one) for one in content["scores"]),
        terms=tuple(
            FrozenTerm(**one | {name: tuple(one.get(name, ())) for name in _LISTS})
            for one in content["terms"]
        ),
        **arrays,
        follow_up=float(content["follow_up"]),
        cut=None if cut is None else float(cut),
        cut_kind=content["cut_kind"],
        scoring=None if scoring is None else ScoringRecord(**scoring),
    )
    k, m = len(model.names), model.event_time.size
    shapes = {name: values.shape for name, values in arrays.items()}
    if shapes != {"coef": (k,), "centre": (k,), "event_time": (m,), "hazard": (m,)}:
        raise ValueError(f"its arrays do not fit {k} columns: {shapes}")
    if not all(np.isfinite(values).all() for values in arrays.values()):
        raise ValueError("it holds numbers that are not finite")
    if not all(np.isfinite(s.mean) and s.sd > 0 for s in model.scores):
        raise ValueError("a score has no standard deviation above 0")
    if np.any(np.diff(model.event_time) <= 0) or np.any(np.diff(model.hazard, prepend=0.0) < 0):
        raise ValueError("its baseline hazard does not grow with time")
    return model


def _refuse_constant(text: str) -> float:
    raise ValueError(f"it holds {text}")
