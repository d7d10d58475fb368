from typing import Literal

TokenReachWorksStatus = Literal["works"]

TOKEN_REACH_WORKS_STATUS_VALUES: set[TokenReachWorksStatus] = {
    "works",
}


def check_token_reach_works_status(value: str) -> TokenReachWorksStatus:
    if value in TOKEN_REACH_WORKS_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {TOKEN_REACH_WORKS_STATUS_VALUES!r}")
