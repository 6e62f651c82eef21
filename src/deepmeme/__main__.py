"""``python -m deepmeme``."""

from deepmeme.cli.main import main

if __name__ == "__main__":
    main()
