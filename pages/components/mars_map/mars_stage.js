// Interaction with the map: pointer, wheel and keys, and the messages they send to the app.

function stage(root, box, say) {
  const over = box.querySelector("canvas.over")
  const self = { view: makeView("global"), size: [0, 0], opened: -1, points: [], mode: "pan", drag: null, box: null }
  let frame = 0

  function paint() {
    frame = 0
    if (!root.data || !self.size[0]) return
    paintMap(root, self, box, redraw)
    placeRing()
  }

  function redraw() {
    frame = frame || requestAnimationFrame(paint)
  }

  function fit() {
    const { width, height } = box.getBoundingClientRect()
    if (!width || (width === self.size[0] && height === self.size[1])) return
    self.size = [width, height]
    self.view.size(width, height)
    redraw()
  }

  function hover(row, by = 0) {
    if (row === self.over && by === self.by) return
    self.over = row
    self.by = by
    over.style.cursor = row >= 0 ? "pointer" : ""
    root.card.show(row < 0 ? -1 : root.idOf(row))
    placeRing()
  }

  // A separate ring element, so that the map need not be repainted.
  function placeRing() {
    const ring = box.querySelector(".ring")
    const point = self.over >= 0 ? spot(self, self.over) : null
    ring.hidden = !point
    if (!point) return
    const reach = radius(self, self.tiles.seats.of[self.over]) + 4
    ring.style.cssText = `left: ${point[0] + self.by - reach}px; top: ${point[1] - reach}px; width: ${2 * reach}px; height: ${2 * reach}px`
  }

  function open(number) {
    self.opened = number
    redraw()
  }

  // The strip whose outline or centre is at a point.
  function stripAt(x, y, onLine) {
    if (!root.layers.strips) return null
    const pen = over.getContext("2d")
    pen.save()
    pen.setTransform(1, 0, 0, 1, 0, 0)
    pen.lineWidth = 9
    const hit = (path) => (onLine ? pen.isPointInStroke(path, x, y) : pen.isPointInPath(path, x, y))
    const strip = outlinesInView(self, root.data.strips).find(({ ring }) => hit(ringPath(self.view, ring)))
    pen.restore()
    return strip || null
  }

  function click(x, y) {
    const [row] = rowAt(self, x, y)
    const strip = stripAt(x, y, true) || (row < 0 && stripAt(x, y, false))
    if (strip) say("strip", strip.name)
    if (row < 0 && !strip && cellAt(root, self, x, y)) return glide(3, x, y)
    if (row < 0 || strip) return open(-1)
    const number = self.tiles.seats.of[row]
    const { rows } = self.tiles.places[number]
    if (rows.length > 1 && gapOf(self, number) < APART) {
      open(number)
      say("gathered", encoded(rows.map(root.idOf)))
      return
    }
    hover(-1)
    // Shown before the app responds, which sends nothing new if the query is unchanged.
    if (row !== root.data.query) {
      ;[root.data.query, root.raw.query] = [row, root.idOf(row)]
      for (const model of [...root.data.models, ...root.raw.models]) model.hits = []
      redraw()
    }
    say("picked", root.idOf(row))
  }

  // Zooms in on a point in steps, so that it stays in sight.
  function glide(factor, x, y) {
    open(-1)
    const steps = window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 1 : 14
    let step = 0
    const next = () => {
      self.view.zoom(factor ** (1 / steps), x, y)
      redraw()
      step += 1
      if (step < steps) requestAnimationFrame(next)
    }
    next()
  }

  // The number of tiles in the cell below the pointer.
  function countCell(x, y) {
    const note = box.querySelector(".count")
    const cell = root.raw.crowd && root.layers.tiles && self.over < 0 ? cellAt(root, self, x, y) : null
    note.hidden = !cell
    if (!cell) return
    const side = Math.sqrt(cell.km2)
    note.textContent = `${cell.count.toLocaleString("en")} ${cell.count > 1 ? "tiles" : "tile"} in ${rounded(side ** 2)} km²`
    const [wide] = [note.offsetWidth]
    note.style.left = `${x + 16 + wide < self.size[0] ? x + 16 : x - 16 - wide}px`
    note.style.top = `${Math.max(4, y - 30)}px`
  }

  function startBox(x, y, keyed) {
    const [lat, lon] = self.view.unpoint(x, y)
    self.drag = { lat, lon, turn: lon, last: lon, keyed }
  }

  function growBox(x, y) {
    const [lat, lon] = self.view.unpoint(x, y)
    const { drag } = self
    // Around a pole, the path of the pointer decides on which side the box lies; keys move the map
    // below the crosshair, also past a full turn.
    drag.turn = self.view.kind === "global" && !drag.keyed ? lon : drag.turn + wrap(lon - drag.last)
    drag.last = lon
    const [start, end] = [Math.min(drag.lon, drag.turn), Math.max(drag.lon, drag.turn)]
    const [south, north] = [within(Math.min(drag.lat, lat), -90, 90), within(Math.max(drag.lat, lat), -90, 90)]
    drag.region = [start, south, end, north]
    const east = (turn) => ((turn % 360) + 360) % 360
    self.box = end - start >= 360 ? [0, south, 360, north] : [east(start), south, east(end), north]
    redraw()
  }

  function leaveBox() {
    self.down = self.drag = self.box = null
    redraw()
  }

  // Sets a corner of a box at the crosshair; the second corner completes it.
  function corner(x, y) {
    if (!self.drag) return startBox(x, y, true)
    const { region } = self.drag
    self.drag = null
    if (region) say("boxed", region)
  }

  function place(event) {
    const { left, top } = box.getBoundingClientRect()
    return [event.clientX - left, event.clientY - top]
  }

  over.addEventListener("pointerdown", (event) => {
    if (event.button) return
    self.drag = null
    over.setPointerCapture(event.pointerId)
    const [x, y] = place(event)
    self.down = { x, y, moved: false, boxing: self.mode === "box" || event.shiftKey }
    if (self.down.boxing) startBox(x, y)
  })
  over.addEventListener("pointermove", (event) => {
    const [x, y] = place(event)
    if (!self.down) {
      hover(...rowAt(self, x, y))
      return countCell(x, y)
    }
    box.querySelector(".count").hidden = true
    if (Math.hypot(x - self.down.x, y - self.down.y) > 4) self.down.moved = true
    if (!self.down.moved) return
    hover(-1)
    if (self.down.boxing) return growBox(x, y)
    self.view.pan(x - (self.down.u ?? self.down.x), y - (self.down.v ?? self.down.y))
    ;[self.down.u, self.down.v] = [x, y]
    redraw()
  })
  over.addEventListener("pointerup", (event) => {
    const { down, drag } = self
    self.down = self.drag = null
    if (!down) return
    if (!down.moved) return click(...place(event))
    if (down.boxing && drag.region) say("boxed", drag.region)
  })
  over.addEventListener("pointercancel", leaveBox)
  over.addEventListener("pointerleave", () => {
    box.querySelector(".count").hidden = true
    if (!self.down) hover(-1)
  })
  over.addEventListener("wheel", (event) => {
    event.preventDefault()
    self.view.zoom(Math.exp(-within(event.deltaY, -120, 120) / 420), ...place(event))
    redraw()
  }, { passive: false })
  over.addEventListener("dblclick", (event) => {
    if (rowAt(self, ...place(event))[0] >= 0) return
    self.view.zoom(2, ...place(event))
    redraw()
  })
  over.addEventListener("focus", redraw)
  over.addEventListener("blur", redraw)
  over.addEventListener("keydown", (event) => {
    const [x, y] = self.size.map((one) => one / 2)
    const moves = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }
    if (moves[event.key]) self.view.pan(...moves[event.key])
    else if (event.key === "+" || event.key === "=") self.view.zoom(1.4, x, y)
    else if (event.key === "-") self.view.zoom(1 / 1.4, x, y)
    else if (event.key === "0") self.view.whole()
    else if (event.key === "Enter" || event.key === " ") nearestTo(x, y)
    else if (event.key === "b") corner(x, y)
    else return
    event.preventDefault()
    if (self.drag) growBox(x, y)
    const [lat, lon] = self.view.unpoint(x, y)
    box.querySelector(".status").textContent = `${latitude(lat)}, ${longitude(lon, root.data.west)}`
    redraw()
  })

  // The dot nearest to the crosshair, for keyboard users.
  function nearestTo(x, y) {
    let [best, nearest] = [24, null]
    for (let row = 0; row < self.tiles.seats.of.length; row += 1) {
      const point = spot(self, row)
      const away = point ? Math.hypot(point[0] - x, point[1] - y) : Infinity
      if (away < best) [best, nearest] = [away, point]
    }
    if (nearest) click(...nearest)
    else if (cellAt(root, self, x, y)) glide(3, x, y)
  }

  new ResizeObserver(fit).observe(box)
  return Object.assign(self, {
    redraw,
    fit,
    open,
    leaveBox,
    show(data, before) {
      if (self.shape !== data.shape) {
        const open = self.opened >= 0 ? self.tiles.places[self.opened] : null
        hover(-1)
        self.count = data.crowd ? data.crowd.count : data.lat.length
        self.tiles = seated(data)
        self.isDense = Boolean(data.crowd && root.crowd.current.counts)
        self.spacing = data.crowd && root.crowd.current.rows ? spacingOf(data, self.tiles.places) : 0
        // Tiles that come into view leave an opened location open.
        const same = ({ lat, lon }) => lat === open.lat && lon === open.lon
        self.opened = open && data.crowd && self.set === data.tiles ? self.tiles.places.findIndex(same) : -1
      }
      if (self.view.kind !== data.view) {
        self.view = makeView(data.view)
        self.view.size(...self.size)
      } else if (before && before.tiles !== data.tiles) self.view.whole() // New tiles
      ;[self.shape, self.set] = [data.shape, data.tiles]
      if (!before || before.box !== data.box) self.box = null
      box.style.setProperty("--aspect", data.view === "global" ? "2" : "1")
      fit()
      const framed = data.frame ? data.frame.id : null
      if (framed && self.framed !== `${framed} ${data.view}`) self.view.fit(data.frame.places)
      self.framed = `${framed} ${data.view}`
      redraw()
    },
    middle: (factor) => {
      self.view.zoom(factor, self.size[0] / 2, self.size[1] / 2)
      redraw()
    },
    whole: () => {
      self.view.whole()
      open(-1)
    },
    picture: () => {
      const layers = [...box.querySelectorAll("canvas")]
      const image = document.createElement("canvas")
      ;[image.width, image.height] = [layers[0].width, layers[0].height]
      const pen = image.getContext("2d")
      for (const layer of layers) pen.drawImage(layer, 0, 0)
      // The kind of coordinates is written on the saved image.
      const scale = image.width / self.size[0]
      const theme = themeOf(root)
      pen.scale(scale, scale)
      pen.font = `600 12px ${theme.sans}`
      pen.fillStyle = theme.text
      pen.textAlign = "right"
      halo(pen, root.data.tag, self.size[0] - 16, 24, theme)
      return image
    },
    spot: (row) => spot(self, row),
  })
}
