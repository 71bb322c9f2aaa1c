"""Events: in, out with filter and backfill, listed with paging; automations by the client's classes and its command line."""

import asyncio
import json
import subprocess
import time
from datetime import datetime, timedelta, timezone
from uuid import uuid4

from kit import (
    BIN,
    case,
    client,
    command,
    command_env,
    contains,
    eventually,
    finished,
    flow_run,
    logged,
    raises,
    same,
    serving,
    states,
    task_state_names,
    true,
    unique,
)
from prefect import flow
from prefect.automations import Automation
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.events import DoNothing, Event, EventTrigger, Posture, RunDeployment, emit_event, get_events_client, get_events_subscriber
from prefect.events.filters import (
    EventFilter,
    EventIDFilter,
    EventNameFilter,
    EventOccurredFilter,
    EventOrder,
    EventRelatedFilter,
    EventResourceFilter,
)


def event(name, resource=None, **more):
    return Event(event=name, resource={"prefect.resource.id": resource or unique("conformance.thing")}, **more)


async def send(*events):
    """Sends these over one connection, and returns when the server has them."""
    async with get_events_client(checkpoint_every=1) as sender:
        for each in events:
            await sender.emit(each)


def named(*names, **more):
    """A filter by name, over the last quarter of an hour."""
    now = datetime.now(timezone.utc)
    occurred = EventOccurredFilter(since=now - timedelta(minutes=15), until=now + timedelta(minutes=5))
    return EventFilter(event=EventNameFilter(name=list(names)), occurred=occurred, **more)


def read(filter, count, seconds=20):
    """The events of a filter, once there are so many."""

    def page():
        with client() as api:
            found = api.read_events(filter, limit=50)
        same(len(found.events), count, "the number of events")
        return found.events

    return eventually(page, seconds, 0.3) if count else page()


@case
def emit_event_arrives():
    """`emit_event` from user code is an event that can be read, with resource, related resources and payload."""
    name = unique("order.placed")
    sent = emit_event(
        name,
        resource={"prefect.resource.id": "order.1", "kind": "book"},
        related=[{"prefect.resource.id": "customer.9", "prefect.resource.role": "customer"}],
        payload={"amount": 12.5, "lines": [1, 2], "note": "ü"},
    )
    [found] = read(named(name), 1)
    same((found.id, found.event), (sent.id, name), "the event")
    same(dict(found.resource.root), {"prefect.resource.id": "order.1", "kind": "book"}, "the resource")
    same(found.payload, {"amount": 12.5, "lines": [1, 2], "note": "ü"}, "the payload")
    contains([each.id for each in found.related], "customer.9", "the related resources")


@case
def emit_event_in_a_flow():
    """An event that a flow emits has the run and the flow as related resources."""
    name = unique("flow.said")

    @flow
    def says():
        emit_event(name, resource={"prefect.resource.id": "thing.1"})

    state = says(return_state=True)
    [found] = read(named(name), 1)
    roles = {each.role: each.id for each in found.related}
    same(roles.get("flow-run"), f"prefect.flow-run.{state.state_details.flow_run_id}", "the run")
    true(roles.get("flow", "").startswith("prefect.flow."), "there is no flow")


@case
def event_command():
    """`prefect event emit` sends an event with a resource and a payload."""
    name = unique("user.came")
    command("event", "emit", name, "--resource-id", "user-1", "--payload", '{"from": "cli"}')
    [found] = read(named(name), 1)
    same((found.resource.id, found.payload), ("user-1", {"from": "cli"}), "the event")


@case
def events_of_a_run():
    """Each state of a flow run is an event with the state's id, which follows the one before it."""

    @flow
    def plain():
        return None

    run_id = plain(return_state=True).state_details.flow_run_id
    resource = EventResourceFilter(id=[f"prefect.flow-run.{run_id}"])
    name = EventNameFilter(prefix=["prefect.flow-run."], exclude_name=["prefect.flow-run.heartbeat"])
    found = read(EventFilter(resource=resource, event=name, order=EventOrder.ASC), 3)
    same([each.event for each in found], [f"prefect.flow-run.{name}" for name in ("Pending", "Running", "Completed")], "the events")
    same([each.id for each in found], [state.id for state in states(run_id)], "the ids")
    same([each.follows for each in found], [None, found[0].id, found[1].id], "what each follows")
    same(found[2].payload["validated_state"]["type"], "COMPLETED", "the state in the payload")
    same(found[2].resource["prefect.state-name"], "Completed", "the state's name on the resource")
    contains([each.role for each in found[2].related], "flow", "the related resources")


