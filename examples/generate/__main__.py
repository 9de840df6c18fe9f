"""Write the sample province: `python -m examples.generate [FOLDER]`, by default over `examples/province`."""

from __future__ import annotations

import sys
from pathlib import Path

from examples.generate.province import write

if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "province"
    write(target)
    files = [path for path in target.rglob("*") if path.is_file()]
    print(f"{len(files)} files, {sum(path.stat().st_size for path in files) / 1e6:.2f} MB in {target}")
