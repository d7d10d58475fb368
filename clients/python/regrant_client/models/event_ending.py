from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.acting_party import ActingParty, check_acting_party
from ..models.confidence import Confidence, check_confidence
from ..models.ending_cause import EndingCause, check_ending_cause

T = TypeVar("T", bound="EventEnding")


@_attrs_define
class EventEnding:
    """The earliest known date on which an asset stops working."""

    at: datetime.datetime
    """ Time of the ending. """
    cause: EndingCause
    confidence: Confidence
    since: datetime.datetime
    """ Since when the ending is known. """
    who: ActingParty
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        at = self.at.isoformat()

        cause: str = self.cause

        confidence: str = self.confidence

        since = self.since.isoformat()

        who: str = self.who

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "at": at,
                "cause": cause,
                "confidence": confidence,
                "since": since,
                "who": who,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        at = datetime.datetime.fromisoformat(d.pop("at"))

        cause = check_ending_cause(d.pop("cause"))

        confidence = check_confidence(d.pop("confidence"))

        since = datetime.datetime.fromisoformat(d.pop("since"))

        who = check_acting_party(d.pop("who"))

        event_ending = cls(
            at=at,
            cause=cause,
            confidence=confidence,
            since=since,
            who=who,
        )

        event_ending.additional_properties = d
        return event_ending

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
