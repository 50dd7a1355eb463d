"""Whom one can write to: contacts, their groups and fields, in RapidPro's shapes."""
