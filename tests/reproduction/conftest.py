"""A small figures.yaml: six patients, four genes, two figures, numbers by hand."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

EXPRESSION = """gene,a,b,c,d,e,f
NGF,0,1,2,3,4,5
TH,2,3,4,5,6,7
FOS,5,5,1,1,9,9
TP53,1,4,2,8,5,7
"""
CLINICAL = """patient,months,dead
a,6,1
b,2,1
c,4,0
d,12,1
e,8,0
f,10,1
"""
COHORT = """        id: TINY
        expression: {file: expression.csv, orientation: genes_in_rows}
        clinical: {file: clinical.csv, id: patient}
        endpoint: {time: months, event: dead, unit: months, name: OS}
"""
# S = mean(NGF, TH) is 1 to 6: mean 3.5, sd sqrt(17.5 / 5) = 1.870829.
# Low half a, b, c with times 6, 2, 4+; high half d, e, f with 12, 8+, 10.
FIGURES = f"""version: 1
licence: CC-BY-4.0
figures:
  heat:
    title: Scores of six patients
    caption: Mean of two genes.
    function: heatmap
    arguments:
      signatures: {{files: [signatures.gmt]}}
      method: mean
      cohort:
{COHORT}    inputs: &inputs
      - {{name: expression.csv, sha256: @expression.csv@}}
      - {{name: clinical.csv, sha256: @clinical.csv@}}
      - {{name: signatures.gmt, sha256: @signatures.gmt@}}
    versions: {{numpy: 0.0.1}}
    outputs: {{svg: heat.svg, csv: heat.csv}}
    expected:
      - origin: by hand
        script: expected/by_hand.txt
        atol: 1.0e-9
        numbers:
          z[S, a]: -1.3363062095621219
          z[S, f]: 1.3363062095621219
  curves:
    title: Survival of six patients
    caption: Median halves.
    function: kaplan_meier
    arguments:
      signatures: {{files: [signatures.gmt]}}
      signature: S
      method: mean
      cohort:
{COHORT}    inputs:
      - {{name: expression.csv, sha256: @expression.csv@}}
      - {{name: clinical.csv, sha256: @clinical.csv@}}
      - {{name: signatures.gmt, sha256: @signatures.gmt@}}
    versions: {{numpy: 0.0.1}}
    outputs: {{svg: curves.svg, csv: curves.csv}}
    expected:
      - origin: by hand
        rtol: 1.0e-9
        numbers:
          n_risk[low, 4]: 2
          n_risk[high, 10]: 2
          survival[low, 4]: 0.66666666666666667
          survival[high, 10]: 0.5
          median[low]: 6
""".replace(" &inputs", "")

Edit = Callable[..., Path]


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """The path of the small figures.yaml, its inputs beside it."""
    folder = tmp_path / "book"
    folder.mkdir()
    (folder / "expression.csv").write_text(EXPRESSION)
    (folder / "clinical.csv").write_text(CLINICAL)
    (folder / "signatures.gmt").write_text("S\tmade up\tNGF\tTH\n")
    path = folder / "figures.yaml"
    path.write_text(with_hashes(FIGURES, folder))
    return path


def with_hashes(text: str, folder: Path) -> str:
    """The text with the hashes of the inputs that lie in a folder."""
    for name in ("expression.csv", "clinical.csv", "signatures.gmt"):
        found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        text = text.replace(f"@{name}@", found)
    return text


@pytest.fixture
def edit(book: Path) -> Edit:
    """Replace a text of a file of the small book; it has to be there."""

    def replace(old: str, new: str, name: str = "figures.yaml") -> Path:
        path = book.parent / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
        return book

    return replace
