"""What cases are written with: the decorator that makes a function a case, and what most of them need.

A case asserts what a user sees through Prefect's own client, command line or runner, never what stands behind them.
"""

import asyncio
import inspect
import json
import os
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

BIN = Path(sys.executable).parent
FOLDER = Path(__file__).resolve().parent
API_URL = os.environ["PREFECT_API_URL"]
PLAYER = sys.argv[1] if len(sys.argv) > 1 else "player"


@dataclass
class Case:
    name: str
    sentence: str
    group: str
    play: Callable[[], Any]
    different: str | None
    server: str
    serving: bool
    timeout: float
    slow: bool

    def describe(self) -> dict[str, Any]:
        keys = ("name", "sentence", "group", "different", "server", "serving", "timeout", "slow")
        return {key: getattr(self, key) for key in keys}


CASES: dict[str, Case] = {}


def case(
    play: Callable[[], Any] | None = None,
    *,
    different: str | None = None,
    server: str = "open",
    serving: bool = False,
    timeout: float = 60,
    slow: bool = False,
) -> Any:
    """Makes a function a case. Its name is the function's, its sentence the docstring.

    `different` says why our server behaves in another way on purpose: the case then asserts both ways, by `ON_OURS`.
    """

    def register(function: Callable[[], Any]) -> Callable[[], Any]:
        name = function.__name__
        if name in CASES:
            raise ValueError(f"two cases are named {name}")
        sentence = (function.__doc__ or "").strip()
        if not sentence:
            raise ValueError(f"the case {name} has no sentence")
        group = function.__module__.rsplit(".", 1)[-1]
        CASES[name] = Case(name, sentence, group, function, different, server, serving, timeout, slow or serving)
        return function

    return register(play) if play else register


ON_OURS = os.environ.get("CONFORMANCE_TARGET") == "pilotflame"


def play(name: str) -> None:
    outcome = CASES[name].play()
    if inspect.isawaitable(outcome):
        asyncio.run(_await(outcome))


async def _await(outcome: Any) -> None:
    await outcome


def unique(prefix: str = "x") -> str:
    """A name that no other case and no earlier run has used."""
    return f"{prefix}-{uuid.uuid4().hex[:10]}"


def same(found: Any, expected: Any, what: str = "value") -> None:
    if found != expected:
        raise AssertionError(f"{what} is {found!r}, expected {expected!r}")


def contains(found: Any, part: Any, what: str = "value") -> None:
    if part not in found:
        raise AssertionError(f"{what} has no {part!r}: {found!r}")


def true(condition: Any, sentence: str) -> None:
    if not condition:
        raise AssertionError(sentence)


def raises(kind: type[BaseException] | tuple[type[BaseException], ...], function: Callable[[], Any]) -> BaseException:
    """The exception that the function raises."""
    try:
        value = function()
    except kind as error:
        return error
    raise AssertionError(f"nothing was raised, and {value!r} returned")


def eventually(check: Callable[[], Any], seconds: float = 15, every: float = 0.1) -> Any:
    """What `check` returns, once it is true and raises nothing; its last words otherwise."""
    deadline = time.monotonic() + seconds
    while True:
        problem: BaseException | None = None
        value = None
        try:
            value = check()
            if value:
                return value
        except Exception as error:  # any failure may be one of not yet
            problem = error
        if time.monotonic() > deadline:
            if problem:
                raise problem
            raise AssertionError(f"not within {seconds} s: {inspect.getsource(check).strip()[:200]} (last: {value!r})")
        time.sleep(every)


def client() -> Any:
    """Prefect's synchronous client: `with client() as api`."""
    from prefect.client.orchestration import get_client

    return get_client(sync_client=True)


def states(flow_run_id: Any) -> list[Any]:
    """The states of a flow run, oldest first."""
    with client() as api:
        return sorted(api.read_flow_run_states(flow_run_id), key=lambda state: state.timestamp)


def state_names(flow_run_id: Any) -> list[str]:
    return [state.name for state in states(flow_run_id)]


def flow_run(flow_run_id: Any) -> Any:
    with client() as api:
        return api.read_flow_run(flow_run_id)


def task_runs(flow_run_id: Any, count: int, done: bool = True) -> list[Any]:
    """The task runs of a flow run by their start, once there are so many and all of them have ended."""
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
    from prefect.client.schemas.sorting import TaskRunSort

    def read() -> list[Any]:
        with client() as api:
            runs = api.read_task_runs(
                flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[flow_run_id])),
                sort=TaskRunSort.EXPECTED_START_TIME_ASC,
                limit=200,
            )
        same(len(runs), count, "the number of task runs")
        if done:
            unfinished = [f"{run.name} {run.state and run.state.name}" for run in runs if not run.state or not run.state.is_final()]
            same(unfinished, [], "the task runs that have not ended")
        return runs

    return eventually(read)


