"""Pages for people: one module for each model, and the journey of a broadcast."""

from broadcaster.admin import broadcast, message, system, work_queue

__all__ = ["broadcast", "message", "system", "work_queue"]
