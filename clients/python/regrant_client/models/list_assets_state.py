from typing import Literal

ListAssetsState = Literal["disconnected", "expiring", "healthy", "migrating", "suspect", "unproven"]

LIST_ASSETS_STATE_VALUES: set[ListAssetsState] = {
    "disconnected",
    "expiring",
    "healthy",
    "migrating",
    "suspect",
    "unproven",
}


def check_list_assets_state(value: str) -> ListAssetsState:
    if value in LIST_ASSETS_STATE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LIST_ASSETS_STATE_VALUES!r}")
