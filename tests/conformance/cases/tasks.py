"""Tasks: recorded once and in order, submit and map, retries, timeouts, caching, hooks, logs."""

import time
from datetime import timedelta

from kit import (
    case,
    client,
    contains,
    eventually,
    flow_run,
    http,
    in_fresh_process,
    logs,
    raises,
    same,
    task_runs,
    task_state_names,
    true,
    unique,
)
from prefect import allow_failure, flow, get_run_logger, tags, task, unmapped
from prefect.cache_policies import INPUTS
from prefect.client.schemas.filters import LogFilter, LogFilterTaskRunId
from prefect.client.schemas.objects import StateType
from prefect.runtime import task_run as runtime
from prefect.states import Completed

DONE = ["Pending", "Running", "Completed"]


def run_id(state):
    return state.state_details.flow_run_id


@case
def task_completes():
    """A task in a flow is a task run: Pending, Running, Completed, each once, with name, key, count and times."""

    @task
    def adds(a, b):
        return a + b

    @flow
    def plain():
        return adds(1, 2)

    state = plain(return_state=True)
    [run] = task_runs(run_id(state), 1)
    same(task_state_names(run.id), DONE, "the states")
    same(run.run_count, 1, "run_count")
    true(run.name.startswith("adds-"), f"the name is {run.name}")
    contains(run.task_key, "adds", "the key")
    same(run.flow_run_id, run_id(state), "flow_run_id")
    true(run.start_time and run.end_time and run.start_time <= run.end_time, "start and end are not in order")
    same(run.state.state_details.task_run_id, run.id, "the run in the state's details")


@case
def task_fails():
    """A task that raises is Failed with its exception; the flow fails with it, and its log has the traceback."""

    @task
    def breaks():
        raise ValueError("the task is broken")

    @flow
    def plain():
        breaks()

    error = raises(ValueError, plain)
    same(str(error), "the task is broken", "the exception")
    state = plain(return_state=True)
    [run] = task_runs(run_id(state), 1)
    same(run.state_name, "Failed", "the state")
    same(run.state.message, "Task run encountered an exception ValueError: the task is broken", "the message")
    same(task_state_names(run.id), ["Pending", "Running", "Failed"], "the states")
    text = "\n".join(line.message for line in logs(run_id(state), 2))
    contains(text, "Traceback (most recent call last)", "the log")


@case
def task_submit():
    """Submitted tasks run at once; what one gets from another is recorded as its input."""

    @task
    def first() -> int:
        return 1

    @task
    def second(number: int) -> int:
        return number + 1

    @task
    def last() -> str:
        return "last"

    @flow
    def chain():
        a = first.submit()
        b = second.submit(a)
        c = last.submit(wait_for=[b])
        return b.result(), c.result()

    state = chain(return_state=True)
    same(state.result(), (2, "last"), "the values")
    runs = {run.name.rsplit("-", 1)[0]: run for run in task_runs(run_id(state), 3)}
    [given] = runs["second"].task_inputs["number"]
    same((given.input_type, given.id), ("task_run", runs["first"].id), "the second's input")
    [waited] = runs["last"].task_inputs["wait_for"]
    same(waited.id, runs["second"].id, "what the last waited for")
    true(runs["last"].start_time >= runs["second"].end_time, "the last did not wait")


@case
def task_map():
    """`map` makes a task run for each item; `unmapped` hands one value to all; the values come in order."""

    @task
    def multiplies(number: int, by: int) -> int:
        return number * by

    @task
    def total(numbers: list[int]) -> int:
        return sum(numbers)

    @flow
    def maps():
        return total(multiplies.map([1, 2, 3, 4], by=unmapped(10)))

    state = maps(return_state=True)
    same(state.result(), 100, "the value")
    runs = task_runs(run_id(state), 5)
    same(len([run for run in runs if run.name.startswith("multiplies-")]), 4, "the mapped runs")
    [summed] = [run for run in runs if run.name.startswith("total-")]
    same(len(summed.task_inputs["numbers"]), 4, "the inputs of the total")


