"""Text in CSV that somebody opens in a spreadsheet: it is shown as it is, and never run."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0", "＝", "＋", "－", "＠")  # what a spreadsheet may take for a formula


def safe_text(text: str) -> str:
    """The text as a CSV cell: what could start a formula follows an apostrophe, which spreadsheets show as text."""
    return f"'{text}" if text.startswith(_FORMULA) else text
