# What `__init__.py` loads on first use, for it and for type checkers and editors.
from .inference import Matcher as Matcher
from .inference import NetworkMatcher as NetworkMatcher
from .network import MaCoSNet as MaCoSNet
from .network import Transform as Transform
from .pair import PairResult as PairResult
from .training import Checkpoint as Checkpoint
from .training import train as train
