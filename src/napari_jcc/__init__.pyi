# What `__init__.py` loads on first use, for it and for type checkers and editors.
from .collection import ImageCollection as ImageCollection
from .config import JccConfig as JccConfig
from .config import get_preset as get_preset
from .errors import JccError as JccError
from .pipeline import Run as Run
from .pipeline import segment as segment
from .progress import Progress as Progress
from .results import JccResult as JccResult

__version__: str
