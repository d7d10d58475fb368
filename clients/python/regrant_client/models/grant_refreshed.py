from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="GrantRefreshed")


@_attrs_define
class GrantRefreshed:
    """`data` of `grant.refreshed`."""

    assets: int
    """ Number of its assets. """
    grant_id: str
    """ Id of the grant whose token was refreshed. """
    person_id: str
    reconnect_id: str
    """ Reconnect that replaces the old token. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        assets = self.assets

        grant_id = self.grant_id

        person_id = self.person_id

        reconnect_id = self.reconnect_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "assets": assets,
                "grant_id": grant_id,
                "person_id": person_id,
                "reconnect_id": reconnect_id,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        assets = d.pop("assets")

        grant_id = d.pop("grant_id")

        person_id = d.pop("person_id")

        reconnect_id = d.pop("reconnect_id")

        grant_refreshed = cls(
            assets=assets,
            grant_id=grant_id,
            person_id=person_id,
            reconnect_id=reconnect_id,
        )

        grant_refreshed.additional_properties = d
        return grant_refreshed

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
