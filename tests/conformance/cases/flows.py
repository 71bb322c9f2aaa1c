"""Flows: states, names, run counts, subflows, retries, timeouts, results, hooks, logs."""

import asyncio
import time

from kit import (
    case,
    client,
    contains,
    eventually,
    flow_run,
    http,
    logs,
    raises,
    same,
    state_names,
    states,
    task_runs,
    true,
    unique,
)
from prefect import flow, get_run_logger, tags, task
from prefect.client.schemas.objects import StateType
from prefect.exceptions import ParameterTypeError
from prefect.runtime import flow_run as runtime
from prefect.states import Cancelled, Completed, Failed


@case
def flow_completes():
    """A flow that returns goes Pending, Running, Completed, with one run, a start, an end and the value for its caller."""

    @flow
    def adds(a: int, b: int) -> int:
        return a + b

    state = adds(1, 2, return_state=True)
    same(state.result(), 3, "the value")
    run = flow_run(state.state_details.flow_run_id)
    same(state_names(run.id), ["Pending", "Running", "Completed"], "the states")
    same(run.run_count, 1, "run_count")
    same(run.parameters, {"a": 1, "b": 2}, "parameters")
    same(run.state_type, StateType.COMPLETED, "state_type")
    same(run.state_name, "Completed", "state_name")
    true(run.start_time and run.end_time and run.start_time <= run.end_time, "start and end are not in order")
    true(run.total_run_time.total_seconds() >= 0, "there is no total run time")
    true("-" in run.name, f"the name {run.name} is not two words")
    with client() as api:
        same(api.read_flow(run.flow_id).name, "adds", "the flow's name")


@case
def flow_fails():
    """A flow that raises is Failed with the exception's type and words; the caller gets the exception, the log its traceback."""

    @flow
    def breaks():
        raise ValueError("the answer is missing")

    error = raises(ValueError, breaks)
    same(str(error), "the answer is missing", "the exception")
    state = breaks(return_state=True)
    run = flow_run(state.state_details.flow_run_id)
    same(run.state_name, "Failed", "state_name")
    same(run.state.message, "Flow run encountered an exception: ValueError: the answer is missing", "the message")
    text = "\n".join(line.message for line in logs(run.id, 2))
    contains(text, "Traceback (most recent call last)", "the log")
    contains(text, "the answer is missing", "the log")


@case
def flow_returns_a_state():
    """A state that a flow returns is the run's state, with its own name and message."""

    @flow
    def skips():
        return Completed(name="Skipped", message="nothing new today")

    state = skips(return_state=True)
    run = flow_run(state.state_details.flow_run_id)
    same((run.state_type, run.state_name, run.state.message), (StateType.COMPLETED, "Skipped", "nothing new today"), "the state")

    @flow
    def refuses():
        return Failed(message="not today")

    run = flow_run(refuses(return_state=True).state_details.flow_run_id)
    same((run.state_name, run.state.message), ("Failed", "not today"), "the state")


@case
def flow_returns_cancelled():
    """A flow that returns Cancelled is a cancelled run."""

    @flow
    def stops():
        return Cancelled(message="somebody said stop")

    state = stops(return_state=True)
    run = flow_run(state.state_details.flow_run_id)
    same((run.state_type, run.state.message), (StateType.CANCELLED, "somebody said stop"), "the state")


@case
def flow_retries():
    """A flow with two retries runs three times: the server sends it to AwaitingRetry, and it goes on as Running."""
    attempts = []

    @flow(retries=2)
    def third_time():
        attempts.append(runtime.run_count)
        if len(attempts) < 3:
            raise ValueError("not yet")
        return "there"

    state = third_time(return_state=True)
    same(state.result(), "there", "the value")
    run = flow_run(state.state_details.flow_run_id)
    expected = ["Pending", "Running", "AwaitingRetry", "Running", "AwaitingRetry", "Running", "Completed"]
    same(state_names(run.id), expected, "the states")
    same(run.run_count, 3, "run_count")
    same(attempts, [1, 2, 3], "the run counts that the flow saw")


