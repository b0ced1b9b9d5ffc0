"""``python -m quern run|deploy``; the ``quern`` launcher starts the same."""

import sys

from ._cli import main

sys.exit(main())
