from typing import Literal

ListAssetsKindItem = Literal[
    "ad_account", "business", "instagram_account", "page", "pixel", "product_catalog", "whatsapp_business_account"
]

LIST_ASSETS_KIND_ITEM_VALUES: set[ListAssetsKindItem] = {
    "ad_account",
    "business",
    "instagram_account",
    "page",
    "pixel",
    "product_catalog",
    "whatsapp_business_account",
}


def check_list_assets_kind_item(value: str) -> ListAssetsKindItem:
    if value in LIST_ASSETS_KIND_ITEM_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LIST_ASSETS_KIND_ITEM_VALUES!r}")
