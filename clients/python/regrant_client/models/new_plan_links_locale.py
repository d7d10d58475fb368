from typing import Literal

NewPlanLinksLocale = Literal["de", "en"]

NEW_PLAN_LINKS_LOCALE_VALUES: set[NewPlanLinksLocale] = {
    "de",
    "en",
}


def check_new_plan_links_locale(value: str) -> NewPlanLinksLocale:
    if value in NEW_PLAN_LINKS_LOCALE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {NEW_PLAN_LINKS_LOCALE_VALUES!r}")
