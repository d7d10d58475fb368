from typing import Literal

NewReconnectLinkLocale = Literal["de", "en"]

NEW_RECONNECT_LINK_LOCALE_VALUES: set[NewReconnectLinkLocale] = {
    "de",
    "en",
}


def check_new_reconnect_link_locale(value: str) -> NewReconnectLinkLocale:
    if value in NEW_RECONNECT_LINK_LOCALE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {NEW_RECONNECT_LINK_LOCALE_VALUES!r}")
