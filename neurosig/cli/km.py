"""`neurosig km`."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from neurosig.cli._files import join_files, refuse_overwriting
from neurosig.cli._options import expand
from neurosig.errors import ParameterError
from neurosig.outcomes.clinic.endpoint import Endpoint
from neurosig.outcomes.curves.curve_intervals import Interval
from neurosig.outcomes.curves.rank_tests import logrank
from neurosig.outcomes.curves.rank_weights import RankWeights
from neurosig.outcomes.curves.survival_curve import kaplan_meier, survival_quantile
from neurosig.pl.style import save_figure
from neurosig.records.writing import write_sidecar
from neurosig.study.config import ClinicalReading
from neurosig.study.curves import draw_curves


@expand
def command(
    scores: Annotated[Path, typer.Argument(help="scores, as `neurosig score` writes them")],
    clinical: Annotated[Path, typer.Argument(help="clinical table")],
    signature: Annotated[str, typer.Option(help="the signature that makes the groups")],
    output: Annotated[Path, typer.Option(help=".svg file; its numbers go to a .csv beside it")],
    reading: ClinicalReading,
    endpoint: Endpoint,
    weights: RankWeights,
    interval: Annotated[
        Interval, typer.Option(help="scale of the confidence intervals")
    ] = "log-log",
) -> None:
    """Kaplan-Meier curves of a score's two halves, for display, with numbers at risk.

    The test printed is the Cox model of the continuous score.
    """
    if output.suffix != ".svg":
        raise ParameterError(
            f"--output cannot be {str(output)!r}", "Figures are SVG files", "Give a .svg file"
        )
    refuse_overwriting([scores, clinical], [output, output.with_suffix(".csv")])
    cohort = join_files(scores, clinical, reading, endpoint, "cohort")
    curves = draw_curves(cohort, signature, interval=interval)
    written = save_figure(curves.figure, curves.data, output)
    write_sidecar(written, inputs=[scores, clinical], signature=signature)
    groups = curves.groups
    entry = groups.get("entry")
    test = logrank(groups["time"], groups["event"], groups["group"], entry=entry, **asdict(weights))
    sys.stdout.write(f"{cohort.echo}; {cohort.coding}\n{curves.note}\n")
    curve = kaplan_meier(
        groups["time"], groups["event"], groups=groups["group"], interval=interval, entry=entry
    )
    medians = survival_quantile(curve)
    for row in medians.to_dict("records"):
        sys.stdout.write(
            f"Median of the half {row['group']}: {row['time']:.4g} {endpoint.unit} "
            f"[{row['ci_low']:.4g}, {row['ci_high']:.4g}]\n"
        )
    sys.stdout.write(
        f"Log-rank test of the displayed halves{_weights_text(weights)}: "
        f"chi-square {test.statistic:.4g}, "
        f"p {test.p_value:.3g}\n"
    )


def _weights_text(weights: RankWeights) -> str:
    match weights.weighting:
        case "logrank":
            return ""
        case "fleming-harrington":
            return f" (Fleming-Harrington weights, rho {weights.rho:g}, gamma {weights.gamma:g})"
        case other:
            return f" ({other.title()} weights)"
