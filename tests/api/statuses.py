"""A check for schemathesis: a status that a call does not list is one of those that every call may have.

The rule: these are the statuses of the response `CommonProblem`, to which `default` of each call refers.
"""

import schemathesis

EVERY_CALL = {403, 429, 500, 503}
WITH_A_BODY = {400, 408, 413, 415}


@schemathesis.check
def status_is_described(ctx, response, case):
    """The status is listed, or common."""
    listed = case.operation.responses.status_codes
    if case.method.upper() != case.operation.method.upper() or str(response.status_code) in listed:
        return
    common = EVERY_CALL | WITH_A_BODY if case.operation.body else EVERY_CALL
    is_common = "default" in listed and response.status_code in common
    assert is_common, f"{response.status_code} is none of {', '.join(listed)} and of the common statuses"
