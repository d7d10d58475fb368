from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.forecast_day import ForecastDay
    from ..models.forecast_entry import ForecastEntry


T = TypeVar("T", bound="Forecast")


@_attrs_define
class Forecast:
    """The disconnect calendar."""

    data: list[ForecastEntry]
    """ One page of endings, earliest first. """
    days: list[ForecastDay]
    """ Days (UTC) on which assets end. """
    from_: datetime.datetime
    """ Start of the range, included. """
    generated_at: datetime.datetime
    """ Time of the data. """
    has_more: bool
    """ Whether more entries follow. """
    next_cursor: None | str
    """ Send it as `cursor` to get the next page. """
    passed: int
    """ Number of assets that had a token and no longer work. """
    to: datetime.datetime
    """ End of the range, excluded. """
    unknown: int
    """ Number of working assets without a known future ending: unknown, not safe. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        data = []
        for data_item_data in self.data:
            data_item = data_item_data.to_dict()
            data.append(data_item)

        days = []
        for days_item_data in self.days:
            days_item = days_item_data.to_dict()
            days.append(days_item)

        from_ = self.from_.isoformat()

        generated_at = self.generated_at.isoformat()

        has_more = self.has_more

        next_cursor: None | str
        next_cursor = self.next_cursor

        passed = self.passed

        to = self.to.isoformat()

        unknown = self.unknown

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "data": data,
                "days": days,
                "from": from_,
                "generated_at": generated_at,
                "has_more": has_more,
                "next_cursor": next_cursor,
                "passed": passed,
                "to": to,
                "unknown": unknown,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.forecast_day import ForecastDay  # noqa: PLC0415
        from ..models.forecast_entry import ForecastEntry  # noqa: PLC0415

        d = dict(src_dict)
        data = []
        _data = d.pop("data")
        for data_item_data in _data:
            data_item = ForecastEntry.from_dict(data_item_data)

            data.append(data_item)

        days = []
        _days = d.pop("days")
        for days_item_data in _days:
            days_item = ForecastDay.from_dict(days_item_data)

            days.append(days_item)

        from_ = datetime.datetime.fromisoformat(d.pop("from"))

        generated_at = datetime.datetime.fromisoformat(d.pop("generated_at"))

        has_more = d.pop("has_more")

        def _parse_next_cursor(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_cursor = _parse_next_cursor(d.pop("next_cursor"))

        passed = d.pop("passed")

        to = datetime.datetime.fromisoformat(d.pop("to"))

        unknown = d.pop("unknown")

        forecast = cls(
            data=data,
            days=days,
            from_=from_,
            generated_at=generated_at,
            has_more=has_more,
            next_cursor=next_cursor,
            passed=passed,
            to=to,
            unknown=unknown,
        )

        forecast.additional_properties = d
        return forecast

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
