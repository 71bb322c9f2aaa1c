"""Serves one flow, whose first line says when it was reached: `python served.py`."""

import time

from prefect import flow


@flow(name="bench")
def bench(file: str) -> None:
    reached = time.time_ns()
    with open(file, "w") as out:
        out.write(str(reached))


if __name__ == "__main__":
    bench.serve("bench", print_starting_message=False)
