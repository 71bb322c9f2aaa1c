"""Deployments by `serve` from Python: made, changed, run with parameters, waited for, cancelled."""

import json
import time
from datetime import datetime, timedelta, timezone

from kit import (
    ON_OURS,
    PLAYER,
    Program,
    case,
    client,
    command,
    contains,
    eventually,
    finished,
    flow_run,
    logged,
    raises,
    same,
    serving,
    state_names,
    task_runs,
    true,
    unique,
)
from prefect import flow
from prefect.client.schemas.objects import StateType
from prefect.deployments import run_deployment
from prefect.deployments.runner import DeploymentApplyError
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.schedules import Cron
from prefect.states import Scheduled


def read(name):
    with client() as api:
        return api.read_deployment_by_name(name)


def new_run(name, parameters=None, **more):
    """Starts a run of a deployment, and does not wait for it."""
    return run_deployment(name, parameters=parameters or {}, timeout=0, as_subflow=False, **more)


@case(serving=True)
def serve_makes_a_deployment():
    """`serve` makes a deployment with the flow's parameters as a schema, its words, tags and entrypoint."""
    deployment = read(serving("greet"))
    schema = deployment.parameter_openapi_schema
    same(sorted(schema["properties"]), ["loud", "name", "times"], "the parameters")
    same(schema["properties"]["times"]["type"], "integer", "the type of `times`")
    same(schema["properties"]["name"]["default"], "world", "the default of `name`")
    same(deployment.description, "Says hello.", "the description")
    contains(deployment.tags, "served", "the tags")
    contains(deployment.entrypoint, "served.py:greet", "the entrypoint")
    true(deployment.enforce_parameter_schema, "the schema is not enforced")
    same(deployment.paused, False, "paused")
    with client() as api:
        same(api.read_deployment(deployment.id).name, deployment.name, "the deployment by its id")
        same(api.read_flow(deployment.flow_id).name, "greet", "its flow")


@case(serving=True)
def deployment_is_ready_while_served():
    """A deployment whose runner asks for work has the status READY."""
    name = serving("greet")
    eventually(lambda: read(name).status.value == "READY", 20)


@case(slow=True)
def deployment_is_changed():
    """A deployment saved again under its name is the same one, with what is new."""
    name = unique("changing")

    @flow(name=name)
    def changing(number: int = 1):
        return None

    first = changing.to_deployment("main", description="first", tags=["a"], version="1").apply()
    second = changing.to_deployment("main", description="second", tags=["b"], version="2", parameters={"number": 5}).apply()
    same(first, second, "the id")
    deployment = read(f"{name}/main")
    same((deployment.description, deployment.tags, deployment.version), ("second", ["b"], "2"), "what was changed")
    same(deployment.parameters, {"number": 5}, "the parameters")


@case
def deployment_is_updated_by_the_client():
    """`update_deployment` changes what it names and leaves the rest."""
    from prefect.client.schemas.actions import DeploymentUpdate

    name = unique("updated")

    @flow(name=name)
    def updated(number: int = 1):
        return None

    deployment_id = updated.to_deployment("main", description="before", tags=["a"]).apply()
    with client() as api:
        api.update_deployment(deployment_id, DeploymentUpdate(description="after", parameters={"number": 2}))
        deployment = api.read_deployment(deployment_id)
    same((deployment.description, deployment.parameters, deployment.tags), ("after", {"number": 2}, ["a"]), "the deployment")


@case(
    different="while a deployment is paused its runs wait; Prefect stops its schedules alone. Runs are started by events"
    " here, and pausing has to hold those back."
)
def deployment_is_paused():
    """A deployment is paused and resumed by the client, and says so."""
    name = unique("pausing")

    @flow(name=name)
    def pausing():
        return None

    deployment_id = pausing.to_deployment("main").apply()
    with client() as api:
        api.pause_deployment(deployment_id)
        same(api.read_deployment(deployment_id).paused, True, "paused")
        api.resume_deployment(deployment_id)
        same(api.read_deployment(deployment_id).paused, False, "paused")


@case(slow=True, timeout=90)
def serve_ends_in_order():
    """A runner that is stopped pauses its deployments, and one that starts again resumes them."""
    name = unique("again")
    with Program("served.py", name) as program:
        eventually(lambda: read(f"greet/{name}").paused is False, 30)
        eventually(lambda: read(f"greet/{name}").status.value == "READY", 20)
        program.stop()
    same(read(f"greet/{name}").paused, True, "paused after the end")
    with Program("served.py", name):
        eventually(lambda: read(f"greet/{name}").paused is False, 30)


@case
def deployment_is_deleted():
    """A deleted deployment is gone."""
    name = unique("leaving")

    @flow(name=name)
    def leaving():
        return None

    deployment_id = leaving.to_deployment("main").apply()
    command("deployment", "delete", f"{name}/main")
    with client() as api:
        raises(ObjectNotFound, lambda: api.read_deployment(deployment_id))
    raises(ObjectNotFound, lambda: read(f"{name}/main"))


