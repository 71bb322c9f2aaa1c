"""Plays the cases that it is told to, one after the other, and answers each on its file 3 as one line of JSON."""

import contextvars
import importlib
import json
import os
import sys
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import kit  # noqa: E402


def read_cases() -> None:
    for file in sorted((HERE.parent / "cases").glob("*.py")):
        importlib.import_module(f"cases.{file.stem}")


def play(name: str) -> dict[str, object]:
    from prefect.settings import PREFECT_CLIENT_CUSTOM_HEADERS, temporary_settings

    print(f"=== {name}", flush=True)
    started = time.monotonic()
    message = trace = ""
    try:
        with temporary_settings({PREFECT_CLIENT_CUSTOM_HEADERS: {"x-conformance-case": name}}):
            kit.play(name)
    except BaseException as error:
        message = f"{type(error).__name__}: {error}"
        trace = traceback.format_exc()
        print(trace, flush=True)
    return {"name": name, "ok": message == "", "seconds": time.monotonic() - started, "message": message, "trace": trace}


def main() -> None:
    answers = os.fdopen(3, "w")

    def answer(value: object) -> None:
        answers.write(json.dumps(value) + "\n")
        answers.flush()

    read_cases()
    answer({"cases": [case.describe() for case in kit.CASES.values()]})
    for line in sys.stdin:
        # A context of its own: what a case sets, and what a generator leaves behind, ends with it.
        answer({"played": contextvars.copy_context().run(play, json.loads(line)["play"])})
    kit.stop_serving()


if __name__ == "__main__":
    main()
