"""What may follow which state, as a client that proposes states sees it: ACCEPT, REJECT, WAIT, ABORT with their details."""

import threading
import time
from datetime import datetime, timedelta, timezone

from kit import (
    ON_OURS,
    case,
    client,
    contains,
    eventually,
    finished,
    flow_run,
    raises,
    same,
    serving,
    state_names,
    states,
    task_state_names,
    true,
    unique,
)
from prefect import flow, task
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.responses import SetStateStatus
from prefect.exceptions import ObjectNotFound
from prefect.flow_runs import pause_flow_run, resume_flow_run
from prefect.input import RunInput
from prefect.states import Cancelled, Cancelling, Completed, Crashed, Failed, Paused, Pending, Running, Scheduled

ACCEPT, REJECT, WAIT, ABORT = SetStateStatus.ACCEPT, SetStateStatus.REJECT, SetStateStatus.WAIT, SetStateStatus.ABORT


@flow
def anything():
    return None


@task
def something():
    return None


def new_run(*proposed, **more):
    """The id of a new flow run after these states, of which all were accepted."""
    with client() as api:
        run = api.create_flow_run(anything, **more)
        for state in proposed:
            same(api.set_flow_run_state(run.id, state).status, ACCEPT, f"the answer to {state.name}")
    return run.id


def propose(run_id, state, force=False):
    with client() as api:
        return api.set_flow_run_state(run_id, state, force=force)


def ids(answer):
    return (answer.status, answer.state and answer.state.name)


@case
def run_is_created():
    """A new flow run is Pending, or in the state that it was created with; its tags, name and key are kept."""
    with client() as api:
        run = api.create_flow_run(anything, name="by-hand", tags=["one"])
        same((run.name, run.tags, run.state.name), ("by-hand", ["one"], "Pending"), "the run")
        run = api.create_flow_run(anything, state=Running())
        same(run.state_name, "Running", "the state")


@case
def pending_race():
    """Of two who claim a run, the second is told ABORT."""
    run_id = new_run(Scheduled(), state=Scheduled())
    same(ids(propose(run_id, Pending())), (ACCEPT, "Pending"), "the first answer")
    second = propose(run_id, Pending())
    same(second.status, ABORT, "the second answer")
    contains(second.details.reason, "PENDING", "the reason")
    same(state_names(run_id)[-1], "Pending", "the state")


@case
def pending_race_at_once():
    """Of eight who claim a run at the same moment, one is accepted."""
    run_id = new_run(state=Scheduled())
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(propose(run_id, Pending()).status)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    same(sorted(status.value for status in answers), ["ABORT"] * 7 + ["ACCEPT"], "the answers")


@case
def scheduled_run_waits():
    """A run that is not due is told WAIT, with the seconds until then; when it is due, it runs."""
    run_id = new_run(state=Scheduled(scheduled_time=datetime.now(timezone.utc) + timedelta(seconds=2)))
    answer = propose(run_id, Running())
    same(answer.status, WAIT, "the answer")
    true(1 <= answer.details.delay_seconds <= 2, f"the delay is {answer.details.delay_seconds}")
    true(answer.details.reason, "there is no reason")
    time.sleep(2.1)
    same(ids(propose(run_id, Running())), (ACCEPT, "Running"), "the answer when it is due")


@case
def scheduled_run_goes_pending_early():
    """A runner may claim a run before it is due: Pending is accepted, and Running waits for the time."""
    run_id = new_run(state=Scheduled(scheduled_time=datetime.now(timezone.utc) + timedelta(seconds=30)))
    same(ids(propose(run_id, Pending())), (ACCEPT, "Pending"), "the answer to Pending")
    answer = propose(run_id, Running())
    same(answer.status, WAIT, "the answer to Running")
    true(answer.details.delay_seconds >= 28, f"the delay is {answer.details.delay_seconds}")


@case
def expected_start_time():
    """A scheduled run has its time as the expected start, and a rescheduled one the new time."""
    first = datetime.now(timezone.utc) + timedelta(hours=1)
    run_id = new_run(state=Scheduled(scheduled_time=first))
    run = flow_run(run_id)
    true(abs((run.expected_start_time - first).total_seconds()) < 0.01, f"it is {run.expected_start_time}")
    second = first + timedelta(hours=1)
    same(propose(run_id, Scheduled(scheduled_time=second)).status, ACCEPT, "the answer")
    run = flow_run(run_id)
    true(abs((run.next_scheduled_start_time - second).total_seconds()) < 0.01, f"the next is {run.next_scheduled_start_time}")


