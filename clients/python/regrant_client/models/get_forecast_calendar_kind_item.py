from typing import Literal

GetForecastCalendarKindItem = Literal[
    "ad_account", "business", "instagram_account", "page", "pixel", "product_catalog", "whatsapp_business_account"
]

GET_FORECAST_CALENDAR_KIND_ITEM_VALUES: set[GetForecastCalendarKindItem] = {
    "ad_account",
    "business",
    "instagram_account",
    "page",
    "pixel",
    "product_catalog",
    "whatsapp_business_account",
}


def check_get_forecast_calendar_kind_item(value: str) -> GetForecastCalendarKindItem:
    if value in GET_FORECAST_CALENDAR_KIND_ITEM_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {GET_FORECAST_CALENDAR_KIND_ITEM_VALUES!r}")
