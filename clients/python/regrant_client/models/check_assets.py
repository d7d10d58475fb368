from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="CheckAssets")


@_attrs_define
class CheckAssets:
    """Assets to check, at most 500."""

    asset_ids: list[str]
    """ Graph ids of the assets. """
    wait_seconds: int | Unset = 10
    """ How long the call waits for the results, in seconds. """

    def to_dict(self) -> dict[str, Any]:
        asset_ids = self.asset_ids

        wait_seconds = self.wait_seconds

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "asset_ids": asset_ids,
            }
        )
        if wait_seconds is not UNSET:
            field_dict["wait_seconds"] = wait_seconds

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        asset_ids = cast(list[str], d.pop("asset_ids"))

        wait_seconds = d.pop("wait_seconds", UNSET)

        check_assets = cls(
            asset_ids=asset_ids,
            wait_seconds=wait_seconds,
        )

        return check_assets
