from typing import Literal

EndingSourceType3Type1 = Literal["probe", "sibling", "webhook"]

ENDING_SOURCE_TYPE_3_TYPE_1_VALUES: set[EndingSourceType3Type1] = {
    "probe",
    "sibling",
    "webhook",
}


def check_ending_source_type_3_type_1(value: str) -> EndingSourceType3Type1:
    if value in ENDING_SOURCE_TYPE_3_TYPE_1_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ENDING_SOURCE_TYPE_3_TYPE_1_VALUES!r}")
