from typing import Literal

ForecastEntryCoveredByType3Type1 = Literal["candidate", "refresh", "standby"]

FORECAST_ENTRY_COVERED_BY_TYPE_3_TYPE_1_VALUES: set[ForecastEntryCoveredByType3Type1] = {
    "candidate",
    "refresh",
    "standby",
}


def check_forecast_entry_covered_by_type_3_type_1(value: str) -> ForecastEntryCoveredByType3Type1:
    if value in FORECAST_ENTRY_COVERED_BY_TYPE_3_TYPE_1_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {FORECAST_ENTRY_COVERED_BY_TYPE_3_TYPE_1_VALUES!r}")
