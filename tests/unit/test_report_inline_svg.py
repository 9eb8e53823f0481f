"""SVG files as safe parts of a page."""

import re
from pathlib import Path

import pytest

import neurosig.report
from neurosig.errors import InputError
from neurosig.pl.style import PALETTE
from neurosig.report.inline_svg import inline_svg

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'


def inline(inside):
    return inline_svg(f"{HEAD}{inside}</svg>", "f1", "words")


def test_scripts_handlers_styles_and_foreign_parts_are_left_out():
    html = inline(
        "<script>alert(1)</script><style>*{color:red}</style><title>t</title>"
        '<foreignObject><b>b</b></foreignObject><g onclick="alert(1)" style="fill: red; behavior: '
        'url(x)"><a href="javascript:alert(1)"><path d="M0 0"/></a></g>'
    )
    assert html.endswith('><g fill="red" /></svg>')


def test_links_out_are_left_out_and_inner_ones_are_kept():
    html = inline(
        '<use xlink:href="#m"/><use xlink:href="http://x/y#m"/><image href="http://x/y.png"/>'
        '<image xlink:href="data:image/svg+xml;base64,AA"/>'
        '<image xlink:href="data:image/png;base64,\nAAAA"/>'
    )
    assert re.findall(r'href="([^"]*)"', html) == ["#f1-m", "data:image/png;base64,AAAA"]


def test_ids_and_what_points_to_them_get_the_prefix():
    html = inline('<g clip-path="url(#c)" id="g"/><clipPath id="c"/><g fill="url(http://x/)"/>')
    assert html.endswith('<g clip-path="url(#f1-c)" id="f1-g" /><clipPath id="f1-c" /><g /></svg>')


def test_no_style_attribute_is_left_and_declarations_win():
    html = inline('<path stroke="#ffffff" style="stroke: #0072B2; stroke-width: 2"/>')
    assert '<path stroke="var(--figure-blue)" stroke-width="2" />' in html
    assert "style=" not in html


def test_both_ways_to_write_a_font_become_attributes():
    long = inline("<text style=\"font-weight: 700; font-size: 9px; font-family: 'A'\">t</text>")
    short = inline("<text style=\"font: italic 700 9px 'A', sans-serif\">t</text>")
    assert '<text font-weight="700" font-size="9px">t</text>' in long
    assert '<text font-size="9px" font-style="italic" font-weight="700">t</text>' in short


def test_text_and_words_are_escaped():
    html = inline_svg(f"{HEAD}<text>&lt;b&gt; a</text></svg>", "f", '"><script>')
    assert "<text>&lt;b&gt; a</text>" in html
    assert "<script>" not in html
    assert 'aria-label="&quot;&gt;&lt;script&gt;"' in html


def test_nothing_of_the_namespaces_is_left():
    assert "http" not in inline("<path d='M0 0'/>")


def test_a_size_in_points_is_shown_larger():
    html = inline_svg('<svg width="100pt" height="50pt" viewBox="0 0 100 50"/>', "f", "w")
    assert 'width="120pt"' in html
    assert "height" not in html


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('<!DOCTYPE svg [<!ENTITY a "b">]><svg/>', "declares XML entities"),
        ("<svg", "not well-formed"),
        ("<html/>", "not SVG"),
    ],
)
def test_what_is_no_drawing_is_refused(text, said):
    with pytest.raises(InputError, match=f"fig.svg .*{said}|fig.svg {said}"):
        inline_svg(text, "f", "words", "fig.svg")


def test_the_style_sheet_knows_every_colour_of_the_figures():
    sheet = (Path(neurosig.report.__file__).parent / "assets" / "report.css").read_text("utf-8")
    for name in PALETTE:
        assert f"--figure-{name}:" in sheet


def _luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _contrast(one, other):
    """The contrast ratio of WCAG 2.2."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_colours_of_text_and_lines_have_the_contrast_of_wcag_aa(theme):
    sheet = (Path(neurosig.report.__file__).parent / "assets" / "report.css").read_text("utf-8")
    pairs = re.findall(r"--([a-z-]+): light-dark\((#\w{6}), (#\w{6})\)", sheet)
    colours = {name: values[theme] for name, *values in pairs}
    for name in ("ink", "muted", "link"):
        assert _contrast(colours[name], colours["paper"]) >= 4.5, name
        assert _contrast(colours[name], colours["raised"]) >= 4.5, name
    assert _contrast(colours["caution"], colours["caution-back"]) >= 4.5
    # graphical objects need 3:1; sky, orange and purple come fourth or later and carry a shape too
    for name in ("figure-blue", "figure-vermillion", "figure-green", "focus"):
        assert _contrast(colours[name], colours["paper"]) >= 3, name
