from typing import Literal

ImpactEntryEffect = Literal["ends", "goes_on", "waits"]

IMPACT_ENTRY_EFFECT_VALUES: set[ImpactEntryEffect] = {
    "ends",
    "goes_on",
    "waits",
}


def check_impact_entry_effect(value: str) -> ImpactEntryEffect:
    if value in IMPACT_ENTRY_EFFECT_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {IMPACT_ENTRY_EFFECT_VALUES!r}")
