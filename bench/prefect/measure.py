"""Measures what Prefect's real client sees of a server, and prints it as one line of JSON, in milliseconds.

`python measure.py calls N` times single requests and a flow with 40 tasks; `python measure.py first-line N PAUSE` times
an event until the first line of a flow that is served, and until its runner has claimed the run, with about PAUSE
seconds between the runs.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from uuid import uuid4

from prefect import flow, task
from prefect.automations import Automation
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.events import Event, EventTrigger, Posture, RunDeployment, get_events_client

TASKS = 40
# 60 s: a first run on a busy machine with polls of 10 s.
WAIT_SECONDS = 60


@task
def small(number: int) -> int:
    return number


@flow
def forty() -> int:
    return sum(small.map(range(TASKS)).result())


def timed(function):
    started = time.perf_counter()
    value = function()
    return value, (time.perf_counter() - started) * 1000


def calls(count: int) -> dict[str, list[float]]:
    samples: dict[str, list[float]] = {"health": [], "create": [], "set_state": [], "read": []}
    with get_client(sync_client=True) as client:
        body = {"flow_id": str(client.create_flow_from_name("plain")), "state": {"type": "PENDING"}, "parameters": {}}
        for number in range(count + 3):
            taken = calls_of_one_run(client._client, body)
            # The first ones open the connection and fill caches.
            if number >= 3:
                for name, ms in taken.items():
                    samples[name].append(ms)
    samples["event"] = asyncio.run(events(count))
    forty()
    samples["forty"] = [timed(forty)[1] for _ in range(max(3, count // 20))]
    return samples


def calls_of_one_run(http, body) -> dict[str, float]:
    """The client's own connection, with requests as its methods send them; /health shows what the client itself takes."""
    _, health = timed(lambda: http.get("/health"))
    run, create = timed(lambda: http.post("/flow_runs/", json=body).json())
    path = f"/flow_runs/{run['id']}"
    state = {"state": {"type": "RUNNING"}, "force": False}
    _, set_state = timed(lambda: http.post(f"{path}/set_state", json=state))
    _, read = timed(lambda: http.get(path))
    return {"health": health, "create": create, "set_state": set_state, "read": read}


async def events(count: int) -> list[float]:
    """One event over an open connection, until the server has said that it has it."""
    samples = []
    async with get_events_client(checkpoint_every=1) as sender:
        for number in range(count + 3):
            event = Event(event="bench.sent", resource={"prefect.resource.id": "bench"})
            started = time.perf_counter()
            await sender.emit(event)
            if number >= 3:
                samples.append((time.perf_counter() - started) * 1000)
    return samples


def until(check, what: str):
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        value = check()
        if value:
            return value
        time.sleep(0.005)
    raise SystemExit(f"{what} did not happen within {WAIT_SECONDS} s")


def first_line(count: int, pause: float) -> dict[str, list[float]]:
    runner = subprocess.Popen([sys.executable, str(Path(__file__).parent / "served.py")], stdout=sys.stderr)
    try:
        with tempfile.TemporaryDirectory() as folder, get_client(sync_client=True) as client:
            return measure_first_lines(client, Path(folder), count, pause)
    finally:
        runner.terminate()
        runner.wait()


def measure_first_lines(client, folder: Path, count: int, pause: float) -> dict[str, list[float]]:
    deployment = until(lambda: find_served(client), "the deployment")
    name = f"bench.came.{uuid4().hex}"
    trigger = EventTrigger(expect={name}, posture=Posture.Reactive, threshold=1)
    action = RunDeployment(source="selected", deployment_id=deployment.id, parameters={"file": "{{ event.payload.file }}"})
    automation = Automation(name=name, trigger=trigger, actions=[action]).create()
    # A server may take a moment to load a new automation.
    time.sleep(2)
    samples: dict[str, list[float]] = {"first_line": [], "claim": []}
    for number in range(count + 1):
        file = folder / str(number)
        body = [Event(event=name, resource={"prefect.resource.id": "bench"}, payload={"file": str(file)}).model_dump(mode="json")]
        started = time.time_ns()
        client._client.post("/events", json=body)
        reached = int(until(lambda: file.exists() and file.read_text(), "the first line"))
        if number > 0:
            samples["first_line"].append((reached - started) / 1e6)
            samples["claim"].append((claimed_at(client, deployment.id, str(file)) - started) / 1e6)
        # Another moment of the runner's own pause each time.
        time.sleep(pause * (1 + number * 0.37 % 0.5))
    automation.delete()
    return samples


def find_served(client):
    """The deployment, once its runner has asked for work."""
    try:
        deployment = client.read_deployment_by_name("bench/bench")
    except Exception:
        return None
    return deployment if deployment.status and deployment.status.value == "READY" else None


def claimed_at(client, deployment_id, file: str) -> int:
    of = DeploymentFilter(id=DeploymentFilterId(any_=[deployment_id]))
    [run] = [run for run in client.read_flow_runs(deployment_filter=of) if run.parameters == {"file": file}]
    states = client.read_flow_run_states(run.id)
    return min(int(state.timestamp.timestamp() * 1e9) for state in states if state.type.value == "PENDING")


if __name__ == "__main__":
    kind, count = sys.argv[1], int(sys.argv[2])
    print(json.dumps(calls(count) if kind == "calls" else first_line(count, float(sys.argv[3]))), flush=True)