TYPES = "SCHEDULED PENDING RUNNING PAUSED CANCELLING COMPLETED FAILED CANCELLED CRASHED".split()
# From a type (the line) to each of TYPES: `yes` for ACCEPT, otherwise the answer, and with a colon the type of the
# state that the run has instead, where that is not the one it had.
TRANSITIONS = """
SCHEDULED: yes yes yes reject reject:CANCELLED yes yes yes yes
PENDING: yes abort yes reject yes yes yes yes yes
RUNNING: yes abort yes yes yes yes yes yes yes
PAUSED: yes reject yes reject yes yes yes yes yes
CANCELLING: reject reject reject reject reject reject reject yes reject
COMPLETED: abort yes yes abort abort yes yes yes abort
FAILED: abort yes yes abort abort yes yes yes abort
CANCELLED: abort abort yes abort abort yes yes yes abort
CRASHED: abort yes yes abort abort yes yes yes abort
"""
ENDS = ("COMPLETED", "FAILED", "CANCELLED")
# Where our server answers otherwise on purpose: (from, to) and its answer.
OURS = {(before, after): "reject" for before in (*ENDS, "CRASHED") for after in ENDS}


def state_of(kind):
    from prefect.client.schemas.objects import State

    if kind == "PAUSED":
        return Paused(timeout_seconds=60)
    return Scheduled() if kind == "SCHEDULED" else State(type=StateType(kind))


def transition(api, before, after):
    """One field of the table."""
    run = api.create_flow_run(anything, state=state_of(before))
    answer = api.set_flow_run_state(run.id, state_of(after))
    now = api.read_flow_run(run.id).state_type.value
    if answer.status == ACCEPT and now == after:
        return "yes"
    return answer.status.value.lower() + ("" if now == before else f":{now}")


@case(
    slow=True,
    different="a terminal state stays until somebody starts the run again; Prefect lets one end follow another,"
    " so that a lost process can overwrite what was decided",
)
def transitions():
    """From each type of state to each: the answer, and the type of state that the run is in afterwards."""
    wrong = []
    with client() as api:
        for line in TRANSITIONS.strip().splitlines():
            before, row = line.split(": ")
            for after, expected in zip(TYPES, row.split()):
                found = transition(api, before, after)
                wanted = OURS.get((before, after), expected) if ON_OURS else expected
                if found != wanted:
                    wrong.append(f"{before} to {after}: {found}, expected {wanted}")
    same(wrong, [], "what is wrong in the table")


@case
def forced_state():
    """`force` sets a state that the rules refuse."""
    run_id = new_run(Running(), Completed())
    same(ids(propose(run_id, Running(), force=True)), (ACCEPT, "Running"), "the answer")
    same(flow_run(run_id).state_name, "Running", "the state")


@case
def running_twice():
    """A run that is Running may be said to be Running again, and that is counted."""
    run_id = new_run(Running())
    same(ids(propose(run_id, Running())), (ACCEPT, "Running"), "the answer")
    same(flow_run(run_id).run_count, 2, "run_count")


@case
def failed_run_is_tried_again():
    """A run with retries left that proposes Failed is told REJECT, with AwaitingRetry in its place."""
    with client() as api:
        run = api.create_flow_run(anything.with_options(retries=1, retry_delay_seconds=0))
        api.update_flow_run(run.id, empirical_policy=retry_policy(1, 0))
        same(api.set_flow_run_state(run.id, Running()).status, ACCEPT, "the answer to Running")
        answer = api.set_flow_run_state(run.id, Failed())
        same(ids(answer), (REJECT, "AwaitingRetry"), "the answer to Failed")
        same(answer.state.type, StateType.SCHEDULED, "the type")
        same(ids(api.set_flow_run_state(run.id, Running())), (ACCEPT, "Running"), "the answer to Running again")
        same(api.read_flow_run(run.id).run_count, 2, "run_count")
        same(ids(api.set_flow_run_state(run.id, Failed())), (ACCEPT, "Failed"), "the answer to the last Failed")


def retry_policy(retries, delay):
    from prefect.client.schemas.objects import FlowRunPolicy

    return FlowRunPolicy(retries=retries, retry_delay=delay)


