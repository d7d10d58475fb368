from typing import Literal

LeftOutAssetCause = Literal["no_access", "not_ticked", "permission_missing"]

LEFT_OUT_ASSET_CAUSE_VALUES: set[LeftOutAssetCause] = {
    "no_access",
    "not_ticked",
    "permission_missing",
}


def check_left_out_asset_cause(value: str) -> LeftOutAssetCause:
    if value in LEFT_OUT_ASSET_CAUSE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LEFT_OUT_ASSET_CAUSE_VALUES!r}")
