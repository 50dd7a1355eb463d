"""The pages of the queue: what workers do by the clock, what waits for them, and what went wrong."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django_q import admin as queue_admin
from django_q.models import Failure, OrmQ, Schedule, Success
from django_q.tasks import async_task

from broadcaster.admin import words
from broadcaster.admin.base import Admin, ReadOnlyAdmin

for replaced in (Schedule, Success, Failure, OrmQ):  # importing the library's pages has registered them
    if queue_admin.admin.site.is_registered(replaced):
        admin.site.unregister(replaced)


@admin.register(Schedule)
class ScheduledTaskAdmin(ReadOnlyAdmin):
    """What the workers do by the clock. One malformed argument would stop all of them, so nobody edits here."""

    list_display = ("what", "every", "next_run")
    fields = ("what", "every", "next_run")
    empty_title = "No scheduled tasks"
    empty_text = "Broadcasts do not start by themselves: stop Broadcaster and start it again, which makes the schedule."

    @admin.display(description="Task", ordering="func")
    def what(self, schedule: Schedule) -> str:
        """What runs."""
        return task_name(schedule.func)

    @admin.display(description="Runs")
    def every(self, schedule: Schedule) -> str:
        """How often."""
        if schedule.schedule_type == Schedule.MINUTES:
            return "Every minute" if schedule.minutes == 1 else f"Every {schedule.minutes} minutes"
        return str(schedule.get_schedule_type_display())


class QueueAdmin(ReadOnlyAdmin):
    """Tasks: people look at them and may throw them away, since the database knows what there is to do."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As the person's role has it."""
        return bool(Admin.has_delete_permission(self, request, obj))


@admin.register(Failure)
class FailureAdmin(QueueAdmin):
    """Tasks that ended with an error."""

    list_display = ("what", "arguments", "error", "attempt_count", "stopped")
    fields = ("what", "arguments", "error", "attempt_count", "started", "stopped")
    actions = ("run_again",)
    empty_title = "No failures"
    empty_text = "A task that ends with an error is listed here. Its work is taken up again by itself."

    @admin.display(description="Task", ordering="func")
    def what(self, failure: Failure) -> str:
        """What ran."""
        return task_name(failure.func)

    @admin.display(description="Arguments", empty_value=words.NONE)
    def arguments(self, failure: Failure) -> str | None:
        """What it ran on."""
        return ", ".join(map(str, failure.args or ())) or None

    @admin.display(description="Error")
    def error(self, failure: Failure) -> str:
        """The error in one line; its origin in the code stands in the log."""
        return str(failure.result).partition(" : Traceback")[0]

    @admin.action(description="Run again", permissions=["delete"])
    def run_again(self, request: HttpRequest, failures: QuerySet[Failure]) -> None:
        """Queue the tasks once more and forget their failures."""
        for failure in failures:
            async_task(failure.func, *(failure.args or ()), **(failure.kwargs or {}))
            failure.delete()
        messages.success(request, "The tasks are queued again.")


@admin.register(OrmQ)
class QueuedTaskAdmin(QueueAdmin):
    """Tasks that wait for a worker."""

    list_display = ("what", "arguments", "lock")
    fields = ("what", "arguments", "lock")
    empty_title = "The queue is empty"
    empty_text = "Every task has found a worker."

    @admin.display(description="Task")
    def what(self, queued: OrmQ) -> str:
        """What will run."""
        return task_name(str(queued.func()))

    @admin.display(description="Arguments", empty_value=words.NONE)
    def arguments(self, queued: OrmQ) -> str | None:
        """What it will run on."""
        return ", ".join(map(str, queued.args() or ())) or None


def task_name(func: str) -> str:
    """`broadcaster.tasks.run_pump` as "Run pump"."""
    return func.rpartition(".")[2].replace("_", " ").capitalize()
