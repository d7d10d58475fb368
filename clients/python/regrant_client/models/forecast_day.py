from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.forecast_day_causes import ForecastDayCauses
    from ..models.forecast_day_confidence import ForecastDayConfidence


T = TypeVar("T", bound="ForecastDay")


@_attrs_define
class ForecastDay:
    """One day of the calendar."""

    causes: ForecastDayCauses
    """ Number of endings by cause. """
    confidence: ForecastDayConfidence
    """ Number of endings by confidence. """
    count: int
    """ Number of assets that end. """
    covered: int
    """ Number of these assets that continue without interruption. """
    date: datetime.date
    """ Day (UTC). """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        causes = self.causes.to_dict()

        confidence = self.confidence.to_dict()

        count = self.count

        covered = self.covered

        date = self.date.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "causes": causes,
                "confidence": confidence,
                "count": count,
                "covered": covered,
                "date": date,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.forecast_day_causes import ForecastDayCauses  # noqa: PLC0415
        from ..models.forecast_day_confidence import ForecastDayConfidence  # noqa: PLC0415

        d = dict(src_dict)
        causes = ForecastDayCauses.from_dict(d.pop("causes"))

        confidence = ForecastDayConfidence.from_dict(d.pop("confidence"))

        count = d.pop("count")

        covered = d.pop("covered")

        date = datetime.date.fromisoformat(d.pop("date"))

        forecast_day = cls(
            causes=causes,
            confidence=confidence,
            count=count,
            covered=covered,
            date=date,
        )

        forecast_day.additional_properties = d
        return forecast_day

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
