from typing import Literal

TokenLookupNoTokenStatus = Literal["no_token"]

TOKEN_LOOKUP_NO_TOKEN_STATUS_VALUES: set[TokenLookupNoTokenStatus] = {
    "no_token",
}


def check_token_lookup_no_token_status(value: str) -> TokenLookupNoTokenStatus:
    if value in TOKEN_LOOKUP_NO_TOKEN_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {TOKEN_LOOKUP_NO_TOKEN_STATUS_VALUES!r}")
