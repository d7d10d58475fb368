from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.person import Person
    from ..models.preview_item import PreviewItem
    from ..models.reconnect_preview_counts import ReconnectPreviewCounts
    from ..models.sibling_loss import SiblingLoss


T = TypeVar("T", bound="ReconnectPreview")


@_attrs_define
class ReconnectPreview:
    """What a reconnect would do."""

    counts: ReconnectPreviewCounts
    """ Number of assets by coverage. """
    expires_at: datetime.datetime | None
    """ When the plan expires. """
    items: list[PreviewItem]
    """ One entry per distinct asset, in the order of the request. """
    more_siblings: bool
    """ Whether the person serves more assets than the 10,000, by id, that were checked for such losses. """
    person: None | Person
    plan_id: None | str
    """ Id of the plan of a preview. A reconnect with this plan is refused if assets or token changed since the
    preview; null if the token could not be validated. """
    siblings: list[SiblingLoss]
    """ Other assets that would lose permissions, because the same person did not select them again at log-in. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.person import Person  # noqa: PLC0415

        counts = self.counts.to_dict()

        expires_at: None | str
        if isinstance(self.expires_at, datetime.datetime):
            expires_at = self.expires_at.isoformat()
        else:
            expires_at = self.expires_at

        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)

        more_siblings = self.more_siblings

        person: dict[str, Any] | None
        if isinstance(self.person, Person):
            person = self.person.to_dict()
        else:
            person = self.person

        plan_id: None | str
        plan_id = self.plan_id

        siblings = []
        for siblings_item_data in self.siblings:
            siblings_item = siblings_item_data.to_dict()
            siblings.append(siblings_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "counts": counts,
                "expires_at": expires_at,
                "items": items,
                "more_siblings": more_siblings,
                "person": person,
                "plan_id": plan_id,
                "siblings": siblings,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.person import Person  # noqa: PLC0415
        from ..models.preview_item import PreviewItem  # noqa: PLC0415
        from ..models.reconnect_preview_counts import ReconnectPreviewCounts  # noqa: PLC0415
        from ..models.sibling_loss import SiblingLoss  # noqa: PLC0415

        d = dict(src_dict)
        counts = ReconnectPreviewCounts.from_dict(d.pop("counts"))

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

        items = []
        _items = d.pop("items")
        for items_item_data in _items:
            items_item = PreviewItem.from_dict(items_item_data)

            items.append(items_item)

        more_siblings = d.pop("more_siblings")

        def _parse_person(data: object) -> None | Person:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                person_type_0 = Person.from_dict(data)

                return person_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Person, data)

        person = _parse_person(d.pop("person"))

        def _parse_plan_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        plan_id = _parse_plan_id(d.pop("plan_id"))

        siblings = []
        _siblings = d.pop("siblings")
        for siblings_item_data in _siblings:
            siblings_item = SiblingLoss.from_dict(siblings_item_data)

            siblings.append(siblings_item)

        reconnect_preview = cls(
            counts=counts,
            expires_at=expires_at,
            items=items,
            more_siblings=more_siblings,
            person=person,
            plan_id=plan_id,
            siblings=siblings,
        )

        reconnect_preview.additional_properties = d
        return reconnect_preview

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
