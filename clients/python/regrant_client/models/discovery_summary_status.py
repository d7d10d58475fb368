from typing import Literal

DiscoverySummaryStatus = Literal["completed", "failed", "running"]

DISCOVERY_SUMMARY_STATUS_VALUES: set[DiscoverySummaryStatus] = {
    "completed",
    "failed",
    "running",
}


def check_discovery_summary_status(value: str) -> DiscoverySummaryStatus:
    if value in DISCOVERY_SUMMARY_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {DISCOVERY_SUMMARY_STATUS_VALUES!r}")
