from typing import Literal

ActingParty = Literal["business_admin", "nobody", "person", "provider"]

ACTING_PARTY_VALUES: set[ActingParty] = {
    "business_admin",
    "nobody",
    "person",
    "provider",
}


def check_acting_party(value: str) -> ActingParty:
    if value in ACTING_PARTY_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ACTING_PARTY_VALUES!r}")
