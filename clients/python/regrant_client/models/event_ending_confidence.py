from typing import Literal

EventEndingConfidence = Literal["announced", "certain", "likely"]

EVENT_ENDING_CONFIDENCE_VALUES: set[EventEndingConfidence] = {
    "announced",
    "certain",
    "likely",
}


def check_event_ending_confidence(value: str) -> EventEndingConfidence:
    if value in EVENT_ENDING_CONFIDENCE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {EVENT_ENDING_CONFIDENCE_VALUES!r}")
