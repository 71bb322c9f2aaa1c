"""Reading: filters, sorts, paging and counts; the command line's lists; variables, health and version."""

import json
from datetime import datetime, timedelta, timezone

from kit import case, client, command, contains, eventually, http, logs, raises, same, task_runs, true, unique
from prefect import flow, get_run_logger, task
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    FlowFilter,
    FlowFilterId,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterName,
    FlowRunFilterParentFlowRunId,
    FlowRunFilterStartTime,
    FlowRunFilterState,
    FlowRunFilterStateName,
    FlowRunFilterStateType,
    FlowRunFilterTags,
    LogFilter,
    LogFilterFlowRunId,
    LogFilterLevel,
    LogFilterTimestamp,
    TaskRunFilter,
    TaskRunFilterName,
    TaskRunFilterState,
    TaskRunFilterStateName,
    TaskRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.sorting import DeploymentSort, FlowRunSort, FlowSort, LogSort, TaskRunSort
from prefect.exceptions import PrefectHTTPStatusError
from prefect.states import Completed, Failed, Running, Scheduled
from prefect.variables import Variable


@flow
def listed():
    return None


def some_runs():
    """A tag of its own, and four runs with it: a, b Completed, c Failed, d Scheduled in an hour."""
    tag = unique("list")
    runs = {}
    with client() as api:
        for name, state in (("a", Completed()), ("b", Completed()), ("c", Failed(message="no"))):
            runs[name] = api.create_flow_run(listed, name=f"{tag}-{name}", tags=[tag, name])
            api.set_flow_run_state(runs[name].id, Running())
            api.set_flow_run_state(runs[name].id, state)
        later = Scheduled(scheduled_time=datetime.now(timezone.utc) + timedelta(hours=1))
        runs["d"] = api.create_flow_run(listed, name=f"{tag}-d", tags=[tag], state=later)
    return tag, runs


def names(**filters):
    """The last letters of the runs that a filter finds."""
    with client() as api:
        return [run.name.rsplit("-", 1)[1] for run in api.read_flow_runs(**filters)]


@case
def flow_runs_by_filter():
    """Flow runs are found by name, part of a name, tags, state, state name, id, flow and time, alone and together."""
    tag, runs = some_runs()
    of = FlowRunFilterTags(all_=[tag])

    def found(**filter):
        return sorted(names(flow_run_filter=FlowRunFilter(tags=of, **filter)))

    same(found(), ["a", "b", "c", "d"], "by tag")
    same(found(name=FlowRunFilterName(any_=[f"{tag}-a", f"{tag}-c"])), ["a", "c"], "by name")
    same(found(name=FlowRunFilterName(like_=f"{tag}-B")), ["b"], "by a part of the name")
    same(found(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.COMPLETED]))), ["a", "b"], "by state")
    same(found(state=FlowRunFilterState(type=FlowRunFilterStateType(not_any_=[StateType.COMPLETED]))), ["c", "d"], "by no state")
    same(found(state=FlowRunFilterState(name=FlowRunFilterStateName(any_=["Failed"]))), ["c"], "by the state's name")
    same(found(id=FlowRunFilterId(any_=[runs["d"].id])), ["d"], "by id")
    same(found(id=FlowRunFilterId(not_any_=[runs["d"].id])), ["a", "b", "c"], "by no id")
    now = datetime.now(timezone.utc)
    same(found(start_time=FlowRunFilterStartTime(after_=now - timedelta(minutes=5), before_=now)), ["a", "b", "c"], "by start")
    same(found(start_time=FlowRunFilterStartTime(is_null_=True)), ["d"], "by no start")
    same(names(flow_run_filter=FlowRunFilter(tags=FlowRunFilterTags(all_=[tag, "a"]))), ["a"], "by two tags")
    same(sorted(names(flow_filter=FlowFilter(name=FlowFilterName(any_=["listed"])), flow_run_filter=FlowRunFilter(tags=of))), ["a", "b", "c", "d"], "by the flow's name")
    other = FlowFilter(name=FlowFilterName(any_=[unique("none")]))
    same(names(flow_filter=other, flow_run_filter=FlowRunFilter(tags=of)), [], "by another flow")


