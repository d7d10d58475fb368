from typing import Literal

TokenReachRefusedStatus = Literal["refused"]

TOKEN_REACH_REFUSED_STATUS_VALUES: set[TokenReachRefusedStatus] = {
    "refused",
}


def check_token_reach_refused_status(value: str) -> TokenReachRefusedStatus:
    if value in TOKEN_REACH_REFUSED_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {TOKEN_REACH_REFUSED_STATUS_VALUES!r}")
