from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="SessionRefresh")


@_attrs_define
class SessionRefresh:
    """How to refresh a session."""

    minutes: int | Unset = 15
    """ Lifetime of the session from now on, in minutes. """
    overlap_seconds: int | Unset = 0
    """ How long the token before stays valid, in seconds. """

    def to_dict(self) -> dict[str, Any]:
        minutes = self.minutes

        overlap_seconds = self.overlap_seconds

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if minutes is not UNSET:
            field_dict["minutes"] = minutes
        if overlap_seconds is not UNSET:
            field_dict["overlap_seconds"] = overlap_seconds

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        minutes = d.pop("minutes", UNSET)

        overlap_seconds = d.pop("overlap_seconds", UNSET)

        session_refresh = cls(
            minutes=minutes,
            overlap_seconds=overlap_seconds,
        )

        return session_refresh
