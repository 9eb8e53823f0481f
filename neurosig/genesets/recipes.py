"""How papers score their signatures, as data; the arithmetic is in the method `published`."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final, Literal

from neurosig.errors import SignatureError, count, examples


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One way of scoring.

    Attributes
    ----------
    name
        What `Signature.recipe` says.
    scale
        Input it wants: "linear" (TPM, FPKM, normalised counts; never negative) or "log".
    weights
        What it makes of weights: "none" (it takes no weights and no down arm), "sign" (direction
        only) or "full".
    has_controls
        Whether it subtracts the mean of control genes.
    needs_all
        Whether it needs every gene; if not, the usual limits of coverage hold.
    compares_samples
        Whether a score depends on the other samples.
    """

    name: str
    scale: Literal["linear", "log"]
    weights: Literal["none", "sign", "full"]
    has_controls: bool = False
    needs_all: bool = True
    compares_samples: bool = False


RECIPES: Final[Mapping[str, Recipe]] = MappingProxyType(
    {
        recipe.name: recipe
        for recipe in (
            Recipe(name="geometric_mean", scale="linear", weights="none"),
            Recipe(name="weighted_sum", scale="linear", weights="full"),
            Recipe(name="weighted_sum_of_log_expr", scale="log", weights="full"),
            Recipe(
                name="weighted_sum_of_log_expr_minus_mean_housekeeping",
                scale="log",
                weights="full",
                has_controls=True,
            ),
            Recipe(
                name="contrast_mean_z",
                scale="log",
                weights="sign",
                needs_all=False,
                compares_samples=True,
            ),
            Recipe(name="pc1", scale="log", weights="sign", compares_samples=True),
        )
    }
)
"""Every recipe by name."""


def check_recipe(
    signature: str,
    recipe: str | None,
    genes: tuple[str, ...],
    weights: tuple[float, ...] | None,
    controls: tuple[str, ...],
) -> None:
    """Refuse a recipe that is unknown or cannot be followed with what the signature has."""
    known = RECIPES.get(recipe or "")
    if recipe is not None and known is None:
        close = get_close_matches(str(recipe), RECIPES, n=1)
        raise SignatureError(
            f"Signature {signature!r} has the recipe {recipe!r}, which is unknown",
            f"Known: {', '.join(RECIPES)}",
            f"Did you mean {close[0]!r}?" if close else "Say it in notes, and leave recipe out",
            signature=signature,
        )
    needs_controls = known is not None and known.has_controls
    if bool(controls) != needs_controls:
        raise SignatureError(
            f"Signature {signature!r} has {count(len(controls), 'control gene')} and the recipe "
            f"{recipe!r}",
            "Controls are the genes whose mean a recipe subtracts; this one "
            f"{'needs them' if needs_controls else 'subtracts none'}",
            "Name them: Signature(controls=[...])" if needs_controls else "Leave controls out",
            signature=signature,
        )
    both = [gene for gene in controls if gene in set(genes)]
    if both:
        raise SignatureError(
            f"Signature {signature!r} has {count(len(both), 'gene')} that "
            f"{'is a control' if len(both) == 1 else 'are controls'} as well",
            f"Both: {examples(both)}",
            "Keep each gene in one of the two lists",
            signature=signature,
        )
    if known is not None:
        _check_weights(signature, known, weights)


def _check_weights(signature: str, recipe: Recipe, weights: tuple[float, ...] | None) -> None:
    ignored = [
        weight
        for weight in weights or ()
        if (recipe.weights == "none" and weight != 1)
        or (recipe.weights == "sign" and abs(weight) != 1)
    ]
    if ignored:
        raise SignatureError(
            f"Signature {signature!r} has weights that its recipe {recipe.name!r} does not use",
            f"{count(len(ignored), 'weight')} such as {examples(ignored, 3)}; the recipe takes "
            f"{'plain genes' if recipe.weights == 'none' else 'the weights +1 and -1'}",
            "Leave them out, or state the recipe that has a use for them",
            signature=signature,
        )
