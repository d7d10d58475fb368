from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.plan_assets import PlanAssets
    from ..models.plan_coverage import PlanCoverage


T = TypeVar("T", bound="PlannedPerson")


@_attrs_define
class PlannedPerson:
    """A person to ask."""

    assets: PlanAssets
    """ Assets of a plan. """
    first_end: datetime.datetime | None
    """ When the first of them ends; null if all of them have stopped working. """
    id: str
    is_work_account: bool | None
    """ Whether it is a managed account; null if the Graph API did not say. """
    name: None | str
    """ Name; null if the Graph API gave none. """
    needs_other_account: int
    """ Number of them for which the person must log in with another account: a cut-off ends, or has ended, the
    access of
    this one. """
    only_by_person: int
    """ Number of assets that no other known person can cover. """
    stopped: int
    """ Number of them that have stopped working. """
    without_person: PlanCoverage
    """ What a plan covers if one of its persons does not act. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        assets = self.assets.to_dict()

        first_end: None | str
        if isinstance(self.first_end, datetime.datetime):
            first_end = self.first_end.isoformat()
        else:
            first_end = self.first_end

        id = self.id

        is_work_account: bool | None
        is_work_account = self.is_work_account

        name: None | str
        name = self.name

        needs_other_account = self.needs_other_account

        only_by_person = self.only_by_person

        stopped = self.stopped

        without_person = self.without_person.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "assets": assets,
                "first_end": first_end,
                "id": id,
                "is_work_account": is_work_account,
                "name": name,
                "needs_other_account": needs_other_account,
                "only_by_person": only_by_person,
                "stopped": stopped,
                "without_person": without_person,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.plan_assets import PlanAssets  # noqa: PLC0415
        from ..models.plan_coverage import PlanCoverage  # noqa: PLC0415

        d = dict(src_dict)
        assets = PlanAssets.from_dict(d.pop("assets"))

        def _parse_first_end(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                first_end_type_0 = datetime.datetime.fromisoformat(data)

                return first_end_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        first_end = _parse_first_end(d.pop("first_end"))

        id = d.pop("id")

        def _parse_is_work_account(data: object) -> bool | None:
            if data is None:
                return data
            return cast(bool | None, data)

        is_work_account = _parse_is_work_account(d.pop("is_work_account"))

        def _parse_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        name = _parse_name(d.pop("name"))

        needs_other_account = d.pop("needs_other_account")

        only_by_person = d.pop("only_by_person")

        stopped = d.pop("stopped")

        without_person = PlanCoverage.from_dict(d.pop("without_person"))

        planned_person = cls(
            assets=assets,
            first_end=first_end,
            id=id,
            is_work_account=is_work_account,
            name=name,
            needs_other_account=needs_other_account,
            only_by_person=only_by_person,
            stopped=stopped,
            without_person=without_person,
        )

        planned_person.additional_properties = d
        return planned_person

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
