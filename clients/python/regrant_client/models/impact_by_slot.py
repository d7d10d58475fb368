from typing import Literal

ImpactBySlot = Literal["active", "candidate", "previous", "standby"]

IMPACT_BY_SLOT_VALUES: set[ImpactBySlot] = {
    "active",
    "candidate",
    "previous",
    "standby",
}


def check_impact_by_slot(value: str) -> ImpactBySlot:
    if value in IMPACT_BY_SLOT_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {IMPACT_BY_SLOT_VALUES!r}")
