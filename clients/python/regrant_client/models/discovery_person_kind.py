from typing import Literal

DiscoveryPersonKind = Literal["system_user", "user"]

DISCOVERY_PERSON_KIND_VALUES: set[DiscoveryPersonKind] = {
    "system_user",
    "user",
}


def check_discovery_person_kind(value: str) -> DiscoveryPersonKind:
    if value in DISCOVERY_PERSON_KIND_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {DISCOVERY_PERSON_KIND_VALUES!r}")