def task_state_names(task_run_id: Any) -> list[str]:
    """The names of a task run's states, oldest first, as `GET /task_run_states/` answers them."""
    found = http("GET", f"/task_run_states/?task_run_id={task_run_id}").json()
    return [state["name"] for state in sorted(found, key=lambda state: state["timestamp"])]


def logs(flow_run_id: Any, least: int = 1) -> list[Any]:
    """The log lines of a flow run, oldest first, once there are so many of them."""
    from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
    from prefect.client.schemas.sorting import LogSort

    def read() -> list[Any]:
        with client() as api:
            lines = api.read_logs(LogFilter(flow_run_id=LogFilterFlowRunId(any_=[flow_run_id])), sort=LogSort.TIMESTAMP_ASC)
        true(len(lines) >= least, f"there are {len(lines)} log lines, expected at least {least}")
        return lines

    return eventually(read)


def logged(flow_run_id: Any, part: str, seconds: float = 15) -> str:
    """The whole log of a flow run, once this stands in it: a run's last lines come after its end."""

    def read() -> str:
        text = "\n".join(line.message for line in logs(flow_run_id))
        contains(text, part, "the log")
        return text

    return eventually(read, seconds)


def http(method: str, path: str, body: Any = None) -> Any:
    """A bare request through the client's own connection, for what it has no method for."""
    with client() as api:
        return api._client.request(method, path, json=body)


def command(*args: str, ok: bool = True, text: str | None = None, env: dict[str, str] | None = None, seconds: float = 60) -> str:
    """What `prefect ARGS` prints. It has to succeed, unless told otherwise."""
    done = subprocess.run(
        [str(BIN / "prefect"), "--no-prompt", *args],
        capture_output=True,
        text=True,
        input=text,
        timeout=seconds,
        env={**command_env(), **(env or {})},
    )
    output = done.stdout + done.stderr
    if ok != (done.returncode == 0):
        raise AssertionError(f"prefect {' '.join(args)} ended with {done.returncode}:\n{output[-1500:]}")
    return output


def command_env() -> dict[str, str]:
    """The environment of this process, with what the case has set for the client."""
    from prefect.settings import get_current_settings

    # Wide enough that tables show names whole.
    headers = get_current_settings().client.custom_headers
    return {**os.environ, "COLUMNS": "240", "PREFECT_CLIENT_CUSTOM_HEADERS": json.dumps(headers)}


def in_fresh_process(code: str) -> str:
    """What this code prints in a Python process of its own."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env=command_env())
    if done.returncode != 0:
        raise AssertionError(f"the process ended with {done.returncode}:\n{done.stderr[-1500:]}")
    return done.stdout


class Program:
    """A Python program of ours in a process of its own, such as one that serves flows."""

    def __init__(self, file: str, *args: str, env: dict[str, str] | None = None):
        self.log = Path(os.environ["CONFORMANCE_FOLDER"]) / f"{unique(file.split('.')[0])}.log"
        with self.log.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, str(FOLDER / file), *args],
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                env={**command_env(), **(env or {})},
            )

    def output(self) -> str:
        return self.log.read_text()

    def stop(self, signal_number: int = 2, seconds: float = 15) -> None:
        """Ends it as Ctrl-C does."""
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()


_serving: Program | None = None


def serving(name: str) -> str:
    """The full name of a deployment in `served.py`, whose runner is started once for all cases of this process."""
    global _serving
    full = f"{name}/{PLAYER}"
    if _serving is None:
        _serving = Program("served.py", PLAYER, env={"PREFECT_CLIENT_CUSTOM_HEADERS": '{"x-conformance-case": "serving"}'})
        eventually(lambda: "are being served" in _serving.output() or "Deployments" in _serving.output(), 30)
    if _serving.process.poll() is not None:
        raise AssertionError(f"the runner has ended:\n{_serving.output()[-1500:]}")
    return full


def stop_serving() -> None:
    if _serving:
        _serving.stop()


def finished(flow_run_id: Any, seconds: float = 45) -> Any:
    """The flow run, once it has ended."""

    def read() -> Any:
        run = flow_run(flow_run_id)
        true(run.state and run.state.is_final(), f"the run is {run.state and run.state.name}")
        return run

    return eventually(read, seconds, 0.2)
