"""Delimited text: rows 51 to 58 of the list of bad inputs, on the reader all tables share."""

import gzip
import io
from pathlib import Path

import pandas as pd
import pytest

from neurosig._tables import check_rectangular, read_rows, sniff_separator
from neurosig._text_files import open_text
from neurosig.errors import InputError, ParameterError, ResourceError


@pytest.fixture
def write(tmp_path):
    def write_bytes(content: bytes, name: str = "table.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write_bytes


def test_cells_are_the_text_that_was_written(write):
    table = read_rows(write(b"id, age ,x\n0012,1E5,NA\nNA,,nan\n"))
    assert table.header == ["id", "age", "x"]
    assert table.rows == [["0012", "1E5", "NA"], ["NA", "", "nan"]]
    assert table.line_numbers == [2, 3]


@pytest.mark.parametrize(("sep", "name"), [("\t", "tab"), (",", "comma"), (";", "semicolon")])
def test_the_separator_is_the_one_the_header_uses(write, sep, name):
    content = f'id{sep}"age, in years; tabs\t"{sep}stage\na{sep}1{sep}II\n'.encode()
    table = read_rows(write(content))
    assert (table.sep, table.rows) == (sep, [["a", "1", "II"]]), name


def test_a_separator_given_wrongly_is_refused_with_the_right_one(write):
    with pytest.raises(InputError, match=r"sep=';'"):
        read_rows(write(b"id;age\na;1\n"), sep=",")
    with pytest.raises(ParameterError, match="one character"):
        read_rows(write(b"id;age\na;1\n"), sep="::")
    assert sniff_separator("id age") is None


def test_a_byte_order_mark_is_removed(write):
    assert read_rows(write(b"\xef\xbb\xbfid,age\na,1\n")).header == ["id", "age"]


@pytest.mark.parametrize("end", [b"\r", b"\r\n", b"\n"])
def test_any_line_end_is_read(write, end):
    table = read_rows(write(end.join([b"id,age", b"a,1", b"b,2", b""])))
    assert table.rows == [["a", "1"], ["b", "2"]]


def test_utf16_is_refused_with_the_option_and_read_with_it(write):
    path = write("id,name\na,Müller\n".encode("utf-16"))
    with pytest.raises(InputError, match='encoding="utf-16"'):
        read_rows(path)
    assert read_rows(path, encoding="utf-16").rows == [["a", "Müller"]]


def test_utf16_without_a_mark_is_refused_for_its_nul_bytes(write):
    with pytest.raises(InputError, match=r'NUL bytes.*encoding="utf-16"'):
        read_rows(write("id,name\na,b\n".encode("utf-16-le")))


def test_latin1_is_refused_with_line_and_option_and_read_with_it(write):
    path = write("id,name\na,b\nc,Müller\n".encode("latin-1"))
    with pytest.raises(InputError, match=r'0xfc on line 3.*encoding="latin-1"'):
        read_rows(path)
    assert read_rows(path, encoding="latin-1").rows[1] == ["c", "Müller"]


def test_an_encoding_that_does_not_exist_is_a_parameter_error(write):
    for name in ("utf-99", "hex"):
        with pytest.raises(ParameterError, match="encoding cannot be"):
            read_rows(write(b"id,age\na,1\n"), encoding=name)


def test_nul_bytes_are_refused_with_their_line(write):
    with pytest.raises(InputError, match="1 NUL byte, the first on line 3") as caught:
        read_rows(write(b"id,age\na,1\nb,\0\n"))
    assert caught.value.facts["line"] == 3


def test_a_ragged_row_is_refused_with_its_line(write):
    path = write(b'id,age\na,1\n"b\nb",2,3\nc\n')
    for read in (read_rows, lambda p: check_rectangular(open_text(p), ",")):
        with pytest.raises(InputError, match="line 4: 3 fields, line 5: 1 field"):
            read(path)


def test_a_ragged_first_row_is_refused_where_pandas_shifts_the_columns(write):
    content = b"id,age\na,1,9\nb,2\n"
    assert pd.read_csv(io.BytesIO(b"id,age\na,1,9\nb,2,8\n")).index.tolist() == ["a", "b"]
    for read in (read_rows, lambda p: check_rectangular(open_text(p), ",")):
        with pytest.raises(InputError, match="line 2: 3 fields"):
            read(write(content))


def test_a_header_one_name_short_is_told_from_a_ragged_row(write):
    path = write(b"age\tstage\na\t1\tII\nb\t2\tI\n")
    for read in (read_rows, lambda p: check_rectangular(open_text(p), "\t")):
        with pytest.raises(InputError, match=r"col.names = NA"):
            read(path)


def test_the_fast_check_counts_the_columns(write):
    assert check_rectangular(open_text(write(b"g,a,b\nx,1,2\n\ny,3,4")), ",") == 3


@pytest.mark.parametrize("content", [b"", b" \n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(write, content):
    with pytest.raises(InputError, match="is empty"):
        read_rows(write(content))


def test_a_header_without_rows_is_refused(write):
    path = write(b"id,age\n\n")
    for read in (read_rows, lambda p: check_rectangular(open_text(p), ",")):
        with pytest.raises(InputError, match="a header and no rows"):
            read(path)


def test_gzip_is_known_by_its_content_whatever_the_name(write):
    packed = gzip.compress(b"id,age\na,1\n")
    assert read_rows(write(packed, "table.csv")).rows == [["a", "1"]]
    assert read_rows(write(packed + packed, "two.gz")).rows[1] == ["id", "age"]


@pytest.mark.parametrize("cut", [10, 20])
def test_a_damaged_gzip_file_is_refused(write, cut):
    packed = gzip.compress(b"id,age\n" + b"a,1\n" * 50)
    with pytest.raises(InputError, match="damaged gzip"):
        read_rows(write(packed[:cut]))


def test_a_gzip_bomb_stops_at_the_size_limit(write):
    path = write(gzip.compress(b"id,age\n" + b"a,1\n" * 2_000_000))
    assert path.stat().st_size < 100_000
    with pytest.raises(InputError, match="limit of 1,000,000 bytes"):
        read_rows(path, max_bytes=1_000_000)


def test_too_many_columns_are_refused(write):
    wide = b",".join(b"c%d" % i for i in range(101))
    path = write(wide + b"\n" + wide + b"\n")
    for read in (
        lambda p: read_rows(p, max_columns=100),
        lambda p: check_rectangular(open_text(p), ",", max_columns=100),
    ):
        with pytest.raises(InputError, match="has 101, the limit is 100"):
            read(path)


def test_a_quote_that_is_not_closed_is_refused_with_the_line_it_opens_on(write):
    with pytest.raises(InputError, match="from line 3"):
        read_rows(write(b'id,age\na,1\nb,"2\nc,3\n'))


@pytest.mark.parametrize(
    ("content", "what"),
    [(b"PK\x03\x04", "Excel"), (b"PAR1", "parquet"), (b"\x89HDF\r\n", "h5ad"), (b"BZh9", "bzip2")],
)
def test_another_format_is_named(write, content, what):
    with pytest.raises(InputError, match=what):
        open_text(write(content))


def test_a_file_that_is_not_there_is_a_resource_error(tmp_path):
    with pytest.raises(ResourceError, match="There is no folder"):
        open_text(tmp_path / "no" / "table.csv")
    with pytest.raises(ResourceError, match="cannot be read"):
        open_text(tmp_path)


def test_the_first_lines_are_given_without_their_ends(write):
    assert open_text(write(b"a,b\r\n1,2\r\n3,4")).first_lines(5) == ["a,b", "1,2", "3,4"]
