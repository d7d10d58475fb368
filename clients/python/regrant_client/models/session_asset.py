from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.acting_party import ActingParty, check_acting_party
from ..models.asset_kind import AssetKind, check_asset_kind
from ..models.asset_status import AssetStatus, check_asset_status
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.ending import Ending
    from ..models.reason import Reason


T = TypeVar("T", bound="SessionAsset")


@_attrs_define
class SessionAsset:
    """An asset as a page sees it."""

    id: str
    kind: AssetKind
    reason: Reason
    """ Why something is in its state, and who must act. """
    since: datetime.datetime
    """ When the asset entered this state. """
    state: AssetStatus
    who: ActingParty
    business_id: None | str | Unset = UNSET
    business_name: None | str | Unset = UNSET
    """ Display name of the business; null unless it is registered, too. """
    ending: Ending | None | Unset = UNSET
    name: None | str | Unset = UNSET
    """ Display name. """
    person_id: None | str | Unset = UNSET
    person_name: None | str | Unset = UNSET
    """ Name of that person; null if the Graph API gave none. """
    token_since: datetime.datetime | None | Unset = UNSET
    """ When the token that serves the asset was stored for it, or took over; null if none does. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.ending import Ending  # noqa: PLC0415

        id = self.id

        kind: str = self.kind

        reason = self.reason.to_dict()

        since = self.since.isoformat()

        state: str = self.state

        who: str = self.who

        business_id: None | str | Unset
        if isinstance(self.business_id, Unset):
            business_id = UNSET
        else:
            business_id = self.business_id

        business_name: None | str | Unset
        if isinstance(self.business_name, Unset):
            business_name = UNSET
        else:
            business_name = self.business_name

        ending: dict[str, Any] | None | Unset
        if isinstance(self.ending, Unset):
            ending = UNSET
        elif isinstance(self.ending, Ending):
            ending = self.ending.to_dict()
        else:
            ending = self.ending

        name: None | str | Unset
        if isinstance(self.name, Unset):
            name = UNSET
        else:
            name = self.name

        person_id: None | str | Unset
        if isinstance(self.person_id, Unset):
            person_id = UNSET
        else:
            person_id = self.person_id

        person_name: None | str | Unset
        if isinstance(self.person_name, Unset):
            person_name = UNSET
        else:
            person_name = self.person_name

        token_since: None | str | Unset
        if isinstance(self.token_since, Unset):
            token_since = UNSET
        elif isinstance(self.token_since, datetime.datetime):
            token_since = self.token_since.isoformat()
        else:
            token_since = self.token_since

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "kind": kind,
                "reason": reason,
                "since": since,
                "state": state,
                "who": who,
            }
        )
        if business_id is not UNSET:
            field_dict["business_id"] = business_id
        if business_name is not UNSET:
            field_dict["business_name"] = business_name
        if ending is not UNSET:
            field_dict["ending"] = ending
        if name is not UNSET:
            field_dict["name"] = name
        if person_id is not UNSET:
            field_dict["person_id"] = person_id
        if person_name is not UNSET:
            field_dict["person_name"] = person_name
        if token_since is not UNSET:
            field_dict["token_since"] = token_since

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.ending import Ending  # noqa: PLC0415
        from ..models.reason import Reason  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        kind = check_asset_kind(d.pop("kind"))

        reason = Reason.from_dict(d.pop("reason"))

        since = datetime.datetime.fromisoformat(d.pop("since"))

        state = check_asset_status(d.pop("state"))

        who = check_acting_party(d.pop("who"))

        def _parse_business_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        business_id = _parse_business_id(d.pop("business_id", UNSET))

        def _parse_business_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        business_name = _parse_business_name(d.pop("business_name", UNSET))

        def _parse_ending(data: object) -> Ending | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                ending_type_0 = Ending.from_dict(data)

                return ending_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Ending | None | Unset, data)

        ending = _parse_ending(d.pop("ending", UNSET))

        def _parse_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        name = _parse_name(d.pop("name", UNSET))

        def _parse_person_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        person_id = _parse_person_id(d.pop("person_id", UNSET))

        def _parse_person_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        person_name = _parse_person_name(d.pop("person_name", UNSET))

        def _parse_token_since(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                token_since_type_0 = datetime.datetime.fromisoformat(data)

                return token_since_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        token_since = _parse_token_since(d.pop("token_since", UNSET))

        session_asset = cls(
            id=id,
            kind=kind,
            reason=reason,
            since=since,
            state=state,
            who=who,
            business_id=business_id,
            business_name=business_name,
            ending=ending,
            name=name,
            person_id=person_id,
            person_name=person_name,
            token_since=token_since,
        )

        session_asset.additional_properties = d
        return session_asset

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
