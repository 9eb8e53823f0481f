"""Signature and SignatureCollection: what is accepted, what is refused, what stays the same."""

import dataclasses
import hashlib
import json
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neurosig.errors import SignatureError
from neurosig.genesets.signature import Signature, SignatureCollection

# Characters that files and spreadsheets treat in their own way, and plain ones.
NAMES = st.text("AB1=+-@'\",;#& \\\u03b2", min_size=1, max_size=5).filter(
    lambda text: text == text.strip()
)
WEIGHTS = st.floats(allow_nan=False, allow_infinity=False).filter(lambda weight: weight != 0)


@st.composite
def collections(draw, weights=WEIGHTS):
    names = draw(st.lists(NAMES, unique=True, min_size=1, max_size=4))
    signatures = []
    for name in names:
        genes = draw(st.lists(NAMES, unique=True, min_size=1, max_size=6))
        values = draw(
            st.none() | st.lists(weights, min_size=len(genes), max_size=len(genes)).map(tuple)
        )
        signatures.append(Signature(id=name, genes=tuple(genes), weights=values))
    return SignatureCollection(signatures)


class TestSignature:
    def test_signs_of_weights_are_directions(self):
        signature = Signature(id="s", genes=("A", "B", "C"), weights=(2, -0.5, 1))
        assert signature.up == ("A", "C")
        assert signature.down == ("B",)
        assert signature.weight_of == {"A": 2.0, "B": -0.5, "C": 1.0}
        assert signature.n_genes == 3

    @pytest.mark.parametrize(
        ("weights", "is_weighted", "is_directed"),
        [(None, False, False), ((1, -1), False, True), ((1, 0.5), True, False)],
    )
    def test_weighted_and_directed_are_two_things(self, weights, is_weighted, is_directed):
        signature = Signature(id="s", genes=("A", "B"), weights=weights)
        assert signature.is_weighted is is_weighted
        assert signature.is_directed is is_directed

    def test_weights_of_one_are_the_same_as_no_weights(self):
        plain = Signature(id="s", genes=("A", "B"))
        assert Signature(id="s", genes=("A", "B"), weights=(1, 1.0)) == plain
        assert plain.weights is None

    @pytest.mark.parametrize("name", ["", " a", "a ", "a\tb", "a\nb", "a\x00b", None, 3])
    def test_a_name_that_is_not_plain_text_is_refused(self, name):
        with pytest.raises(SignatureError, match="cannot be named"):
            Signature(id=name, genes=("A",))

    def test_a_name_may_hold_blanks_and_letters_of_any_script(self):
        assert Signature(id="my β set / 2", genes=("A",)).id == "my β set / 2"

    def test_an_empty_gene_list_is_refused(self):
        with pytest.raises(SignatureError, match="no genes"):
            Signature(id="s", genes=())

    def test_repeated_genes_are_named(self):
        with pytest.raises(SignatureError, match=r"2 genes more than once.*'A', 'C'") as caught:
            Signature(id="s", genes=("A", "B", "A", "C", "C"))
        assert caught.value.facts["genes"] == ["A", "C"]

    @pytest.mark.parametrize("gene", [float("nan"), None, 7, "", " TP53", "TP53\u00a0", "A\tB"])
    def test_a_gene_that_is_not_plain_text_is_refused(self, gene):
        with pytest.raises(SignatureError, match="cannot be a gene name"):
            Signature(id="s", genes=("NGF", gene))

    def test_one_text_is_not_a_gene_list(self):
        with pytest.raises(SignatureError, match="not a list"):
            Signature(id="s", genes="TP53")

    @pytest.mark.parametrize("weight", [0, 0.0, float("nan"), float("inf"), "1", None, True])
    def test_a_weight_that_cannot_be_used_is_refused(self, weight):
        with pytest.raises(SignatureError, match="cannot be used"):
            Signature(id="s", genes=("A", "B"), weights=(1, weight))

    def test_one_weight_per_gene_is_needed(self):
        with pytest.raises(SignatureError, match="2 genes but 1 weight"):
            Signature(id="s", genes=("A", "B"), weights=(1,))

    def test_numpy_weights_become_floats(self):
        weights = tuple(np.array([2, -1], dtype=np.int32))
        assert Signature(id="s", genes=("A", "B"), weights=weights).weights == (2.0, -1.0)

    def test_it_cannot_be_changed_and_does_not_share_its_source(self):
        source = {"kind": "paper"}
        signature = Signature(id="s", genes=("A",), source=source)
        source["kind"] = "changed"
        assert signature.source == {"kind": "paper"}
        with pytest.raises(dataclasses.FrozenInstanceError):
            signature.id = "t"

    def test_the_hash_is_that_of_the_stated_text(self):
        text = '[["A",1.0],["B",-0.5]]'
        expected = hashlib.sha256(text.encode()).hexdigest()
        assert Signature(id="s", genes=("B", "A"), weights=(-0.5, 1)).sha256 == expected


