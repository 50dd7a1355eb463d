"""A clock of 24 hours and short months: broadcasts go out by the minute, and "12:00 a.m." is read both ways."""

DATE_FORMAT = "j M Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "j M Y, H:i"
