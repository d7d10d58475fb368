from typing import Literal

GetForecastKind = Literal[
    "ad_account", "business", "instagram_account", "page", "pixel", "product_catalog", "whatsapp_business_account"
]

GET_FORECAST_KIND_VALUES: set[GetForecastKind] = {
    "ad_account",
    "business",
    "instagram_account",
    "page",
    "pixel",
    "product_catalog",
    "whatsapp_business_account",
}


def check_get_forecast_kind(value: str) -> GetForecastKind:
    if value in GET_FORECAST_KIND_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {GET_FORECAST_KIND_VALUES!r}")