@case
def task_retries():
    """A task with two retries runs three times: AwaitingRetry or Retrying between, and its count says so."""

    @task(retries=2)
    def third_time():
        if runtime.run_count < 3:
            raise ValueError("not yet")
        return "there"

    @flow
    def plain():
        return third_time()

    state = plain(return_state=True)
    same(state.result(), "there", "the value")
    [run] = task_runs(run_id(state), 1)
    same(run.run_count, 3, "run_count")
    same(task_state_names(run.id), ["Pending", "Running", "Retrying", "Retrying", "Completed"], "the states")


@case
def task_retry_delays():
    """A list of retry delays is waited out one by one, in AwaitingRetry."""

    @task(retries=2, retry_delay_seconds=[0.3, 0.6])
    def patient():
        if runtime.run_count < 3:
            raise ValueError("not yet")

    @flow
    def plain():
        patient()

    state = plain(return_state=True)
    [run] = task_runs(run_id(state), 1)
    names = ["Pending", "Running", "AwaitingRetry", "Retrying", "AwaitingRetry", "Retrying", "Completed"]
    same(task_state_names(run.id), names, "the states")
    found = http("GET", f"/task_run_states/?task_run_id={run.id}").json()
    times = {state["name"]: state["timestamp"] for state in sorted(found, key=lambda state: state["timestamp"])}
    true(times["Retrying"] > times["AwaitingRetry"], "it did not wait")
    true((run.end_time - run.start_time).total_seconds() >= 0.9, "the waits were shorter than the delays")


@case
def task_retry_condition():
    """A retry condition that says no ends the task at its first failure."""
    asked = []

    def only_when_busy(task, task_run, state):
        asked.append(state.name)
        return False

    @task(retries=3, retry_condition_fn=only_when_busy)
    def breaks():
        raise ValueError("no use")

    @flow
    def plain():
        breaks()

    state = plain(return_state=True)
    [run] = task_runs(run_id(state), 1)
    same((run.run_count, run.state_name, asked), (1, "Failed", ["Failed"]), "count, state and what the condition was asked")


@case
def task_retry_jitter():
    """A retry delay with jitter is drawn around its middle, and the task goes on after it."""

    @task(retries=1, retry_delay_seconds=0.3, retry_jitter_factor=0.5)
    def jumpy():
        if runtime.run_count < 2:
            raise ValueError("not yet")

    @flow
    def plain():
        jumpy()

    state = plain(return_state=True)
    same(state.name, "Completed", "the state")
    [run] = task_runs(run_id(state), 1)
    same(task_state_names(run.id), ["Pending", "Running", "AwaitingRetry", "Retrying", "Completed"], "the states")


@case
def task_times_out():
    """A task past its timeout is Failed with the name TimedOut."""

    @task(timeout_seconds=0.3)
    def slow():
        for _ in range(100):
            time.sleep(0.05)

    @flow
    def plain():
        slow()

    state = plain(return_state=True)
    same(state.type, StateType.FAILED, "the flow's state")
    [run] = task_runs(run_id(state), 1)
    same((run.state_type, run.state_name), (StateType.FAILED, "TimedOut"), "the state")


@case
def task_tags():
    """A task's own tags and those around its call are the task run's."""
    tag = unique("tag")

    @task(tags=["own"])
    def tagged():
        return None

    @flow
    def plain():
        with tags(tag):
            tagged()

    [run] = task_runs(run_id(plain(return_state=True)), 1)
    same(sorted(run.tags), sorted(["own", tag]), "the tags")


@case
def task_run_name_from_template():
    """A template for a task run's name is filled in from its arguments."""

    @task(task_run_name="loads-{table}")
    def loads(table: str):
        return None

    @flow
    def plain():
        loads("orders")
        loads("people")

    runs = task_runs(run_id(plain(return_state=True)), 2)
    same(sorted(run.name for run in runs), ["loads-orders", "loads-people"], "the names")


