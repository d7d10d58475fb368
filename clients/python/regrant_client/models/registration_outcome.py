from typing import Literal

RegistrationOutcome = Literal["created", "duplicate", "exists", "kind_mismatch", "malformed"]

REGISTRATION_OUTCOME_VALUES: set[RegistrationOutcome] = {
    "created",
    "duplicate",
    "exists",
    "kind_mismatch",
    "malformed",
}


def check_registration_outcome(value: str) -> RegistrationOutcome:
    if value in REGISTRATION_OUTCOME_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {REGISTRATION_OUTCOME_VALUES!r}")
