from typing import Literal

AssetBusinessSourceType2Type1 = Literal["client", "probe"]

ASSET_BUSINESS_SOURCE_TYPE_2_TYPE_1_VALUES: set[AssetBusinessSourceType2Type1] = {
    "client",
    "probe",
}


def check_asset_business_source_type_2_type_1(value: str) -> AssetBusinessSourceType2Type1:
    if value in ASSET_BUSINESS_SOURCE_TYPE_2_TYPE_1_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ASSET_BUSINESS_SOURCE_TYPE_2_TYPE_1_VALUES!r}")
