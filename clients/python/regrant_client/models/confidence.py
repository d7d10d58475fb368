from typing import Literal

Confidence = Literal["announced", "certain", "likely"]

CONFIDENCE_VALUES: set[Confidence] = {
    "announced",
    "certain",
    "likely",
}


def check_confidence(value: str) -> Confidence:
    if value in CONFIDENCE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {CONFIDENCE_VALUES!r}")
