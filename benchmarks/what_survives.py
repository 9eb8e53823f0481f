"""`python -m benchmarks.what_survives`: nominal and random-signature p-values of real cohorts.

Runs the demonstration (three breast cohorts) and, with `--data FOLDER`, the studies of colorectal
cancer in docs/studies, and puts the p-values of each side by side. With `--write PAGE` the tables
go between the marks of that page.
"""

import argparse
import tempfile
import warnings
from pathlib import Path

import pandas as pd

import neurosig as ns
from benchmarks.null_page import put
from benchmarks.results import as_markdown

STUDIES = Path(__file__).parents[1] / "docs" / "studies"
NAME = "what_survives"
SHOWN = 5
ALPHA = 0.05
COLUMNS = {
    "p": "p_value",
    "q": "q_value",
    "p among random signatures": "p_null",
    "its q": "q_null",
    "p by permutation": "p_permuted",
}


def tables(data: Path | None) -> list[tuple[str, pd.DataFrame]]:
    """The score rows of each study's cohorts."""
    from neurosig.cli.demo import demo_config

    found = []
    configs: list[tuple[str, object]] = [("demonstration", demo_config())]
    if data is not None:
        configs += [
            ("colorectal cancer", STUDIES / "colorectal.yaml"),
            ("colorectal cancer, exploratory", STUDIES / "colorectal_exploratory.yaml"),
        ]
    for title, config in configs:
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            run = ns.run(config, output=Path(folder) / "run", data=data)
            rows = run.tables["cohorts"]
        rows = rows[rows["term"] == "score"]
        for cohort, part in rows.groupby("cohort", sort=False):
            found.append((f"{cohort}, {part['endpoint'].iloc[0]} ({title})", part))
    return found


def text(found: list[tuple[str, pd.DataFrame]]) -> str:
    """What the page has between its marks."""
    counts, smallest = [], []
    for title, rows in found:
        tested = rows[rows["p_value"].notna()]
        below = (str(int((tested[name] < ALPHA).sum())) for name in COLUMNS.values())
        counts.append((title, str(len(tested)), *below))
        first = tested.sort_values("p_value", kind="stable").head(SHOWN)
        for _, row in first.iterrows():
            numbers = (_number(row[name]) for name in COLUMNS.values())
            smallest.append((title, str(row["signature"]), f"{row['effect']:.2f}", *numbers))
    return "\n\n".join(
        (
            f"Tests below {ALPHA:g}:",
            as_markdown((("cohort", "signatures", *COLUMNS), counts)),
            f"The {SHOWN} smallest nominal p-values of each cohort:",
            as_markdown((("cohort", "signature", "HR per SD", *COLUMNS), smallest)),
            sentence(found),
        )
    )


def sentence(found: list[tuple[str, pd.DataFrame]]) -> str:
    """What survives, in one sentence."""
    rows = pd.concat([part[part["p_value"].notna()] for _, part in found])
    nominal = rows[rows["p_value"] < ALPHA]
    among_random = nominal[nominal["p_null"] < ALPHA]
    survives = rows[(rows["q_value"] < ALPHA) & (rows["q_null"] < ALPHA)]
    names = ", ".join(survives["signature"]) if len(survives) else "none"
    return (
        f"Of {len(rows)} tests {len(nominal)} have a nominal p below {ALPHA:g}, "
        f"{len(among_random)} of these also among random signatures, and {names} survives the "
        "correction for the number of tests on both sides."
    )


def _number(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.2g}"


def main() -> None:
    """Run the studies, print the tables, and write them where asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.what_survives")
    parser.add_argument("--data", type=Path, help="folder of the data of docs/studies")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the tables into the page")
    asked = parser.parse_args()
    shown = text(tables(asked.data))
    print(shown)
    if asked.write:
        put(asked.write, NAME, shown)


if __name__ == "__main__":
    main()
