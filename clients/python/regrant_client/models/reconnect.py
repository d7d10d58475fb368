from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.reconnect_summary_status import ReconnectSummaryStatus, check_reconnect_summary_status
from ..models.reconnect_summary_verdict_type_1 import (
    ReconnectSummaryVerdictType1,
    check_reconnect_summary_verdict_type_1,
)
from ..models.reconnect_summary_verdict_type_2_type_1 import (
    ReconnectSummaryVerdictType2Type1,
    check_reconnect_summary_verdict_type_2_type_1,
)
from ..models.reconnect_summary_verdict_type_3_type_1 import (
    ReconnectSummaryVerdictType3Type1,
    check_reconnect_summary_verdict_type_3_type_1,
)

if TYPE_CHECKING:
    from ..models.person import Person
    from ..models.reconnect_item import ReconnectItem
    from ..models.reconnect_summary_counts import ReconnectSummaryCounts


T = TypeVar("T", bound="Reconnect")


@_attrs_define
class Reconnect:
    """A reconnect."""

    counts: ReconnectSummaryCounts
    """ Number of items by outcome, without open items. """
    created_at: datetime.datetime
    """ When the reconnect was accepted. """
    finished_at: datetime.datetime | None
    """ When the last item was settled, or the reconnect cancelled; null while it runs. """
    id: str
    """ Id of the reconnect. """
    person: None | Person
    status: ReconnectSummaryStatus
    total: int
    """ Number of items. """
    undo_of: None | str
    """ Reconnect that this one undoes; null where it replaces tokens. """
    verdict: None | ReconnectSummaryVerdictType1 | ReconnectSummaryVerdictType2Type1 | ReconnectSummaryVerdictType3Type1
    items: list[ReconnectItem]
    """ One item per distinct asset, in the order of the request. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.person import Person  # noqa: PLC0415

        counts = self.counts.to_dict()

        created_at = self.created_at.isoformat()

        finished_at: None | str
        if isinstance(self.finished_at, datetime.datetime):
            finished_at = self.finished_at.isoformat()
        else:
            finished_at = self.finished_at

        id = self.id

        person: dict[str, Any] | None
        if isinstance(self.person, Person):
            person = self.person.to_dict()
        else:
            person = self.person

        status: str = self.status

        total = self.total

        undo_of: None | str
        undo_of = self.undo_of

        verdict: None | str
        if isinstance(self.verdict, str):
            verdict = self.verdict
        elif isinstance(self.verdict, str):
            verdict = self.verdict
        elif isinstance(self.verdict, str):
            verdict = self.verdict
        else:
            verdict = self.verdict

        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "counts": counts,
                "created_at": created_at,
                "finished_at": finished_at,
                "id": id,
                "person": person,
                "status": status,
                "total": total,
                "undo_of": undo_of,
                "verdict": verdict,
                "items": items,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.person import Person  # noqa: PLC0415
        from ..models.reconnect_item import ReconnectItem  # noqa: PLC0415
        from ..models.reconnect_summary_counts import ReconnectSummaryCounts  # noqa: PLC0415

        d = dict(src_dict)
        counts = ReconnectSummaryCounts.from_dict(d.pop("counts"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        def _parse_finished_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                finished_at_type_0 = datetime.datetime.fromisoformat(data)

                return finished_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        finished_at = _parse_finished_at(d.pop("finished_at"))

        id = d.pop("id")

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

        status = check_reconnect_summary_status(d.pop("status"))

        total = d.pop("total")

        def _parse_undo_of(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        undo_of = _parse_undo_of(d.pop("undo_of"))

        def _parse_verdict(
            data: object,
        ) -> (
            None | ReconnectSummaryVerdictType1 | ReconnectSummaryVerdictType2Type1 | ReconnectSummaryVerdictType3Type1
        ):
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                verdict_type_1 = check_reconnect_summary_verdict_type_1(data)

                return verdict_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                verdict_type_2_type_1 = check_reconnect_summary_verdict_type_2_type_1(data)

                return verdict_type_2_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                verdict_type_3_type_1 = check_reconnect_summary_verdict_type_3_type_1(data)

                return verdict_type_3_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(
                None
                | ReconnectSummaryVerdictType1
                | ReconnectSummaryVerdictType2Type1
                | ReconnectSummaryVerdictType3Type1,
                data,
            )

        verdict = _parse_verdict(d.pop("verdict"))

        items = []
        _items = d.pop("items")
        for items_item_data in _items:
            items_item = ReconnectItem.from_dict(items_item_data)

            items.append(items_item)

        reconnect = cls(
            counts=counts,
            created_at=created_at,
            finished_at=finished_at,
            id=id,
            person=person,
            status=status,
            total=total,
            undo_of=undo_of,
            verdict=verdict,
            items=items,
        )

        reconnect.additional_properties = d
        return reconnect

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
