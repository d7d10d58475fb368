from typing import Literal

DiscoverySummaryNotRegisteredType2Type1 = Literal["client_rights", "too_many_assets"]

DISCOVERY_SUMMARY_NOT_REGISTERED_TYPE_2_TYPE_1_VALUES: set[DiscoverySummaryNotRegisteredType2Type1] = {
    "client_rights",
    "too_many_assets",
}


def check_discovery_summary_not_registered_type_2_type_1(value: str) -> DiscoverySummaryNotRegisteredType2Type1:
    if value in DISCOVERY_SUMMARY_NOT_REGISTERED_TYPE_2_TYPE_1_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {DISCOVERY_SUMMARY_NOT_REGISTERED_TYPE_2_TYPE_1_VALUES!r}"
    )
