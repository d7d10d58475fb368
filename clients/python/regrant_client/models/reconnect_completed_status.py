from typing import Literal

ReconnectCompletedStatus = Literal["cancelled", "completed", "running"]

RECONNECT_COMPLETED_STATUS_VALUES: set[ReconnectCompletedStatus] = {
    "cancelled",
    "completed",
    "running",
}


def check_reconnect_completed_status(value: str) -> ReconnectCompletedStatus:
    if value in RECONNECT_COMPLETED_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RECONNECT_COMPLETED_STATUS_VALUES!r}")
