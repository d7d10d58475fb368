from typing import Literal

EventEndingCause = Literal["cut_off", "data_access", "person_leaves", "revoked", "system_user_60_days", "token_expiry"]

EVENT_ENDING_CAUSE_VALUES: set[EventEndingCause] = {
    "cut_off",
    "data_access",
    "person_leaves",
    "revoked",
    "system_user_60_days",
    "token_expiry",
}


def check_event_ending_cause(value: str) -> EventEndingCause:
    if value in EVENT_ENDING_CAUSE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {EVENT_ENDING_CAUSE_VALUES!r}")
