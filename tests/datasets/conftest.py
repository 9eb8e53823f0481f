"""A server on this machine that speaks HTTP as a data hub does, and fails as one does."""

import gzip
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass
class Hub:
    """Files by path; how often to break off after how many bytes; what was asked for."""

    files: dict[str, bytes]
    address: str = ""
    n_breaks: int = 0
    break_after: int = 0
    status: int = 200
    ranges: list[str] = field(default_factory=list)
    encodings: list[str] = field(default_factory=list)
    n_requests: int = 0


def handler_of(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hub.n_requests += 1
            hub.encodings.append(self.headers.get("Accept-Encoding", ""))
            content = hub.files.get(self.path.lstrip("/"))
            if content is None or hub.status != 200:
                self.send_error(404 if content is None else hub.status)
                return
            tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
            asked, start = self.headers.get("Range", ""), 0
            if asked and self.headers.get("If-Range") == tag:
                start = int(asked.removeprefix("bytes=").split("-")[0])
                hub.ranges.append(asked)
            rest = content[start:]
            self.send_response(206 if start else 200)
            self.send_header("ETag", tag)
            self.send_header("Content-Length", str(len(rest)))
            self.end_headers()
            if hub.n_breaks:
                hub.n_breaks -= 1
                self.wfile.write(rest[: hub.break_after])
                self.wfile.flush()
                self.connection.close()
                return
            self.wfile.write(rest)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@pytest.fixture
def hub() -> Iterator[Hub]:
    served = Hub(prostate_files())
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(served))
    served.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield served
    server.shutdown()
    thread.join()
    server.server_close()


def prostate_files() -> dict[str, bytes]:
    """Three patients in the formats of the hub: gzip without .tsv in its name, sampleID, sample."""
    ids = ("TCGA-2A-A8VL-01", "TCGA-2A-A8VO-01", "TCGA-2A-A8VT-01", "TCGA-2A-A8VT-11")
    genes = {"NGF": (3.1, 0.0, 2.25, 1.0), "NTRK1": (0.0, 1.5, 0.5, 0.0), "TH": (7.0, 6.5, 9.75, 2)}
    matrix = ["\t".join(("sample", *ids))]
    matrix += ["\t".join((gene, *map(str, values))) for gene, values in genes.items()]
    clinic = [
        "sampleID\t_PATIENT\tsample_type\tgleason_score\tOS",
        *(
            f"{i}\t{i[:12]}\t{'Solid Tissue Normal' if i.endswith('11') else 'Primary Tumor'}\t7\t9"
            for i in ids
        ),
    ]
    survival = [
        "sample\t_PATIENT\tOS\tOS.time\tDSS\tDSS.time\tDFI\tDFI.time\tPFI\tPFI.time\tRedaction",
        *(
            f"{i}\t{i[:12]}\t0\t{time}\t0\t{time}\t\t\t{event}\t{time}\t"
            for i, time, event in zip(ids[:3], (621, 1701, 1373), (0, 0, 1), strict=True)
        ),
    ]
    texts = {
        "TCGA.PRAD.sampleMap/PRAD_clinicalMatrix": clinic,
        "survival/PRAD_survival.txt": survival,
    }
    files = {name: ("\n".join(lines) + "\n").encode() for name, lines in texts.items()}
    files["TCGA.PRAD.sampleMap/HiSeqV2.gz"] = gzip.compress(("\n".join(matrix) + "\n").encode())
    return {name.replace("/", "%2F"): content for name, content in files.items()}
