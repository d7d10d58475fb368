from typing import Literal

TokenLookupServedStatus = Literal["served"]

TOKEN_LOOKUP_SERVED_STATUS_VALUES: set[TokenLookupServedStatus] = {
    "served",
}


def check_token_lookup_served_status(value: str) -> TokenLookupServedStatus:
    if value in TOKEN_LOOKUP_SERVED_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {TOKEN_LOOKUP_SERVED_STATUS_VALUES!r}")