@case
def flow_retries_run_out():
    """A flow whose retries are used up is Failed with the last exception."""

    @flow(retries=1)
    def never():
        raise ValueError("never")

    run = flow_run(never(return_state=True).state_details.flow_run_id)
    same(state_names(run.id), ["Pending", "Running", "AwaitingRetry", "Running", "Failed"], "the states")
    same(run.run_count, 2, "run_count")
    contains(run.state.message, "never", "the message")


@case
def flow_retry_waits():
    """A flow with a retry delay waits so long in AwaitingRetry, whose state says until when."""

    @flow(retries=1, retry_delay_seconds=1)
    def later():
        if runtime.run_count < 2:
            raise ValueError("not yet")

    started = time.monotonic()
    state = later(return_state=True)
    same(state.name, "Completed", "the state")
    true(time.monotonic() - started >= 1, "it did not wait")
    waiting = next(each for each in states(state.state_details.flow_run_id) if each.name == "AwaitingRetry")
    same(waiting.type, StateType.SCHEDULED, "the type of AwaitingRetry")
    delay = (waiting.state_details.scheduled_time - waiting.timestamp).total_seconds()
    true(0.8 <= delay <= 1.2, f"AwaitingRetry is for {delay} s")


@case
def flow_times_out():
    """A flow past its timeout is Failed with the name TimedOut."""

    @flow(timeout_seconds=0.5)
    def slow():
        for _ in range(100):
            time.sleep(0.05)

    state = slow(return_state=True)
    run = flow_run(state.state_details.flow_run_id)
    same((run.state_type, run.state_name), (StateType.FAILED, "TimedOut"), "the state")
    contains(run.state.message, "exceeded timeout of 0.5 second(s)", "the message")


@case
def flow_parameters_are_converted():
    """Parameters are converted to the types of the signature, and a run whose parameters cannot be is Failed before it starts."""

    @flow
    def takes(number: int, names: list[str]) -> int:
        return number

    state = takes("7", ["a"], return_state=True)
    same(state.result(), 7, "the value")
    state = takes("many", [], return_state=True)
    run = flow_run(state.state_details.flow_run_id)
    same(run.state_name, "Failed", "the state")
    contains(run.state.message, "Validation of flow parameters failed", "the message")
    contains(run.state.message, "number: Input should be a valid integer", "the message")
    raises(ParameterTypeError, lambda: takes("many", []))


@case
def flow_run_name_from_template():
    """A template for the run's name is filled in from the parameters."""

    @flow(flow_run_name="greets-{name}-{times}")
    def greets(name: str, times: int = 2):
        return runtime.name

    state = greets("ada", return_state=True)
    same(flow_run(state.state_details.flow_run_id).name, "greets-ada-2", "the name")
    same(state.result(), "greets-ada-2", "the name that the flow saw")


@case
def flow_tags():
    """Tags of the surrounding `with tags(...)` are the run's, and runs are found by them."""
    tag = unique("tag")

    @flow
    def tagged():
        return sorted(runtime.tags)

    with tags(tag, "second"):
        state = tagged(return_state=True)
    same(state.result(), sorted([tag, "second"]), "the tags that the flow saw")
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterTags

    with client() as api:
        found = api.read_flow_runs(flow_run_filter=FlowRunFilter(tags=FlowRunFilterTags(all_=[tag])))
    same([run.id for run in found], [state.state_details.flow_run_id], "the runs with the tag")


@case
def flow_version():
    """A flow's version stands on its run."""

    @flow(version="2.7")
    def versioned():
        return None

    run = flow_run(versioned(return_state=True).state_details.flow_run_id)
    same(run.flow_version, "2.7", "the version")


@case
def subflow():
    """A flow called in a flow is a run of its own, whose parent has a task run that mirrors its state."""

    @flow
    def child(number: int) -> int:
        return number + 1

    @flow
    def parent() -> int:
        return child(1)

    state = parent(return_state=True)
    same(state.result(), 2, "the value")
    parent_id = state.state_details.flow_run_id
    [mirror] = task_runs(parent_id, 1)
    child_id = mirror.state.state_details.child_flow_run_id
    run = flow_run(child_id)
    same(run.parent_task_run_id, mirror.id, "the child's parent task run")
    same(run.parameters, {"number": 1}, "the child's parameters")
    same(mirror.state_name, "Completed", "the mirror's state")
    contains(mirror.name, "child", "the mirror's name")
    with client() as api:
        same(api.read_flow(run.flow_id).name, "child", "the child's flow")


