from typing import Literal

ReconnectPreviewSummaryStatus = Literal["completed", "failed", "running"]

RECONNECT_PREVIEW_SUMMARY_STATUS_VALUES: set[ReconnectPreviewSummaryStatus] = {
    "completed",
    "failed",
    "running",
}


def check_reconnect_preview_summary_status(value: str) -> ReconnectPreviewSummaryStatus:
    if value in RECONNECT_PREVIEW_SUMMARY_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RECONNECT_PREVIEW_SUMMARY_STATUS_VALUES!r}")
