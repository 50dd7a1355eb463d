"""The soak itself, for `tests.faults.soak`: a site, a broadcast, the plan, and the verdict in plain sentences."""

import argparse
import sys
import time
from collections.abc import Callable

from django.test.utils import setup_databases, teardown_databases

from broadcaster.models import Broadcast
from tests.audiences import demo_channel, draft, imported, messy_csv, send_now
from tests.faults.killing import Course, Killing, Plan, most_unknown, problems
from tests.faults.servers import PostgresServer, RedisServer
from tests.running import Site
from tests.simulating import Simulator

AWAY_S = 5.0  # how long a server is away
SKEW_S = "2"
MEMORY_GOAL_MB = 200
COST_GOAL = 1.1

Server = RedisServer | PostgresServer


def soak(options: argparse.Namespace, server: Server | None) -> int:
    """Send, disturb, compare; the exit status."""
    plan = Plan(
        messages=options.messages,
        kills=options.kills,
        seed=options.seed,
        concurrency=options.concurrency,
        workers=options.workers,
        calm=0.1 if options.kills else 0.0,
        patience_s=options.patience_s,
    )
    tell(f"{plan.messages} messages, {plan.kills} kills, seed {plan.seed}")
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        with Simulator.start(latency_ms=options.latency_ms, receipt_delay_ms=3_600_000) as simulator:
            return carried_out(plan, simulator, options.outage, server)
    finally:
        teardown_databases(databases, verbosity=0)


def carried_out(plan: Plan, simulator: Simulator, outage: str | None, server: Server | None) -> int:
    """The plan on a site of its own, and the verdict; the exit status."""
    channel, template = demo_channel("kaleyra", simulator.url, concurrency=plan.concurrency, rate_per_second=10_000)
    broadcast = draft(imported(messy_csv(plan.messages)), channel, template)
    tell("imported")
    environment = {"LOG_LEVEL": "CRITICAL"}
    with Site(simulator, workers=plan.workers, environment=environment) as site:
        if outage == "clock":
            second_host(site)
        send_now(broadcast)
        killing = Killing(plan, site, broadcast, tell=tell, outage=outage_of(server))
        try:
            course = killing.run()
        except AssertionError as stuck:
            tell(f"NOT KEPT: {stuck}")
            return 1
    return verdict(plan, course, broadcast, simulator)


def second_host(site: Site) -> None:
    """Another cluster, on a host whose clock is fast."""
    first = site.workers
    site.environment["CLOCK_SKEW_S"] = SKEW_S
    site.start_workers()
    del site.environment["CLOCK_SKEW_S"]
    site.workers = first


def outage_of(server: Server | None) -> Callable[[], None] | None:
    """Stop the server, let some time pass, and start it again."""
    if server is None:
        return None

    def outage() -> None:
        server.stop()
        tell(f"{type(server).__name__} is gone")
        time.sleep(AWAY_S)  # how long it is away is the test's choice
        server.start()
        tell(f"{type(server).__name__} is back")

    return outage


def verdict(plan: Plan, course: Course, broadcast: Broadcast, simulator: Simulator) -> int:
    """Print what was found and measured; the exit status."""
    found = problems(broadcast, simulator, unknown_at_most=most_unknown(plan, course))
    first, last = course.ms_per_message(0.0, 0.1), course.ms_per_message(0.89, 0.99)
    memory = course.highest_rss_kb / 1024
    tell(f"kills: {dict(course.kills)}, clusters started: {course.clusters_started}")
    tell(f"unknown: {broadcast.messages.filter(state='unknown').count()} of at most {most_unknown(plan, course)}")
    tell(f"memory: {memory:.0f} MB in the largest process (goal: under {MEMORY_GOAL_MB})")
    tell(f"cost: {first:.2f} ms a message in the first tenth, {last:.2f} in the last: {last / first:.2f} times")
    tell(f"(goal: at most {COST_GOAL} times, without kills)")
    tell("NOT KEPT: " + "; ".join(found) if found else "The promise was kept: nothing twice, nothing lost.")
    return 1 if found else 0


def tell(sentence: str) -> None:
    """Print at once, for a soak takes long."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {sentence}\n")
    sys.stdout.flush()
