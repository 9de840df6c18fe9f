"""Connectors: how a source is reached, one module an access pattern."""
