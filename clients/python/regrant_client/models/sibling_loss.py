from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.asset_kind import AssetKind, check_asset_kind

T = TypeVar("T", bound="SiblingLoss")


@_attrs_define
class SiblingLoss:
    """An asset that is not part of the preview and would lose permissions."""

    asset_id: str
    kind: AssetKind
    lost_scopes: list[str]
    """ Permissions that the asset would lose. """
    name: None | str
    """ Display name. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        asset_id = self.asset_id

        kind: str = self.kind

        lost_scopes = self.lost_scopes

        name: None | str
        name = self.name

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "asset_id": asset_id,
                "kind": kind,
                "lost_scopes": lost_scopes,
                "name": name,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        asset_id = d.pop("asset_id")

        kind = check_asset_kind(d.pop("kind"))

        lost_scopes = cast(list[str], d.pop("lost_scopes"))

        def _parse_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        name = _parse_name(d.pop("name"))

        sibling_loss = cls(
            asset_id=asset_id,
            kind=kind,
            lost_scopes=lost_scopes,
            name=name,
        )

        sibling_loss.additional_properties = d
        return sibling_loss

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
