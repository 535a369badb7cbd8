"""Read by The Littlest JupyterHub, in which `c` is the hub's configuration: deploy/tljh.md."""

# The default of 30 s is too short where many servers start at once.
c.Spawner.http_timeout = 120  # noqa: F821
