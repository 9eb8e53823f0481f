"""What a method found in a cohort, kept to score one more sample as if it were in it."""

import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from neurosig import provenance
from neurosig._array_file import read_arrays, write_arrays
from neurosig.block_scores import score_blocks
from neurosig.errors import (
    CoverageError,
    InputError,
    ResourceError,
    ScaleWarning,
    count,
    examples,
)
from neurosig.expression.adapters import as_expression
from neurosig.expression.base import Expression
from neurosig.expression.checks import check_orientation, check_overlap, guess_scale
from neurosig.expression.columns import WithGenes
from neurosig.expression.derived import Checked
from neurosig.genesets.compiled import CompiledSignatures, compile_signatures
from neurosig.genesets.exchange import from_json, json_text
from neurosig.genesets.signature import SignatureCollection
from neurosig.keys import OK, Coverage
from neurosig.methods.base import Method
from neurosig.methods.registry import get_method, registered
from neurosig.score_warnings import (
    warn_of_flat_observations,
    warn_of_missing_scores,
    warn_of_observations_without_score,
)
from neurosig.scores import Scores, score_table

FORMAT: Final = "neurosig-cohort/2"
ENDING: Final = ".npz"


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortStats:
    """What a method of cohort scope found in a cohort: all that the score of a sample needs.

    Attributes
    ----------
    method
        The method with its parameters.
    signatures, min_genes, min_coverage
        What was scored, and the rule by which a signature was refused.
    var_names
        (n_genes,) the genes of the cohort, in order.
    cohort, fitted
        Statistics of genes and signatures, and of the scores where the method rescales them.
    coverage
        The coverage of the signatures in the cohort, with what was said of their scores.
    provenance
        The record of the scores of the cohort.

    Examples
    --------
    >>> import neurosig as ns
    >>> x = pd.DataFrame({"NGF": [1.0, 2.0, 3.0], "BDNF": [2.0, 4.0, 6.0]}, index=list("abc"))
    >>> stats = ns.score(x, {"S": ["NGF", "BDNF"]}, method="zscore").cohort_stats
    >>> patient = pd.DataFrame({"BDNF": [8.0], "NGF": [4.0]}, index=["new"])
    >>> round(float(stats.score(patient).values.loc["new", "S"]), 4)  # (2 + 2) / sqrt(2)
    2.8284
    """

    method: Method
    signatures: SignatureCollection
    min_genes: int | None
    min_coverage: float
    var_names: pd.Index
    cohort: Any
    fitted: Any
    coverage: pd.DataFrame
    provenance: dict[str, Any]

    def score(
        self, data: Any, *, layer: str | None = None, use_raw: bool = False, n_jobs: int = 1
    ) -> Scores:
        """Score other samples with the statistics of this cohort.

        A sample of the cohort itself gets the score it has there: to the bit, except where the
        method takes the statistics of a value from the cohort (gsva), where it is the same up to
        the last digits.

        Parameters
        ----------
        data
            What `neurosig.score` takes, on the scale of the cohort; the order of its genes does not
            matter, and genes that the cohort lacks are not looked at.
        layer, use_raw
            Which matrix of an AnnData to score.
        n_jobs
            Threads over blocks of observations.

        Returns
        -------
        Scores
            With the coverage of the cohort and without p-values. A signature that has no score in
            these samples, or in some of them, says so in its status.

        Raises
        ------
        CoverageError
            If a gene that the cohort was scored with is missing.
        ExpressionError
            If the matrix is unusable.

        Warns
        -----
        ScaleWarning
            The values look to be on another scale than those of the cohort.
        ScoreWarning, CoverageWarning
            Samples or signatures have no score.
        """
        sets = self._sets()
        given = as_expression(data, layer=layer, use_raw=use_raw)
        self._check_genes(given, sets)
        chosen = WithGenes(given, self.var_names)
        expression = Checked(chosen, allow_nan=self.method.allows_missing)
        scale = guess_scale(expression)
        self._warn_of_other_scale(scale.scale, scale.evidence)
        values, is_flat = score_blocks(expression, sets, self.method, self.cohort, n_jobs=n_jobs)
        warn_of_flat_observations(expression.obs_names[is_flat], self.method)
        values = self.method.finish(values, self.fitted, sets)
        warn_of_missing_scores(values, sets, self.method)
        warn_of_observations_without_score(values, is_flat, given.obs_names, sets, self.method)
        table = score_table(values, given.obs_names, self.signatures, sets.names)
        record = provenance.record(
            method=self.provenance["method"],
            signatures=self.provenance["signatures"],
            expression=dict(given.origin)
            | {"n_obs": given.n_obs, "n_genes": given.n_vars, "scale_guess": scale.scale},
            coverage=self.provenance["coverage"],
            cohort=self.provenance["expression"],
        )
        return Scores(table, sets.coverage, record)

    def save(self, path: str | Path) -> None:
        """Write everything to one .npz file (arrays and JSON, no pickle), whole or not at all.

        Raises
        ------
        InputError
            The path does not end in .npz.
        ResourceError
            The file cannot be written.
        """
        target = Path(path)
        if target.suffix != ENDING:
            raise InputError(
                f"Statistics of a cohort are saved as {ENDING}, not "
                f"{target.suffix or 'without suffix'!r}",
                f"The path given is {str(path)!r}",
                f'Use cohort_stats.save("{target.stem}{ENDING}")',
            )
        spec = self.method.spec
        content = {
            "format": FORMAT,
            "method": spec.name,
            "parameters": self.method.parameters(),
            "revision": spec.revision,
            "signatures": json_text(self.signatures),
            "min_genes": self.min_genes,
            "min_coverage": self.min_coverage,
            "var_names": np.asarray(self.var_names, dtype=np.str_),
            "cohort": self.cohort,
            "fitted": self.fitted,
            "coverage": self.coverage.reset_index().to_dict(orient="list"),
            "provenance": self.provenance,
        }
        write_arrays(target, content)

    @classmethod
    def load(cls, path: str | Path) -> "CohortStats":
        """Read what `save` wrote.

        Raises
        ------
        ResourceError
            The file is missing or damaged, holds something else, or was made by another revision
            of the method, whose scores would not be comparable.
        """
        source = Path(path)
        packages = {"neurosig", *(c.__module__.split(".")[0] for c in registered().values())}
        content = read_arrays(source, packages=tuple(sorted(packages)))
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise ResourceError(
                f"{str(path)!r} does not hold the statistics of a cohort",
                f"Its format is not {FORMAT!r}",
                "Give a file that scores.cohort_stats.save wrote",
            )
        method = get_method(content["method"], content["parameters"])
        if method.spec.revision != content["revision"]:
            raise ResourceError(
                f"{str(path)!r} was made by another revision of {method.spec.name}",
                f"Revision {content['revision']}, this is {method.spec.revision}: the numbers "
                "differ",
                "Score the cohort again and save its statistics anew",
            )
        coverage = pd.DataFrame(content["coverage"])
        return cls(
            method=method,
            signatures=from_json(content["signatures"], source),
            min_genes=content["min_genes"],
            min_coverage=content["min_coverage"],
            var_names=pd.Index(content["var_names"].tolist(), dtype="str"),
            cohort=content["cohort"],
            fitted=content["fitted"],
            coverage=coverage.set_index(coverage.columns[0]),
            provenance=content["provenance"],
        )

    def _sets(self) -> CompiledSignatures:
        compiled = compile_signatures(
            self.signatures,
            self.var_names,
            min_genes=self.min_genes,
            min_coverage=self.min_coverage,
            by_recipe=self.method.weights == "recipe",
        )
        coverage = self.coverage.copy()
        # That samples of the cohort have no score says nothing of these.
        coverage[Coverage.STATUS] = coverage[Coverage.STATUS].replace(Coverage.PARTLY_SCORED, OK)
        return replace(compiled, coverage=coverage)

    def _check_genes(self, given: Expression, sets: CompiledSignatures) -> None:
        if "other_genes" in self.method.invariant_to:
            needed = self.var_names[np.union1d(sets.sets.indices, sets.controls.indices)]
            why = "The genes of its signatures are needed"
        else:
            needed = self.var_names
            why = f"{self.method.spec.name} compares genes with each other and needs all"
        absent = needed[~needed.isin(given.var_names)]
        if len(absent) == 0:
            return
        check_orientation(given, needed.tolist())
        check_overlap(given, needed.tolist())
        raise CoverageError(
            f"{count(len(absent), 'gene')} of the cohort "
            f"{'is' if len(absent) == 1 else 'are'} missing",
            f"{why}; of {len(needed):,} there is no {examples(absent)}",
            "Measure or quantify the sample as the cohort was; or score the cohort again on the "
            "genes both have",
            missing=tuple(absent),
        )

    def _warn_of_other_scale(self, scale: str, evidence: str) -> None:
        of_cohort = self.provenance["expression"]["scale_guess"]
        # One sample does not show whether genes are centred; counts and logarithms it does.
        if scale != of_cohort and {scale, of_cohort} <= {"counts", "linear", "log"}:
            warnings.warn(
                ScaleWarning(
                    f"The values look like {scale}, those of the cohort like {of_cohort}",
                    evidence,
                    "Bring the sample to the scale of the cohort, for instance with "
                    "neurosig.transform",
                ),
                stacklevel=3,
            )
