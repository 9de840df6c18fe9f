"""The house can be read from the bottom up: no module leads back to itself."""

from __future__ import annotations

from graphlib import TopologicalSorter

import grimp


def test_no_module_imports_itself_in_a_circle() -> None:
    """Nor by imports inside functions, nor by those that only name types. CycleError names the circle."""
    graph = grimp.build_graph("flows", "sources", "expectations", "warehouse", cache_dir=None)
    imported = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert len(imported) > 200
    TopologicalSorter(imported).prepare()
