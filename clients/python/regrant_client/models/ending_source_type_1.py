from typing import Literal

EndingSourceType1 = Literal["probe", "sibling", "webhook"]

ENDING_SOURCE_TYPE_1_VALUES: set[EndingSourceType1] = {
    "probe",
    "sibling",
    "webhook",
}


def check_ending_source_type_1(value: str) -> EndingSourceType1:
    if value in ENDING_SOURCE_TYPE_1_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ENDING_SOURCE_TYPE_1_VALUES!r}")
