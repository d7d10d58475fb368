from typing import Literal

GetForecastCalendarKind = Literal[
    "ad_account", "business", "instagram_account", "page", "pixel", "product_catalog", "whatsapp_business_account"
]

GET_FORECAST_CALENDAR_KIND_VALUES: set[GetForecastCalendarKind] = {
    "ad_account",
    "business",
    "instagram_account",
    "page",
    "pixel",
    "product_catalog",
    "whatsapp_business_account",
}


def check_get_forecast_calendar_kind(value: str) -> GetForecastCalendarKind:
    if value in GET_FORECAST_CALENDAR_KIND_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {GET_FORECAST_CALENDAR_KIND_VALUES!r}")
