"""Answers of the API about files of people as they come, shown in its description."""

from typing import Any

Object = dict[str, Any]

UPLOAD: Object = {
    "uuid": "fb412c7c-5585-4d5e-b416-ac97873ee4ee",
    "filename": "people.csv",
    "state": "imported",
    "size": 74,
    "dialect": {"format": "csv", "encoding": "utf-8", "delimiter": ",", "sheet": "", "header_row": True},
    "headers": ["Name", "Phone", "Amount"],
    "mapping": {
        "Name": {"role": "name", "key": "name"},
        "Phone": {"role": "phone", "key": "phone"},
        "Amount": {"role": "row", "key": "amount"},
    },
    "region": "ID",
    "group": {"uuid": "6816f362-fbac-4df4-8924-ed839bd76afc", "name": "June"},
    "totals": {
        "rows": 3,
        "expected": 3,
        "new": 1,
        "updated": 0,
        "unchanged": 1,
        "duplicate": 0,
        "invalid": 1,
        "suppressed": 0,
        "fixed_line": 0,
        "removed": 0,
    },
    "rate": None,
    "seconds_left": None,
    "error": "",
    "created_on": "2026-03-02T17:28:12.123456Z",
    "started_on": "2026-03-02T17:28:12.123456Z",
    "finished_on": "2026-03-02T17:28:12.123456Z",
    "author": "Night job",
    "preview": None,
}
WAITING: Object = UPLOAD | {
    "state": "uploaded",
    "group": None,
    "totals": {
        "rows": 0,
        "expected": 0,
        "new": 0,
        "updated": 0,
        "unchanged": 0,
        "duplicate": 0,
        "invalid": 0,
        "suppressed": 0,
        "fixed_line": 0,
        "removed": 0,
    },
    "started_on": None,
    "finished_on": None,
    "preview": [
        {"number": 2, "values": ["Ann", "0812-3456-789", "120"], "urn": "tel:+628123456789", "reason": ""},
        {"number": 3, "values": ["Budi", "0812-3456-780", "80"], "urn": "tel:+628123456780", "reason": ""},
        {
            "number": 4,
            "values": ["Citra", "12", "95"],
            "urn": None,
            "reason": "The number is too short: digits or the area code are missing.",
        },
    ],
}
IMPORTING: Object = UPLOAD | {
    "state": "importing",
    "totals": {
        "rows": 0,
        "expected": 3,
        "new": 0,
        "updated": 0,
        "unchanged": 0,
        "duplicate": 0,
        "invalid": 0,
        "suppressed": 0,
        "fixed_line": 0,
        "removed": 0,
    },
    "finished_on": None,
}
LISTED: Object = {name: value for name, value in UPLOAD.items() if name != "preview"}
REJECTED: Object = {
    "number": 4,
    "reason": "The number is too short: digits or the area code are missing.",
    "code": "too_short",
    "values": ["Citra", "12", "95"],
}
