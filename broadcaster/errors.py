"""What errors have in common that a person is told of: below everything else, since every part refuses something."""


class Explained(Exception):  # noqa: N818
    """Something was not done; `sentence` tells a person why, and what helps."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
