from typing import Literal

DiscoverySummaryNotRegisteredType3Type1 = Literal["client_rights", "too_many_assets"]

DISCOVERY_SUMMARY_NOT_REGISTERED_TYPE_3_TYPE_1_VALUES: set[DiscoverySummaryNotRegisteredType3Type1] = {
    "client_rights",
    "too_many_assets",
}


def check_discovery_summary_not_registered_type_3_type_1(value: str) -> DiscoverySummaryNotRegisteredType3Type1:
    if value in DISCOVERY_SUMMARY_NOT_REGISTERED_TYPE_3_TYPE_1_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {DISCOVERY_SUMMARY_NOT_REGISTERED_TYPE_3_TYPE_1_VALUES!r}"
    )
