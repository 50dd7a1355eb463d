"""What a provider should never send, and one day will."""

import ast
import re
import sys
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

import providers

GARBAGE = {
    "nothing": b"",
    "null": b"null",
    "a number": b"1e999",
    "an empty list": b"[]",
    "a list of lists": b"[[[[]]]]",
    "an empty object": b"{}",
    "text": b"OK",
    "a page": b"<html><body>It works!</body></html>",
    "half of an object": b'{"status":',
    "binary": bytes(range(256)),
    "deep nesting": b"[" * 100_000,
    "huge": b'{"data":"' + b"x" * 2_000_000 + b'"}',
    "a huge number": b'{"id":' + b"9" * 5_000 + b"}",
    "nulls where objects belong": b'{"data":null,"response":null,"error":null,"id":null,"status":null}',
    "lists where objects belong": b'{"data":[],"response":[],"error":[],"id":[],"status":[]}',
    "texts where objects belong": b'{"data":"x","response":"x","error":"x","id":{},"status":"x"}',
}

# Words that lead past the first question of a reader, and the longest that may be an identifier.
WORDS = st.sampled_from(
    [
        *("inbound", "action", "messages", "delivered", "sent", "read", "failed", "Success", "ok", "APPROVED", "TEXT"),
        *("1001", "7519", "ANSWERED", "msisdn", "+6281527975868", "STOP", "2026-05-01T00:00:00Z", "9" * 128, "\ud800"),
    ]
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | WORDS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("status", "data", "id", "code", "message_id", "message", "error", "response", "transid", "urns"),
                    *("broadcast_job_id", "broadcast_logs", "broadcast_file_id", "current_balance", "notes", "type"),
                    *("meta_object", "value", "statuses", "messages", "extra_info", "ref", "errors", "from", "payload"),
                    *("deliveryInfoNotification", "deliveryInfo", "correlationid", "destination", "originator"),
                    *("timestamp", "recipient_id", "timeStamp", "results", "next", "urn", "phone_number", "text"),
                    *("name", "language", "components", "format", "buttons", "category", "templates", "balance"),
                    *("uuid", "count", "total", "paging", "meta", "query", "segments", "state", "body", "verifyToken"),
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
NAME = re.compile(r"[A-Za-z_]\w{0,30}\Z")


def names_in(kind: str) -> list[str]:
    """Every word in the adapter's own source that can be a key or a code of its provider's."""
    module = sys.modules[providers.client_class(kind).__module__]
    path = Path(str(module.__file__))
    trees = [ast.parse(part.read_text()) for part in (path, *path.parent.glob(f"_{kind}_*.py"))]
    constants = {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    return sorted(word for word in constants if isinstance(word, str) and NAME.match(word))


STATUSES = st.sampled_from([200, 201, 202, 204, 302, 400, 401, 404, 413, 418, 429, 500, 502, 503, 599])
# A machine that is busy with other tests is slow, which says nothing about the code.
any_answer = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