@case
def task_cached():
    """A task whose cache key was seen is not run again: its run is Completed with the name Cached, and the value is the same."""
    calls = []
    key = unique("key")

    @task(cache_key_fn=lambda context, parameters: f"{key}-{parameters['number']}", cache_expiration=timedelta(minutes=5), persist_result=True)
    def counts(number: int) -> int:
        calls.append(number)
        return len(calls)

    @flow
    def plain():
        return counts(1), counts(1), counts(2)

    state = plain(return_state=True)
    same(state.result(), (1, 1, 2), "the values")
    runs = task_runs(run_id(state), 3)
    same(sorted(run.state_name for run in runs), ["Cached", "Completed", "Completed"], "the states")
    [cached] = [run for run in runs if run.state_name == "Cached"]
    same(cached.state_type, StateType.COMPLETED, "the type of Cached")


@case
def task_cached_by_policy():
    """With the policy INPUTS a value is reused across runs of a flow."""
    word = unique("word")

    @task(cache_policy=INPUTS, persist_result=True)
    def shouts(text: str) -> str:
        return text.upper()

    @flow
    def plain():
        return shouts(word)

    first, second = plain(return_state=True), plain(return_state=True)
    same(task_runs(run_id(first), 1)[0].state_name, "Completed", "the first run's state")
    same(task_runs(run_id(second), 1)[0].state_name, "Cached", "the second run's state")
    same(second.result(), word.upper(), "the value")


@case
def task_upstream_fails():
    """A task whose input failed stays Pending with the name NotReady and never runs; `allow_failure` lets it run."""
    ran = []

    @task
    def breaks():
        raise ValueError("upstream")

    @task
    def after(value):
        ran.append(value)

    @flow
    def plain(lenient: bool):
        future = breaks.submit()
        result = after.submit(allow_failure(future) if lenient else future)
        result.wait()
        return Completed()

    strict = plain(False, return_state=True)
    runs = {run.name.rsplit("-", 1)[0]: run for run in task_runs(run_id(strict), 2, done=False)}
    eventually(lambda: task_state_names(runs["after"].id)[-1:] == ["NotReady"])
    same(ran, [], "what ran")
    lenient = plain(True, return_state=True)
    task_runs(run_id(lenient), 2)
    same(len(ran), 1, "how often it ran")


@case
def task_hooks():
    """A task's hooks run with the task, the run and the state."""
    seen = []

    def note(hook):
        def call(task, task_run, state):
            seen.append((hook, task.name, state.name))

        return call

    @task(on_completion=[note("completion")], on_failure=[note("failure")])
    def hooked(fail: bool):
        if fail:
            raise ValueError("no")

    @flow
    def plain():
        hooked(False)
        hooked(True, return_state=True)
        return Completed()

    plain()
    same(seen, [("completion", "hooked", "Completed"), ("failure", "hooked", "Failed")], "the hooks")


@case
def task_logs():
    """What a task logs and prints stands in the flow run's log, with the task run's id."""

    @task(log_prints=True)
    def talks():
        get_run_logger().info("from the logger")
        print("from print")

    @flow
    def plain():
        talks()

    state = plain(return_state=True)
    [run] = task_runs(run_id(state), 1)
    lines = [(line.name, line.message) for line in logs(run_id(state), 4) if line.task_run_id == run.id]
    mine = [line for line in lines if line[1].startswith("from")]
    same(mine, [("prefect.task_runs", "from the logger"), ("prefect.task_runs", "from print")], "the task's lines")
    with client() as api:
        found = api.read_logs(LogFilter(task_run_id=LogFilterTaskRunId(any_=[run.id])))
    true(len(found) >= 2 and all(line.task_run_id == run.id for line in found), "the filter by task run is wrong")


