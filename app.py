"""MIRS Explorer: find similar landforms on Mars. Start it with ``make app``."""

import os

# Idle OpenMP threads spin by default: a hundred times slower queries on a busy computer.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
# One core stays free for the browser and the server.
os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) - 1)))

from pages.parts import real_mars
from pages.shared import navigation, state, theme, tile_watch

theme.set_up()
state.keep()
navigation.run()
real_mars.announce()
tile_watch.draw()
