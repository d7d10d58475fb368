from typing import Literal

ListAssetsKind = Literal[
    "ad_account", "business", "instagram_account", "page", "pixel", "product_catalog", "whatsapp_business_account"
]

LIST_ASSETS_KIND_VALUES: set[ListAssetsKind] = {
    "ad_account",
    "business",
    "instagram_account",
    "page",
    "pixel",
    "product_catalog",
    "whatsapp_business_account",
}


def check_list_assets_kind(value: str) -> ListAssetsKind:
    if value in LIST_ASSETS_KIND_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LIST_ASSETS_KIND_VALUES!r}")