@case
def flow_runs_by_either():
    """With the operator `or_`, a run that meets one of the conditions is found."""
    tag, _ = some_runs()
    either = FlowRunFilter(operator="or_", name=FlowRunFilterName(any_=[f"{tag}-a"]), tags=FlowRunFilterTags(all_=[tag, "c"]))
    same(sorted(names(flow_run_filter=either)), ["a", "c"], "the runs")


@case
def flow_runs_sorted():
    """Flow runs are sorted by name, start and expected start, both ways."""
    tag, _ = some_runs()
    of = FlowRunFilter(tags=FlowRunFilterTags(all_=[tag]))
    same(names(flow_run_filter=of, sort=FlowRunSort.NAME_ASC), ["a", "b", "c", "d"], "NAME_ASC")
    same(names(flow_run_filter=of, sort=FlowRunSort.NAME_DESC), ["d", "c", "b", "a"], "NAME_DESC")
    same(names(flow_run_filter=of, sort=FlowRunSort.EXPECTED_START_TIME_DESC), ["d", "c", "b", "a"], "EXPECTED_START_TIME_DESC")
    same(names(flow_run_filter=of, sort=FlowRunSort.EXPECTED_START_TIME_ASC), ["a", "b", "c", "d"], "EXPECTED_START_TIME_ASC")
    same(names(flow_run_filter=of, sort=FlowRunSort.START_TIME_ASC)[:3], ["a", "b", "c"], "START_TIME_ASC")


@case
def flow_runs_paged():
    """Flow runs come in pages by limit and offset, and are counted."""
    tag, _ = some_runs()
    of = FlowRunFilter(tags=FlowRunFilterTags(all_=[tag]))
    pages = [names(flow_run_filter=of, sort=FlowRunSort.NAME_ASC, limit=2, offset=offset) for offset in (0, 2, 4)]
    same(pages, [["a", "b"], ["c", "d"], []], "the pages")
    body = {"flow_runs": {"tags": {"all_": [tag]}}}
    with client() as api:
        same(api.count_flow_runs(flow_run_filter=of), 4, "the count")
    page = http("POST", "/flow_runs/paginate", {**body, "sort": "NAME_ASC", "limit": 3, "page": 2}).json()
    same((page["count"], page["pages"], page["page"]), (4, 2, 2), "the count, the pages and the page")
    same([run["name"][-1] for run in page["results"]], ["d"], "the second page")


@case
def flow_runs_of_a_parent():
    """Subflows are found by their parent's run."""

    @flow
    def child():
        return None

    @flow
    def parent():
        child()
        child()

    run_id = parent(return_state=True).state_details.flow_run_id
    with client() as api:
        found = api.read_flow_runs(flow_run_filter=FlowRunFilter(parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=[run_id])))
    same(len(found), 2, "the number of subflows")


@case
def task_runs_by_filter():
    """Task runs are found by flow run, name and state, sorted and counted."""

    @task
    def works(number):
        if number == 2:
            raise ValueError("two")

    @flow
    def plain():
        for number in range(3):
            works.with_options(task_run_name=f"works-{number}")(number, return_state=True)
        return Completed()

    run_id = plain(return_state=True).state_details.flow_run_id
    task_runs(run_id, 3)
    of = FlowRunFilter(id=FlowRunFilterId(any_=[run_id]))

    def found(sort=TaskRunSort.NAME_ASC, **filter):
        with client() as api:
            return [run.name[-1] for run in api.read_task_runs(flow_run_filter=of, task_run_filter=TaskRunFilter(**filter), sort=sort)]

    same(found(name=TaskRunFilterName(any_=["works-1"])), ["1"], "by name")
    same(found(name=TaskRunFilterName(like_="works")), ["0", "1", "2"], "by a part of the name")
    same(found(state=TaskRunFilterState(type=TaskRunFilterStateType(any_=[StateType.FAILED]))), ["2"], "by state")
    same(found(state=TaskRunFilterState(name=TaskRunFilterStateName(any_=["Completed"]))), ["0", "1"], "by the state's name")
    same(found(sort=TaskRunSort.NAME_DESC), ["2", "1", "0"], "NAME_DESC")
    same(found(sort=TaskRunSort.EXPECTED_START_TIME_ASC), ["0", "1", "2"], "EXPECTED_START_TIME_ASC")
    body = {"flow_runs": {"id": {"any_": [str(run_id)]}}}
    same(http("POST", "/task_runs/count", body).json(), 3, "the count")


