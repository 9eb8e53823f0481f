"""CSV files as tables of the page."""

import base64

import pytest

from neurosig.errors import InputError
from neurosig.report.manifest import Column
from neurosig.report.tables import read_table


@pytest.fixture
def table_of(tmp_path):
    def make(text, columns=None, row_limit=100):
        file = tmp_path / "t.csv"
        file.write_text(text, encoding="utf-8")
        return read_table(file, "tables/t.csv", columns, row_limit=row_limit)

    return make


def shown(view):
    return [[cell.text for cell in row] for row in view.rows]


def test_columns_of_the_manifest_come_in_its_order_with_its_labels(table_of):
    columns = [Column(name="b", label="Second", format="number"), Column(name="a")]
    view = table_of("a,b,c\nx,1.234,z\n", columns)
    assert [(head.label, head.is_number) for head in view.heads] == [
        ("Second", True),
        ("A", False),
    ]
    assert shown(view) == [["1.23", "x"]]


def test_without_columns_the_format_is_guessed(table_of):
    view = table_of("signature,n_events,p_value,effect\naxon,1200,0.0004,1.5\nb,3,0.2,\n")
    assert [head.label for head in view.heads] == ["Signature", "N events", "P value", "Effect"]
    assert [head.is_number for head in view.heads] == [False, True, True, True]
    assert shown(view) == [["axon", "1,200", "<0.001", "1.50"], ["b", "3", "0.20", "–"]]


def test_the_full_number_is_kept_for_sorting(table_of):
    view = table_of("p_value\n1.5e-07\n0.25\n", [Column(name="p_value", format="p")])
    assert [row[0].value for row in view.rows] == ["1.5e-07", "0.25"]


def test_missing_numbers_are_a_dash_and_sort_as_empty(table_of):
    view = table_of("x,y\n1.5,a\n,b\nnan,c\n", [Column(name="x", format="number")])
    assert [(row[0].text, row[0].value) for row in view.rows][1:] == [("–", ""), ("–", "")]


def test_a_share_is_shown_in_percent(table_of):
    assert shown(table_of("x\n0.123\n", [Column(name="x", format="percent")])) == [["12.3 %"]]


def test_text_in_a_column_of_numbers_is_shown_as_it_is(table_of):
    assert shown(table_of("x\n1\nfew\n", [Column(name="x", format="integer")])) == [["1"], ["few"]]


def test_decimals_are_those_of_the_column(table_of):
    # a typical value of 1.5 has two decimals; what would read 0.00 is written with its power
    view = table_of("x\n1.5\n-2\n1.25\n0.0001\n", [Column(name="x", format="number")])
    assert shown(view) == [["1.50"], ["−2.00"], ["1.25"], ["1.0e−04"]]


def test_rows_whose_status_is_not_ok_are_marked_in_words(table_of):
    view = table_of("a,status\nx,ok\ny,too_few_events\nz,\n")
    assert [[cell.mark for cell in row] for row in view.rows] == [
        ["", ""],
        ["", "too few events"],
        ["", ""],
    ]
    assert view.rows[1][1].text == ""


def test_a_status_that_is_not_shown_marks_the_first_cell(table_of):
    view = table_of("a,status\ny,refused\n", [Column(name="a")])
    assert [(cell.text, cell.mark) for cell in view.rows[0]] == [("y", "refused")]


def test_the_guard_against_formulas_is_for_spreadsheets_alone(table_of):
    view = table_of("'=head,b\n'=1+1,'quoted\n", [Column(name="=head"), Column(name="b")])
    assert shown(view) == [["=1+1", "'quoted"]]
    assert base64.b64decode(view.uri.split(",", 1)[1]).startswith(b"'=head,b\n'=1+1")


def test_long_tables_are_cut_on_the_page_and_whole_in_the_download(table_of):
    view = table_of("a\n" + "x\n" * 30, row_limit=20)
    assert (len(view.rows), view.n_rows) == (20, 30)
    assert base64.b64decode(view.uri.split(",", 1)[1]).count(b"x") == 30


def test_a_column_that_is_not_there_is_named(table_of):
    with pytest.raises(InputError, match=r"tables/t.csv lacks 'q'.*columns are 'a', 'b'"):
        table_of("a,b\n1,2\n", [Column(name="q")])


def test_a_table_without_rows_has_its_heads(table_of):
    view = table_of("a,b\n")
    assert ([head.label for head in view.heads], view.rows) == (["A", "B"], ())


def test_a_file_that_is_not_text_is_refused(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"\xff\xfe\x00a")
    with pytest.raises(InputError, match="not CSV in UTF-8"):
        read_table(tmp_path / "t.csv", "tables/t.csv", row_limit=5)


@pytest.mark.parametrize(
    ("names", "keys"),
    [
        ("cohort,endpoint,signature,n", ["key", "", "key-2", ""]),
        ("cohort,signature,term,n", ["key", "key-2", "key-3", ""]),
        ("signature,n", ["key", ""]),
        ("step,n", ["key", ""]),
    ],
)
def test_the_columns_that_name_a_row_are_those_that_stay_in_sight(table_of, names, keys):
    assert [head.key for head in table_of(f"{names}\n").heads] == keys