class TestForms:
    def test_every_form_gives_the_same_collection(self):
        signature = Signature(id="s", genes=("A", "B"), weights=(1, -1))
        collection = SignatureCollection([signature])
        assert SignatureCollection.of(collection) is collection
        assert SignatureCollection.of(signature) == collection
        assert SignatureCollection.of({"s": {"A": 1, "B": -1}}) == collection
        assert SignatureCollection.of({"s": {"up": ["A"], "down": ["B"]}}) == collection
        assert SignatureCollection.of({"s": signature}) == collection

    def test_list_likes_are_lists(self):
        for genes in (["A", "B"], ("A", "B"), pd.Index(["A", "B"]), np.array(["A", "B"])):
            assert SignatureCollection.of({"s": genes})["s"].genes == ("A", "B")

    def test_a_set_is_sorted_so_that_every_process_has_the_same_order(self):
        assert SignatureCollection.of({"s": {"C", "A", "B"}})["s"].genes == ("A", "B", "C")

    def test_one_direction_may_be_empty_or_absent(self):
        assert SignatureCollection.of({"s": {"up": ["A"]}})["s"].weights is None
        assert SignatureCollection.of({"s": {"up": [], "down": ["A"]}})["s"].down == ("A",)

    def test_genes_called_up_and_down_can_have_weights(self):
        assert SignatureCollection.of({"s": {"up": 2.0, "down": -1}})["s"].genes == ("up", "down")

    def test_a_gene_in_both_directions_is_named(self):
        with pytest.raises(SignatureError, match=r"1 gene both up and down.*'B'"):
            SignatureCollection.of({"s": {"up": ["A", "B"], "down": ["B"]}})

    @pytest.mark.parametrize("value", ["TP53", 3, None, {}, [], {"up": []}, {"upp": ["A"]}])
    def test_a_value_that_is_no_gene_list_is_refused(self, value):
        with pytest.raises(SignatureError, match="'s'"):
            SignatureCollection.of({"s": value})

    @pytest.mark.parametrize("value", [["A", "B"], "sets.gmt", 3, None])
    def test_a_bare_list_or_path_is_refused_with_the_remedy(self, value):
        with pytest.raises(SignatureError, match="read_gmt"):
            SignatureCollection.of(value)

    def test_a_signature_under_another_name_is_refused(self):
        with pytest.raises(SignatureError, match="listed under the name 't'"):
            SignatureCollection.of({"t": Signature(id="s", genes=("A",))})


class TestCollection:
    def test_it_is_a_mapping_in_the_given_order(self):
        collection = SignatureCollection.of({"b": ["X"], "a": ["Y"]})
        assert list(collection) == ["b", "a"]
        assert len(collection) == 2
        assert "a" in collection
        assert collection["a"].genes == ("Y",)
        with pytest.raises(TypeError):
            collection["c"] = collection["a"]

    def test_joining_refuses_a_name_clash(self):
        first, second = SignatureCollection.of({"a": ["X"]}), SignatureCollection.of({"b": ["Y"]})
        assert list(first | second) == ["a", "b"]
        with pytest.raises(SignatureError, match=r"more than once.*'a'"):
            first | first

    def test_joining_with_something_else_is_a_type_error(self):
        with pytest.raises(TypeError):
            SignatureCollection() | {"a": ["X"]}

    def test_the_hash_ignores_order_and_sees_everything_else(self):
        first = SignatureCollection.of({"a": ["X", "Y"], "b": ["Z"]})
        same = SignatureCollection.of({"b": ["Z"], "a": ["Y", "X"]})
        renamed = SignatureCollection.of({"a": ["X", "Y"], "c": ["Z"]})
        reweighted = SignatureCollection.of({"a": {"X": 1, "Y": -1}, "b": ["Z"]})
        assert first.sha256 == same.sha256
        assert len({first.sha256, renamed.sha256, reweighted.sha256}) == 3

    def test_the_hash_is_that_of_the_stated_text(self):
        content = [["a", [["X", 1.0]]], ["b", [["Y", -2.0]]]]
        text = json.dumps(content, separators=(",", ":"))
        collection = SignatureCollection.of({"b": {"Y": -2}, "a": ["X"]})
        assert collection.sha256 == hashlib.sha256(text.encode()).hexdigest()

    def test_it_pickles(self):
        collection = SignatureCollection.of({"a": {"X": 2}})
        assert pickle.loads(pickle.dumps(collection)) == collection  # noqa: S301 - our own bytes

    def test_an_empty_collection_has_an_empty_table(self):
        frame = SignatureCollection().to_frame()
        assert list(frame.columns) == ["source", "target", "weight"]
        assert SignatureCollection.from_frame(frame) == SignatureCollection()


class TestFrame:
    def test_weights_may_be_absent_and_other_columns_are_ignored(self):
        frame = pd.DataFrame({"target": ["X", "Y"], "source": ["a", "a"], "note": [1, 2]})
        assert SignatureCollection.from_frame(frame)["a"].genes == ("X", "Y")

    def test_a_missing_column_is_named(self):
        with pytest.raises(SignatureError, match="lacks the column target"):
            SignatureCollection.from_frame(pd.DataFrame({"source": ["a"], "gene": ["X"]}))

    def test_a_missing_gene_is_refused_with_the_remedy(self):
        frame = pd.DataFrame({"source": ["a", "a"], "target": ["X", None]})
        with pytest.raises(SignatureError, match="keep_default_na=False"):
            SignatureCollection.from_frame(frame)

    def test_a_doubled_row_is_refused(self):
        frame = pd.DataFrame({"source": ["a", "a"], "target": ["X", "X"]})
        with pytest.raises(SignatureError, match="more than once"):
            SignatureCollection.from_frame(frame)

    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(collections())
    def test_a_table_and_back_is_the_same(self, collection):
        assert SignatureCollection.from_frame(collection.to_frame()) == collection