@case(serving=True)
def deployment_run_command():
    """`prefect deployment run` starts a run with parameters, and the runner plays it."""
    output = command("deployment", "run", serving("greet"), "-p", "name=ada", "-p", "times=2", "--flow-run-name", unique("cli"))
    contains(output, "Created flow run", "what it prints")
    run = finished(uuid_in(output))
    same((run.state_name, run.parameters), ("Completed", {"name": "ada", "times": 2}), "the run")
    logged(run.id, "hello adahello ada")


def uuid_in(text):
    import re

    found = re.search(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", text)
    true(found, f"there is no id in: {text}")
    return found.group(0)


@case(serving=True)
def deployment_run_json_parameters():
    """`--params` takes all parameters as one JSON object, and they keep their types."""
    values = {"number": 3, "ratio": 0.5, "flag": True, "items": ["a", "b"], "table": {"x": 1}, "nothing": None}
    output = command("deployment", "run", serving("typed"), "--params", json.dumps(values))
    run = finished(uuid_in(output))
    same((run.state_name, run.parameters), ("Completed", values), "the run")
    logged(run.id, "int float bool list dict NoneType [3, 0.5, True, ['a', 'b'], {'x': 1}, None]")


@case(serving=True, timeout=90)
def deployment_run_watch():
    """`prefect deployment run --watch` waits for the end, prints the states, and says how it ended by its exit code."""
    output = command("deployment", "run", serving("greet"), "--watch", "--watch-interval", "1")
    contains(output, "Completed", "what it prints")
    output = command("deployment", "run", serving("broken"), "--watch", "--watch-interval", "1", ok=False)
    contains(output, "Failed", "what it prints")


@case(serving=True)
def run_deployment_waits():
    """`run_deployment` waits for the end and gives the run with its last state."""
    run = run_deployment(serving("calculate"), parameters={"numbers": [1, 2, 3]}, timeout=30, poll_interval=1, as_subflow=False)
    same(run.state_name, "Completed", "the state")
    same(run.parameters, {"numbers": [1, 2, 3]}, "the parameters")
    same([each.state_name for each in task_runs(run.id, 3)], ["Completed"] * 3, "its tasks")


@case(serving=True)
def run_deployment_does_not_wait():
    """`run_deployment` with `timeout=0` returns at once, with the run Scheduled; its name and tags are kept."""
    name = unique("named")
    run = new_run(serving("greet"), flow_run_name=name, tags=["mine"])
    same((run.name, run.state_type), (name, StateType.SCHEDULED), "the run")
    contains(run.tags, "mine", "the tags")
    done = finished(run.id)
    contains(done.tags, "served", "the tags of the deployment")
    same(done.deployment_id, read(serving("greet")).id, "the deployment")


@case(serving=True)
def run_deployment_in_a_flow():
    """`run_deployment` in a flow makes the run a child of it, with a task run as its mirror."""

    @flow
    def parent():
        return str(run_deployment(serving("greet"), timeout=30, poll_interval=1).id)

    state = parent(return_state=True)
    child = flow_run(state.result())
    true(child.parent_task_run_id, "the run has no parent")
    [mirror] = task_runs(state.state_details.flow_run_id, 1)
    same((mirror.id, mirror.state_name), (child.parent_task_run_id, "Completed"), "the mirror")


@case(serving=True)
def run_deployment_idempotent():
    """Two requests with one idempotency key start one run."""
    key = unique("key")
    name = serving("greet")
    first, second = new_run(name, idempotency_key=key), new_run(name, idempotency_key=key)
    same(first.id, second.id, "the run")


@case(serving=True)
def run_states_in_order():
    """A run of a deployment goes Scheduled, Pending, Running, Completed, each claimed once."""
    run = finished(new_run(serving("greet")).id)
    names = state_names(run.id)
    same([name for name in names if name not in ("Submitting", "InfrastructurePending")], ["Scheduled", "Pending", "Running", "Completed"], "the states")
    same(run.run_count, 1, "run_count")
    true(run.estimated_start_time_delta.total_seconds() >= 0, "there is no delay")


@case(serving=True)
def run_knows_its_deployment():
    """A served flow is told its deployment's name, its parameters and its scheduled time."""
    run = finished(new_run(serving("about")).id)
    logged(run.id, f"deployment={PLAYER} flow=about parameters={{}} scheduled=True")


@case(serving=True)
def served_flow_fails():
    """A served flow that raises is Failed with its message, and the traceback is in the log."""
    run = finished(new_run(serving("broken")).id)
    same(run.state_name, "Failed", "the state")
    contains(run.state.message, "the served flow is broken", "the message")
    logged(run.id, "Traceback")


@case(serving=True)
def served_flow_dies():
    """A served flow whose process ends without a word is Crashed by its runner, with the exit code."""
    run = finished(new_run(serving("dies")).id)
    same(run.state_type, StateType.CRASHED, "the type")
    contains(run.state.message, "7", "the message")


@case(serving=True)
def served_flow_retries():
    """A served flow with a retry is tried again in its process."""
    run = finished(new_run(serving("second_time").replace("_", "-")).id)
    same((run.state_name, run.run_count), ("Completed", 2), "state and run count")


@case(serving=True, timeout=90)
def cancel_reaches_the_runner():
    """A running flow that is cancelled by the command line is stopped by its runner at once, and its hook runs."""
    run = new_run(serving("sleeper"))
    eventually(lambda: flow_run(run.id).state_name == "Running", 30)
    logged(run.id, "sleeping")
    asked = time.monotonic()
    contains(command("flow-run", "cancel", str(run.id)), "scheduled for cancellation", "what it prints")
    done = finished(run.id)
    true(time.monotonic() - asked < 20, "it took 20 s")
    same(done.state_name, "Cancelled", "the state")
    contains(state_names(run.id), "Cancelling", "the states")
    logged(run.id, "the cancellation hook ran")


@case(serving=True)
def cancel_before_the_runner():
    """A run of a deployment that is not due yet is cancelled without the runner."""
    run = new_run(serving("greet"), scheduled_time=datetime.now(timezone.utc) + timedelta(hours=1))
    command("flow-run", "cancel", str(run.id))
    done = finished(run.id)
    same((done.state_type, done.run_count), (StateType.CANCELLED, 0), "state and run count")


@case(serving=True)
def run_starts_when_due():
    """A run with a time in the future begins at it: less than a second before, and not long after."""
    due = datetime.now(timezone.utc) + timedelta(seconds=6)
    run = new_run(serving("greet"), scheduled_time=due)
    done = finished(run.id)
    late = (done.start_time - due).total_seconds()
    # A wait is told in whole seconds, so the client may be let in for what is left of one.
    true(-1 < late <= 5, f"it started {late} s after its time")


@case(serving=True)
def parameters_are_checked():
    """Parameters that do not fit the schema are refused when the run is made, with the reason."""
    error = raises(PrefectHTTPStatusError, lambda: new_run(serving("greet"), {"times": "often"}))
    same(error.response.status_code, 409, "the code")
    contains(str(error.response.json()), "times", "the answer")
    output = command("deployment", "run", serving("greet"), "-p", "unknown=1", ok=False)
    contains(output, "unknown", "what it prints")


@case(serving=True, timeout=90)
def five_runs_at_once():
    """Five runs of a deployment that are started together are all played, each once."""
    name = serving("calculate")
    runs = [new_run(name, {"numbers": [number]}) for number in range(5)]
    done = [finished(run.id) for run in runs]
    same([run.state_name for run in done], ["Completed"] * 5, "the states")
    same([run.run_count for run in done], [1] * 5, "the run counts")


@case
def unknown_deployment():
    """A deployment that does not exist is the client's ObjectNotFound, and a sentence on the command line."""
    raises(ObjectNotFound, lambda: read("nothing/nowhere"))
    contains(command("deployment", "run", "nothing/nowhere", ok=False), "nothing/nowhere", "what it prints")


@case
def scheduled_runs_of_deployments():
    """The runner's question for work gives the runs that are due soon, and no others."""
    name = unique("asked")

    @flow(name=name)
    def asked():
        return None

    deployment_id = asked.to_deployment("main").apply()
    with client() as api:
        now = datetime.now(timezone.utc)
        soon = api.create_flow_run_from_deployment(deployment_id)
        api.create_flow_run_from_deployment(deployment_id, state=Scheduled(scheduled_time=now + timedelta(hours=1)))
        found = api.get_scheduled_flow_runs_for_deployments([deployment_id], scheduled_before=now + timedelta(seconds=20))
    same([run.id for run in found], [soon.id], "the runs")


@case(serving=True, timeout=90)
def flow_run_is_tried_again_by_hand():
    """`prefect flow-run retry` starts a failed run of a deployment again: the same run, counted twice."""
    run = finished(new_run(serving("broken")).id)
    command("flow-run", "retry", str(run.id))
    eventually(lambda: flow_run(run.id).run_count == 2, 20)
    done = finished(run.id)
    same((done.state_name, done.run_count), ("Failed", 2), "state and run count")


@case(different="an active schedule is refused with a sentence: stored and never run, it would be worse than none")
def serve_with_a_schedule():
    """`serve(cron=...)` stores the schedule; one that is not active is kept as it is."""
    name = unique("nightly")

    @flow(name=name)
    def nightly():
        return None

    if ON_OURS:
        error = raises(DeploymentApplyError, lambda: nightly.to_deployment("main", cron="0 3 * * *").apply())
        contains(str(error), "schedules", "the error")
    else:
        nightly.to_deployment("main", cron="0 3 * * *").apply()
    deployment_id = nightly.to_deployment("main", schedules=[Cron("0 3 * * *", active=False)]).apply()
    with client() as api:
        found = [each.schedule.cron for each in api.read_deployment(deployment_id).schedules if not each.active]
    same(found, ["0 3 * * *"], "the schedules")


@case(serving=True)
def wait_for_a_run():
    """`wait_for_flow_run` learns of the end by an event, not by asking."""
    import asyncio

    from prefect.flow_runs import wait_for_flow_run

    run = new_run(serving("greet"))
    done = asyncio.run(wait_for_flow_run(run.id, timeout=30))
    same(done.state_name, "Completed", "the state")