@case
def flows_by_filter():
    """Flows are found by name, part of a name and id, sorted, paged and counted."""
    word = unique("flows")
    with client() as api:
        ids = [api.create_flow_from_name(f"{word}-{letter}") for letter in "abc"]
        like = FlowFilter(name=FlowFilterName(like_=word))
        found = [each.name[-1] for each in api.read_flows(flow_filter=like, sort=FlowSort.NAME_DESC)]
        same(found, ["c", "b", "a"], "NAME_DESC")
        found = [each.name[-1] for each in api.read_flows(flow_filter=like, sort=FlowSort.NAME_ASC, limit=1, offset=1)]
        same(found, ["b"], "the second page")
        found = api.read_flows(flow_filter=FlowFilter(id=FlowFilterId(any_=[ids[2]])))
        same([each.name for each in found], [f"{word}-c"], "by id")
        same(api.read_flow_by_name(f"{word}-a").id, ids[0], "by its whole name")
        raises(PrefectHTTPStatusError, lambda: api.read_flow_by_name(f"{word}-none"))
    same(http("POST", "/flows/count", {"flows": {"name": {"like_": word}}}).json(), 3, "the count")


@case
def deployments_by_filter():
    """Deployments are found by name, part of a name and flow, sorted, paged and counted."""
    word = unique("deployments")

    @flow(name=word)
    def filtered():
        return None

    for letter in "abc":
        filtered.to_deployment(f"{word}-{letter}", tags=[letter]).apply()
    like = DeploymentFilter(name=DeploymentFilterName(like_=word))
    with client() as api:
        found = [each.name[-1] for each in api.read_deployments(deployment_filter=like, sort=DeploymentSort.NAME_DESC)]
        same(found, ["c", "b", "a"], "NAME_DESC")
        found = [each.name[-1] for each in api.read_deployments(deployment_filter=like, sort=DeploymentSort.NAME_ASC, limit=1, offset=1)]
        same(found, ["b"], "the second page")
        by_flow = FlowFilter(name=FlowFilterName(any_=[word]))
        same(len(api.read_deployments(flow_filter=by_flow)), 3, "the deployments of the flow")
    same(http("POST", "/deployments/count", {"deployments": {"name": {"like_": word}}}).json(), 3, "the count")
    page = http("POST", "/deployments/paginate", {"deployments": {"name": {"like_": word}}, "limit": 2, "page": 1}).json()
    same((page["count"], page["pages"], len(page["results"])), (3, 2, 2), "the page")


@case
def logs_by_filter():
    """Log lines are found by run, level and time, sorted both ways and paged."""

    @flow
    def talks():
        logger = get_run_logger()
        for number in range(4):
            logger.info("info %d", number)
        logger.error("error 4")

    run_id = talks(return_state=True).state_details.flow_run_id
    lines = logs(run_id, 6)
    of = {"flow_run_id": LogFilterFlowRunId(any_=[run_id])}

    def found(sort=LogSort.TIMESTAMP_ASC, limit=None, offset=None, **filter):
        with client() as api:
            read = api.read_logs(LogFilter(**of, **filter), sort=sort, limit=limit, offset=offset)
        return [line.message for line in read if line.message[-1].isdigit()]

    every = ["info 0", "info 1", "info 2", "info 3", "error 4"]
    same(found(), every, "all lines")
    same(found(sort=LogSort.TIMESTAMP_DESC), every[::-1], "the last first")
    same(found(level=LogFilterLevel(ge_=40))[:1], ["error 4"], "by level")
    same(found(level=LogFilterLevel(le_=20)), every[:4], "by the highest level")
    first = next(index for index, line in enumerate(lines) if line.message == "info 0")
    same(found(limit=2, offset=first + 1), ["info 1", "info 2"], "a page")
    after = next(line for line in lines if line.message == "info 2").timestamp
    contains(found(timestamp=LogFilterTimestamp(after_=after)), "error 4", "after a time")


