from typing import Literal

ForecastEntryCoveredByType1 = Literal["candidate", "refresh", "standby"]

FORECAST_ENTRY_COVERED_BY_TYPE_1_VALUES: set[ForecastEntryCoveredByType1] = {
    "candidate",
    "refresh",
    "standby",
}


def check_forecast_entry_covered_by_type_1(value: str) -> ForecastEntryCoveredByType1:
    if value in FORECAST_ENTRY_COVERED_BY_TYPE_1_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {FORECAST_ENTRY_COVERED_BY_TYPE_1_VALUES!r}")
