from typing import Literal

AssetKind = Literal[
    "ad_account", "business", "instagram_account", "page", "pixel", "product_catalog", "whatsapp_business_account"
]

ASSET_KIND_VALUES: set[AssetKind] = {
    "ad_account",
    "business",
    "instagram_account",
    "page",
    "pixel",
    "product_catalog",
    "whatsapp_business_account",
}


def check_asset_kind(value: str) -> AssetKind:
    if value in ASSET_KIND_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ASSET_KIND_VALUES!r}")
