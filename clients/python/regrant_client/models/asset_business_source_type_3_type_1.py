from typing import Literal

AssetBusinessSourceType3Type1 = Literal["client", "probe"]

ASSET_BUSINESS_SOURCE_TYPE_3_TYPE_1_VALUES: set[AssetBusinessSourceType3Type1] = {
    "client",
    "probe",
}


def check_asset_business_source_type_3_type_1(value: str) -> AssetBusinessSourceType3Type1:
    if value in ASSET_BUSINESS_SOURCE_TYPE_3_TYPE_1_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ASSET_BUSINESS_SOURCE_TYPE_3_TYPE_1_VALUES!r}")
