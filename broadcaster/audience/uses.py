"""The broadcasts of an uploaded file: a draft can lose it, and while there is any other the file stays as it is."""

from django.db.models import QuerySet

from broadcaster.models import AudienceUpload, Broadcast


def drafts(upload: AudienceUpload) -> QuerySet[Broadcast]:
    """Those that nobody has confirmed yet."""
    return Broadcast.objects.filter(upload=upload, state=Broadcast.State.DRAFT)


def confirmed(upload: AudienceUpload) -> QuerySet[Broadcast]:
    """Those that go or went to the people of the file."""
    return Broadcast.objects.filter(upload=upload).exclude(state=Broadcast.State.DRAFT)
