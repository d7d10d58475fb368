from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.plan_assets import PlanAssets
    from ..models.planned_person import PlannedPerson


T = TypeVar("T", bound="ReconnectPlan")


@_attrs_define
class ReconnectPlan:
    """Whom to ask to log in, so that all assets at risk keep working."""

    at_least: int
    """ No set of fewer persons can cover as many assets. """
    at_risk: int
    """ Number of assets at risk: they end in this time and neither a standby nor a refresh covers the ending, or
    they have
    stopped working. """
    covered: int
    """ Number of these assets that the persons of the plan can cover. """
    generated_at: datetime.datetime
    """ Time of the data. """
    is_minimal: bool
    """ Whether the plan has the smallest possible number of persons: then `at_least` is that number. """
    persons: list[PlannedPerson]
    """ Persons to ask, the most urgent first. """
    uncovered: PlanAssets
    """ Assets of a plan. """
    until: datetime.datetime
    """ Assets that end before this time are at risk. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        at_least = self.at_least

        at_risk = self.at_risk

        covered = self.covered

        generated_at = self.generated_at.isoformat()

        is_minimal = self.is_minimal

        persons = []
        for persons_item_data in self.persons:
            persons_item = persons_item_data.to_dict()
            persons.append(persons_item)

        uncovered = self.uncovered.to_dict()

        until = self.until.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "at_least": at_least,
                "at_risk": at_risk,
                "covered": covered,
                "generated_at": generated_at,
                "is_minimal": is_minimal,
                "persons": persons,
                "uncovered": uncovered,
                "until": until,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.plan_assets import PlanAssets  # noqa: PLC0415
        from ..models.planned_person import PlannedPerson  # noqa: PLC0415

        d = dict(src_dict)
        at_least = d.pop("at_least")

        at_risk = d.pop("at_risk")

        covered = d.pop("covered")

        generated_at = datetime.datetime.fromisoformat(d.pop("generated_at"))

        is_minimal = d.pop("is_minimal")

        persons = []
        _persons = d.pop("persons")
        for persons_item_data in _persons:
            persons_item = PlannedPerson.from_dict(persons_item_data)

            persons.append(persons_item)

        uncovered = PlanAssets.from_dict(d.pop("uncovered"))

        until = datetime.datetime.fromisoformat(d.pop("until"))

        reconnect_plan = cls(
            at_least=at_least,
            at_risk=at_risk,
            covered=covered,
            generated_at=generated_at,
            is_minimal=is_minimal,
            persons=persons,
            uncovered=uncovered,
            until=until,
        )

        reconnect_plan.additional_properties = d
        return reconnect_plan

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
