"""The command line as ``python -m napari_jcc``."""

from napari_jcc.cli.main import main

if __name__ == "__main__":
    main()
