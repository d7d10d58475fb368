from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.impact_counts import ImpactCounts
    from ..models.impact_entry import ImpactEntry
    from ..models.listed_person import ListedPerson


T = TypeVar("T", bound="Impact")


@_attrs_define
class Impact:
    """The effect on the assets of a person who leaves now."""

    counts: ImpactCounts
    """ Number of the person's assets that end, wait for a parked token, or continue. """
    data: list[ImpactEntry]
    """ One page of these assets, ordered by id. """
    generated_at: datetime.datetime
    """ Time of the data. """
    has_more: bool
    """ Whether more entries follow. """
    next_cursor: None | str
    """ Send it as `cursor` to get the next page. """
    note: str
    """ Which assets are not affected and therefore not listed. """
    person: ListedPerson
    """ A person who granted a token, and the assets that depend on the person. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        counts = self.counts.to_dict()

        data = []
        for data_item_data in self.data:
            data_item = data_item_data.to_dict()
            data.append(data_item)

        generated_at = self.generated_at.isoformat()

        has_more = self.has_more

        next_cursor: None | str
        next_cursor = self.next_cursor

        note = self.note

        person = self.person.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "counts": counts,
                "data": data,
                "generated_at": generated_at,
                "has_more": has_more,
                "next_cursor": next_cursor,
                "note": note,
                "person": person,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.impact_counts import ImpactCounts  # noqa: PLC0415
        from ..models.impact_entry import ImpactEntry  # noqa: PLC0415
        from ..models.listed_person import ListedPerson  # noqa: PLC0415

        d = dict(src_dict)
        counts = ImpactCounts.from_dict(d.pop("counts"))

        data = []
        _data = d.pop("data")
        for data_item_data in _data:
            data_item = ImpactEntry.from_dict(data_item_data)

            data.append(data_item)

        generated_at = datetime.datetime.fromisoformat(d.pop("generated_at"))

        has_more = d.pop("has_more")

        def _parse_next_cursor(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_cursor = _parse_next_cursor(d.pop("next_cursor"))

        note = d.pop("note")

        person = ListedPerson.from_dict(d.pop("person"))

        impact = cls(
            counts=counts,
            data=data,
            generated_at=generated_at,
            has_more=has_more,
            next_cursor=next_cursor,
            note=note,
            person=person,
        )

        impact.additional_properties = d
        return impact

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
