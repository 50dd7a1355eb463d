"""Files as programs post them: multipart bodies, well made and otherwise."""

from typing import Any

from tests.api.calling import Program

BOUNDARY = "wall"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


def part(content: bytes, disposition: str = 'form-data; name="file"; filename="people.csv"', *more: str) -> bytes:
    """A part of a form."""
    head = "\r\n".join([f"--{BOUNDARY}", f"Content-Disposition: {disposition}", *more, "", ""])
    return head.encode("utf-8", "surrogateescape") + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    """The whole form."""
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def field(name: str, value: str) -> bytes:
    """A field that is no file."""
    return part(value.encode("utf-8", "surrogatepass"), f'form-data; name="{name}"')


def upload(program: Program, content: bytes, *, name: str = "people.csv", region: str = "ID") -> Any:
    """The item of a file that the program uploads."""
    file = part(content, f'form-data; name="file"; filename="{name}"')
    return program.post("uploads.json", form(file, field("region", region)), content_type=MULTIPART)
