"""A file of ours as an answer: saved rather than opened, and never taken for anything but what its first bytes said."""

from django.http import FileResponse, Http404

from broadcaster.models import MediaFile


def response(file: MediaFile) -> FileResponse:
    """The file itself. Raises Http404 where it is gone from the disk."""
    try:
        opened = file.file.open("rb")
    except OSError as error:
        raise Http404 from error
    answer = FileResponse(opened, as_attachment=True, filename=file.name, content_type=file.content_type)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer
