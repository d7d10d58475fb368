from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.token_lookup_unknown_asset_status import (
    TokenLookupUnknownAssetStatus,
    check_token_lookup_unknown_asset_status,
)

T = TypeVar("T", bound="TokenLookupUnknownAsset")


@_attrs_define
class TokenLookupUnknownAsset:
    """The tenant has no such asset."""

    asset_id: str
    status: TokenLookupUnknownAssetStatus
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        asset_id = self.asset_id

        status: str = self.status

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "asset_id": asset_id,
                "status": status,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        asset_id = d.pop("asset_id")

        status = check_token_lookup_unknown_asset_status(d.pop("status"))

        token_lookup_unknown_asset = cls(
            asset_id=asset_id,
            status=status,
        )

        token_lookup_unknown_asset.additional_properties = d
        return token_lookup_unknown_asset

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
