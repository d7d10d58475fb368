from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.cut_off_note_source import CutOffNoteSource, check_cut_off_note_source

T = TypeVar("T", bound="CutOffNote")


@_attrs_define
class CutOffNote:
    """One entry in the history of a cut-off."""

    at: datetime.datetime | None
    """ The cut-off; null if Meta no longer reports one. """
    learned_at: datetime.datetime
    """ When Regrant learned it. """
    person_id: None | str
    source: CutOffNoteSource
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        at: None | str
        if isinstance(self.at, datetime.datetime):
            at = self.at.isoformat()
        else:
            at = self.at

        learned_at = self.learned_at.isoformat()

        person_id: None | str
        person_id = self.person_id

        source: str = self.source

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "at": at,
                "learned_at": learned_at,
                "person_id": person_id,
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

        learned_at = datetime.datetime.fromisoformat(d.pop("learned_at"))

        def _parse_person_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        person_id = _parse_person_id(d.pop("person_id"))

        source = check_cut_off_note_source(d.pop("source"))

        cut_off_note = cls(
            at=at,
            learned_at=learned_at,
            person_id=person_id,
            source=source,
        )

        cut_off_note.additional_properties = d
        return cut_off_note

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