@case(timeout=80, slow=True)
def flow_run_commands():
    """`prefect flow-run ls`, `inspect`, `logs` and `delete` show a run and remove it."""

    @flow
    def talks():
        get_run_logger().info("seen on the command line")

    run_id = talks(return_state=True).state_details.flow_run_id
    logs(run_id, 1)
    with client() as api:
        name = api.read_flow_run(run_id).name
    contains(command("flow-run", "ls", "--limit", "50"), name, "what ls prints")
    contains(command("flow-run", "inspect", str(run_id)), name, "what inspect prints")
    same(json.loads(command("flow-run", "inspect", str(run_id), "--output", "json"))["name"], name, "the name in JSON")
    contains(command("flow-run", "logs", str(run_id)), "seen on the command line", "what logs prints")
    command("flow-run", "delete", str(run_id))
    contains(command("flow-run", "inspect", str(run_id), ok=False), "404 Not Found", "what inspect prints of a deleted run")


@case(timeout=60)
def flow_run_cancel_command():
    """`prefect flow-run cancel` cancels a run that waits, and says that an unknown one is not there."""
    with client() as api:
        run = api.create_flow_run(listed, state=Scheduled(scheduled_time=datetime.now(timezone.utc) + timedelta(hours=1)))
    contains(command("flow-run", "cancel", str(run.id)), "scheduled for cancellation", "what it prints")
    with client() as api:
        same(api.read_flow_run(run.id).state_type, StateType.CANCELLED, "the state")
    contains(command("flow-run", "cancel", "11111111-1111-4111-8111-111111111111", ok=False), "not found", "what it prints")


@case(timeout=60)
def flow_run_ls_by_state():
    """`prefect flow-run ls --state --flow-name` shows the runs of that state and flow."""
    tag, runs = some_runs()
    output = command("flow-run", "ls", "--state", "Failed", "--flow-name", "listed", "--limit", "100")
    contains(output, f"{tag}-c", "what it prints")
    true(f"{tag}-a" not in output, "a completed run is shown")


@case(timeout=60)
def deployment_commands():
    """`prefect deployment ls` and `inspect` show a deployment."""
    word = unique("shown")

    @flow(name=word)
    def shown(number: int = 3):
        return None

    shown.to_deployment("main", description="seen on the command line", tags=["a"]).apply()
    contains(command("deployment", "ls"), f"{word}/main", "what ls prints")
    contains(command("deployment", "inspect", f"{word}/main"), "seen on the command line", "what inspect prints")


@case(timeout=80, slow=True)
def task_run_commands():
    """`prefect task-run ls`, `inspect` and `logs`, and `prefect flow ls`."""
    word = unique("shown")

    @task(task_run_name=word)
    def shown():
        get_run_logger().info("seen on the command line")

    @flow(name=f"{word}-flow")
    def plain():
        shown()

    run_id = plain(return_state=True).state_details.flow_run_id
    [run] = task_runs(run_id, 1)
    logs(run_id, 2)
    contains(command("task-run", "ls", "--limit", "50"), word, "what ls prints")
    contains(command("task-run", "inspect", str(run.id)), word, "what inspect prints")
    contains(command("task-run", "logs", str(run.id)), "seen on the command line", "what logs prints")
    contains(command("flow", "ls", "--limit", "200"), f"{word}-flow", "what flow ls prints")


