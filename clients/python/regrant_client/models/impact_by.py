from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.credential_kind import CredentialKind, check_credential_kind
from ..models.credential_slot import CredentialSlot, check_credential_slot

T = TypeVar("T", bound="ImpactBy")


@_attrs_define
class ImpactBy:
    """A credential that serves an asset afterwards."""

    kind: CredentialKind
    person_id: None | str
    slot: CredentialSlot
    system_user: bool
    """ Whether a system user granted it. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        kind: str = self.kind

        person_id: None | str
        person_id = self.person_id

        slot: str = self.slot

        system_user = self.system_user

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "kind": kind,
                "person_id": person_id,
                "slot": slot,
                "system_user": system_user,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        kind = check_credential_kind(d.pop("kind"))

        def _parse_person_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        person_id = _parse_person_id(d.pop("person_id"))

        slot = check_credential_slot(d.pop("slot"))

        system_user = d.pop("system_user")

        impact_by = cls(
            kind=kind,
            person_id=person_id,
            slot=slot,
            system_user=system_user,
        )

        impact_by.additional_properties = d
        return impact_by

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
