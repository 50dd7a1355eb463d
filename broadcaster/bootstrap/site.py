"""Where one running system is found: host and ports, and the settings that follow from them."""

import socket
from dataclasses import dataclass

from broadcaster.bootstrap import ports
from broadcaster.bootstrap.project import Project

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Site:
    """The web server's host and port, and the simulator's port on loopback where there is one."""

    host: str = LOOPBACK
    port: int = ports.WEB
    simulator_port: int | None = None

    @property
    def binding(self) -> str:
        """What the web server is told to listen on."""
        return ports.address(self.host, self.port)

    @property
    def local_url(self) -> str:
        """Where this machine reaches the web server."""
        host = LOOPBACK if self.host in ports.WILDCARDS else self.host
        return f"http://{ports.address(host, self.port)}"

    @property
    def simulator_url(self) -> str | None:
        """Where the demo channels send to."""
        return f"http://{LOOPBACK}:{self.simulator_port}" if self.simulator_port else None

    def environment(self, project: Project) -> dict[str, str]:
        """Return the settings of the children. What a person has set stays as it is."""
        reachable = ports.reachable_host(self.host)
        defaults = {
            "PUBLIC_URL": f"http://{ports.address(reachable, self.port)}",
            "ALLOWED_HOSTS": ",".join(dict.fromkeys((LOOPBACK, "localhost", reachable, socket.gethostname()))),
        }
        simulator = {"SIMULATOR_URL": self.simulator_url} if self.simulator_url else {}
        return project.unless_set(defaults) | simulator | {"PYTHONUNBUFFERED": "1"}

    def public_url(self, project: Project) -> str:
        """Return the address to print: the person's own PUBLIC_URL, or the one made from host and port."""
        return project.settings.get("PUBLIC_URL") or self.environment(project)["PUBLIC_URL"]
