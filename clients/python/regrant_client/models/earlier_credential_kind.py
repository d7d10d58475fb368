from typing import Literal

EarlierCredentialKind = Literal["page", "system_user", "user", "workplace_app"]

EARLIER_CREDENTIAL_KIND_VALUES: set[EarlierCredentialKind] = {
    "page",
    "system_user",
    "user",
    "workplace_app",
}


def check_earlier_credential_kind(value: str) -> EarlierCredentialKind:
    if value in EARLIER_CREDENTIAL_KIND_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {EARLIER_CREDENTIAL_KIND_VALUES!r}")
