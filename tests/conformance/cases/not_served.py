"""What is not served here: the client's error shows the server's sentence. Each differs on purpose: Prefect serves them."""

from kit import ON_OURS, case, client, command, contains, http, raises, unique
from prefect.exceptions import PrefectHTTPStatusError

LATER = "not served yet: an answer of 501 with a sentence, which the client shows"


def refused(function, word):
    """On ours: refused with 501 and a sentence that names the operation. On Prefect's own: served."""
    if not ON_OURS:
        return function()
    error = raises(PrefectHTTPStatusError, function)
    contains(str(error.response.status_code), "501", "the code")
    contains(error.response.json()["exception_message"], word, "the sentence")
    contains(str(error), word, "what the client's error shows")
    return None


@case(different=LATER)
def work_pools():
    """Work pools are refused with a sentence, in the client and on the command line."""
    from prefect.client.schemas.actions import WorkPoolCreate

    with client() as api:
        refused(lambda: api.create_work_pool(WorkPoolCreate(name=unique("pool"), type="process")), "work_pools")
    output = command("work-pool", "ls", ok=not ON_OURS)
    contains(output, "work_pools" if ON_OURS else "Work Pools", "what it prints")


@case(different=LATER)
def blocks():
    """Blocks are refused with a sentence."""
    from prefect.blocks.system import Secret

    refused(lambda: Secret(value="x").save(unique("secret"), overwrite=True), "block")


@case(different=LATER)
def artifacts():
    """Artifacts are refused with a sentence."""
    from prefect.artifacts import create_markdown_artifact

    refused(lambda: create_markdown_artifact("# text", key=unique("artifact")), "artifacts")


@case(different=LATER)
def concurrency_limits():
    """Global concurrency limits are refused with a sentence on the command line."""
    output = command("gcl", "create", unique("limit"), "--limit", "2", ok=not ON_OURS)
    contains(output, "concurrency_limits" if ON_OURS else "Created", "what it prints")


@case(different=LATER)
def saved_searches():
    """An operation that no command has is refused in the same way."""
    refused(lambda: http("POST", "/saved_searches/filter", {}), "saved_searches")
