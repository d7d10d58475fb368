from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.assets_changed_counts import AssetsChangedCounts


T = TypeVar("T", bound="AssetsChanged")


@_attrs_define
class AssetsChanged:
    """`data` of `assets.changed`."""

    asset_ids: list[str]
    """ Ids of the assets that changed, 500 at most. """
    counts: AssetsChangedCounts
    """ Number of changes by kind of event. """
    events_url: str
    """ Path of the list of single events, from the first of these changes on. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        asset_ids = self.asset_ids

        counts = self.counts.to_dict()

        events_url = self.events_url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "asset_ids": asset_ids,
                "counts": counts,
                "events_url": events_url,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.assets_changed_counts import AssetsChangedCounts  # noqa: PLC0415

        d = dict(src_dict)
        asset_ids = cast(list[str], d.pop("asset_ids"))

        counts = AssetsChangedCounts.from_dict(d.pop("counts"))

        events_url = d.pop("events_url")

        assets_changed = cls(
            asset_ids=asset_ids,
            counts=counts,
            events_url=events_url,
        )

        assets_changed.additional_properties = d
        return assets_changed

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
