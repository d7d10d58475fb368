from typing import Literal

TokenReachUnknownAssetStatus = Literal["unknown_asset"]

TOKEN_REACH_UNKNOWN_ASSET_STATUS_VALUES: set[TokenReachUnknownAssetStatus] = {
    "unknown_asset",
}


def check_token_reach_unknown_asset_status(value: str) -> TokenReachUnknownAssetStatus:
    if value in TOKEN_REACH_UNKNOWN_ASSET_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {TOKEN_REACH_UNKNOWN_ASSET_STATUS_VALUES!r}")
