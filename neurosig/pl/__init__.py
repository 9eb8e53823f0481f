"""Figures: each is a pure `*_data` function and drawing on matplotlib's own objects.

========================  ======================================================================
``kaplan_meier_data``     curves and numbers at risk as one tidy table
``draw_kaplan_meier``     the curves on an Axes
``draw_at_risk``          the numbers at risk on an Axes
``kaplan_meier_figure``   both, with their note, as a Figure
``display_note``          the sentence that says what the groups are for and what was tested
``incidence_data``        cumulative incidence of competing causes
``draw_incidence``        the curves of one cause on an Axes
``incidence_figure``      the causes side by side as a Figure
``forest_data``           one signature over cohorts, with the pooled effects
``summary_forest_data``   one row per signature, sorted by effect
``draw_forest``           either of them on an Axes
``forest_figure``         either of them as a Figure
``leave_one_out_data``    the pooled effect without each cohort, for ``draw_forest``
``leave_one_out_figure``  the same as a Figure
``funnel_data``           effects of at least ten cohorts with their precision
``draw_funnel``           the funnel on an Axes
``funnel_figure``         the same as a Figure
``agreement_data``        pairs of scoring methods, with how far they order samples alike
``draw_agreement``        those of one signature on an Axes
``agreement_figure``      a panel for each signature as a Figure
``correlation_data``      signatures against other scores, from the table of `confounding`
``draw_correlation``      the matrix on an Axes
``correlation_figure``    the matrix with its key as a Figure
``heatmap_data``          signatures x samples in the order in which they are shown
``draw_heatmap``          the matrix on an Axes
``heatmap_figure``        the matrix with clinical bars, colour bar and keys as a Figure
``coverage_data``         share of each signature's genes found in each cohort
``draw_coverage``         the shares on an Axes
``coverage_figure``       the shares with their key as a Figure
``overlap_data``          the signatures that share genes, those alike side by side
``draw_overlap``          Jaccard index and containment on an Axes
``overlap_figure``        the matrix with its key as a Figure
``violin_data``           the score of each cell with its group
``draw_violin``           one signature on an Axes
``violin_figure``         a panel per signature as a Figure
``dotplot_data``          level and share of high cells, from the table of `sc.summarise`
``draw_dotplot``          signature x group on an Axes
``dotplot_figure``        the dots with their keys as a Figure
``embedding``             scores on a UMAP or another embedding, by scanpy
``assessment_data``       what `assess` found of each signature as one tidy table
``draw_assessment``       the table on an Axes, with what led to each verdict marked
``assessment_figure``     the same as a Figure
``null_data``             sizes of the statistic of random signatures in bins, and the own one
``draw_null``             those of one signature on an Axes
``null_figure``           a panel for each signature as a Figure
``slopes_data``           slopes of two scores along each other, of `interplay`
``draw_slopes``           one of them on an Axes
``slopes_figure``         both as a Figure
``corners_data``          predictions where two scores are low or high, of `interplay_corners`
``draw_corners``          the curves, or points, on an Axes
``corners_figure``        the same as a Figure
``mediation_data``        total, direct and indirect effects on one scale
``draw_mediation``        the effects on an Axes
``mediation_figure``      the effects above their assumptions as a Figure
``imputation_data``       traces of imputations and their values beside the observed ones
``draw_traces``           the means of one column over the rounds on an Axes
``draw_imputed_values``   observed and imputed values of one column on an Axes
``imputation_figure``     both, a row of panels per column, as a Figure
``*_alt``                 the words that stand for a figure where it cannot be seen
``figure_style``          the look of the figures, as a context manager
``save_figure``           the figure as SVG and its source data as CSV, the same bytes every time
========================  ======================================================================

Nothing here computes statistics or changes matplotlib's settings outside a call, and pyplot is
used by scanpy alone, inside `embedding`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neurosig.pl.agreement import (
        agreement_alt,
        agreement_data,
        agreement_figure,
        draw_agreement,
    )
    from neurosig.pl.assessment import (
        assessment_alt,
        assessment_data,
        assessment_figure,
        draw_assessment,
    )
    from neurosig.pl.correlation import (
        correlation_alt,
        correlation_data,
        correlation_figure,
        draw_correlation,
    )
    from neurosig.pl.coverage import coverage_alt, coverage_data, coverage_figure, draw_coverage
    from neurosig.pl.dotplot import dotplot_alt, dotplot_data, dotplot_figure, draw_dotplot
    from neurosig.pl.forest import forest_alt, forest_data, forest_figure, summary_forest_data
    from neurosig.pl.forest_drawing import draw_forest
    from neurosig.pl.funnel import draw_funnel, funnel_alt, funnel_data, funnel_figure
    from neurosig.pl.heatmap import (
        HeatmapData,
        draw_heatmap,
        heatmap_alt,
        heatmap_data,
        heatmap_figure,
    )
    from neurosig.pl.imputation import (
        draw_imputed_values,
        draw_traces,
        imputation_alt,
        imputation_data,
        imputation_figure,
    )
    from neurosig.pl.incidence import (
        draw_incidence,
        incidence_alt,
        incidence_data,
        incidence_figure,
    )
    from neurosig.pl.interplay import (
        corners_alt,
        corners_data,
        corners_figure,
        draw_corners,
        draw_slopes,
        slopes_alt,
        slopes_data,
        slopes_figure,
    )
    from neurosig.pl.km import (
        display_note,
        draw_at_risk,
        draw_kaplan_meier,
        kaplan_meier_alt,
        kaplan_meier_data,
        kaplan_meier_figure,
    )
    from neurosig.pl.mediation import (
        draw_mediation,
        mediation_alt,
        mediation_data,
        mediation_figure,
    )
    from neurosig.pl.null import draw_null, null_alt, null_data, null_figure
    from neurosig.pl.omitted import (
        leave_one_out_alt,
        leave_one_out_data,
        leave_one_out_figure,
    )
    from neurosig.pl.on_embedding import embedding
    from neurosig.pl.overlap import draw_overlap, overlap_alt, overlap_data, overlap_figure
    from neurosig.pl.style import figure_style, save_figure
    from neurosig.pl.violin import draw_violin, violin_alt, violin_data, violin_figure

_HOMES = {
    "agreement": ("agreement_alt", "agreement_data", "agreement_figure", "draw_agreement"),
    "correlation": (
        "correlation_alt",
        "correlation_data",
        "correlation_figure",
        "draw_correlation",
    ),
    "km": (
        "display_note",
        "draw_at_risk",
        "draw_kaplan_meier",
        "kaplan_meier_alt",
        "kaplan_meier_data",
        "kaplan_meier_figure",
    ),
    "incidence": ("draw_incidence", "incidence_alt", "incidence_data", "incidence_figure"),
    "interplay": (
        "corners_alt",
        "corners_data",
        "corners_figure",
        "draw_corners",
        "draw_slopes",
        "slopes_alt",
        "slopes_data",
        "slopes_figure",
    ),
    "mediation": ("draw_mediation", "mediation_alt", "mediation_data", "mediation_figure"),
    "forest": ("forest_alt", "forest_data", "forest_figure", "summary_forest_data"),
    "forest_drawing": ("draw_forest",),
    "funnel": ("draw_funnel", "funnel_alt", "funnel_data", "funnel_figure"),
    "heatmap": ("HeatmapData", "draw_heatmap", "heatmap_alt", "heatmap_data", "heatmap_figure"),
    "assessment": ("assessment_alt", "assessment_data", "assessment_figure", "draw_assessment"),
    "coverage": ("coverage_alt", "coverage_data", "coverage_figure", "draw_coverage"),
    "null": ("draw_null", "null_alt", "null_data", "null_figure"),
    "imputation": (
        "draw_imputed_values",
        "draw_traces",
        "imputation_alt",
        "imputation_data",
        "imputation_figure",
    ),
    "overlap": ("draw_overlap", "overlap_alt", "overlap_data", "overlap_figure"),
    "dotplot": ("dotplot_alt", "dotplot_data", "dotplot_figure", "draw_dotplot"),
    "omitted": ("leave_one_out_alt", "leave_one_out_data", "leave_one_out_figure"),
    "on_embedding": ("embedding",),
    "violin": ("draw_violin", "violin_alt", "violin_data", "violin_figure"),
    "style": ("figure_style", "save_figure"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "HeatmapData",
    "agreement_alt",
    "agreement_data",
    "agreement_figure",
    "assessment_alt",
    "assessment_data",
    "assessment_figure",
    "corners_alt",
    "corners_data",
    "corners_figure",
    "correlation_alt",
    "correlation_data",
    "correlation_figure",
    "coverage_alt",
    "coverage_data",
    "coverage_figure",
    "display_note",
    "dotplot_alt",
    "dotplot_data",
    "dotplot_figure",
    "draw_agreement",
    "draw_assessment",
    "draw_at_risk",
    "draw_corners",
    "draw_correlation",
    "draw_coverage",
    "draw_dotplot",
    "draw_forest",
    "draw_funnel",
    "draw_heatmap",
    "draw_imputed_values",
    "draw_incidence",
    "draw_kaplan_meier",
    "draw_mediation",
    "draw_null",
    "draw_overlap",
    "draw_slopes",
    "draw_traces",
    "draw_violin",
    "embedding",
    "figure_style",
    "forest_alt",
    "forest_data",
    "forest_figure",
    "funnel_alt",
    "funnel_data",
    "funnel_figure",
    "heatmap_alt",
    "heatmap_data",
    "heatmap_figure",
    "imputation_alt",
    "imputation_data",
    "imputation_figure",
    "incidence_alt",
    "incidence_data",
    "incidence_figure",
    "kaplan_meier_alt",
    "kaplan_meier_data",
    "kaplan_meier_figure",
    "leave_one_out_alt",
    "leave_one_out_data",
    "leave_one_out_figure",
    "mediation_alt",
    "mediation_data",
    "mediation_figure",
    "null_alt",
    "null_data",
    "null_figure",
    "overlap_alt",
    "overlap_data",
    "overlap_figure",
    "save_figure",
    "slopes_alt",
    "slopes_data",
    "slopes_figure",
    "summary_forest_data",
    "violin_alt",
    "violin_data",
    "violin_figure",
]


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
