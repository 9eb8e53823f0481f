"""Which matrix of an AnnData is meant; it is never guessed."""

from collections.abc import Collection

from neurosig.errors import ExpressionError, ParameterError, examples


def choose_matrix(
    layer: str | None, *, use_raw: bool, layers: Collection[str], has_raw: bool, has_x: bool
) -> tuple[str, str]:
    """Where the matrix is ("X", "raw/X" or "layers/<name>"), and what it is called.

    `layers`, `has_raw` and `has_x` say what there is.

    Raises
    ------
    ParameterError
        If `layer` and `use_raw` are both given.
    ExpressionError
        If the matrix is not there.

    Examples
    --------
    >>> choose_matrix("log", use_raw=False, layers=["log"], has_raw=False, has_x=True)
    ('layers/log', "AnnData layer 'log'")
    """
    if layer is not None and use_raw:
        raise ParameterError(
            f"layer={layer!r} and use_raw=True cannot both be used",
            "They name two different matrices",
            "Choose one of them",
        )
    known = f"Layers: {examples(name for name in layers if name is not None)}"
    if layer is not None:
        if layer not in layers:
            raise ExpressionError(
                f"The AnnData has no layer {layer!r}",
                known,
                "Name one of them, or leave layer out to use adata.X",
            )
        return f"layers/{layer}", f"AnnData layer {layer!r}"
    if use_raw:
        if not has_raw:
            raise ExpressionError(
                "use_raw=True, but adata.raw is None",
                known,
                "Leave use_raw out to use adata.X, or set adata.raw before scaling",
            )
        return "raw/X", "AnnData raw"
    if not has_x:
        raise ExpressionError("adata.X is None", known, "Name the matrix: layer=...")
    return "X", "AnnData X"


def refuse_number_type(dtype: object) -> None:
    """Raise ExpressionError unless the values are integers or real numbers."""
    if getattr(dtype, "kind", "") not in tuple("fiu"):
        raise ExpressionError(
            f"The matrix of the AnnData has the type {dtype}",
            "Expression values are real numbers",
            "Convert it: adata.X = adata.X.astype('float32')",
        )