@case
def task_runs_forty():
    """Forty tasks of a flow, submitted at once, are forty task runs, each with its three states once and in order."""

    @task
    def small(number: int) -> int:
        return number

    @flow
    def many():
        return sum(small.map(range(40)).result())

    state = many(return_state=True)
    same(state.result(), 780, "the value")
    runs = task_runs(run_id(state), 40)
    for run in runs:
        same(task_state_names(run.id), DONE, f"the states of {run.name}")
    same(len({run.dynamic_key for run in runs}), 40, "the number of keys")


ALONE = """
from prefect import task
from prefect.runtime import task_run

@task
def alone():
    return task_run.id

print("id", alone())
"""


@case
def task_without_flow():
    """A task called on its own is a task run without a flow run."""
    # In a process of its own: a client that has run a flow before names that flow in all later events.
    run_id = in_fresh_process(ALONE).split("id ")[1].strip()

    def read():
        with client() as api:
            run = api.read_task_run(run_id)
        true(run.state and run.state.is_final(), "it has not ended")
        return run

    run = eventually(read)
    same((run.state_name, run.flow_run_id), ("Completed", None), "state and flow run")
    same(task_state_names(run.id), DONE, "the states")


@case
def task_in_a_task():
    """A task called in a task is a task run of the same flow run."""

    @task
    def inner():
        return 1

    @task
    def outer():
        return inner() + 1

    @flow
    def plain():
        return outer()

    state = plain(return_state=True)
    same(state.result(), 2, "the value")
    runs = {run.name.rsplit("-", 1)[0]: run for run in task_runs(run_id(state), 2)}
    same(runs["inner"].flow_run_id, run_id(state), "the inner's flow run")


@case
def task_rolls_back():
    """In a transaction that fails, what had succeeded is rolled back by its hook."""
    from prefect.transactions import transaction

    undone = []

    @task
    def writes():
        return "written"

    @writes.on_rollback
    def undo(txn):
        undone.append("undone")

    @task
    def breaks():
        raise ValueError("no")

    @flow
    def plain():
        with transaction():
            writes()
            breaks()

    state = plain(return_state=True)
    same(state.name, "Failed", "the flow's state")
    same(undone, ["undone"], "the rollback")
    runs = {run.name.rsplit("-", 1)[0]: run for run in task_runs(run_id(state), 2)}
    eventually(lambda: task_state_names(runs["writes"].id) == [*DONE, "RolledBack"])


@case
def task_returns_a_state():
    """A state that a task returns is the task run's."""

    @task
    def skips():
        return Completed(name="Skipped", message="not needed")

    @flow
    def plain():
        return skips(return_state=True)

    state = plain(return_state=True)
    [run] = task_runs(run_id(state), 1)
    same((run.state_name, run.state.message), ("Skipped", "not needed"), "the state")
    same(flow_run(run_id(state)).state_type, StateType.COMPLETED, "the flow's state")


@case
def task_result_is_kept():
    """A task's persisted result can be read from the state that the server gives back."""

    @task(persist_result=True)
    def keeps():
        return [1, {"two": 3}]

    @flow
    def plain():
        keeps()

    [run] = task_runs(run_id(plain(return_state=True)), 1)
    same(run.state.result(), [1, {"two": 3}], "the value")


@case
def task_generator():
    """A task that yields hands its values on one by one."""

    @task
    def counts():
        yield from range(3)

    @flow
    def plain():
        return list(counts())

    state = plain(return_state=True)
    same(state.result(), [0, 1, 2], "the values")
    task_runs(run_id(state), 1)


@case
def task_inputs_by_kind():
    """What a task run was given is recorded by its kind: a constant or parameter is not a task run."""

    @task
    def takes(plain, result):
        return result

    @task
    def gives():
        return [1]

    @flow
    def chain(word: str):
        return takes(word, gives())

    runs = {run.name.rsplit("-", 1)[0]: run for run in task_runs(run_id(chain("x", return_state=True)), 2)}
    inputs = runs["takes"].task_inputs
    same([each.input_type for each in inputs["result"]], ["task_run"], "the inputs of `result`")
    true(all(each.input_type != "task_run" for each in inputs["plain"]), "a word is said to be a task run")
