"""What the launcher says to the person at the terminal."""


class LaunchError(Exception):
    """A reason to stop, as a sentence that says what to do."""


def say(line: str = "") -> None:
    """Print a line at once: whoever reads through a pipe must not wait for a full buffer."""
    print(line, flush=True)


def tail(text: str, lines: int = 8) -> str:
    """Return the last lines that are not blank, indented to stand below a sentence."""
    written = [line.rstrip() for line in text.splitlines() if line.strip()]
    return "\n".join(f"    {line}" for line in written[-lines:])
