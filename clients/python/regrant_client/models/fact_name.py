from typing import Literal

FactName = Literal["cut_off", "data_access", "proof", "refusal", "registration", "revocation", "token_expiry"]

FACT_NAME_VALUES: set[FactName] = {
    "cut_off",
    "data_access",
    "proof",
    "refusal",
    "registration",
    "revocation",
    "token_expiry",
}


def check_fact_name(value: str) -> FactName:
    if value in FACT_NAME_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {FACT_NAME_VALUES!r}")
