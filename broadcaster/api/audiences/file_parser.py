"""A form with a file, which goes straight to the disk, and no further than the limit allows; see `audience.intake`."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import MultiPartParser

from broadcaster.audience.intake import Intake


class FileParser(MultiPartParser):
    """Lets the intake take the file, whoever looks at the form first; `intake.posted_file` tells what it refused."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The form. Raises ParseError; what was on the disk by then is gone."""
        call = (parser_context or {})["request"]
        handler = Intake(call)
        call.upload_handlers = [handler]
        try:
            return super().parse(stream, media_type, parser_context)
        except Exception:
            handler.upload_interrupted()
            raise
