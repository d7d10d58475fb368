from typing import Literal

CredentialKind = Literal["page", "system_user", "user", "workplace_app"]

CREDENTIAL_KIND_VALUES: set[CredentialKind] = {
    "page",
    "system_user",
    "user",
    "workplace_app",
}


def check_credential_kind(value: str) -> CredentialKind:
    if value in CREDENTIAL_KIND_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {CREDENTIAL_KIND_VALUES!r}")
