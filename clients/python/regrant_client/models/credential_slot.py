from typing import Literal

CredentialSlot = Literal["active", "candidate", "previous", "standby"]

CREDENTIAL_SLOT_VALUES: set[CredentialSlot] = {
    "active",
    "candidate",
    "previous",
    "standby",
}


def check_credential_slot(value: str) -> CredentialSlot:
    if value in CREDENTIAL_SLOT_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {CREDENTIAL_SLOT_VALUES!r}")
