"""When things run: the cycle as a Prefect flow, deployments and the `danvan` command."""
