"""Write the diagrams as files."""

import argparse
from pathlib import Path

from deepmeme.workshop.diagrams import DIAGRAMS, svg


def main() -> None:
    """One file a diagram."""
    parser = argparse.ArgumentParser(description="Draw the diagrams of the docs.")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder for the SVG files")
    folder: Path = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    for name in DIAGRAMS:
        (folder / f"{name}.svg").write_text(svg(name), encoding="utf-8")


if __name__ == "__main__":
    main()
