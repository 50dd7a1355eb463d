"""A page as a person reads it: its text and its titles, without scripts, styles, addresses and the names of icons."""

from html.parser import HTMLParser

UNSEEN = ("script", "style")
ICON = "material-symbols-outlined"


class Reader(HTMLParser):
    """Collects the words of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._unseen = 0
        self._icon = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in UNSEEN
        self._icon = ICON in (dict(attrs).get("class") or "")
        self.words += [
            value for name, value in attrs if value and name in ("title", "alt", "aria-label", "placeholder")
        ]

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in UNSEEN
        self._icon = False

    def handle_data(self, data: str) -> None:
        if not self._unseen and not self._icon:
            self.words.append(data)


def visible(html: str) -> str:
    reader = Reader()
    reader.feed(html)
    return " ".join(" ".join(reader.words).split())
