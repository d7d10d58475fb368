from typing import Literal

ReconnectLinkSummaryLocale = Literal["de", "en"]

RECONNECT_LINK_SUMMARY_LOCALE_VALUES: set[ReconnectLinkSummaryLocale] = {
    "de",
    "en",
}


def check_reconnect_link_summary_locale(value: str) -> ReconnectLinkSummaryLocale:
    if value in RECONNECT_LINK_SUMMARY_LOCALE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RECONNECT_LINK_SUMMARY_LOCALE_VALUES!r}")
