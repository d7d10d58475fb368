from typing import Literal

AssetCheckUnknownAssetStatus = Literal["unknown_asset"]

ASSET_CHECK_UNKNOWN_ASSET_STATUS_VALUES: set[AssetCheckUnknownAssetStatus] = {
    "unknown_asset",
}


def check_asset_check_unknown_asset_status(value: str) -> AssetCheckUnknownAssetStatus:
    if value in ASSET_CHECK_UNKNOWN_ASSET_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ASSET_CHECK_UNKNOWN_ASSET_STATUS_VALUES!r}")
