from typing import Literal

AssetStateChangeKind = Literal[
    "ad_account", "business", "instagram_account", "page", "pixel", "product_catalog", "whatsapp_business_account"
]

ASSET_STATE_CHANGE_KIND_VALUES: set[AssetStateChangeKind] = {
    "ad_account",
    "business",
    "instagram_account",
    "page",
    "pixel",
    "product_catalog",
    "whatsapp_business_account",
}


def check_asset_state_change_kind(value: str) -> AssetStateChangeKind:
    if value in ASSET_STATE_CHANGE_KIND_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ASSET_STATE_CHANGE_KIND_VALUES!r}")
