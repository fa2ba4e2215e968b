"""Train on blobs to a file; run by a test, which may kill it.

python train_in_steps.py OUTPUT [STEPS_UNTIL_KILLED]
"""

import os
import signal
import sys

from matching.tiny import blobs, tiny_config
from napari_jcc.matching import train


def main(output, limit=0):
    seen = 0

    def watch(record):
        nonlocal seen
        seen += "total" in record
        if limit and seen == limit:
            os.kill(os.getpid(), signal.SIGKILL)

    train(blobs(), tiny_config(), output, resume=True, watch=watch)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
