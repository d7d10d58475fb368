from typing import Literal

EventReasonWho = Literal["business_admin", "nobody", "person", "provider"]

EVENT_REASON_WHO_VALUES: set[EventReasonWho] = {
    "business_admin",
    "nobody",
    "person",
    "provider",
}


def check_event_reason_who(value: str) -> EventReasonWho:
    if value in EVENT_REASON_WHO_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {EVENT_REASON_WHO_VALUES!r}")
