from typing import Literal

ReconnectSummaryStatus = Literal["cancelled", "completed", "running"]

RECONNECT_SUMMARY_STATUS_VALUES: set[ReconnectSummaryStatus] = {
    "cancelled",
    "completed",
    "running",
}


def check_reconnect_summary_status(value: str) -> ReconnectSummaryStatus:
    if value in RECONNECT_SUMMARY_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RECONNECT_SUMMARY_STATUS_VALUES!r}")
