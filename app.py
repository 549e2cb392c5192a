"""MIRS Explorer: find similar landforms on Mars. Start it with ``make app``."""

import os

# Idle OpenMP threads spin by default: a hundred times slower queries on a busy computer.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

from pages.shared import navigation, state, theme, tile_watch

theme.set_up()
state.keep()
navigation.run()
tile_watch.draw()
