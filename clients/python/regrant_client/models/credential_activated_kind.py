from typing import Literal

CredentialActivatedKind = Literal["page", "system_user", "user", "workplace_app"]

CREDENTIAL_ACTIVATED_KIND_VALUES: set[CredentialActivatedKind] = {
    "page",
    "system_user",
    "user",
    "workplace_app",
}


def check_credential_activated_kind(value: str) -> CredentialActivatedKind:
    if value in CREDENTIAL_ACTIVATED_KIND_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {CREDENTIAL_ACTIVATED_KIND_VALUES!r}")
