"""An SVG file as a safe part of a page that follows the page's theme.

Kept are the elements and attributes a drawing needs; everything else (scripts, style sheets, event
handlers, links out) is left out. `style` attributes become presentation attributes, since a strict
content security policy blocks the former. Ids get a prefix, so that figures do not share them, and
the palette's colours become custom properties, so that dark pages can use lighter ones.
"""

import re
from xml.etree import ElementTree as ET

from neurosig.errors import InputError
from neurosig.pl.style import PALETTE


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ELEMENTS = _words(
    """
    svg g defs path use text tspan rect circle ellipse line polyline polygon clipPath
    image linearGradient radialGradient stop pattern
    """
)
_PRESENTATION = _words(
    """
    fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-dasharray
    stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit opacity font-size
    font-weight font-style text-anchor image-rendering clip-rule stop-color stop-opacity
    """
)
_GEOMETRY = _words(
    """
    id d x y x1 x2 y1 y2 dx dy r rx ry cx cy width height viewBox points transform
    offset preserveAspectRatio gradientUnits gradientTransform patternUnits
    patternTransform clipPathUnits clip-path href
    """
)
_THEMED = {colour: f"var(--figure-{name})" for name, colour in PALETTE.items()}
_LOCAL_URL = re.compile(r"url\(#([^)\"']+)\)")
_FONT = re.compile(r"(?P<look>.*?)(?P<size>[\d.]+px)\s+.*", re.DOTALL)
_POINTS = re.compile(r"([\d.]+)pt")
_SCALE = 1.2
"""Figures are drawn in the type size of a journal column, which is small beside a page's text."""
_PNG = "data:image/png;base64,"


def inline_svg(text: str, prefix: str, label: str, where: str = "the SVG") -> str:
    """The SVG as HTML, with `role="img"` and its words.

    Parameters
    ----------
    text
        The file's content.
    prefix
        What the ids start with; has to be unique on the page.
    label
        The figure in words.
    where
        The file's name for error messages.

    Raises
    ------
    InputError
        It is not XML, not SVG, or declares entities.

    Examples
    --------
    >>> inline_svg('<svg viewBox="0 0 9 9"><path id="a" style="fill: #0072b2" d="M0 0"/></svg>',
    ...            "f1", "a <dot>")
    '<svg viewBox="0 0 9 9" role="img" aria-label="a &lt;dot&gt;" focusable="false"><path id="f1-a"
    d="M0 0" fill="var(--figure-blue)" /></svg>'
    """
    if "<!ENTITY" in text:
        raise InputError(
            f"{where} declares XML entities",
            "A figure has no use for them",
            "Draw the figure again",
        )
    try:
        root = ET.fromstring(text)  # noqa: S314  entities were refused above
    except ET.ParseError as error:
        raise InputError(
            f"{where} is not well-formed XML", str(error), "Draw the figure again"
        ) from error
    if _local(root.tag) != "svg":
        raise InputError(
            f"{where} is not SVG",
            f"Its root element is {_local(root.tag)!r}",
            "Draw the figure again",
        )
    clean = _clean(root, prefix)
    clean.attrib.pop("id", None)
    clean.attrib.pop("height", None)
    width = _POINTS.fullmatch(clean.get("width", ""))
    if width:
        clean.set("width", f"{float(width[1]) * _SCALE:g}pt")
    clean.set("role", "img")
    clean.set("aria-label", label)
    clean.set("focusable", "false")
    return ET.tostring(clean, encoding="unicode")


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _clean(element: ET.Element, prefix: str) -> ET.Element:
    """A copy with what is allowed."""
    tag = _local(element.tag)
    copy = ET.Element(tag)
    for name, value in _attributes(element).items():
        safe = _safe_value(tag, name, value.strip(), prefix)
        if safe is not None:
            copy.set(name, safe)
    if tag in {"text", "tspan"}:
        copy.text = element.text
    for child in element:
        if isinstance(child.tag, str) and _local(child.tag) in _ELEMENTS:
            part = _clean(child, prefix)
            part.tail = child.tail if tag in {"text", "tspan"} else None
            copy.append(part)
    return copy


def _attributes(element: ET.Element) -> dict[str, str]:
    """Allowed attributes; declarations of `style` win over attributes, as in CSS."""
    found = {_local(name): value for name, value in element.attrib.items()}
    declared = {}
    for declaration in found.pop("style", "").split(";"):
        name, _, value = declaration.partition(":")
        declared[name.strip()] = value.strip()
    font = _FONT.fullmatch(declared.pop("font", ""))
    if font:
        declared["font-size"] = font["size"]
        for word in font["look"].split():
            declared["font-style" if word in {"italic", "oblique"} else "font-weight"] = word
    allowed = {k: v for k, v in found.items() if k in _GEOMETRY or k in _PRESENTATION}
    return allowed | {k: v for k, v in declared.items() if k in _PRESENTATION or k == "clip-path"}


def _safe_value(tag: str, name: str, value: str, prefix: str) -> str | None:
    if name == "id":
        return f"{prefix}-{value}"
    if name == "href":
        if value.startswith("#"):
            return f"#{prefix}-{value[1:]}"
        return "".join(value.split()) if tag == "image" and value.startswith(_PNG) else None
    if name == "d":
        return " ".join(value.split())
    if "(" in value and name not in {"transform", "gradientTransform", "patternTransform"}:
        local = _LOCAL_URL.fullmatch(value)
        return f"url(#{prefix}-{local[1]})" if local else None
    return _THEMED.get(value.lower(), value)
