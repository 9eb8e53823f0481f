"""The page that is made of a run folder."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from neurosig.errors import InputError, NeurosigWarning, ParameterError, ResourceError
from neurosig.report import build, build_report

VOID = {"meta", "input", "link", "br", "img"}


class Page(HTMLParser):
    """What a reader of the page's source would collect."""

    def __init__(self, path):
        super().__init__(convert_charrefs=True)
        self.source = path.read_text(encoding="utf-8")
        self.tags, self.attributes, self.content, self.open = [], [], {}, []
        self.feed(self.source)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, (tag, self.getpos())

    def handle_data(self, data):
        if self.open:
            self.content.setdefault(self.open[-1], []).append(data)

    def values(self, name):
        return [value for _, key, value in self.attributes if key == name]


@pytest.fixture
def page(run_folder):
    return Page(build_report(run_folder))


def change(run_folder, edit):
    path = run_folder / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    edit(manifest)
    path.write_text(json.dumps(manifest), "utf-8")


def first_item(manifest, **new):
    manifest["sections"][0]["items"][0].update(new)


def test_the_page_is_one_file_in_the_run_folder(run_folder):
    path = build_report(str(run_folder))
    assert path == run_folder / "report.html"
    assert {p.name for p in run_folder.iterdir()} == {
        "figures",
        "manifest.json",
        "report.html",
        "tables",
    }


def test_every_element_is_closed_where_it_was_opened(page):
    assert page.open == []


def test_nothing_is_loaded_from_anywhere(page):
    assert "http:" not in page.source
    assert "https:" not in page.source
    assert "link" not in page.tags
    for value in page.values("href") + page.values("src"):
        assert value.startswith(("#", "data:")), value


def test_hostile_names_are_text(page):
    assert page.tags.count("script") == 2
    assert all("alert" not in script for script in page.content["script"][:1])
    # the only places where the name may stand unescaped are texts, as the parser has decoded them
    assert any("<script>alert(1)</script>" in text for text in page.content["td"])
    assert "<script>alert" not in page.source
    assert "=cmd|'/c calc'!A1" in page.content["td"]


def test_json_in_the_page_cannot_end_its_script(page):
    data = json.loads(page.content["script"][1])
    assert data["command"] == "neurosig run <script>alert(1)</script>"
    assert "\\u003cscript" in page.source


def test_the_policy_allows_exactly_the_pages_own_style_and_script(page):
    policy = page.source.split('Security-Policy" content="')[1].split('"')[0].replace("&#39;", "'")
    for tag, part in (("style", page.content["style"][0]), ("script", page.content["script"][0])):
        digest = base64.b64encode(hashlib.sha256(part.encode("utf-8")).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    # with such a policy neither attribute would have an effect but a message in the console
    assert page.values("style") == []
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]


def test_ids_are_unique_and_links_lead_to_them(page):
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    for reference in page.values("href"):
        if reference.startswith("#"):
            assert reference[1:] in ids
    for reference in page.values("aria-labelledby"):
        assert reference in ids


