"""What a signature's name, genes and weights have to be, and the messages when they are not."""

import math
import numbers
from collections import Counter
from collections.abc import Iterable, Mapping

from neurosig.errors import SignatureError, count, examples


def _is_plain(text: object) -> bool:
    """Printable (no tab, line end, NUL) and without blanks around it."""
    return isinstance(text, str) and text != "" and text.isprintable() and text == text.strip()


def check_name(name: object) -> None:
    """Refuse a name that is not plain text."""
    if not _is_plain(name):
        raise SignatureError(
            f"A signature cannot be named {name!r}",
            "A name is non-empty printable text without tabs, line ends or blanks around it",
            "Rename the signature",
            signature=name,
        )


def check_genes(name: str, genes: tuple[str, ...]) -> None:
    """Refuse an empty list, a gene that is not plain text and a gene listed twice."""
    if not genes:
        raise SignatureError(
            f"Signature {name!r} has no genes", "Its list is empty", "Remove it or fill the list"
        )
    bad = [gene for gene in genes if not _is_plain(gene)]
    if bad:
        raise SignatureError(
            f"Signature {name!r} holds {count(len(bad), 'gene')} that cannot be a gene name",
            f"They are {examples(bad)}",
            "Gene names are text without blanks around them; reading tables, keep 'NA' and "
            "numbers as text: pd.read_csv(..., dtype=str, keep_default_na=False)",
            signature=name,
            genes=bad,
        )
    repeated = [gene for gene, n in Counter(genes).items() if n > 1]
    if repeated:
        raise SignatureError(
            f"Signature {name!r} lists {count(len(repeated), 'gene')} more than once",
            f"Repeated: {examples(repeated)}",
            "List every gene once, with one direction: list(dict.fromkeys(genes))",
            signature=name,
            genes=repeated,
        )


def checked_weights(
    name: str, genes: tuple[str, ...], weights: Iterable[float] | None
) -> tuple[float, ...] | None:
    """Floats aligned with the genes; None when every weight is 1."""
    if weights is None:
        return None
    listed = tuple(weights)
    if len(listed) != len(genes):
        raise SignatureError(
            f"Signature {name!r} has {count(len(genes), 'gene')} but "
            f"{count(len(listed), 'weight')}",
            "",
            "Give one weight per gene",
            signature=name,
        )
    bad = [
        f"{gene}: {weight!r}"
        for gene, weight in zip(genes, listed, strict=True)
        if not is_weight(weight)
    ]
    if bad:
        raise SignatureError(
            f"Signature {name!r} holds {count(len(bad), 'weight')} that cannot be used",
            f"They are {', '.join(bad[:5])}",
            "Weights are finite numbers other than 0; leave a gene without weight out. "
            "Two lists are {'up': [...], 'down': [...]}",
            signature=name,
        )
    numbers = tuple(float(weight) for weight in listed)
    return None if all(number == 1 for number in numbers) else numbers


def is_weight(value: object) -> bool:
    """Whether the value is a finite number other than zero."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return False
    return math.isfinite(float(value)) and float(value) != 0


def refuse_both_arms(name: str, up: tuple[str, ...], down: tuple[str, ...]) -> None:
    """Refuse a gene that is in both lists."""
    both = [gene for gene in up if gene in set(down)]
    if both:
        raise SignatureError(
            f"Signature {name!r} lists {count(len(both), 'gene')} both up and down",
            f"They are {examples(both)}",
            "Keep each gene in one of the two lists",
            signature=name,
            genes=both,
        )


def gene_list(name: str, value: object) -> tuple[str, ...]:
    """Make a tuple of genes of any list-like value; a bare text is refused."""
    if isinstance(value, set | frozenset):
        # A set has no order of its own; sorted, the signature is the same in every process.
        return tuple(sorted(value, key=str))
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping):
        return tuple(value)
    raise SignatureError(
        f"The genes of signature {name!r} are not a list",
        f"Got {value!r:.60} ({type(value).__name__})",
        "Write {'name': ['GENE1', 'GENE2']}",
        signature=name,
    )