@case
def subflow_fails():
    """A failing subflow fails its parent, unless the parent asks for its state."""

    @flow
    def child():
        raise ValueError("the child is broken")

    @flow
    def parent():
        child()

    @flow
    def patient() -> str:
        return child(return_state=True).name

    state = parent(return_state=True)
    same(state.name, "Failed", "the parent's state")
    contains(state.message, "the child is broken", "the parent's message")
    [mirror] = task_runs(state.state_details.flow_run_id, 1)
    same(mirror.state_name, "Failed", "the mirror's state")
    same(patient(), "Failed", "the child's state")


@case
def subflows_three_deep():
    """Flows nest: each level's parent is the one above, and the root is known to the deepest."""

    @flow
    def third() -> str:
        return str(runtime.root_flow_run_id)

    @flow
    def second() -> tuple[str, str]:
        return third(), str(runtime.parent_flow_run_id)

    @flow
    def first() -> tuple[str, str]:
        return second()

    state = first(return_state=True)
    root = str(state.state_details.flow_run_id)
    same(state.result(), (root, root), "the root and the parent")


@case
def flow_hooks():
    """State hooks run with the flow, the run and the state: on_running, on_completion, on_failure."""
    seen = []

    def note(hook):
        def call(flow, flow_run, state):
            seen.append((hook, flow.name, state.name))

        return call

    @flow(on_running=[note("running")], on_completion=[note("completion")], on_failure=[note("failure")])
    def hooked(fail: bool):
        if fail:
            raise ValueError("no")

    hooked(False)
    hooked(True, return_state=True)
    expected = [
        ("running", "hooked", "Running"),
        ("completion", "hooked", "Completed"),
        ("running", "hooked", "Running"),
        ("failure", "hooked", "Failed"),
    ]
    same(seen, expected, "the hooks")


@case
def flow_logs():
    """Lines of the run's logger and, with log_prints, of print are the run's log: in order, with level and logger."""

    @flow(log_prints=True)
    def talks():
        logger = get_run_logger()
        logger.info("first")
        logger.warning("second: ü — 你好")
        print("third")
        logger.error("fourth")
        logger.debug("fifth")

    state = talks(return_state=True)
    lines = [line for line in logs(state.state_details.flow_run_id, 6) if line.name == "prefect.flow_runs"]
    mine = [(line.level, line.message) for line in lines if line.message.split(":")[0] in ("first", "second", "third", "fourth")]
    same(mine, [(20, "first"), (30, "second: ü — 你好"), (20, "third"), (40, "fourth")], "the log")
    true(all(line.flow_run_id == state.state_details.flow_run_id for line in lines), "a line is not of this run")


@case
def flow_logs_many():
    """Two thousand lines of a run are all kept, each once and in order."""

    @flow
    def talks_much():
        logger = get_run_logger()
        for number in range(2_000):
            logger.info("line %d", number)

    state = talks_much(return_state=True)
    from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
    from prefect.client.schemas.sorting import LogSort

    mine = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[state.state_details.flow_run_id]))

    def read():
        found = []
        with client() as api:
            for offset in range(0, 4_000, 200):
                page = api.read_logs(mine, sort=LogSort.TIMESTAMP_ASC, limit=200, offset=offset)
                found += [line.message for line in page if line.message.startswith("line ")]
                if len(page) < 200:
                    return found
        return found

    found = eventually(lambda: (lines := read()) and len(lines) >= 2_000 and lines)
    same(found, [f"line {number}" for number in range(2_000)], "the log")