@case
def events_filter():
    """Events are found by name, prefix, excluded name, id, resource, labels, related resource and time."""
    word = unique("filter").replace("-", ".")
    resource = unique("room")
    first = event(f"{word}.opened", resource, payload={"n": 1})
    second = Event(
        event=f"{word}.closed",
        resource={"prefect.resource.id": resource, "floor": "3"},
        related=[{"prefect.resource.id": f"{resource}.house", "prefect.resource.role": "house"}],
    )
    asyncio.run(send(first, second))
    read(EventFilter(event=EventNameFilter(prefix=[f"{word}."])), 2)

    def names(**filter):
        with client() as api:
            return sorted(each.event.rsplit(".", 1)[1] for each in api.read_events(EventFilter(**filter), limit=50).events)

    prefix = EventNameFilter(prefix=[f"{word}."])
    same(names(event=EventNameFilter(name=[f"{word}.opened"])), ["opened"], "by name")
    same(names(event=EventNameFilter(prefix=[f"{word}."], exclude_name=[f"{word}.opened"])), ["closed"], "without a name")
    same(names(id=EventIDFilter(id=[second.id])), ["closed"], "by id")
    same(names(event=prefix, resource=EventResourceFilter(id=[resource])), ["closed", "opened"], "by resource")
    same(names(event=prefix, resource=EventResourceFilter(labels={"floor": "3"})), ["closed"], "by label")
    same(names(event=prefix, related=EventRelatedFilter(role=["house"])), ["closed"], "by role")
    same(names(event=prefix, related=EventRelatedFilter(id=[f"{resource}.house"])), ["closed"], "by related resource")
    later = datetime.now(timezone.utc) + timedelta(minutes=1)
    same(names(event=prefix, occurred=EventOccurredFilter(since=later, until=later + timedelta(minutes=1))), [], "in the future")


@case
def events_paging():
    """Events come in pages with a total, and each page leads to the next: every event once, the newest first."""
    name = unique("paged")
    base = datetime.now(timezone.utc) - timedelta(minutes=1)
    asyncio.run(send(*(event(name, payload={"n": n}, occurred=base + timedelta(seconds=n)) for n in range(7))))
    read(named(name), 7)
    with client() as api:
        page = api.read_events(named(name), limit=3)
        same(page.total, 7, "the total")
        found = [each.payload["n"] for each in page.events]
        while page.next_page:
            page = api.read_events_page(page.next_page)
            found += [each.payload["n"] for each in page.events]
    same(found, [6, 5, 4, 3, 2, 1, 0], "the events")
    with client() as api:
        page = api.read_events(named(name, order=EventOrder.ASC), limit=2)
    same([each.payload["n"] for each in page.events], [0, 1], "the oldest")


@case
def events_once():
    """An event that is sent twice is one event."""
    name = unique("twice")
    one = event(name)
    asyncio.run(send(one, one))
    asyncio.run(send(one))
    time.sleep(1)
    read(named(name), 1)


@case
def events_out():
    """A subscriber gets the events that its filter wants, in order, and no others."""
    wanted, other = unique("wanted"), unique("other")

    async def listen():
        found = []
        async with get_events_subscriber(filter=EventFilter(event=EventNameFilter(name=[wanted]))) as subscriber:
            await send(event(wanted, payload={"n": 1}), event(other), event(wanted, payload={"n": 2}))
            async for each in subscriber:
                found.append((each.event, each.payload["n"]))
                if len(found) == 2:
                    return found

    same(asyncio.run(asyncio.wait_for(listen(), 20)), [(wanted, 1), (wanted, 2)], "the events")


@case
def events_out_backfill():
    """A subscriber whose filter begins in the past gets those events first, then the new ones, each once."""
    name = unique("backfill")

    async def listen():
        await send(*(event(name, payload={"n": n}) for n in range(3)))
        await asyncio.to_thread(read, named(name), 3)
        found = []
        async with get_events_subscriber(filter=named(name)) as subscriber:
            async for each in subscriber:
                found.append(each.payload["n"])
                if len(found) == 3:
                    await send(event(name, payload={"n": 3}))
                if len(found) == 4:
                    return found

    same(asyncio.run(asyncio.wait_for(listen(), 30)), [0, 1, 2, 3], "the events")


