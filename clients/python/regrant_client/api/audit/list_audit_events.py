import datetime
from http import HTTPStatus
from typing import Any

import httpx

from ...client import AuthenticatedClient, Client
from ...models.list_audit_events_format import ListAuditEventsFormat
from ...models.page_audit_event import PageAuditEvent
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    action: list[str] | Unset = UNSET,
    subject: str | Unset = UNSET,
    from_: datetime.datetime | Unset = UNSET,
    to: datetime.datetime | Unset = UNSET,
    cursor: str | Unset = UNSET,
    limit: int | Unset = UNSET,
    format_: ListAuditEventsFormat | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(d_po_p, Unset):
        headers["DPoP"] = d_po_p

    params: dict[str, Any] = {}

    json_action: list[str] | Unset = UNSET
    if not isinstance(action, Unset):
        json_action = action

    params["action"] = json_action

    params["subject"] = subject

    json_from_: str | Unset = UNSET
    if not isinstance(from_, Unset):
        json_from_ = from_.isoformat()
    params["from"] = json_from_

    json_to: str | Unset = UNSET
    if not isinstance(to, Unset):
        json_to = to.isoformat()
    params["to"] = json_to

    params["cursor"] = cursor

    params["limit"] = limit

    json_format_: str | Unset = UNSET
    if not isinstance(format_, Unset):
        json_format_ = format_

    params["format"] = json_format_

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/audit-events",
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> PageAuditEvent | Problem:
    if response.status_code == 200:
        response_200 = PageAuditEvent.from_dict(response.json())

        return response_200

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())

        return response_401

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())

        return response_422

    response_default = Problem.from_dict(response.json())

    return response_default


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[PageAuditEvent | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    action: list[str] | Unset = UNSET,
    subject: str | Unset = UNSET,
    from_: datetime.datetime | Unset = UNSET,
    to: datetime.datetime | Unset = UNSET,
    cursor: str | Unset = UNSET,
    limit: int | Unset = UNSET,
    format_: ListAuditEventsFormat | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Response[PageAuditEvent | Problem]:
    """List audit events, newest first, or export them, oldest first.

    Args:
        action (list[str] | Unset):
        subject (str | Unset):
        from_ (datetime.datetime | Unset):
        to (datetime.datetime | Unset):
        cursor (str | Unset):
        limit (int | Unset):
        format_ (ListAuditEventsFormat | Unset): The format of an export.
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PageAuditEvent | Problem]
    """

    kwargs = _get_kwargs(
        action=action,
        subject=subject,
        from_=from_,
        to=to,
        cursor=cursor,
        limit=limit,
        format_=format_,
        d_po_p=d_po_p,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    action: list[str] | Unset = UNSET,
    subject: str | Unset = UNSET,
    from_: datetime.datetime | Unset = UNSET,
    to: datetime.datetime | Unset = UNSET,
    cursor: str | Unset = UNSET,
    limit: int | Unset = UNSET,
    format_: ListAuditEventsFormat | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> PageAuditEvent | Problem | None:
    """List audit events, newest first, or export them, oldest first.

    Args:
        action (list[str] | Unset):
        subject (str | Unset):
        from_ (datetime.datetime | Unset):
        to (datetime.datetime | Unset):
        cursor (str | Unset):
        limit (int | Unset):
        format_ (ListAuditEventsFormat | Unset): The format of an export.
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PageAuditEvent | Problem
    """

    return sync_detailed(
        client=client,
        action=action,
        subject=subject,
        from_=from_,
        to=to,
        cursor=cursor,
        limit=limit,
        format_=format_,
        d_po_p=d_po_p,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    action: list[str] | Unset = UNSET,
    subject: str | Unset = UNSET,
    from_: datetime.datetime | Unset = UNSET,
    to: datetime.datetime | Unset = UNSET,
    cursor: str | Unset = UNSET,
    limit: int | Unset = UNSET,
    format_: ListAuditEventsFormat | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Response[PageAuditEvent | Problem]:
    """List audit events, newest first, or export them, oldest first.

    Args:
        action (list[str] | Unset):
        subject (str | Unset):
        from_ (datetime.datetime | Unset):
        to (datetime.datetime | Unset):
        cursor (str | Unset):
        limit (int | Unset):
        format_ (ListAuditEventsFormat | Unset): The format of an export.
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PageAuditEvent | Problem]
    """

    kwargs = _get_kwargs(
        action=action,
        subject=subject,
        from_=from_,
        to=to,
        cursor=cursor,
        limit=limit,
        format_=format_,
        d_po_p=d_po_p,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    action: list[str] | Unset = UNSET,
    subject: str | Unset = UNSET,
    from_: datetime.datetime | Unset = UNSET,
    to: datetime.datetime | Unset = UNSET,
    cursor: str | Unset = UNSET,
    limit: int | Unset = UNSET,
    format_: ListAuditEventsFormat | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> PageAuditEvent | Problem | None:
    """List audit events, newest first, or export them, oldest first.

    Args:
        action (list[str] | Unset):
        subject (str | Unset):
        from_ (datetime.datetime | Unset):
        to (datetime.datetime | Unset):
        cursor (str | Unset):
        limit (int | Unset):
        format_ (ListAuditEventsFormat | Unset): The format of an export.
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PageAuditEvent | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            action=action,
            subject=subject,
            from_=from_,
            to=to,
            cursor=cursor,
            limit=limit,
            format_=format_,
            d_po_p=d_po_p,
        )
    ).parsed
