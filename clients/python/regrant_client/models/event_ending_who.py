from typing import Literal

EventEndingWho = Literal["business_admin", "nobody", "person", "provider"]

EVENT_ENDING_WHO_VALUES: set[EventEndingWho] = {
    "business_admin",
    "nobody",
    "person",
    "provider",
}


def check_event_ending_who(value: str) -> EventEndingWho:
    if value in EVENT_ENDING_WHO_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {EVENT_ENDING_WHO_VALUES!r}")
