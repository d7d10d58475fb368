from typing import Literal

ReasonHeals = Literal["admin", "nobody", "other_person", "reconnect", "wait"]

REASON_HEALS_VALUES: set[ReasonHeals] = {
    "admin",
    "nobody",
    "other_person",
    "reconnect",
    "wait",
}


def check_reason_heals(value: str) -> ReasonHeals:
    if value in REASON_HEALS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {REASON_HEALS_VALUES!r}")
