"""What a person gets who exports a list: the files, and their rows."""

import csv
import io
from typing import Any

from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook


def address(model: str, *, excel: bool = False) -> str:
    return reverse(f"admin:{model if '_' in model else f'broadcaster_{model}'}_export{'_excel' if excel else ''}")


def fetched(client: Client, model: str, *, excel: bool = False, **query: str) -> Any:
    """The answer, read to its end: that closes the file, and the database's cursor."""
    response: Any = client.get(address(model, excel=excel), query)
    response.body = b"".join(response.streaming_content) if response.streaming else response.content
    return response


def csv_file(client: Client, model: str, **query: str) -> bytes:
    return body(fetched(client, model, excel=False, **query))


def csv_rows(client: Client, model: str, **query: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(csv_file(client, model, **query).decode("utf-8-sig"))))


def excel_file(client: Client, model: str, **query: str) -> bytes:
    return body(fetched(client, model, excel=True, **query))


def excel_rows(client: Client, model: str, **query: str) -> list[tuple[Any, ...]]:
    book = load_workbook(io.BytesIO(excel_file(client, model, **query)))
    return list(book.worksheets[0].iter_rows(values_only=True))


def body(response: Any) -> bytes:
    assert response.status_code == 200
    content: bytes = response.body
    return content
