from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.asset_kind import AssetKind, check_asset_kind
from ..models.discovered_asset_status import DiscoveredAssetStatus, check_discovered_asset_status

T = TypeVar("T", bound="DiscoveredAsset")


@_attrs_define
class DiscoveredAsset:
    """An asset that a token lists."""

    asset_id: str
    business_id: None | str
    is_granted: bool
    """ Whether the person granted it to the app at log-in, as far as the token says. A business also lists pages
    that were
    not granted; those are not registered. """
    kind: AssetKind
    name: None | str
    """ Name at Meta; null if the Graph API gave none. """
    status: DiscoveredAssetStatus
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        asset_id = self.asset_id

        business_id: None | str
        business_id = self.business_id

        is_granted = self.is_granted

        kind: str = self.kind

        name: None | str
        name = self.name

        status: str = self.status

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "asset_id": asset_id,
                "business_id": business_id,
                "is_granted": is_granted,
                "kind": kind,
                "name": name,
                "status": status,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        asset_id = d.pop("asset_id")

        def _parse_business_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        business_id = _parse_business_id(d.pop("business_id"))

        is_granted = d.pop("is_granted")

        kind = check_asset_kind(d.pop("kind"))

        def _parse_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        name = _parse_name(d.pop("name"))

        status = check_discovered_asset_status(d.pop("status"))

        discovered_asset = cls(
            asset_id=asset_id,
            business_id=business_id,
            is_granted=is_granted,
            kind=kind,
            name=name,
            status=status,
        )

        discovered_asset.additional_properties = d
        return discovered_asset

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
