from typing import Literal

AssetStateChangeState = Literal["disconnected", "expiring", "healthy", "migrating", "suspect", "unproven"]

ASSET_STATE_CHANGE_STATE_VALUES: set[AssetStateChangeState] = {
    "disconnected",
    "expiring",
    "healthy",
    "migrating",
    "suspect",
    "unproven",
}


def check_asset_state_change_state(value: str) -> AssetStateChangeState:
    if value in ASSET_STATE_CHANGE_STATE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ASSET_STATE_CHANGE_STATE_VALUES!r}")