@case(timeout=90)
def event_stream_command():
    """`prefect event stream` prints events as they come."""
    name = unique("streamed")
    stream = subprocess.Popen([str(BIN / "prefect"), "event", "stream"], stdout=subprocess.PIPE, text=True, env=command_env())
    try:
        # Until the command listens, what is sent passes it by.
        deadline = time.monotonic() + 40
        import threading

        found = threading.Event()

        def look():
            for line in stream.stdout:
                if name in line:
                    found.set()
                    return

        threading.Thread(target=look, daemon=True).start()
        while not found.is_set() and time.monotonic() < deadline:
            asyncio.run(send(event(name)))
            found.wait(0.5)
        true(found.is_set(), "the event was not printed")
    finally:
        stream.kill()
        stream.wait()


def task_run_event(kind, run_id, at, follows=None, state_type=None, count=1, **more):
    """An event of a task run, as the client sends one at each state."""
    state_type = state_type or kind.upper()
    return Event(
        id=uuid4(),
        occurred=at,
        event=f"prefect.task-run.{kind}",
        resource={
            "prefect.resource.id": f"prefect.task-run.{run_id}",
            "prefect.resource.name": "by-event-0",
            "prefect.run-count": str(count),
            "prefect.state-message": "",
            "prefect.state-type": state_type,
            "prefect.state-name": kind,
            "prefect.state-timestamp": at.isoformat(),
            "prefect.orchestration": "client",
        },
        follows=follows.id if follows else None,
        payload={
            "intended": {"from": None, "to": state_type},
            "initial_state": None,
            "validated_state": {"type": state_type, "name": kind, "message": "", "state_details": {}, "data": None},
            "task_run": {
                "task_key": "by_event",
                "dynamic_key": "0",
                "name": "by-event-0",
                "empirical_policy": {"retries": 0, "retry_delay": 0},
                "tags": [],
                "labels": {},
                "task_inputs": {},
                "run_count": count,
                "flow_run_run_count": 1,
                "expected_start_time": at.isoformat(),
                "estimated_run_time": 0.0,
                "estimated_start_time_delta": 0.0,
                "total_run_time": 0.0,
                **more,
            },
        },
    )


def task_events(run_id):
    now = datetime.now(timezone.utc)
    pending = task_run_event("Pending", run_id, now - timedelta(seconds=3), count=0)
    running = task_run_event("Running", run_id, now - timedelta(seconds=2), pending)
    completed = task_run_event("Completed", run_id, now - timedelta(seconds=1), running)
    return pending, running, completed


def check_task_run(run_id):
    def read_run():
        with client() as api:
            run = api.read_task_run(run_id)
        same(run.state_name, "Completed", "the state")
        return run

    eventually(read_run, 20)
    eventually(lambda: len(task_state_names(run_id)) == 3, 20)
    time.sleep(0.5)
    same(task_state_names(run_id), ["Pending", "Running", "Completed"], "the states")


@case
def task_run_events_twice():
    """A task run's events that come twice are recorded once."""
    run_id = uuid4()
    found = task_events(run_id)
    asyncio.run(send(*found, *found))
    asyncio.run(send(*found))
    check_task_run(run_id)


@case
def task_run_events_out_of_order():
    """A task run's events that come late and out of order are put in order by their times, and the last state is the run's."""
    run_id = uuid4()
    pending, running, completed = task_events(run_id)
    asyncio.run(send(completed, pending, running))
    check_task_run(run_id)


@case(slow=True, timeout=90)
def task_run_events_late():
    """A task run's first states that come seconds after its last one do not change its state."""
    run_id = uuid4()
    pending, running, completed = task_events(run_id)
    asyncio.run(send(pending, completed))
    time.sleep(1)
    asyncio.run(send(running))
    check_task_run(run_id)


def reactive(name, **more):
    return EventTrigger(expect={name}, posture=Posture.Reactive, threshold=1, **more)


def deployment_of(name):
    with client() as api:
        return api.read_deployment_by_name(name)


def runs_of(deployment_id):
    with client() as api:
        return api.read_flow_runs(deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment_id])), limit=200)