@case
def cancel_before_start():
    """A run that waits and is asked to cancel is Cancelled at once."""
    run_id = new_run(state=Scheduled(scheduled_time=datetime.now(timezone.utc) + timedelta(hours=1)))
    answer = propose(run_id, Cancelling())
    same(flow_run(run_id).state_type, StateType.CANCELLED, "the type")
    ended = flow_run(run_id)
    same(ended.start_time, ended.end_time, "its start, which is its end")
    true(answer.status in (ACCEPT, REJECT), f"the answer is {answer.status}")
    same(answer.state.type, StateType.CANCELLED, "the state in the answer")


@case
def cancel_while_running():
    """A running run goes Cancelling, then Cancelled; nothing but a terminal state may follow Cancelling."""
    run_id = new_run(Running())
    same(ids(propose(run_id, Cancelling())), (ACCEPT, "Cancelling"), "the answer to Cancelling")
    answer = propose(run_id, Running())
    true(answer.status in (ABORT, REJECT), f"Running after Cancelling was answered {answer.status}")
    same(ids(propose(run_id, Cancelled())), (ACCEPT, "Cancelled"), "the answer to Cancelled")
    same(state_names(run_id), ["Pending", "Running", "Cancelling", "Cancelled"], "the states")


@case
def cancelling_twice():
    """A run that is Cancelling may be asked to cancel again, and that is no second state."""
    run_id = new_run(Running(), Cancelling())
    propose(run_id, Cancelling())
    true(flow_run(run_id).state_name == "Cancelling", "the state is another one")


@case
def paused_run():
    """Paused is for a running run alone; from there it goes on as Running, or is cancelled."""
    pending = new_run()
    answer = propose(pending, Paused(timeout_seconds=60))
    same(answer.status, REJECT, "the answer to a Pending run")
    true(flow_run(pending).state_type != StateType.PAUSED, "a Pending run was paused")
    run_id = new_run(Running())
    same(ids(propose(run_id, Paused(timeout_seconds=60))), (ACCEPT, "Paused"), "the answer to a running run")
    with client() as api:
        answer = api.resume_flow_run(run_id)
    same(answer.status, ACCEPT, "the answer to resume")
    true(flow_run(run_id).state_type in (StateType.RUNNING, StateType.SCHEDULED), "it was not resumed")


@case
def pause_and_resume():
    """A flow that pauses waits, and goes on with its next line when somebody resumes it."""
    done = {}

    @flow
    def pauses():
        from prefect.runtime import flow_run as runtime

        done["id"] = runtime.id
        pause_flow_run(timeout=30, poll_interval=1)
        return "went on"

    def resume():
        eventually(lambda: "id" in done and flow_run(done["id"]).state_name == "Paused")
        resume_flow_run(done["id"])

    helper = threading.Thread(target=resume)
    helper.start()
    same(pauses(), "went on", "the value")
    helper.join()
    same(state_names(done["id"]), ["Pending", "Running", "Paused", "Running", "Completed"], "the states")
    same(flow_run(done["id"]).run_count, 2, "run_count")


@case
def pause_times_out():
    """A pause that nobody ends fails the flow when its time is over."""

    @flow
    def pauses():
        pause_flow_run(timeout=2, poll_interval=1)

    state = pauses(return_state=True)
    same(state.type, StateType.FAILED, "the type")


class Approval(RunInput):
    approved: bool
    comment: str = "none"


@case
def pause_for_input():
    """A flow that pauses for input gets what the resume sends, in the types that it asked for; a wrong one is refused."""
    done = {}

    @flow
    def asks():
        from prefect.runtime import flow_run as runtime

        done["id"] = runtime.id
        answer = pause_flow_run(wait_for_input=Approval, timeout=30, poll_interval=1)
        return answer.approved, answer.comment

    def resume():
        eventually(lambda: "id" in done and flow_run(done["id"]).state_name == "Paused")
        with client() as api:
            refused = api.resume_flow_run(done["id"], run_input={"approved": "perhaps"})
        done["refused"] = refused.status
        resume_flow_run(done["id"], run_input={"approved": True, "comment": "fine"})

    helper = threading.Thread(target=resume)
    helper.start()
    same(asks(), (True, "fine"), "what the flow got")
    helper.join()
    same(done["refused"], REJECT, "the answer to a wrong input")


@case
def resume_of_a_running_run():
    """To resume a run that is not paused is refused, with a reason."""
    run_id = new_run(Running())
    with client() as api:
        answer = api.resume_flow_run(run_id)
    same(answer.status, ABORT, "the answer")
    contains(answer.details.reason, "paused", "the reason")


