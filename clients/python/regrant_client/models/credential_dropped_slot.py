from typing import Literal

CredentialDroppedSlot = Literal["active", "candidate", "previous", "standby"]

CREDENTIAL_DROPPED_SLOT_VALUES: set[CredentialDroppedSlot] = {
    "active",
    "candidate",
    "previous",
    "standby",
}


def check_credential_dropped_slot(value: str) -> CredentialDroppedSlot:
    if value in CREDENTIAL_DROPPED_SLOT_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {CREDENTIAL_DROPPED_SLOT_VALUES!r}")
