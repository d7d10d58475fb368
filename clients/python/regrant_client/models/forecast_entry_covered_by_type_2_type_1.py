from typing import Literal

ForecastEntryCoveredByType2Type1 = Literal["candidate", "refresh", "standby"]

FORECAST_ENTRY_COVERED_BY_TYPE_2_TYPE_1_VALUES: set[ForecastEntryCoveredByType2Type1] = {
    "candidate",
    "refresh",
    "standby",
}


def check_forecast_entry_covered_by_type_2_type_1(value: str) -> ForecastEntryCoveredByType2Type1:
    if value in FORECAST_ENTRY_COVERED_BY_TYPE_2_TYPE_1_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {FORECAST_ENTRY_COVERED_BY_TYPE_2_TYPE_1_VALUES!r}")
