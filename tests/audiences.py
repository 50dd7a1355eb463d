"""Audience files as operators have them, and the short way from a file to a broadcast."""

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from broadcaster import demo, tasks
from broadcaster.audience import importing, uploads
from broadcaster.audience.spreadsheets import Dialect
from broadcaster.models import AudienceUpload, Broadcast, Channel, Template
from broadcaster.sending import schedule

JUNK = ("", "not a number", "12", "6.28E+12", "0812-ABC")


def phone(number: int) -> str:
    """The E.164 form of the row's phone; from row 100 on, none ends in one of the simulator's magic numbers."""
    ten_thousands, ending = divmod(number, 9_000)
    return f"+62812{100 + ten_thousands:04d}{ending + (100 if ten_thousands else 0):04d}"


def messy_csv(good: int, *, duplicates: int = 0, junk: int = 0) -> bytes:
    """Semicolons, a BOM, Windows line ends, local numbers, then repeated people and rows that reach nobody."""
    lines = ["Nama;No. HP;Kota;Jumlah"]
    lines += [f"Pelanggan {number};0{phone(number)[3:]};Bandung;{number}" for number in range(100, 100 + good)]
    lines += [f"Lagi {number};{phone(number)};Medan;1" for number in range(100, 100 + duplicates)]
    lines += [f"Sampah {number};{JUNK[number % len(JUNK)]};Solo;2" for number in range(junk)]
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()


def uploaded(content: bytes, *, name: str = "audience.csv", region: str = "ID") -> AudienceUpload:
    """The file, received and with its city column kept as a contact field."""
    upload = uploads.receive(SimpleUploadedFile(name, content), region=region)
    mapping = {**upload.mapping}
    if "Kota" in mapping:
        mapping["Kota"] = {"role": "field", "key": "city"}
    uploads.configure(upload, dialect=Dialect(**upload.dialect), mapping=mapping, region=region)
    return upload


def imported(content: bytes, **options: str) -> AudienceUpload:
    """The file, imported in this process."""
    upload = uploaded(content, **options)
    importing.start(upload)
    while importing.import_rows(upload.pk, life_s=60, resumed=True):
        pass
    upload.refresh_from_db()
    return upload


def demo_channel(kind: str, simulator_url: str, **fields: int) -> tuple[Channel, Template]:
    """The demo's channel of this provider and its template, quick enough for a test."""
    sample = next(each for each in demo.CHANNELS if each.kind == kind)
    channel, template = demo.make_channel(sample, simulator_url), demo.make_template(sample)
    Channel.objects.filter(pk=channel.pk).update(**({"rate_per_second": 1_000, "concurrency": 16} | fields))
    channel.refresh_from_db()
    return channel, template


def draft(upload: AudienceUpload, channel: Channel, template: Template) -> Broadcast:
    """A broadcast to everyone in the file."""
    return Broadcast.objects.create(name="Test", channel=channel, template=template, upload=upload)


def send_now(broadcast: Broadcast) -> None:
    """What the confirm button does."""
    schedule.schedule(broadcast, send_at=timezone.now())
    tasks.wake(broadcast)
