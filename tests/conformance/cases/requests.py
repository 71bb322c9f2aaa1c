"""What the client's own connection asks for and its methods seldom do: counts, pages, histories, single rows by id."""

from datetime import datetime, timedelta, timezone
from uuid import uuid4

from kit import case, client, contains, eventually, flow_run, http, raises, same, task_runs, true, unique
from prefect import flow, task
from prefect.exceptions import ObjectNotFound
from prefect.states import Completed, Running


@task
def works():
    return None


@flow
def plain():
    works()
    works()


@case
def events_by_request():
    """`POST /events` takes a list of events, and they are read and counted by name and by day."""
    name = unique("posted")
    now = datetime.now(timezone.utc)
    events = [{"event": name, "resource": {"prefect.resource.id": f"thing.{n}"}, "occurred": now.isoformat(), "id": str(uuid4())} for n in range(3)]
    same(http("POST", "/events", events).status_code, 204, "the code")
    filter = {
        "event": {"name": [name]},
        "occurred": {"since": (now - timedelta(hours=1)).isoformat(), "until": (now + timedelta(minutes=1)).isoformat()},
    }
    body = {"filter": filter, "time_unit": "hour", "time_interval": 1}
    found = eventually(lambda: [each for each in http("POST", "/events/count-by/event", body).json() if each["count"] == 3])
    same(found[0]["value"], name, "the name that is counted")
    by_time = http("POST", "/events/count-by/time", body).json()
    same(sum(each["count"] for each in by_time), 3, "the sum over the time")
    by_resource = http("POST", "/events/count-by/resource", body).json()
    same(sorted(each["value"] for each in by_resource), ["thing.0", "thing.1", "thing.2"], "the resources")


@case
def flows_by_page():
    """Flows come in numbered pages."""
    word = unique("paged")
    with client() as api:
        for letter in "abc":
            api.create_flow_from_name(f"{word}-{letter}")
    page = http("POST", "/flows/paginate", {"flows": {"name": {"like_": word}}, "sort": "NAME_ASC", "limit": 2, "page": 2}).json()
    same((page["count"], page["pages"], page["page"], [each["name"][-1] for each in page["results"]]), (3, 2, 2, ["c"]), "the page")


@case
def task_runs_by_page():
    """Task runs come in numbered pages, one of their states by its id."""
    run_id = plain(return_state=True).state_details.flow_run_id
    runs = task_runs(run_id, 2)
    body = {"flow_runs": {"id": {"any_": [str(run_id)]}}, "limit": 1, "page": 1}
    page = http("POST", "/task_runs/paginate", body).json()
    same((page["count"], page["pages"], len(page["results"])), (2, 2, 1), "the page")
    state = http("GET", f"/task_run_states/{runs[0].state.id}").json()
    same((state["id"], state["name"]), (str(runs[0].state.id), "Completed"), "the state by its id")


@case
def task_run_is_renamed_and_deleted():
    """A task run can be given another name, and deleted."""
    run_id = plain(return_state=True).state_details.flow_run_id
    run = task_runs(run_id, 2)[0]
    with client() as api:
        api.set_task_run_name(run.id, "renamed")
        same(api.read_task_run(run.id).name, "renamed", "the name")
        api.delete_task_run(run.id)
        raises(ObjectNotFound, lambda: api.read_task_run(run.id))
    task_runs(run_id, 1)


@case
def histories():
    """The history of flow runs and task runs counts them by time and state; lateness is a number or nothing."""
    tag = unique("history")
    with client() as api:
        run = api.create_flow_run(plain, tags=[tag])
        api.set_flow_run_state(run.id, Running())
        api.set_flow_run_state(run.id, Completed())
    now = datetime.now(timezone.utc)
    body = {
        "history_start": (now - timedelta(hours=1)).isoformat(),
        "history_end": (now + timedelta(hours=1)).isoformat(),
        "history_interval_seconds": 3600,
        "flow_runs": {"tags": {"all_": [tag]}},
    }
    found = http("POST", "/flow_runs/history", body).json()
    same([state["state_type"] for each in found for state in each["states"]], ["COMPLETED"], "the states of flow runs")
    run_id = plain(return_state=True).state_details.flow_run_id
    task_runs(run_id, 2)
    found = http("POST", "/task_runs/history", {**body, "flow_runs": {"id": {"any_": [str(run_id)]}}}).json()
    same(sum(state["count_runs"] for each in found for state in each["states"]), 2, "the number of task runs")
    late = http("POST", "/flow_runs/lateness", {"flow_runs": {"tags": {"all_": [tag]}}}).json()
    true(late is None or late >= 0, f"the lateness is {late}")


