from typing import Literal

ListAssetsStateItem = Literal["disconnected", "expiring", "healthy", "migrating", "suspect", "unproven"]

LIST_ASSETS_STATE_ITEM_VALUES: set[ListAssetsStateItem] = {
    "disconnected",
    "expiring",
    "healthy",
    "migrating",
    "suspect",
    "unproven",
}


def check_list_assets_state_item(value: str) -> ListAssetsStateItem:
    if value in LIST_ASSETS_STATE_ITEM_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LIST_ASSETS_STATE_ITEM_VALUES!r}")
