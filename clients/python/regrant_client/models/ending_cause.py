from typing import Literal

EndingCause = Literal["cut_off", "data_access", "person_leaves", "revoked", "system_user_60_days", "token_expiry"]

ENDING_CAUSE_VALUES: set[EndingCause] = {
    "cut_off",
    "data_access",
    "person_leaves",
    "revoked",
    "system_user_60_days",
    "token_expiry",
}


def check_ending_cause(value: str) -> EndingCause:
    if value in ENDING_CAUSE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ENDING_CAUSE_VALUES!r}")
