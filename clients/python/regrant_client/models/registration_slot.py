from typing import Literal

RegistrationSlot = Literal["active", "candidate", "previous", "standby"]

REGISTRATION_SLOT_VALUES: set[RegistrationSlot] = {
    "active",
    "candidate",
    "previous",
    "standby",
}


def check_registration_slot(value: str) -> RegistrationSlot:
    if value in REGISTRATION_SLOT_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {REGISTRATION_SLOT_VALUES!r}")
