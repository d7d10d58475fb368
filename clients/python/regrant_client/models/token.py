from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.acting_party import ActingParty, check_acting_party
from ..models.asset_status import AssetStatus, check_asset_status
from ..models.credential_kind import CredentialKind, check_credential_kind

if TYPE_CHECKING:
    from ..models.ending import Ending
    from ..models.reason import Reason


T = TypeVar("T", bound="Token")


@_attrs_define
class Token:
    """A token that serves an asset."""

    access_token: str
    """ Text of the token. """
    appsecret_proof: None | str
    """ `appsecret_proof` for calls to the Graph API, hex; null until a probe has proved the token on the asset. """
    appsecret_time: int | None
    """ Time of the proof in Unix seconds; it is valid for five minutes. Null where there is no proof. """
    asset_id: str
    data_access_expires_at: datetime.datetime | None
    """ When data access expires; null if it does not. """
    ending: Ending | None
    expires_at: datetime.datetime | None
    """ When the token expires; null if it does not. """
    kind: CredentialKind
    next_check_at: datetime.datetime | None
    """ Time of the next probe; null if none is planned. """
    person_id: None | str
    reason: Reason
    """ Why something is in its state, and who must act. """
    since: datetime.datetime
    """ When the asset entered this state. """
    state: AssetStatus
    who: ActingParty
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.ending import Ending  # noqa: PLC0415

        access_token = self.access_token

        appsecret_proof: None | str
        appsecret_proof = self.appsecret_proof

        appsecret_time: int | None
        appsecret_time = self.appsecret_time

        asset_id = self.asset_id

        data_access_expires_at: None | str
        if isinstance(self.data_access_expires_at, datetime.datetime):
            data_access_expires_at = self.data_access_expires_at.isoformat()
        else:
            data_access_expires_at = self.data_access_expires_at

        ending: dict[str, Any] | None
        if isinstance(self.ending, Ending):
            ending = self.ending.to_dict()
        else:
            ending = self.ending

        expires_at: None | str
        if isinstance(self.expires_at, datetime.datetime):
            expires_at = self.expires_at.isoformat()
        else:
            expires_at = self.expires_at

        kind: str = self.kind

        next_check_at: None | str
        if isinstance(self.next_check_at, datetime.datetime):
            next_check_at = self.next_check_at.isoformat()
        else:
            next_check_at = self.next_check_at

        person_id: None | str
        person_id = self.person_id

        reason = self.reason.to_dict()

        since = self.since.isoformat()

        state: str = self.state

        who: str = self.who

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "access_token": access_token,
                "appsecret_proof": appsecret_proof,
                "appsecret_time": appsecret_time,
                "asset_id": asset_id,
                "data_access_expires_at": data_access_expires_at,
                "ending": ending,
                "expires_at": expires_at,
                "kind": kind,
                "next_check_at": next_check_at,
                "person_id": person_id,
                "reason": reason,
                "since": since,
                "state": state,
                "who": who,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.ending import Ending  # noqa: PLC0415
        from ..models.reason import Reason  # noqa: PLC0415

        d = dict(src_dict)
        access_token = d.pop("access_token")

        def _parse_appsecret_proof(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        appsecret_proof = _parse_appsecret_proof(d.pop("appsecret_proof"))

        def _parse_appsecret_time(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        appsecret_time = _parse_appsecret_time(d.pop("appsecret_time"))

        asset_id = d.pop("asset_id")

        def _parse_data_access_expires_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                data_access_expires_at_type_0 = datetime.datetime.fromisoformat(data)

                return data_access_expires_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        data_access_expires_at = _parse_data_access_expires_at(d.pop("data_access_expires_at"))

        def _parse_ending(data: object) -> Ending | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                ending_type_0 = Ending.from_dict(data)

                return ending_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Ending | None, data)

        ending = _parse_ending(d.pop("ending"))

        def _parse_expires_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                expires_at_type_0 = datetime.datetime.fromisoformat(data)

                return expires_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        expires_at = _parse_expires_at(d.pop("expires_at"))

        kind = check_credential_kind(d.pop("kind"))

        def _parse_next_check_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                next_check_at_type_0 = datetime.datetime.fromisoformat(data)

                return next_check_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        next_check_at = _parse_next_check_at(d.pop("next_check_at"))

        def _parse_person_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        person_id = _parse_person_id(d.pop("person_id"))

        reason = Reason.from_dict(d.pop("reason"))

        since = datetime.datetime.fromisoformat(d.pop("since"))

        state = check_asset_status(d.pop("state"))

        who = check_acting_party(d.pop("who"))

        token = cls(
            access_token=access_token,
            appsecret_proof=appsecret_proof,
            appsecret_time=appsecret_time,
            asset_id=asset_id,
            data_access_expires_at=data_access_expires_at,
            ending=ending,
            expires_at=expires_at,
            kind=kind,
            next_check_at=next_check_at,
            person_id=person_id,
            reason=reason,
            since=since,
            state=state,
            who=who,
        )

        token.additional_properties = d
        return token

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