@case
def automation_by_class():
    """An automation made by the client's class is read, changed, disabled, enabled and deleted by it."""
    name = unique("automation")
    made = Automation(name=name, description="first", trigger=reactive(unique("x")), actions=[DoNothing()]).create()
    found = Automation.read(name=name)
    same((found.id, found.description, found.enabled), (made.id, "first", True), "the automation by its name")
    same(type(found.trigger).__name__, "EventTrigger", "the trigger")
    found.description = "second"
    found.update()
    same(Automation.read(id=made.id).description, "second", "the description")
    found.disable()
    same(Automation.read(id=made.id).enabled, False, "enabled")
    found.enable()
    same(Automation.read(id=made.id).enabled, True, "enabled")
    found.delete()
    raises(ValueError, lambda: Automation.read(id=made.id))


@case(timeout=90)
def automation_commands():
    """`prefect automation create`, `ls`, `inspect`, `pause`, `resume` and `delete`."""
    name = unique("by-command")
    body = {
        "name": name,
        "trigger": {"type": "event", "posture": "Reactive", "expect": [unique("x")], "threshold": 1, "within": 0},
        "actions": [{"type": "do-nothing"}],
    }
    contains(command("automation", "create", "--from-json", json.dumps(body)), name, "what create prints")
    contains(command("automation", "ls"), name, "what ls prints")
    contains(command("automation", "inspect", name), body["trigger"]["expect"][0], "what inspect prints")
    command("automation", "pause", name)
    with client() as api:
        [found] = api.read_automations_by_name(name)
        same(found.enabled, False, "enabled")
    command("automation", "delete", name)
    with client() as api:
        same(api.read_automations_by_name(name), [], "what is left")


@case(serving=True, timeout=90)
def automation_runs_a_deployment():
    """An event starts a run of a served deployment; its parameters are filled in from the event."""
    happened = unique("file.came")
    deployment = deployment_of(serving("greet"))
    action = RunDeployment(source="selected", deployment_id=deployment.id, parameters={"name": "{{ event.payload.who }}"})
    automation = Automation(name=unique("starts"), trigger=reactive(happened), actions=[action]).create()
    try:
        emit_event(happened, resource={"prefect.resource.id": "file.1"}, payload={"who": "eve"})
        run = eventually(lambda: [each for each in runs_of(deployment.id) if each.parameters.get("name") == "eve"], 20)[0]
        same(finished(run.id).state_name, "Completed", "the state")
        logged(run.id, "hello eve")
    finally:
        automation.delete()


@case(serving=True, timeout=90)
def automation_with_typed_parameters():
    """Parameters that are not templates reach the flow in their types, whatever they are."""
    happened = unique("typed.came")
    deployment = deployment_of(serving("typed"))
    values = {"number": 3, "ratio": 0.5, "flag": True, "items": ["a"], "table": {"x": 1}, "nothing": None}
    action = RunDeployment(source="selected", deployment_id=deployment.id, parameters=values)
    automation = Automation(name=unique("typed"), trigger=reactive(happened), actions=[action]).create()
    try:
        before = {run.id for run in runs_of(deployment.id)}
        emit_event(happened, resource={"prefect.resource.id": "typed.1"})
        run = eventually(lambda: [each for each in runs_of(deployment.id) if each.id not in before], 20)[0]
        same(finished(run.id).state_name, "Completed", "the state")
        same(flow_run(run.id).parameters, values, "the parameters")
    finally:
        automation.delete()


@case(serving=True, timeout=90)
def automation_template_keeps_its_type():
    """A parameter that is one template gets the event's value in its type: a list, a number, a truth, and text inside of text."""
    happened = unique("value.came")
    deployment = deployment_of(serving("typed"))
    names = {"number": "n", "ratio": "r", "flag": "f", "items": "l", "table": "t"}
    templates = {name: f"{{{{ event.payload.{key} }}}}" for name, key in names.items()}
    values = {"number": 20, "ratio": 0.25, "flag": False, "items": ["x", "y"], "table": {"z": 26}}
    action = RunDeployment(
        source="selected",
        deployment_id=deployment.id,
        parameters={**templates, "nothing": "n is {{ event.payload.n }} at {{ event.resource.id }}"},
    )
    automation = Automation(name=unique("typed"), trigger=reactive(happened), actions=[action]).create()
    try:
        payload = {key: values[name] for name, key in names.items()}
        emit_event(happened, resource={"prefect.resource.id": "value.1"}, payload=payload)
        run = eventually(lambda: [each for each in runs_of(deployment.id) if each.parameters.get("number") == 20], 20)[0]
        same(run.parameters, {**values, "nothing": "n is 20 at value.1"}, "the parameters")
        same(finished(run.id).state_name, "Completed", "the state")
    finally:
        automation.delete()


