from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.credential_kind import CredentialKind, check_credential_kind
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.reason import Reason


T = TypeVar("T", bound="Candidate")


@_attrs_define
class Candidate:
    """A parked credential, and when it becomes active."""

    created_at: datetime.datetime
    """ When it was first sealed. """
    data_access_expires_at: datetime.datetime | None
    """ When data access expires; null if it does not. """
    expires_at: datetime.datetime | None
    """ When the token expires; null if it does not. """
    generation: int
    """ Generation of the asset that it was sealed for. """
    grant_id: None | str
    """ Grant that it came from. """
    id: str
    """ Id of the credential. """
    kind: CredentialKind
    person_id: None | str
    proved_at: datetime.datetime | None
    """ When a probe with it last worked on this asset. """
    tasks: list[str]
    """ Tasks of its person on the asset, as far as known. """
    promotes_when: Reason
    """ Why something is in its state, and who must act. """
    next_check_at: datetime.datetime | None | Unset = UNSET
    """ Time of the next probe. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        created_at = self.created_at.isoformat()

        data_access_expires_at: None | str
        if isinstance(self.data_access_expires_at, datetime.datetime):
            data_access_expires_at = self.data_access_expires_at.isoformat()
        else:
            data_access_expires_at = self.data_access_expires_at

        expires_at: None | str
        if isinstance(self.expires_at, datetime.datetime):
            expires_at = self.expires_at.isoformat()
        else:
            expires_at = self.expires_at

        generation = self.generation

        grant_id: None | str
        grant_id = self.grant_id

        id = self.id

        kind: str = self.kind

        person_id: None | str
        person_id = self.person_id

        proved_at: None | str
        if isinstance(self.proved_at, datetime.datetime):
            proved_at = self.proved_at.isoformat()
        else:
            proved_at = self.proved_at

        tasks = self.tasks

        promotes_when = self.promotes_when.to_dict()

        next_check_at: None | str | Unset
        if isinstance(self.next_check_at, Unset):
            next_check_at = UNSET
        elif isinstance(self.next_check_at, datetime.datetime):
            next_check_at = self.next_check_at.isoformat()
        else:
            next_check_at = self.next_check_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "created_at": created_at,
                "data_access_expires_at": data_access_expires_at,
                "expires_at": expires_at,
                "generation": generation,
                "grant_id": grant_id,
                "id": id,
                "kind": kind,
                "person_id": person_id,
                "proved_at": proved_at,
                "tasks": tasks,
                "promotes_when": promotes_when,
            }
        )
        if next_check_at is not UNSET:
            field_dict["next_check_at"] = next_check_at

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.reason import Reason  # noqa: PLC0415

        d = dict(src_dict)
        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        def _parse_data_access_expires_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                data_access_expires_at_type_0 = datetime.datetime.fromisoformat(data)

                return data_access_expires_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        data_access_expires_at = _parse_data_access_expires_at(d.pop("data_access_expires_at"))

        def _parse_expires_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                expires_at_type_0 = datetime.datetime.fromisoformat(data)

                return expires_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        expires_at = _parse_expires_at(d.pop("expires_at"))

        generation = d.pop("generation")

        def _parse_grant_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        grant_id = _parse_grant_id(d.pop("grant_id"))

        id = d.pop("id")

        kind = check_credential_kind(d.pop("kind"))

        def _parse_person_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        person_id = _parse_person_id(d.pop("person_id"))

        def _parse_proved_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                proved_at_type_0 = datetime.datetime.fromisoformat(data)

                return proved_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        proved_at = _parse_proved_at(d.pop("proved_at"))

        tasks = cast(list[str], d.pop("tasks"))

        promotes_when = Reason.from_dict(d.pop("promotes_when"))

        def _parse_next_check_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                next_check_at_type_0 = datetime.datetime.fromisoformat(data)

                return next_check_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        next_check_at = _parse_next_check_at(d.pop("next_check_at", UNSET))

        candidate = cls(
            created_at=created_at,
            data_access_expires_at=data_access_expires_at,
            expires_at=expires_at,
            generation=generation,
            grant_id=grant_id,
            id=id,
            kind=kind,
            person_id=person_id,
            proved_at=proved_at,
            tasks=tasks,
            promotes_when=promotes_when,
            next_check_at=next_check_at,
        )

        candidate.additional_properties = d
        return candidate

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