@case
def variable_by_id():
    """A variable is read, changed and deleted by its id."""
    name = unique("by_id").replace("-", "_")
    made = http("POST", "/variables/", {"name": name, "value": {"a": 1}, "tags": ["one"]}).json()
    same(http("GET", f"/variables/{made['id']}").json()["value"], {"a": 1}, "the value")
    http("PATCH", f"/variables/{made['id']}", {"value": [2]})
    with client() as api:
        same(api.read_variable_by_name(name).value, [2], "the value after the change")
    http("DELETE", f"/variables/{made['id']}")
    with client() as api:
        same(api.read_variable_by_name(name), None, "the variable after its end")


@case
def automations_are_counted():
    """Automations are counted, a new one too."""
    body = {
        "name": unique("counted"),
        "trigger": {"type": "event", "posture": "Reactive", "expect": [unique("x")], "threshold": 1, "within": 0},
        "actions": [{"type": "do-nothing"}],
    }
    http("POST", "/automations/", body)
    true(http("POST", "/automations/count", {}).json() >= 1, "it is not counted")


@case
def run_inputs():
    """What is kept for a run by key is read, listed by the beginning of its key, and deleted."""
    with client() as api:
        run = api.create_flow_run(plain)
        api.create_flow_run_input(run.id, "a-one", '{"x": 1}')
        api.create_flow_run_input(run.id, "a-two", "2")
        api.create_flow_run_input(run.id, "b-one", "3")
        same(api.read_flow_run_input(run.id, "a-one"), '{"x": 1}', "the value")
        found = api.filter_flow_run_input(run.id, key_prefix="a-", limit=10, exclude_keys=set())
        same(sorted(each.key for each in found), ["a-one", "a-two"], "the keys")
        api.delete_flow_run_input(run.id, "a-one")
        found = api.filter_flow_run_input(run.id, key_prefix="a-", limit=10, exclude_keys=set())
    same([each.key for each in found], ["a-two"], "the keys after one is deleted")


@case
def deployment_schedules_that_rest():
    """Schedules that are not active are kept: made, listed, changed and deleted one by one."""
    from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule

    name = unique("resting")

    @flow(name=name)
    def resting():
        return None

    deployment_id = resting.to_deployment("main").apply()
    with client() as api:
        [made] = api.create_deployment_schedules(deployment_id, [(CronSchedule(cron="0 4 * * *"), False)])
        same([each.id for each in api.read_deployment_schedules(deployment_id)], [made.id], "the schedules")
        api.update_deployment_schedule(deployment_id, made.id, active=False, schedule=IntervalSchedule(interval=timedelta(hours=2)))
        [changed] = api.read_deployment_schedules(deployment_id)
        same((changed.active, changed.schedule.interval), (False, timedelta(hours=2)), "the schedule after the change")
        api.delete_deployment_schedule(deployment_id, made.id)
        same(api.read_deployment_schedules(deployment_id), [], "the schedules after the end")


@case
def deployment_paused_by_request():
    """The requests that pause and resume a deployment do what the client's own do."""
    name = unique("held")

    @flow(name=name)
    def held():
        return None

    deployment_id = held.to_deployment("main").apply()
    for what, expected in (("pause", True), ("resume", False)):
        http("POST", f"/deployments/{deployment_id}/{what}_deployment")
        with client() as api:
            same(api.read_deployment(deployment_id).paused, expected, f"paused after {what}")


@case
def tags_without_limits():
    """A task with tags for which there is no limit runs at once: nothing is held, and nothing has to be given back."""

    @task(tags=[unique("unlimited")])
    def tagged():
        return 1

    @flow
    def uses():
        return tagged()

    state = uses(return_state=True)
    same(state.result(), 1, "the value")
    same(flow_run(state.state_details.flow_run_id).state_name, "Completed", "the state")


@case
def concurrency_without_a_limit():
    """`with concurrency("name")` without such a limit does not hold the flow."""
    from prefect.concurrency.sync import concurrency

    @flow
    def careful():
        with concurrency(unique("none"), occupy=1):
            return "in"

    same(careful(), "in", "the value")


@case
def version_by_request():
    """`GET /version` is the version of the API that is spoken."""
    contains(http("GET", "/version").json(), ".", "the answer")
