from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.credential_slot import CredentialSlot, check_credential_slot
from ..models.registration_outcome import RegistrationOutcome, check_registration_outcome
from ..types import UNSET, Unset

T = TypeVar("T", bound="Registration")


@_attrs_define
class Registration:
    """The result of one registration."""

    id: str
    status: RegistrationOutcome
    """ The result of a registration. """
    slot: CredentialSlot | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        status: str = self.status

        slot: str | Unset = UNSET
        if not isinstance(self.slot, Unset):
            slot = self.slot

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "status": status,
            }
        )
        if slot is not UNSET:
            field_dict["slot"] = slot

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        status = check_registration_outcome(d.pop("status"))

        _slot = d.pop("slot", UNSET)
        slot: CredentialSlot | Unset
        if isinstance(_slot, Unset):
            slot = UNSET
        else:
            slot = check_credential_slot(_slot)

        registration = cls(
            id=id,
            status=status,
            slot=slot,
        )

        registration.additional_properties = d
        return registration

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
