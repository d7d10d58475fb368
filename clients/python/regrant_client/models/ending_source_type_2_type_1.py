from typing import Literal

EndingSourceType2Type1 = Literal["probe", "sibling", "webhook"]

ENDING_SOURCE_TYPE_2_TYPE_1_VALUES: set[EndingSourceType2Type1] = {
    "probe",
    "sibling",
    "webhook",
}


def check_ending_source_type_2_type_1(value: str) -> EndingSourceType2Type1:
    if value in ENDING_SOURCE_TYPE_2_TYPE_1_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ENDING_SOURCE_TYPE_2_TYPE_1_VALUES!r}")
