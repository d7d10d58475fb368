from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.confidence import Confidence, check_confidence
from ..models.fact_name import FactName, check_fact_name
from ..models.fact_source import FactSource, check_fact_source

T = TypeVar("T", bound="Fact")


@_attrs_define
class Fact:
    """Something that is known about an asset or its token. What a probe of the asset showed later outranks it."""

    at: datetime.datetime | None
    """ Date that the fact names; null for facts that are no dates. """
    confidence: Confidence
    name: FactName
    observed_at: datetime.datetime
    """ When it was observed. """
    source: FactSource
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        at: None | str
        if isinstance(self.at, datetime.datetime):
            at = self.at.isoformat()
        else:
            at = self.at

        confidence: str = self.confidence

        name: str = self.name

        observed_at = self.observed_at.isoformat()

        source: str = self.source

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "at": at,
                "confidence": confidence,
                "name": name,
                "observed_at": observed_at,
                "source": source,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                at_type_0 = datetime.datetime.fromisoformat(data)

                return at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        at = _parse_at(d.pop("at"))

        confidence = check_confidence(d.pop("confidence"))

        name = check_fact_name(d.pop("name"))

        observed_at = datetime.datetime.fromisoformat(d.pop("observed_at"))

        source = check_fact_source(d.pop("source"))

        fact = cls(
            at=at,
            confidence=confidence,
            name=name,
            observed_at=observed_at,
            source=source,
        )

        fact.additional_properties = d
        return fact

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
