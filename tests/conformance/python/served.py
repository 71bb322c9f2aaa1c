"""The flows that a runner serves for the cases: `python served.py NAME` serves each as a deployment of that name."""

import os
import sys
import time

from prefect import flow, get_run_logger, serve, task
from prefect.flow_runs import suspend_flow_run
from prefect.logging.loggers import flow_run_logger
from prefect.runtime import deployment as runtime_deployment
from prefect.runtime import flow_run as runtime_flow_run


@flow(log_prints=True)
def greet(name: str = "world", times: int = 1, loud: bool = False) -> str:
    """Says hello."""
    words = f"hello {name}" * times
    print(words.upper() if loud else words)
    return words


@task
def double(number: int) -> int:
    return number * 2


@flow
def calculate(numbers: list[int]) -> int:
    return sum(double.map(numbers).result())


@flow
def typed(number: int, ratio: float, flag: bool, items: list[str], table: dict[str, int], nothing: str | None = None) -> None:
    kinds = [type(value).__name__ for value in (number, ratio, flag, items, table, nothing)]
    get_run_logger().info("%s %s", " ".join(kinds), [number, ratio, flag, items, table, nothing])


@flow
def broken() -> None:
    raise ValueError("the served flow is broken")


@flow
def dies() -> None:
    os._exit(7)


def say_cancelled(flow, flow_run, state):
    # It runs in the runner, where there is no run's context.
    flow_run_logger(flow_run, flow).info("the cancellation hook ran")


@flow(on_cancellation=[say_cancelled])
def sleeper(seconds: float = 60) -> None:
    get_run_logger().info("sleeping")
    for _ in range(int(seconds * 10)):
        time.sleep(0.1)


@flow
def suspends() -> str:
    run_count = runtime_flow_run.run_count
    get_run_logger().info("run count %s", run_count)
    if run_count < 2:
        suspend_flow_run(timeout=60)
    return "resumed"


@flow(retries=1, retry_delay_seconds=0)
def second_time() -> None:
    if runtime_flow_run.run_count < 2:
        raise ValueError("not the first time")


@flow
def about() -> None:
    get_run_logger().info(
        "deployment=%s flow=%s parameters=%s scheduled=%s",
        runtime_deployment.name,
        runtime_flow_run.flow_name,
        runtime_flow_run.parameters,
        runtime_flow_run.scheduled_start_time is not None,
    )


FLOWS = [greet, calculate, typed, broken, dies, sleeper, suspends, second_time, about]

if __name__ == "__main__":
    serve(*(each.to_deployment(sys.argv[1], tags=["served"]) for each in FLOWS))
