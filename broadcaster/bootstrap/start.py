"""From a checkout to a running system: prepare, then web server, workers and simulator until somebody says stop."""

import time

from broadcaster.bootstrap import ports
from broadcaster.bootstrap.console import LaunchError, say
from broadcaster.bootstrap.environment import ensure_environment
from broadcaster.bootstrap.locks import running_lock
from broadcaster.bootstrap.prepare import first_login, prepare
from broadcaster.bootstrap.processes import Processes
from broadcaster.bootstrap.project import Project
from broadcaster.bootstrap.site import LOOPBACK, Site
from broadcaster.bootstrap.supervisor import Service, Supervisor

ANSWER_LIMIT_S = 60.0
LOOK_S = 0.2
WEB_WORKERS, WEB_THREADS = 2, 8


def start(project: Project, *, host: str = LOOPBACK, port: int | None = None, empty: bool = False) -> int:
    """Prepare and run until Ctrl-C or SIGTERM; the exit status is 0 then. Raises `LaunchError`."""
    ports.choose_port(host, port)  # a taken port is told now, not after a minute of installing
    with running_lock(project.data) as lock, Processes(project.root, keep_open=[lock]) as processes:
        ensure_environment(project, processes)
        site = Site(host, ports.choose_port(host, port), None if empty else _simulator_port(project))
        prepare(project, processes, site)
        supervisor = Supervisor(processes, services(project, site))
        try:
            supervisor.start()
            _wait_for_answers(supervisor, project, site)
            _announce(project, site)
            _tend(supervisor)
        except KeyboardInterrupt:
            say("\nStopping; work in hand is finished first, for 20 seconds at most ...")
    say("Stopped.")
    return 0


def setup(project: Project) -> int:
    """Prepare environment, keys and database without demo data, and say how to log in."""
    with Processes(project.root) as processes:
        ensure_environment(project, processes)
        prepare(project, processes)
    say(f"Environment, keys and database are ready.\n{first_login(project)}")
    return 0


def services(project: Project, site: Site) -> list[Service]:
    """Return what runs: web server and workers, and the simulator where the site has one."""
    web = [str(project.python), "-m", "gunicorn", "broadcaster.wsgi", "--bind", site.binding]
    web += ["--worker-class", "gthread", "--workers", str(WEB_WORKERS), "--threads", str(WEB_THREADS)]
    commands = {"web server": web, "workers": [*project.manage, "qcluster"]}
    if site.simulator_port:
        commands["simulator"] = [*project.manage, "simulator", "--port", str(site.simulator_port)]
    environment = site.environment(project)
    return [
        Service(name, command, project.logs / f"{name.split()[0]}.log", environment)
        for name, command in commands.items()
    ]


def _wait_for_answers(supervisor: Supervisor, project: Project, site: Site) -> None:
    for name, url in (("simulator", site.simulator_url), ("web server", site.local_url)):
        if url and not ports.wait_until_answers(url, limit_s=ANSWER_LIMIT_S, meanwhile=supervisor.tend):
            logs = f"its log is in {project.logs}"
            raise LaunchError(f"The {name} does not answer at {url} within {ANSWER_LIMIT_S:g} seconds; {logs}.")


def _announce(project: Project, site: Site) -> None:
    say(f"\nBroadcaster is running: {site.public_url(project)}\n{first_login(project)}")
    if site.simulator_url:
        say(f"What arrives on the demo's phones: {site.simulator_url}")
    say(f"Logs: {project.logs}. Ctrl-C stops everything and keeps the data.")


def _tend(supervisor: Supervisor) -> None:
    while True:
        supervisor.tend()
        time.sleep(LOOK_S)


def _simulator_port(project: Project) -> int:
    return ports.kept_port(project.data / "simulator-port", LOOPBACK, ports.SIMULATOR)
