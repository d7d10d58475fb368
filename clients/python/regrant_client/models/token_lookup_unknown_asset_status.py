from typing import Literal

TokenLookupUnknownAssetStatus = Literal["unknown_asset"]

TOKEN_LOOKUP_UNKNOWN_ASSET_STATUS_VALUES: set[TokenLookupUnknownAssetStatus] = {
    "unknown_asset",
}


def check_token_lookup_unknown_asset_status(value: str) -> TokenLookupUnknownAssetStatus:
    if value in TOKEN_LOOKUP_UNKNOWN_ASSET_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {TOKEN_LOOKUP_UNKNOWN_ASSET_STATUS_VALUES!r}")
