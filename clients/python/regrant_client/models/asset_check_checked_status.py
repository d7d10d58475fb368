from typing import Literal

AssetCheckCheckedStatus = Literal["checked"]

ASSET_CHECK_CHECKED_STATUS_VALUES: set[AssetCheckCheckedStatus] = {
    "checked",
}


def check_asset_check_checked_status(value: str) -> AssetCheckCheckedStatus:
    if value in ASSET_CHECK_CHECKED_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ASSET_CHECK_CHECKED_STATUS_VALUES!r}")
