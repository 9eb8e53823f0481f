"""The results page of the documentation."""

from benchmarks.results import Results, as_markdown
from benchmarks.tasks import AT_MOST

_HOW = """\
`python -m benchmarks --write docs/benchmarks.md` makes the data, measures ours and the peers' in \
one run and writes this page. Each program runs in a fresh process on one thread, after \
compilation; processor seconds, and the peak memory of its process with Python, libraries and \
data. Ratios are what counts: seconds depend on the machine."""

_NOTES = {
    "Against peers, in the same run": """\
The ratio is the peer's seconds over ours. Rows of R need `Rscript` and its package GSVA; they are \
left out where these are absent.""",
    "Against seconds measured on another, idle machine": """\
The seconds of these programs are not from this run: they were measured once, on data of this \
size, on another machine with nothing else to do. The cells there had 92 % zeros, ours 88 %, which \
is more work for us. Read the ratios as the order of magnitude.""",
    "Against the limit of a rank method": f"""\
Whoever ranks has to sort. Ours reads, checks and scores as well; the aim is at most {AT_MOST} \
times NumPy's own sort of the same values.""",
    "Without a peer": "For the record.",
}

_PROFILE = """\
Where the time of 0.1.0 goes. ssgsea on bulk: a third is NumPy's sort of packed keys, a tenth the \
walk, the rest reading the table and checks. gsva with the Gaussian kernel: more than half is the \
sum over all pairs of samples of a value from the kernel's table, added in the order of the \
samples as in the reference, since ranks hang on the last digit; a tenth is one call a gene, and \
7 % finding each value again among those of the cohort. ucell and aucell: a third is the ranking, \
two thirds are checks and the conversion of stored values, which any method of cells pays. plage: \
half are the products of each pair of genes of a set over all samples, and reading and checks most \
of the rest. With 1,000 sets, finding the genes of the sets and laying out the table of scores \
take as long as the scores."""


def page(results: Results, image: str) -> str:
    """The page as Markdown."""
    parts = ["# Speed", _HOW, results.conditions() + "."]
    for title, table in results.tables():
        parts += [f"## {title}", _NOTES[title], as_markdown(table)]
    missed = results.missed()
    summary = f"Aims missed: {'; '.join(missed)}." if missed else "No aim is missed."
    return (
        "\n\n".join(
            [
                *parts,
                "## What is left",
                summary,
                _PROFILE,
                "## Cost against cells, genes and signatures",
                "Both scales are logarithmic: a cost in proportion to the cells is parallel to the "
                "dotted line.",
                f"![Processor seconds against cells, genes and signatures]({image})",
            ]
        )
        + "\n"
    )
