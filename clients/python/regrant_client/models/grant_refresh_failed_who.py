from typing import Literal

GrantRefreshFailedWho = Literal["business_admin", "nobody", "person", "provider"]

GRANT_REFRESH_FAILED_WHO_VALUES: set[GrantRefreshFailedWho] = {
    "business_admin",
    "nobody",
    "person",
    "provider",
}


def check_grant_refresh_failed_who(value: str) -> GrantRefreshFailedWho:
    if value in GRANT_REFRESH_FAILED_WHO_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {GRANT_REFRESH_FAILED_WHO_VALUES!r}")