def test_headings_do_not_skip_a_level(page):
    levels = [int(tag[1]) for tag in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_the_page_has_landmarks_a_language_and_a_skip_link(page):
    assert {"header", "nav", "main", "footer"} <= set(page.tags)
    assert ("html", "lang", "en") in page.attributes
    assert ("a", "href", "#main") in page.attributes
    assert page.content["title"] == ["Run <script>alert(1)</script>"]


def test_a_figure_has_its_words_its_caption_and_its_numbers(page):
    assert ("svg", "role", "img") in page.attributes
    assert ("svg", "aria-label", 'Forest of "<script>alert(1)</script>"') in page.attributes
    assert "=cmd|'/c calc'!A1 " in page.content["figcaption"]
    assert {"forest.csv", "results.csv"} == set(page.values("download"))


def test_downloads_are_the_files_to_the_byte(page, run_folder):
    uris = [v for v in page.values("href") if v.startswith("data:text/csv")]
    assert len(uris) == 2
    content = base64.b64decode(uris[0].split(",", 1)[1])
    assert content == (run_folder / "tables" / "results.csv").read_bytes()
    assert b"'=cmd|" in content


def test_every_column_can_be_sorted_by_a_button(page):
    in_heads = re.findall(r"<th[^>]*><button", page.source)
    assert page.tags.count("th") == len(in_heads) > 5


def test_notices_are_one_box_per_level_the_exploratory_one_first(page):
    boxes = re.findall(r'<div class="notice (\w+)" role="note">(.*?)</div>', page.source, re.DOTALL)
    assert [level for level, _ in boxes] == ["exploratory", "warning", "info"]
    assert [re.findall("<h2>(.*?)</h2>", box) for _, box in boxes] == [
        ["Exploratory"],
        ["5 warnings"],
        ["1 note"],
    ]
    assert [box.count("<li>") for _, box in boxes] == [1, 5, 1]


def test_many_warnings_are_folded_with_the_first_words_and_nothing_else_is(page):
    assert page.source.count('<details>\n<summary><h2>5 warnings</h2> <span class="preview">') == 1
    assert "Warning 0 of <b>few</b> events." in page.content["span"]
    assert "<b>" not in page.source


def test_three_warnings_stand_open(run_folder):
    def edit(manifest):
        manifest["notices"] = [{"level": "warning", "text": f"w{i}"} for i in range(3)]

    change(run_folder, edit)
    source = build_report(run_folder).read_text("utf-8")
    assert "<h2>3 warnings</h2>" in source
    assert "<summary><h2>" not in source


def test_long_texts_of_a_table_are_whole_in_the_page(page):
    (clip,) = {text for tag, name, text in page.attributes if (tag, name) == ("button", "title")}
    assert clip.endswith("pool the cohorts")
    assert clip in page.content["button"]
    assert ("button", "aria-expanded", "false") in page.attributes


def test_a_row_that_failed_is_marked_in_words(page):
    assert "too few events" in page.content["span"]


def test_the_same_folder_gives_the_same_bytes(run_folder):
    first = build_report(run_folder).read_bytes()
    assert build_report(run_folder).read_bytes() == first


@pytest.mark.parametrize("name", ["../secret.csv", "/etc/hostname", "tables/../../secret.csv"])
def test_a_path_out_of_the_folder_is_refused(run_folder, name):
    (run_folder.parent / "secret.csv").write_text("a\n")
    change(run_folder, lambda manifest: first_item(manifest, file=name))
    with pytest.raises(InputError, match="outside the run folder"):
        build_report(run_folder)
    assert not (run_folder / "report.html").exists()


def test_a_link_out_of_the_folder_is_refused(run_folder):
    (run_folder.parent / "secret.csv").write_text("a\n")
    (run_folder / "tables" / "link.csv").symlink_to(run_folder.parent / "secret.csv")
    change(run_folder, lambda manifest: first_item(manifest, file="tables/link.csv"))
    with pytest.raises(InputError, match="outside the run folder"):
        build_report(run_folder)


def test_a_file_that_is_missing_is_named(run_folder):
    change(run_folder, lambda manifest: first_item(manifest, file="tables/gone.csv"))
    with pytest.raises(ResourceError, match=r"'tables/gone.csv', which is not there"):
        build_report(run_folder)


def test_a_folder_without_a_manifest_is_refused(tmp_path):
    with pytest.raises(ResourceError, match=r"no manifest.json"):
        build_report(tmp_path)


def test_a_source_table_that_is_not_on_the_page_is_refused(run_folder):
    def edit(manifest):
        manifest["sections"][0]["items"][1]["source_table"] = "nowhere"

    change(run_folder, edit)
    with pytest.raises(ParameterError, match="source table 'nowhere'"):
        build_report(run_folder)


def test_a_large_page_is_written_with_a_warning(run_folder, monkeypatch):
    monkeypatch.setattr(build, "LARGE_BYTES", 1000)
    with pytest.warns(NeurosigWarning, match="slow to open"):
        path = build_report(run_folder)
    assert path.exists()


def test_a_page_without_sections_is_a_page(tmp_path):
    (tmp_path / "manifest.json").write_text('{"title": "Empty"}')
    page = Page(build_report(tmp_path))
    assert page.open == []
    assert "nav" not in page.tags
