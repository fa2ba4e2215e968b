"""A call that another process does not survive."""

import os


def end_unless(process):
    """End this process, unless it is the one named."""
    if os.getpid() != process:
        os._exit(1)
    return "alive"
