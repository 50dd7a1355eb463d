"""The Django project and its only app: from a spreadsheet to delivered messages."""
