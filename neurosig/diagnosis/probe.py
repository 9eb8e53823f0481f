"""A program that imports modules and says, line by line as JSON, what came of it."""

import importlib
import json
import sys
import warnings
from typing import Any


def main(modules: list[str]) -> None:
    """Import modules; then look at the threads and the compiled code, where that works."""
    warnings.simplefilter("ignore")
    errors = {}
    for name in modules:
        errors[name] = _error_of(name)
        _say({"module": name, "error": errors[name]})
    for key, look in (("threads", _threads), ("compiled_code", _compiled_code)):
        try:
            _say({key: look()})
        except Exception as error:  # noqa: BLE001  # broken libraries raise whatever they like
            _say({key: {"error": f"{type(error).__name__}: {error}"}})


def _error_of(name: str) -> str:
    try:
        importlib.import_module(name)
    except BaseException as error:  # noqa: BLE001  # see above
        return f"{type(error).__name__}: {error}"
    return ""


def _threads() -> dict[str, Any]:
    from threadpoolctl import threadpool_info

    numba = importlib.import_module("numba")
    pools = {
        f"{pool['internal_api']} {pool.get('version') or ''}".strip(): pool["num_threads"]
        for pool in threadpool_info()
    }
    return {"numba": numba.get_num_threads(), "pools": pools}


def _compiled_code() -> dict[str, Any]:
    from neurosig.kernels.cached_code import cached_functions, is_writable, leftover_files

    functions = cached_functions()
    folders = sorted({function.folder for function in functions if function.folder is not None})
    states = sorted({function.state for function in functions})
    return {
        "folders": {str(folder): is_writable(folder) for folder in folders},
        "functions": {s: [f.name for f in functions if f.state == s] for s in states},
        "n_entries": sum(function.n_entries for function in functions),
        "leftover": [str(path) for path in leftover_files()],
    }


def _say(content: object) -> None:
    sys.stdout.write(json.dumps(content) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
