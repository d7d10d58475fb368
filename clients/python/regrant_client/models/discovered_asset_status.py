from typing import Literal

DiscoveredAssetStatus = Literal["another_kind", "new", "registered"]

DISCOVERED_ASSET_STATUS_VALUES: set[DiscoveredAssetStatus] = {
    "another_kind",
    "new",
    "registered",
}


def check_discovered_asset_status(value: str) -> DiscoveredAssetStatus:
    if value in DISCOVERED_ASSET_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {DISCOVERED_ASSET_STATUS_VALUES!r}")
