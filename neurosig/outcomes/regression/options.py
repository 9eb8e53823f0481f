"""What a regression may be told besides its terms."""

from dataclasses import dataclass, fields
from typing import Annotated, Literal

from neurosig._params import Help, check
from neurosig.errors import ParameterError

Errors = Literal["classical", "HC0", "HC1", "HC2", "HC3"]
ClusterErrors = Literal["auto", "CR1", "CR2", "jackknife"]
Link = Literal["logit", "probit", "cloglog"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegressionModel:
    """How a regression treats the data; each kind of model takes some of the options.

    Parameters
    ----------
    errors
        Standard errors: of the model, or robust ones that hold when its variance does not. HC0 is
        the plain sandwich, HC1 times n / (n - parameters), HC2 and HC3 divide the squared residual
        of row i by 1 - h_i and its square (h the leverage). For linear, logistic and poisson all;
        for ordinal, multinomial and negative_binomial HC0.
    cluster
        Column of groups whose rows depend on each other: residuals are summed within them before
        the sandwich is made.
    cluster_errors
        How: "CR2" takes out the bias that few or unequal clusters give the sandwich, and tests with
        t and Satterthwaite's degrees of freedom, which keeps its level with ten clusters too (of
        linear, logistic and poisson models). "jackknife" fits again without each cluster, and
        tests with t and G - 1 degrees of freedom for G clusters; where one of the fits fails, CR1,
        which `message` says. "CR1" multiplies by G / (G - 1), and in linear models by
        (n - 1) / (n - parameters) too, as vcovCL does in R. "auto": CR2, of the other kinds the
        jackknife below 100 clusters, and CR1 from there on.
    intervals
        Of logistic models: "wald", estimate +- z standard errors, or "profile", where twice the
        log-likelihood has dropped by the chi-square quantile.
    firth
        Of logistic models: Firth's penalty, whose estimates are finite under separation: for the
        models in which the score separates the levels ("auto"), for all (True) or none (False).
    link
        Of ordinal models: of the probability of a level or a lower one.
    order
        Of ordinal models: the levels from lowest to highest; an ordered categorical has its own.
    reference
        Of multinomial models: the level that the others are compared with.
    exposure, offset
        Of counts: a column of sizes (time at risk, area looked at) whose log is added to the
        linear predictor, or a column added as it is.
    group
        Of mixed models: the column (donor, centre) whose levels have their own intercepts.
    slope
        Of mixed models: "score", or a number in `adjust`, whose effect differs between groups too.
    estimation
        Of mixed models: "REML", or "ML" (variances too small by the parameters fitted).
    allow_repeats
        Take rows of one donor or patient for independent ones.

    Raises
    ------
    ParameterError
        A field has a value that is not allowed, or two of them exclude each other.

    References
    ----------
    MacKinnon JG, White H (1985) J Econom 29:305-325, doi:10.1016/0304-4076(85)90158-7 (HC0-HC3);
    Zeileis A et al. (2020) J Stat Softw 95(1), doi:10.18637/jss.v095.i01 (CR1); Pustejovsky JE,
    Tipton E (2018) J Bus Econ Stat 36:672-683, doi:10.1080/07350015.2016.1247004 (CR2); Lipsitz SR,
    Dear KB, Zhao L (1994) Biometrics 50:842-846, doi:10.2307/2532797 (jackknife); Firth D (1993)
    Biometrika 80:27-38, doi:10.1093/biomet/80.1.27; Heinze G, Schemper M (2002) Stat Med
    21:2409-2419, doi:10.1002/sim.1047 (its profile intervals).

    Examples
    --------
    >>> RegressionModel().errors, RegressionModel(cluster="centre").is_robust
    ('classical', True)
    """

    errors: Annotated[Errors, Help("standard errors of the model, or robust ones")] = "classical"
    cluster: Annotated[
        str | None, Help("column of groups of dependent rows, for robust errors")
    ] = None
    cluster_errors: Annotated[
        ClusterErrors, Help("errors of clusters; by default (auto) the least biased that there are")
    ] = "auto"
    intervals: Annotated[Literal["wald", "profile"], Help("intervals of a logistic model")] = "wald"
    firth: Annotated[
        bool | Literal["auto"], Help("Firth's penalty; by default (auto) where the score separates")
    ] = "auto"
    link: Annotated[Link, Help("link of an ordinal model")] = "logit"
    order: Annotated[tuple[str, ...], Help("levels of an ordinal outcome, lowest first")] = ()
    reference: Annotated[
        str | None, Help("level that the others of a multinomial outcome are compared with")
    ] = None
    exposure: Annotated[str | None, Help("column of sizes that counts are per")] = None
    offset: Annotated[str | None, Help("column added to the linear predictor of counts")] = None
    group: Annotated[str | None, Help("column of donors or centres of a mixed model")] = None
    slope: Annotated[
        str | None, Help("score, or a covariate whose effect differs between the groups")
    ] = None
    estimation: Annotated[Literal["REML", "ML"], Help("estimation of a mixed model")] = "REML"
    allow_repeats: Annotated[bool, Help("take rows of one donor for independent ones")] = False

    def __post_init__(self) -> None:
        check(self)
        for one, other in (
            ("cluster", "errors"),
            ("intervals", "errors"),
            ("intervals", "cluster"),
            ("firth", "errors"),
            ("firth", "cluster"),
            ("exposure", "offset"),
        ):
            if self._asks_for(one) and self._asks_for(other):
                raise ParameterError(
                    f"{one} and {other} exclude each other",
                    f"{one}={getattr(self, one)!r}, {other}={getattr(self, other)!r}",
                    "Drop one of the two",
                )
        if self.cluster_errors != "auto" and self.cluster is None:
            raise ParameterError(
                "Errors of clusters need the clusters",
                f"cluster_errors={self.cluster_errors!r}, cluster=None",
                'Name their column, such as cluster="centre"',
            )
        if self.slope is not None and self.group is None:
            raise ParameterError(
                "A slope that differs between groups needs the groups",
                f"slope={self.slope!r}, group=None",
                'Name their column, such as group="donor"',
            )

    @property
    def is_robust(self) -> bool:
        """Whether robust errors are asked for."""
        return self.errors != "classical" or self.cluster is not None

    @property
    def asked_for(self) -> tuple[str, ...]:
        """The options that are not at their defaults."""
        defaults = {f.name: f.default for f in fields(self)}
        return tuple(name for name, value in defaults.items() if getattr(self, name) != value)

    def _asks_for(self, name: str) -> bool:
        return name in self.asked_for and getattr(self, name) is not False
