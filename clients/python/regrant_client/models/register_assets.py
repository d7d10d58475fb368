from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.new_asset import NewAsset


T = TypeVar("T", bound="RegisterAssets")


@_attrs_define
class RegisterAssets:
    """Assets to register, at most 1,000."""

    assets: list[NewAsset]
    """ Assets. """

    def to_dict(self) -> dict[str, Any]:
        assets = []
        for assets_item_data in self.assets:
            assets_item = assets_item_data.to_dict()
            assets.append(assets_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "assets": assets,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.new_asset import NewAsset  # noqa: PLC0415

        d = dict(src_dict)
        assets = []
        _assets = d.pop("assets")
        for assets_item_data in _assets:
            assets_item = NewAsset.from_dict(assets_item_data)

            assets.append(assets_item)

        register_assets = cls(
            assets=assets,
        )

        return register_assets
