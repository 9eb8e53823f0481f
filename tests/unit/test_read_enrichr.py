"""Libraries of Enrichr: what the server answers is replaced where requests would send it."""

import importlib
import io
import json
import socket

import pytest
import requests
from requests.adapters import HTTPAdapter

import neurosig as ns
from neurosig.errors import ParameterError, ResourceError, SignatureError, UnknownSignatureError

STATISTICS = json.dumps(
    {"statistics": [{"libraryName": "KEGG_2021_Human"}, {"libraryName": "Azimuth_2023"}]}
)
# As the server sends it: term, empty description, genes, a tab at the end of each line.
LIBRARY = "Axon guidance\t\tNTN1\tDCC\tSLIT2\t\nNeuroactive ligand\t\tADRB2,1.0\tTACR1,1.0\t\n"


@pytest.fixture
def server(monkeypatch, tmp_path):
    """Answer requests from a table of what each address gives; return the addresses asked for."""
    asked: list[str] = []

    def answer(**pages):
        def send(self, request, **_):
            asked.append(request.url)
            page = next((p for part, p in pages.items() if part in request.url), (404, "not here"))
            response = requests.Response()
            response.status_code, text = page if isinstance(page, tuple) else (200, page)
            response.raw = io.BytesIO(text.encode())
            response.url, response.request = request.url, request
            return response

        monkeypatch.setattr(HTTPAdapter, "send", send)
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [])
        # the function gseapy.enrichr hides the module of that name
        cached_by = importlib.import_module("gseapy.enrichr")
        monkeypatch.setattr(cached_by, "DEFAULT_CACHE_PATH", str(tmp_path))
        return asked

    return answer


def test_a_library_becomes_a_collection(server):
    asked = server(datasetStatistics=STATISTICS, geneSetLibrary=LIBRARY)
    sets = ns.read_enrichr("KEGG_2021_Human")
    assert list(sets) == ["Axon guidance", "Neuroactive ligand"]
    assert sets["Axon guidance"].genes == ("NTN1", "DCC", "SLIT2")
    assert sets["Neuroactive ligand"].genes == ("ADRB2", "TACR1")
    assert sets["Axon guidance"].source == {"kind": "enrichr", "database": "KEGG_2021_Human"}
    assert sets["Axon guidance"].licence == "unknown"
    assert all("maayanlab.cloud/Enrichr/" in address for address in asked)


def test_sets_of_any_size_are_kept(server):
    genes = "\t".join(f"G{i}" for i in range(2500))
    server(datasetStatistics=STATISTICS, geneSetLibrary=f"Large\t\t{genes}\nSmall\t\tNGF\n")
    assert [s.n_genes for s in ns.read_enrichr("Azimuth_2023").values()] == [2500, 1]


def test_another_organism_has_another_server(server):
    asked = server(datasetStatistics=STATISTICS, geneSetLibrary=LIBRARY)
    ns.read_enrichr("KEGG_2021_Human", organism="Fly")
    assert all("/FlyEnrichr/" in address for address in asked)


def test_an_unknown_library_brings_the_closest(server):
    asked = server(datasetStatistics=STATISTICS)
    with pytest.raises(UnknownSignatureError, match="no library 'KEGG_2021_Humans'") as caught:
        ns.read_enrichr("KEGG_2021_Humans")
    assert "Did you mean 'KEGG_2021_Human'" in str(caught.value)
    assert "Enrichr has 2 libraries" in str(caught.value)
    assert len(asked) == 1


def test_an_unknown_organism_is_refused_before_the_network():
    with pytest.raises(ParameterError, match="'Cat'"):
        ns.read_enrichr("KEGG_2021_Human", organism="Cat")


@pytest.mark.parametrize(
    "pages",
    [
        {"datasetStatistics": (403, "forbidden")},
        {"datasetStatistics": "<html>sign in to the network</html>"},
        {"datasetStatistics": STATISTICS, "geneSetLibrary": (400, "bad")},
    ],
)
def test_an_answer_that_is_no_library_is_a_resource_error(server, pages):
    server(**pages)
    with pytest.raises(ResourceError, match=r"maayanlab\.cloud.*read_gmt"):
        ns.read_enrichr("KEGG_2021_Human")


def test_a_library_with_an_empty_term_is_refused(server):
    server(datasetStatistics=STATISTICS, geneSetLibrary="A\t\tNGF\nB\tna\t\n")
    with pytest.raises(SignatureError, match=r"1 term without genes.*'B'"):
        ns.read_enrichr("KEGG_2021_Human")


def test_without_a_network_it_says_so_at_once(monkeypatch):
    def no_name_server(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_name_server)
    monkeypatch.setattr("neurosig.genesets.enrichr.getproxies", dict)
    with pytest.raises(ResourceError, match="Name or service not known") as caught:
        ns.read_enrichr("KEGG_2021_Human")
    assert "ns.read_gmt(path)" in str(caught.value)
    assert caught.value.exit_code == 5


def test_a_connection_that_breaks_is_a_resource_error(server, monkeypatch):
    server(datasetStatistics=STATISTICS)

    def refuse(self, request, **_):
        raise requests.ConnectionError("connection reset")

    monkeypatch.setattr(HTTPAdapter, "send", refuse)
    with pytest.raises(ResourceError, match="ConnectionError: connection reset"):
        ns.read_enrichr("KEGG_2021_Human")