@case
def state_of_an_unknown_run():
    """A state for a run that does not exist is the client's ObjectNotFound."""
    from uuid import uuid4

    raises(ObjectNotFound, lambda: propose(uuid4(), Running()))
    raises(ObjectNotFound, lambda: flow_run(uuid4()))


@case
def state_keeps_what_it_says():
    """Name, message, details and data of a proposed state come back as they were sent."""
    run_id = new_run()
    answer = propose(run_id, Running(name="Warming up", message="two of three: ü"))
    same(answer.status, ACCEPT, "the answer")
    run = flow_run(run_id)
    same((run.state.name, run.state.message), ("Warming up", "two of three: ü"), "the state")
    same(run.state.id, answer.state.id, "the state's id")
    same(states(run_id)[-1].message, "two of three: ü", "the message in the list")


@case(different="a crashed run stays crashed; Prefect lets a process that was thought lost end it in another way")
def late_end_after_a_crash():
    """What a process that was thought lost says of its run's end, when the run is Crashed already."""
    run_id = new_run(Running(), Crashed(message="the machine is gone"))
    answer = propose(run_id, Completed())
    same(answer.status, REJECT if ON_OURS else ACCEPT, "the answer")
    same(flow_run(run_id).state_type, StateType.CRASHED if ON_OURS else StateType.COMPLETED, "the type")


@case
def task_run_by_hand():
    """A task run that a client creates and moves by requests is kept like one that comes by events."""
    run_id = new_run(Running())
    with client() as api:
        run = api.create_task_run(something, flow_run_id=run_id, dynamic_key=unique("key"), name="by hand")
        same(run.name, "by hand", "the name")
        for state in (Running(), Completed()):
            same(api.set_task_run_state(run.id, state).status, ACCEPT, f"the answer to {state.name}")
        same(api.read_task_run(run.id).state_name, "Completed", "the state")
    same(task_state_names(run.id), ["Pending", "Running", "Completed"], "the states")


@case
def task_run_created_once():
    """A task run of the same flow run, key and dynamic key is made once."""
    run_id = new_run(Running())
    key = unique("key")
    with client() as api:
        first = api.create_task_run(something, flow_run_id=run_id, dynamic_key=key)
        second = api.create_task_run(something, flow_run_id=run_id, dynamic_key=key)
    same(first.id, second.id, "the id")


@case(serving=True, timeout=60)
def suspended_run_is_resumed():
    """A served flow that suspends leaves its process, and starts again in a new one when it is resumed."""
    from prefect.deployments import run_deployment

    run = run_deployment(serving("suspends"), timeout=0, as_subflow=False)
    eventually(lambda: flow_run(run.id).state_name == "Suspended", 30)
    time.sleep(1)
    resume_flow_run(run.id)
    done = finished(run.id)
    same(done.state_name, "Completed", "the state")
    names = state_names(run.id)
    contains(names, "Suspended", "the states")
    contains(names, "Resuming", "the states")


@case
def run_is_updated():
    """A run's name, tags, parameters and labels can be changed."""
    run_id = new_run()
    with client() as api:
        api.update_flow_run(run_id, name="renamed", tags=["new"], parameters={"a": 1})
        api.update_flow_run_labels(run_id, {"team": "data", "tries": 3})
        run = api.read_flow_run(run_id)
    same((run.name, run.tags, run.parameters), ("renamed", ["new"], {"a": 1}), "the run")
    same((run.labels["team"], run.labels["tries"]), ("data", 3), "the labels")


@case
def run_is_deleted():
    """A deleted run is gone, and its states with it."""
    run_id = new_run(Running(), Completed())
    with client() as api:
        api.delete_flow_run(run_id)
        raises(ObjectNotFound, lambda: api.read_flow_run(run_id))
        raises(ObjectNotFound, lambda: api.delete_flow_run(run_id))


@case
def run_by_idempotency_key():
    """Two runs of a flow with one idempotency key are one run."""
    key = unique("key")
    with client() as api:
        flow_id = api.create_flow(anything)
        body = {"flow_id": str(flow_id), "idempotency_key": key, "state": {"type": "PENDING"}}
        first = api._client.post("/flow_runs/", json=body)
        second = api._client.post("/flow_runs/", json=body)
    same((first.status_code, second.status_code), (201, 200), "the answers' codes")
    same(first.json()["id"], second.json()["id"], "the id")
