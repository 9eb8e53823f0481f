"""Every exception and warning neurosig raises on purpose.

::

    NeurosigError
      InputError(ValueError)                      exit 3
        SignatureError
          GmtError  SignatureLintError  UnknownSignatureError
        ExpressionError
          DuplicateGenesError  NonFiniteError  OrientationError  ScaleError
        IdentifierError
        CoverageError
        ClinicalError
          AlignmentError  EndpointError
      MethodError(ValueError)                     exit 2
        UnknownMethodError  ParameterError
      FitError(RuntimeError)                      exit 4
        ConvergenceError  SeparationError  TooFewEventsError
      ResourceError                               exit 5
        ChecksumError  MissingDependencyError(ImportError)
    NeurosigWarning(UserWarning)
      CoverageWarning  ScaleWarning  ScoreWarning  AgreementWarning  IdentifierWarning
      ClinicalWarning  SmallSampleWarning  ProportionalHazardsWarning  CellsWarning
      UnfinishedRunWarning

A message has three parts: what is wrong (with the value), the evidence (counts, up to five
examples of each side) and the remedy (a line of code or an option). The facts behind the message
are in `.facts`, so that a caller need not parse text.
"""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import ClassVar


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text or text[-1] in ".!?:" else text + "."


def _message(what: str, evidence: str, remedy: str) -> str:
    return " ".join(_sentence(part) for part in (what, evidence, remedy) if part.strip())


def examples(values: Iterable[object], limit: int = 5, *, quoted: bool = True) -> str:
    """Up to `limit` values as text, and how many more there are.

    >>> examples(["a", "b", "c"], limit=2)
    "'a', 'b' and 1 more"
    """
    iterator = iter(values)
    shown = [repr(v) if quoted and isinstance(v, str) else str(v) for v in islice(iterator, limit)]
    n_left = sum(1 for _ in iterator)
    text = ", ".join(shown) if shown else "none"
    return f"{text} and {n_left} more" if n_left else text


def count(n: int, noun: str, plural: str | None = None) -> str:
    """A count with its noun in the right number.

    >>> count(1, "gene"), count(3, "gene")
    ('1 gene', '3 genes')
    """
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


class NeurosigError(Exception):
    """Base of everything neurosig raises on purpose.

    `exit_code` is what the command line returns for the class.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, evidence: str = "", remedy: str = "", **facts: object) -> None:
        super().__init__(_message(what, evidence, remedy))
        self.what = what
        self.evidence = evidence
        self.remedy = remedy
        self.facts: Mapping[str, object] = facts


class InputError(NeurosigError, ValueError):
    """The data handed in cannot be used as it is."""

    exit_code = 3


class SignatureError(InputError):
    """A signature or a collection of signatures is unusable."""


class GmtError(SignatureError):
    """A GMT file breaks the format; the line number is named."""


class SignatureLintError(SignatureError):
    """A catalogue entry breaks a lint rule."""


class UnknownSignatureError(SignatureError):
    """A signature, category or panel of that name does not exist."""


class ExpressionError(InputError):
    """The expression matrix is unusable."""


class DuplicateGenesError(ExpressionError):
    """A gene or an observation name occurs more than once."""


class NonFiniteError(ExpressionError):
    """The matrix holds NaN or infinite values."""


class OrientationError(ExpressionError):
    """The matrix seems to have genes where observations should be."""


class ScaleError(ExpressionError):
    """The scale of the matrix is not one the method accepts."""


class IdentifierError(InputError):
    """It is not clear what kind of gene identifiers the data have, or of which organism."""


class CoverageError(InputError):
    """No signature has enough of its genes in the data."""


class ClinicalError(InputError):
    """The clinical table is unusable."""


class AlignmentError(ClinicalError):
    """Observation ids of scores and clinic do not meet, or meet more than once."""


class EndpointError(ClinicalError):
    """Time, event or their coding is missing, ambiguous or impossible."""


class MethodError(NeurosigError, ValueError):
    """A scoring method or its parameters were asked for wrongly."""

    exit_code = 2


class UnknownMethodError(MethodError):
    """No registered scoring method has that name."""


class ParameterError(MethodError):
    """An argument or a configuration key has a value that is not allowed."""


class FitError(NeurosigError, RuntimeError):
    """A statistical model could not be fitted."""

    exit_code = 4


class ConvergenceError(FitError):
    """The iterations of a fit did not converge."""


class SeparationError(FitError):
    """A covariate separates the outcome perfectly: the estimate is infinite."""


class TooFewEventsError(FitError):
    """Fewer events than the model has parameters, or none at all."""


class ResourceError(NeurosigError):
    """A file, a folder or a dependency is missing or damaged."""

    exit_code = 5


class ChecksumError(ResourceError):
    """A file is not the one that was expected."""


class MissingDependencyError(ResourceError, ImportError):
    """An optional dependency is not installed."""


class NeurosigWarning(UserWarning):
    """Base of the warnings; the three parts of the message are as in the errors."""

    def __init__(self, what: str, evidence: str = "", remedy: str = "") -> None:
        super().__init__(_message(what, evidence, remedy))


class CoverageWarning(NeurosigWarning):
    """Signatures with too few of their genes in the data were not scored."""


class ScaleWarning(NeurosigWarning):
    """The matrix does not look like the scale the method wants."""


class ScoreWarning(NeurosigWarning):
    """Some observations have no score, or scores that say nothing about them."""


class AgreementWarning(NeurosigWarning):
    """Scoring methods order the observations differently."""


class IdentifierWarning(NeurosigWarning):
    """Gene identifiers are damaged in a way that cannot be undone."""


class ClinicalWarning(NeurosigWarning):
    """Something in the clinical table was lost, changed or deserves a look."""


class SmallSampleWarning(NeurosigWarning):
    """The sample, or its number of events, is small for what was asked of it."""


class ProportionalHazardsWarning(NeurosigWarning):
    """The hazard ratio of a Cox model seems to change with time."""


class CellsWarning(NeurosigWarning):
    """Cells without a label or a score were left out of a summary."""


class UnfinishedRunWarning(NeurosigWarning):
    """A run that was ended by force left something behind, which was cleared away."""
