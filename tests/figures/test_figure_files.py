"""What all figures share: files, bytes, fonts and settings."""

import re
import xml.etree.ElementTree as ET

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from neurosig import pl, sc
from neurosig.errors import ResourceError
from neurosig.genesets.overlap import signature_overlap
from neurosig.outcomes.competing.incidence import cumulative_incidence
from neurosig.outcomes.confounders.verb import confounding
from neurosig.pl.style import PALETTE, text_width


def coverage_table(shares):
    found = [round(20 * share) for share in shares]
    return pd.DataFrame(
        {
            "n_genes": 20,
            "n_found": found,
            "coverage": shares,
            "status": ["ok" if share >= 0.5 else "refused" for share in shares],
        },
        index=[f"signature {i}" for i in range(len(shares))],
    )


@pytest.fixture
def figures(curves, results, pooled, scored_cells):
    """A function that draws every kind of figure anew."""

    def draw():
        at_risk = pd.DataFrame({"group": ["a", "b"], "time": [0.0, 0.0], "n_risk": [4, 2]})
        survival = pl.kaplan_meier_data(curves, at_risk)
        forest = pl.forest_data(results, pooled, signature="axon")
        summary = pl.summary_forest_data(pooled)
        generator = np.random.default_rng(1)
        scores = pd.DataFrame(generator.normal(size=(12, 4)), columns=list("wxyz"))
        clinic = pd.DataFrame({"age": np.arange(12.0), "stage": ["I", "II", None] * 4})
        heatmap = pl.heatmap_data(scores, clinic)
        coverage = pl.coverage_data({"A": coverage_table([1.0, 0.4])}, 0.5)
        overlap = pl.overlap_data(
            signature_overlap({"a": ["NGF", "TH"], "b": ["NGF"], "c": ["FOS"]})
        )
        violin = pl.violin_data(scored_cells)
        dots = pl.dotplot_data(sc.summarise(scored_cells, donor="donor", min_cells=4))
        correlation = pl.correlation_data(confounding(scores[["w"]], scores[["x", "y"]]).table)
        methods = pd.DataFrame([[1.0, 0.4], [0.4, 1.0]], ["mean", "gsva"], ["mean", "gsva"])
        pairs = pd.concat({"axon": methods}, names=["signature", "method"])
        agreement = pl.agreement_data(pairs, n_obs=12)
        incidence = pl.incidence_data(cumulative_incidence([1, 2, 3, 4], [1, 2, 1, 0]))
        return {
            "km": (pl.kaplan_meier_figure(survival, note="Groups: for display."), survival),
            "forest": (pl.forest_figure(forest, directions=("longer", "shorter")), forest),
            "summary": (pl.forest_figure(summary), summary),
            "heatmap": (pl.heatmap_figure(heatmap), heatmap.table),
            "coverage": (pl.coverage_figure(coverage), coverage),
            "overlap": (pl.overlap_figure(overlap), overlap),
            "violin": (pl.violin_figure(violin, points=True), violin),
            "dots": (pl.dotplot_figure(dots), dots),
            "correlation": (pl.correlation_figure(correlation), correlation),
            "agreement": (pl.agreement_figure(agreement), agreement),
            "incidence": (pl.incidence_figure(incidence, note="Gray's test: p = 0.5"), incidence),
        }

    return draw


def test_the_same_figure_gives_the_same_bytes(figures, tmp_path):
    for turn in ("first", "second"):
        for name, (figure, data) in figures().items():
            pl.save_figure(figure, data, tmp_path / turn / name)
    files = sorted((tmp_path / "first").iterdir())
    assert len(files) == 22
    for file in files:
        assert file.read_bytes() == (tmp_path / "second" / file.name).read_bytes(), file.name


def test_every_figure_is_xml_with_text_and_without_a_date(figures, tmp_path):
    for name, (figure, data) in figures().items():
        svg, source = pl.save_figure(figure, data, tmp_path / name)
        text = svg.read_text(encoding="utf-8")
        root = ET.fromstring(text)  # noqa: S314  our own file
        words = [element.text for element in root.iter() if element.tag.endswith("}text")]
        assert len(words) > 3, name
        assert "date" not in text.lower()
        assert "font-family: Helvetica" in text
        assert "'DejaVu Sans'; text-anchor" not in text
        assert len(pd.read_csv(source)) == len(data)


def test_every_stroke_and_fill_is_a_colour_of_the_palette(figures, tmp_path):
    for name, (figure, data) in figures().items():
        svg, _ = pl.save_figure(figure, data, tmp_path / name)
        colours = set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", svg.read_text("utf-8")))
        if name == "dots":
            colours -= {to_hex(mpl.colormaps["RdBu_r"](level)) for level in range(256)}
        # matplotlib gives markers a black it then overrides in their use
        assert colours <= {*PALETTE.values(), "#000000"}, name


def test_drawing_and_saving_leave_the_settings_of_matplotlib_alone(figures, tmp_path):
    before = dict(mpl.rcParams)
    for name, (figure, data) in figures().items():
        pl.save_figure(figure, data, tmp_path / name)
    assert dict(mpl.rcParams) == before


def test_a_name_with_dollars_letters_of_other_scripts_and_controls_is_plain_text(tmp_path, curves):
    name = "A$B$ \u795e\u7d4c\x00<i>"
    data = pl.kaplan_meier_data(curves.assign(group=name).head(4))
    svg, _ = pl.save_figure(pl.kaplan_meier_figure(data), data, tmp_path / "odd.svg")
    assert svg.name == "odd.svg"
    words = [e.text for e in ET.parse(svg).iter() if e.tag.endswith("}text")]  # noqa: S314  our own
    assert "A$B$ \u795e\u7d4c <i>" in words


def test_a_dot_in_the_name_of_a_figure_stays(tmp_path, curves):
    data = pl.kaplan_meier_data(curves)
    svg, source = pl.save_figure(pl.kaplan_meier_figure(data), data, tmp_path / "km.v1")
    assert (svg.name, source.name) == ("km.v1.svg", "km.v1.csv")


def test_a_folder_that_cannot_be_written_is_named(tmp_path, curves):
    (tmp_path / "file").write_text("in the way")
    data = pl.kaplan_meier_data(curves)
    with pytest.raises(ResourceError, match="cannot be written"):
        pl.save_figure(pl.kaplan_meier_figure(data), data, tmp_path / "file" / "km")


def test_text_is_measured_in_inches():
    # an em is 8.5 points and no letter is wider than that; 10 letters of one width are 10 times one
    assert 0 < text_width("m") <= 8.5 / 72
    assert text_width("m" * 10) == pytest.approx(10 * text_width("m"), rel=0.02)


def test_the_public_names_are_those_that_exist():
    for name in pl.__all__:
        assert callable(getattr(pl, name))
    with pytest.raises(AttributeError, match="has no attribute 'draw_pie'"):
        _ = pl.draw_pie
