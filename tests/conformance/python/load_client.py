"""One of many clients at once: runs flows that are tried again for so many seconds, and says what the server should know.

Prints `ready` when it could begin, begins at the first line on its input, and prints one line of JSON at its end.
"""

import json
import sys
import time

from prefect import flow, get_run_logger, task
from prefect.client.orchestration import get_client
from prefect.runtime import flow_run as flow_runtime
from prefect.runtime import task_run as task_runtime

LINES = 10


@task(retries=1)
def second_time(number: int) -> int:
    if task_runtime.run_count < 2:
        raise ValueError("not yet")
    return number


@task
def first_time(number: int) -> int:
    return number


@flow(retries=1)
def works() -> str:
    logger = get_run_logger()
    if flow_runtime.run_count < 2:
        raise ValueError("not yet")
    for line in range(LINES):
        logger.info("line %d", line)
    futures = [second_time.submit(1), *first_time.map(range(2))]
    for future in futures:
        future.result()
    return str(flow_runtime.id)


def main() -> None:
    seconds = float(sys.argv[1])
    print("ready", flush=True)
    sys.stdin.readline()
    runs, errors, created = [], [], None
    try:
        with get_client(sync_client=True) as client:
            created = str(client.create_flow_run(works).id)
    except Exception as error:
        errors.append(f"{type(error).__name__}: {str(error)[:200]}")
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            runs.append(works())
        except Exception as error:
            errors.append(f"{type(error).__name__}: {str(error)[:200]}")
    print(json.dumps({"created": created, "runs": runs, "lines": LINES, "errors": errors}), flush=True)


if __name__ == "__main__":
    main()
