from typing import Literal

ReconnectLinkSummaryStatus = Literal["expired", "open", "revoked", "used"]

RECONNECT_LINK_SUMMARY_STATUS_VALUES: set[ReconnectLinkSummaryStatus] = {
    "expired",
    "open",
    "revoked",
    "used",
}


def check_reconnect_link_summary_status(value: str) -> ReconnectLinkSummaryStatus:
    if value in RECONNECT_LINK_SUMMARY_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RECONNECT_LINK_SUMMARY_STATUS_VALUES!r}")
