from typing import Literal

ListedPersonKind = Literal["system_user", "user"]

LISTED_PERSON_KIND_VALUES: set[ListedPersonKind] = {
    "system_user",
    "user",
}


def check_listed_person_kind(value: str) -> ListedPersonKind:
    if value in LISTED_PERSON_KIND_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LISTED_PERSON_KIND_VALUES!r}")
