from typing import Literal

FactSource = Literal["debug_token", "notice", "probe", "registration", "sibling"]

FACT_SOURCE_VALUES: set[FactSource] = {
    "debug_token",
    "notice",
    "probe",
    "registration",
    "sibling",
}


def check_fact_source(value: str) -> FactSource:
    if value in FACT_SOURCE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {FACT_SOURCE_VALUES!r}")
