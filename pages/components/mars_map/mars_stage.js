// Interaction with the map: pointer, wheel and keys, and the messages they send to the app.

function stage(root, box, say) {
  const over = box.querySelector("canvas.over")
  const self = { view: makeView("global"), size: [0, 0], opened: -1, points: [], mode: "pan", box: null, corners: [] }
  const drawing = sketch(self, say, redraw)
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

  // The number of tiles in the cell below the pointer, or its value on the similarity map.
  function countCell(x, y) {
    const note = box.querySelector(".count")
    const cell = root.raw.crowd && root.layers.tiles && self.over < 0 ? cellAt(root, self, x, y) : null
    const value = self.over < 0 && !cell ? similarityNote(root, self, x, y) : ""
    note.hidden = !cell && !value
    if (note.hidden) return
    note.textContent = cell
      ? `${cell.count.toLocaleString("en")} ${cell.count > 1 ? "tiles" : "tile"} in ${rounded(cell.km2)} km²`
      : value
    const [wide] = [note.offsetWidth]
    note.style.left = `${x + 16 + wide < self.size[0] ? x + 16 : x - 16 - wide}px`
    note.style.top = `${Math.max(4, y - 30)}px`
  }

  function leaveBox() {
    self.down = null
    drawing.cancel()
  }

  function place(event) {
    const { left, top } = box.getBoundingClientRect()
    return [event.clientX - left, event.clientY - top]
  }

  over.addEventListener("pointerdown", (event) => {
    if (event.button) return
    over.setPointerCapture(event.pointerId)
    const [x, y] = place(event)
    const kind = event.shiftKey ? "box" : self.mode
    self.down = { x, y, moved: false, boxing: kind === "box" || kind === "circle" }
    if (drawing.kind && drawing.kind !== kind) drawing.cancel()
    if (self.down.boxing) drawing.start(kind, x, y)
  })
  over.addEventListener("pointermove", (event) => {
    const [x, y] = place(event)
    box.querySelector(".where").textContent = placeText(self, x, y, root.data.west)
    if (!self.down) {
      if (self.mode === "polygon") return drawing.kind === "polygon" && drawing.grow(x, y)
      hover(...rowAt(self, x, y))
      return countCell(x, y)
    }
    box.querySelector(".count").hidden = true
    if (Math.hypot(x - self.down.x, y - self.down.y) > 4) self.down.moved = true
    if (!self.down.moved) return
    hover(-1)
    if (self.down.boxing) return drawing.grow(x, y)
    self.view.pan(x - (self.down.u ?? self.down.x), y - (self.down.v ?? self.down.y))
    ;[self.down.u, self.down.v] = [x, y]
    redraw()
  })
  over.addEventListener("pointerup", (event) => {
    const { down } = self
    self.down = null
    if (!down) return
    if (down.boxing && down.moved) return drawing.finish()
    if (down.boxing) drawing.cancel()
    if (down.moved) return
    if (self.mode === "polygon") drawing.corner(...place(event))
    else click(...place(event))
  })
  over.addEventListener("pointercancel", leaveBox)
  over.addEventListener("pointerleave", () => {
    box.querySelector(".count").hidden = true
    box.querySelector(".where").textContent = ""
    if (!self.down) hover(-1)
  })
  over.addEventListener("wheel", (event) => {
    event.preventDefault()
    self.view.zoom(Math.exp(-within(event.deltaY, -120, 120) / 420), ...place(event))
    redraw()
  }, { passive: false })
  over.addEventListener("dblclick", (event) => {
    if (self.mode === "polygon") return drawing.close()
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
    else if (event.key === "Enter" && drawing.kind === "polygon") drawing.close()
    else if (event.key === "Backspace" && drawing.kind === "polygon") drawing.back()
    else if (event.key === "Enter" || event.key === " ") nearestTo(x, y)
    else if (event.key === "b") drawing.keyed("box", x, y)
    else if (event.key === "c") drawing.keyed("circle", x, y)
    else if (event.key === "p") drawing.corner(x, y, true)
    else return
    event.preventDefault()
    drawing.grow(x, y)
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
    sketching: () => drawing.kind,
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
      if (!drawing.kind && (!data.box || !before || before.box !== data.box)) self.box = null
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