@case
def flow_async():
    """An asynchronous flow runs its tasks at once and returns their values."""

    @task
    async def wait(number: int) -> int:
        await asyncio.sleep(0.1)
        return number

    @flow
    async def gathers() -> list[int]:
        return await asyncio.gather(*(wait(number) for number in range(5)))

    state = asyncio.run(gathers(return_state=True))
    same(asyncio.run(_result(state)), [0, 1, 2, 3, 4], "the values")
    task_runs(state.state_details.flow_run_id, 5)


async def _result(state):
    value = state.result()
    return await value if asyncio.iscoroutine(value) else value


@case
def flow_generator():
    """A flow that yields hands its values on, and ends Completed."""
    ids = []

    @flow
    def counts():
        ids.append(runtime.id)
        yield from range(3)

    same(list(counts()), [0, 1, 2], "the values")
    same(flow_run(ids[0]).state_name, "Completed", "the state")


@case
def flow_result_is_kept():
    """A persisted result can be read from the state that the server gives back, in another client."""

    @flow(persist_result=True)
    def keeps() -> dict:
        return {"answer": [4, 2]}

    state = keeps(return_state=True)
    same(flow_run(state.state_details.flow_run_id).state.result(), {"answer": [4, 2]}, "the value")


@case
def flow_crashes():
    """A flow that is interrupted is Crashed, and says by what."""

    ids = []

    @flow
    def interrupted():
        ids.append(runtime.id)
        raise KeyboardInterrupt()

    raises(KeyboardInterrupt, interrupted)
    run = flow_run(ids[0])
    same(run.state_type, StateType.CRASHED, "the type")
    contains(run.state.message, "interrupt", "the message")


@case
def flow_future_states_decide():
    """A flow that returns futures is Failed when one of them failed, and says how many."""

    @task
    def halves(number: int) -> float:
        return 1 / number

    @flow
    def several():
        return [halves.submit(number) for number in (1, 0, 2)]

    state = several(return_state=True)
    same(state.name, "Failed", "the state")
    same(flow_run(state.state_details.flow_run_id).state.message, "1/3 states failed.", "the message")


@case
def flow_runtime():
    """`prefect.runtime.flow_run` tells a flow its id, name, parameters, count and the server's address."""

    @flow
    def asks(word: str):
        return {
            "id": runtime.id,
            "name": runtime.name,
            "flow_name": runtime.flow_name,
            "parameters": runtime.parameters,
            "run_count": runtime.run_count,
            "api_url": runtime.api_url,
        }

    state = asks("x", return_state=True)
    run = flow_run(state.state_details.flow_run_id)
    told = state.result()
    same(told["id"], str(run.id), "id")
    same(told["name"], run.name, "name")
    same((told["flow_name"], told["parameters"], told["run_count"]), ("asks", {"word": "x"}, 1), "the rest")
    contains(told["api_url"], f"/flow-runs/flow-run/{run.id}" if "flow-runs" in told["api_url"] else f"/flow_runs/{run.id}")


@case
def flow_states_say_more():
    """Each state of a run has an id, a time later than the one before it, and the run's id in its details."""

    @flow
    def plain():
        return None

    state = plain(return_state=True)
    run_id = state.state_details.flow_run_id
    found = states(run_id)
    same(len({each.id for each in found}), 3, "the number of ids")
    true(all(a.timestamp <= b.timestamp for a, b in zip(found, found[1:])), "the times are not in order")
    same({each.state_details.flow_run_id for each in found}, {run_id}, "the runs in the details")
    run = flow_run(run_id)
    same(run.state_id, found[-1].id, "state_id")
    one = http("GET", f"/flow_run_states/{found[0].id}").json()
    same(one["name"], "Pending", "the first state by its id")


@case
def flow_is_created_once():
    """A flow is found by its name, and many runs share it."""
    name = unique("shared")

    @flow(name=name)
    def shared():
        return None

    runs = [flow_run(shared(return_state=True).state_details.flow_run_id) for _ in range(2)]
    same(runs[0].flow_id, runs[1].flow_id, "the flow's id")
    with client() as api:
        found = api.read_flow_by_name(name) if hasattr(api, "read_flow_by_name") else api.read_flow(runs[0].flow_id)
    same(found.id, runs[0].flow_id, "the flow by its name")
