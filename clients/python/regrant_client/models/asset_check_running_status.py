from typing import Literal

AssetCheckRunningStatus = Literal["running"]

ASSET_CHECK_RUNNING_STATUS_VALUES: set[AssetCheckRunningStatus] = {
    "running",
}


def check_asset_check_running_status(value: str) -> AssetCheckRunningStatus:
    if value in ASSET_CHECK_RUNNING_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ASSET_CHECK_RUNNING_STATUS_VALUES!r}")