@case
def variables():
    """A variable keeps any JSON value; it is set, read, changed by `overwrite` alone, and unset."""
    name = unique("variable").replace("-", "_")
    for value in ("text", 7, 1.5, True, None, ["a", 1], {"nested": {"list": [1, 2]}}):
        Variable.set(name, value, overwrite=True)
        same(Variable.get(name), value, "the value")
    raises(ValueError, lambda: Variable.set(name, "again"))
    Variable.set(name, "tagged", tags=["one"], overwrite=True)
    with client() as api:
        same(api.read_variable_by_name(name).tags, ["one"], "the tags")
        contains([each.name for each in api.read_variables(limit=200)], name, "all variables")
    true(Variable.unset(name), "it was not there")
    same(Variable.get(name, default="none"), "none", "the value after unset")


@case(timeout=60, slow=True)
def variable_commands():
    """`prefect variable set`, `get`, `ls`, `inspect` and `unset`."""
    name = unique("cli").replace("-", "_")
    command("variable", "set", name, '{"a": [1]}')
    same(Variable.get(name), {"a": [1]}, "the value")
    contains(command("variable", "get", name), '{"a": [1]}', "what get prints")
    contains(command("variable", "ls"), name, "what ls prints")
    contains(command("variable", "inspect", name), name, "what inspect prints")
    command("variable", "unset", name)
    same(Variable.get(name), None, "the value after unset")


@case
def variable_names():
    """A variable's name that is not allowed is refused before it is stored."""
    name = unique("Variable with blanks")
    raises(Exception, lambda: Variable.set(name, 1))
    same(http("POST", "/variables/count", {"variables": {"name": {"any_": [name]}}}).json(), 0, "the count")


@case
def health_and_version():
    """Health, readiness, greeting and version answer as the client expects."""
    with client() as api:
        same(api.api_healthcheck(), None, "the health")
        same(api.hello().status_code, 200, "the greeting's code")
        true(api.api_version().startswith("3."), f"the version is {api.api_version()}")
        api.raise_for_api_version_mismatch()
    same(http("GET", "/health").json(), True, "the answer of /health")
    contains(http("GET", "/ready").json(), "message", "the answer of /ready")
    contains(command("version"), "3.8.8", "what `prefect version` prints")


@case
def result_storage():
    """Where results are kept is the client's own choice: the server names no other place."""
    with client() as api:
        found = api.read_server_default_result_storage()
    same(found.default_result_storage_block_id, None, "the block")


@case
def csrf_is_off():
    """The client asks for a CSRF token, is told that there are none, and works on."""
    answer = raises(Exception, lambda: http("GET", "/csrf-token?client=conformance"))
    contains(str(answer), "422", "the answer")
    with client() as api:
        api.create_flow_from_name(unique("csrf"))


@case
def api_command():
    """`prefect api` sends a bare request and prints the answer."""
    name = unique("bare")
    with client() as api:
        api.create_flow_from_name(name)
    found = json.loads(command("api", "POST", "/flows/filter", "--data", json.dumps({"flows": {"name": {"any_": [name]}}})))
    same([each["name"] for each in found], [name], "the flows")


@case
def limits_are_refused():
    """A page of more than 200 is refused with 422."""
    error = raises(Exception, lambda: http("POST", "/flow_runs/filter", {"limit": 201}))
    contains(str(error), "422", "the answer")


@case
def unknown_fields_are_refused():
    """A condition that a filter does not have is refused with its name."""
    error = raises(Exception, lambda: http("POST", "/flow_runs/filter", {"flow_runs": {"nmae": {"any_": ["x"]}}}))
    contains(str(error), "422", "the answer")
    contains(str(error), "nmae", "the answer")


@case
def logs_of_an_unknown_run():
    """Logs of a run that does not exist are taken."""
    from uuid import uuid4

    run_id = uuid4()
    now = datetime.now(timezone.utc).isoformat()
    body = {"name": "x", "level": 20, "message": "lost", "timestamp": now, "flow_run_id": str(run_id)}
    with client() as api:
        api.create_logs([body])
    same([line.message for line in eventually(lambda: logs(run_id))], ["lost"], "the log")
