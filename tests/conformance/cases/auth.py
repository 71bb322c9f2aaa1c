"""A server with an auth string: the client's own setting lets it in, for requests and for events."""

import os

from kit import case, client, command, contains, raises, same, task_runs, true, unique
from prefect import flow, task
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_API_AUTH_STRING, temporary_settings


@case(server="auth")
def auth_string():
    """With the auth string a flow runs, and its task runs arrive over the websocket."""

    @task
    def works():
        return 1

    @flow
    def plain():
        return works()

    state = plain(return_state=True)
    same(state.result(), 1, "the value")
    task_runs(state.state_details.flow_run_id, 1)


@case(server="auth")
def auth_string_is_wrong():
    """Without the auth string, or with a wrong one, the client is refused with 401."""
    for given in (None, "ada:wrong"):
        with temporary_settings({PREFECT_API_AUTH_STRING: given}):
            error = raises(PrefectHTTPStatusError, lambda: _create_flow())
        same(error.response.status_code, 401, "the code")


def _create_flow():
    with client() as api:
        return api.create_flow_from_name(unique("refused"))


@case(server="auth")
def auth_string_on_the_command_line():
    """The command line is let in with the auth string, and says so when it is not."""
    command("flow-run", "ls")
    true("PREFECT_API_AUTH_STRING" in os.environ, "the case is played without an auth string")
    contains(command("flow-run", "ls", ok=False, env={"PREFECT_API_AUTH_STRING": "ada:wrong"}), "401", "what it prints")