@case(serving=True, timeout=90)
def automation_after_a_run():
    """The end of one flow starts another: an automation on the state event of a run of Python."""
    deployment = deployment_of(serving("greet"))
    name = unique("first")

    @flow(name=name)
    def first():
        return None

    word = unique("after")
    trigger = EventTrigger(
        expect={"prefect.flow-run.Completed"},
        match_related={"prefect.resource.role": "flow", "prefect.resource.name": name},
        posture=Posture.Reactive,
        threshold=1,
    )
    action = RunDeployment(source="selected", deployment_id=deployment.id, parameters={"name": word})
    automation = Automation(name=unique("chain"), trigger=trigger, actions=[action]).create()
    try:
        first()
        run = eventually(lambda: [each for each in runs_of(deployment.id) if each.parameters.get("name") == word], 20)[0]
        same(finished(run.id).state_name, "Completed", "the state")
    finally:
        automation.delete()


@case
def automation_threshold():
    """A trigger with a threshold of three fires at the third event of a resource, not before."""
    happened = unique("counted")
    with client() as api:
        flow_id = api.create_flow_from_name(unique("counting"))
        deployment_id = api.create_deployment(flow_id, unique("main"))
    action = RunDeployment(source="selected", deployment_id=deployment_id)
    trigger = EventTrigger(expect={happened}, posture=Posture.Reactive, threshold=3, within=timedelta(seconds=60))
    automation = Automation(name=unique("counts"), trigger=trigger, actions=[action]).create()
    try:
        time.sleep(0.5)  # Prefect's own server hears of a new automation a moment after it has answered
        asyncio.run(send(event(happened), event(happened)))
        time.sleep(1.5)
        same(len(runs_of(deployment_id)), 0, "the runs after two events")
        asyncio.run(send(event(happened)))
        eventually(lambda: len(runs_of(deployment_id)) == 1, 20)
    finally:
        automation.delete()


@case
def automation_disabled():
    """A disabled automation does nothing; enabled again, it does."""
    happened = unique("switched")
    with client() as api:
        flow_id = api.create_flow_from_name(unique("switching"))
        deployment_id = api.create_deployment(flow_id, unique("main"))
    action = RunDeployment(source="selected", deployment_id=deployment_id)
    automation = Automation(name=unique("switch"), trigger=reactive(happened), actions=[action]).create()
    try:
        automation.disable()
        asyncio.run(send(event(happened)))
        time.sleep(1.5)
        same(len(runs_of(deployment_id)), 0, "the runs while it was disabled")
        automation.enable()
        time.sleep(0.5)
        asyncio.run(send(event(happened)))
        eventually(lambda: len(runs_of(deployment_id)) == 1, 20)
    finally:
        automation.delete()


@case(slow=True, timeout=90)
def triggers_of_a_deployment():
    """`serve(triggers=[...])` makes the deployment's automations, and a second time replaces them."""
    from prefect.events import DeploymentEventTrigger

    name = unique("triggered")

    @flow(name=name)
    def triggered():
        return None

    def serve():
        trigger = DeploymentEventTrigger(name=unique("trigger"), expect={unique("x")})
        return triggered.to_deployment("main", triggers=[trigger]).apply()

    deployment_id = serve()
    with client() as api:
        [first] = api.read_resource_related_automations(f"prefect.deployment.{deployment_id}")
    serve()
    with client() as api:
        [second] = api.read_resource_related_automations(f"prefect.deployment.{deployment_id}")
    true(first.id != second.id, "the automation was not replaced")


@case
def automation_that_cannot_act():
    """An automation whose trigger is broken is refused with the reason."""
    body = {"name": unique("broken"), "trigger": {"type": "event", "posture": "Sideways"}, "actions": []}
    contains(command("automation", "create", "--from-json", json.dumps(body), ok=False), "posture", "what it prints")


