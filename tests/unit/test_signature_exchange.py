"""Collections as JSON and CSV come back as they were, or are refused."""

import dataclasses
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neurosig.errors import ResourceError, SignatureError
from neurosig.genesets.exchange import read_csv, read_json
from neurosig.genesets.signature import Signature, SignatureCollection

# Characters that files and spreadsheets treat in their own way, and plain ones.
NAMES = st.text("AB1=+-@'\",;#& \\\u03b2", min_size=1, max_size=5).filter(
    lambda text: text == text.strip()
)
WEIGHTS = st.floats(allow_nan=False, allow_infinity=False).filter(lambda weight: weight != 0)
SIGNATURES = st.lists(NAMES, unique=True, min_size=1, max_size=5).flatmap(
    lambda genes: st.builds(
        Signature,
        id=NAMES,
        genes=st.just(tuple(genes)),
        weights=st.none() | st.lists(WEIGHTS, min_size=len(genes), max_size=len(genes)).map(tuple),
        title=st.text("ab\t\n\u03b2", max_size=5),
        source=st.dictionaries(st.sampled_from(["kind", "doi", "table"]), NAMES),
        verified=st.booleans(),
        recipe=st.none() | st.just("weighted_sum"),
        cancer_context=st.lists(NAMES, max_size=2).map(tuple),
    )
)
COLLECTIONS = st.lists(SIGNATURES, max_size=4, unique_by=lambda s: s.id).map(SignatureCollection)


def _only_genes(collection: SignatureCollection) -> SignatureCollection:
    return SignatureCollection(
        Signature(id=s.id, genes=s.genes, weights=s.weights) for s in collection.values()
    )


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(COLLECTIONS)
def test_json_and_back_keeps_everything_and_the_order(collection):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "signatures.json"
        collection.to_json(path)
        again = read_json(path)
    assert list(again.items()) == list(collection.items())
    assert again.sha256 == collection.sha256


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(COLLECTIONS)
def test_csv_and_back_keeps_names_genes_weights_and_their_order(collection):
    names = [text for s in collection.values() for text in (s.id, *s.genes)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "signatures.csv"
        if any(text[:1] == "'" and text[1:2] in tuple("=+-@") for text in names):
            with pytest.raises(SignatureError, match="to_json"):
                collection.to_csv(path)
            return
        collection.to_csv(path)
        again = read_csv(path)
    assert list(again.items()) == list(_only_genes(collection).items())


def test_a_gene_called_na_survives_csv(tmp_path):
    collection = SignatureCollection.of({"=s": ["NA", "nan", "TRUE", "-x", 'a"b', "1e3"]})
    collection.to_csv(tmp_path / "s.csv")
    assert read_csv(tmp_path / "s.csv") == collection
    assert "\n'=s," in (tmp_path / "s.csv").read_text()


def test_a_name_that_csv_would_change_is_refused(tmp_path):
    with pytest.raises(SignatureError, match="to_json"):
        SignatureCollection.of({"s": ["'=A"]}).to_csv(tmp_path / "s.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_csv_without_weights_is_a_plain_set(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text("source,target\na,X\na,Y\n\n")
    assert read_csv(path)["a"].weights is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("source,gene\na,X\n", "lacks the column target"),
        ("", "is empty"),
        ("id,symbol\na,X\n", "lacks the column source and target"),
        ("source,target,weight\na,X\n", "line 2"),
        ("source,target,weight\na,X,1\na,Y,heavy\n", "line 3"),
        ("source,target,weight\na,X,nan\n", "cannot be used"),
        ("source,target,weight\na,X,1\na,X,1\n", "more than once"),
        ('source,target,weight\na,"X,1\n', "cannot be read"),
    ],
)
def test_a_broken_csv_is_refused_with_its_line(tmp_path, text, message):
    path = tmp_path / "s.csv"
    path.write_text(text)
    with pytest.raises(SignatureError, match=message):
        read_csv(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not a collection"),
        ("[]", "'schema' is not"),
        ('{"schema": "neurosig-collection/1"}', "'signatures' is not a list"),
        ('{"schema": "neurosig-collection/1", "signatures": [3]}', "known are id"),
        ('{"schema": "neurosig-collection/1", "signatures": [{"id": "a"}]}', "keys 'id'"),
        (
            '{"schema": "neurosig-collection/1", "signatures": [{"id": "a", "genes": "X"}]}',
            "not a list",
        ),
        (
            '{"schema": "neurosig-collection/1", "signatures": '
            '[{"id": "a", "genes": ["X"], "wieghts": [1]}]}',
            "wieghts",
        ),
        ('{"schema": "neurosig-collection/1", "schema": "x", "signatures": []}', "key twice"),
        ("[" * 100_000, "not a collection"),
    ],
)
def test_a_json_file_of_another_kind_is_refused(tmp_path, text, message):
    path = tmp_path / "s.json"
    path.write_text(text)
    with pytest.raises(SignatureError, match=message):
        read_json(path)


def test_a_source_that_json_cannot_hold_is_refused(tmp_path):
    signature = Signature(id="a", genes=("X",), source={"kind": object()})
    with pytest.raises(SignatureError, match="cannot be written as JSON"):
        SignatureCollection([signature]).to_json(tmp_path / "s.json")
    assert list(tmp_path.iterdir()) == []


def test_fields_at_their_default_are_left_out_of_json(tmp_path):
    SignatureCollection.of({"a": ["X"]}).to_json(tmp_path / "s.json")
    content = json.loads((tmp_path / "s.json").read_text())
    assert content["signatures"] == [{"id": "a", "genes": ["X"]}]


def test_a_missing_file_is_a_resource_error(tmp_path):
    for reader in (read_json, read_csv):
        with pytest.raises(ResourceError, match="cannot be read"):
            reader(tmp_path / "absent")


def test_a_recipe_with_controls_survives_json(tmp_path):
    signature = Signature(
        id="a",
        genes=("X", "Y"),
        weights=(0.5, -1.0),
        recipe="weighted_sum_of_log_expr_minus_mean_housekeeping",
        controls=("TBP", "UBB"),
    )
    SignatureCollection([signature]).to_json(tmp_path / "s.json")
    assert read_json(tmp_path / "s.json")["a"] == signature


def test_renaming_as_the_messages_say_works():
    signature = Signature(id="a", genes=("X",), title="t")
    assert dataclasses.replace(signature, id="b").title == "t"
