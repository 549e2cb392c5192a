// The map of Mars: tools, layers, pointer and keys, and what is told to the app. What is drawn
// stands before it (mars_view.js, mars_ground.js, mars_tiles.js).

const SHAPES = {
  pan: "M12 3v18M3 12h18M12 3l-3 3M12 3l3 3M12 21l-3-3M12 21l3-3M3 12l3-3M3 12l3 3M21 12l-3-3M21 12l-3 3",
  box: "M4 4h4M11 4h2M16 4h4v4M20 11v2M20 16v4h-4M13 20h-2M8 20H4v-4M4 13v-2M4 8V4",
  closer: "M12 5v14M5 12h14",
  farther: "M5 12h14",
  whole: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  save: "M12 4v11M7 11l5 5 5-5M4 20h16",
}
const LAYERS = [
  ["tiles", "Tiles", "All tiles, in the colour of their landform"],
  ["results", "Results", "What the models find for the query, ringed and numbered"],
  ["lines", "Lines", "Great circles from the query to its results"],
  ["strips", "Strips", "Outlines of image strips where they are known, and how many tiles they hold"],
  ["names", "Names", "Names of features of Mars"],
]
const SHOWN = { tiles: true, results: true, lines: false, strips: false, names: true }
const KINDS = { points: Float32Array, codes: Uint16Array, open: Uint8Array, chosen: Uint32Array }

function read(data) {
  for (const [name, text] of Object.entries(data.arrays)) arrays.set(name, text)
  const texts = [data.features, data.strips, ...Object.values(data.pictures)]
  const names = [...Object.keys(KINDS).map((key) => data[key]), ...texts, data.heat && data.heat.grid]
  if (names.some((name) => name && !arrays.has(name))) return null
  const once = (name, make) => {
    const kept = arrays.get(name)
    if (typeof kept === "string") arrays.set(name, make(kept))
    return arrays.get(name)
  }
  const found = { ...data, names: data.names }
  for (const [key, Kind] of Object.entries(KINDS)) found[key] = data[key] ? once(data[key], (text) => decoded(text, Kind)) : null
  for (const key of ["features", "strips"]) found[key] = once(data[key], JSON.parse)
  if (data.heat) found.heat = { ...data.heat, name: data.heat.grid, grid: once(data.heat.grid, (text) => decoded(text, Uint8Array)) }
  const half = found.points.length / 2
  ;[found.lat, found.lon] = [found.points.subarray(0, half), found.points.subarray(half)]
  found.shape = `${data.points} ${data.codes}`
  return found
}

function map(root, box, say) {
  const [under, over] = box.querySelectorAll("canvas")
  const self = { view: makeView("global"), size: [0, 0], opened: -1, points: [], mode: "pan", drag: null, box: null }
  let asked = 0

  function kmPerPixel() {
    const [w, h] = self.size
    return kilometres(self.view.unpoint(w / 2 - 30, h / 2), self.view.unpoint(w / 2 + 30, h / 2)) / 60
  }

  function pens() {
    const scale = window.devicePixelRatio || 1
    return [under, over].map((canvas) => {
      const [w, h] = self.size.map((one) => Math.round(one * scale))
      if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h]
      const pen = canvas.getContext("2d")
      pen.setTransform(scale, 0, 0, scale, 0, 0)
      pen.clearRect(0, 0, ...self.size)
      return pen
    })
  }

  function paint() {
    asked = 0
    const { data, layers } = root
    if (!data || !self.size[0]) return
    const [pen, top] = pens()
    const theme = themeOf(root)
    const taken = []
    pen.fillStyle = theme.ground
    pen.fillRect(0, 0, ...self.size)
    const picture = sheet(data.view, arrays.get(data.pictures[data.view]), theme.name, redraw)
    if (picture) spread(pen, self.view, picture, self.size)
    box.dataset.sheet = picture ? data.view : ""
    if (data.heat) {
      const key = `${data.heat.name} ${data.view} ${theme.name}`
      if (self.heatKey !== key) [self.heatKey, self.heat] = [key, heatSheet(self.view, data.heat, theme.name)]
      spread(pen, self.view, self.heat, self.size)
    }
    graticule(pen, self.view, self.size, data.west, theme)
    if (layers.names) featureNames(pen, self.view, self.size, data.features, kmPerPixel(), theme, taken)
    locate(self)
    if (layers.lines && layers.results) drawLines(top, self, data)
    if (layers.strips) drawOutlines(top, self, data.strips, theme)
    const chosen = data.chosen ? root.chosen : null
    const bright = (row) => (!data.open || data.open[row]) && !root.veiled.has(data.codes[row]) && (!chosen || chosen.has(row))
    if (layers.tiles) {
      const opened = self.opened
      drawDots(top, self, data, bright, theme)
      if (opened >= 0 && self.points[opened]) {
        drawOpened(top, self, theme)
        const only = self.points
        self.points = only.map((point, number) => (number === opened ? point : null))
        drawDots(top, self, data, bright, theme)
        self.points = only
      }
    }
    frame(top, data.region, theme, true)
    frame(top, self.box || data.box, theme, false)
    const at = (row) => spot(self, row)
    for (const row of data.kept) if (at(row)) drawKept(top, at(row), theme)
    const marked = []
    if (layers.results) drawHits(top, self, data, theme, marked)
    if (layers.strips) drawCounts(top, self, data.strips, theme, marked)
    for (const [sign, rows, colour] of [["+", data.plus, "#0f7d6e"], ["-", data.minus, "#8d2f1b"]]) {
      for (const row of rows) if (at(row)) drawSign(top, at(row), sign, colour)
    }
    const query = data.query >= 0 ? at(data.query) : null
    if (query) drawStar(top, query)
    if (self.over >= 0 && at(self.over)) ringAt(top, at(self.over), radius(self, self.tiles.seats.of[self.over]) + 3, theme.text, theme, 1.6)
    scaleBar(top, self.view, self.size, kmPerPixel(), theme)
    if (document.activeElement && root.getRootNode().activeElement === over && over.matches(":focus-visible")) cross(top, theme)
    box.dataset.painted = data.id
  }

  function frame(pen, found, theme, filter) {
    if (!found) return
    const path = boxPath(self.view, found)
    pen.save()
    pen.lineWidth = filter ? 2 : 1.6
    pen.strokeStyle = STAR
    pen.fillStyle = filter ? "rgba(0,0,0,0)" : "rgba(211,84,43,0.12)"
    if (!filter) pen.setLineDash([6, 4])
    pen.fill(path)
    pen.stroke(path)
    pen.restore()
  }

  function cross(pen, theme) {
    const [x, y] = self.size.map((one) => one / 2)
    pen.strokeStyle = theme.text
    pen.lineWidth = 1.4
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      pen.beginPath()
      pen.moveTo(x + 5 * dx, y + 5 * dy)
      pen.lineTo(x + 15 * dx, y + 15 * dy)
      pen.stroke()
    }
  }

  function redraw() {
    asked = asked || requestAnimationFrame(paint)
  }

  function fit() {
    const { width, height } = box.getBoundingClientRect()
    if (!width || (width === self.size[0] && height === self.size[1])) return
    self.size = [width, height]
    self.view.size(width, height)
    redraw()
  }

  function hover(row) {
    if (row === self.over) return
    self.over = row
    over.style.cursor = row >= 0 ? "pointer" : ""
    root.card.show(row)
    redraw()
  }

  function open(number) {
    self.opened = number
    redraw()
  }

  // The strip whose outline is at a point, or that lies there.
  function stripAt(x, y, onLine) {
    if (!root.layers.strips) return null
    const pen = over.getContext("2d")
    pen.save()
    pen.setTransform(1, 0, 0, 1, 0, 0)
    pen.lineWidth = 9
    const hit = (path) => (onLine ? pen.isPointInStroke(path, x, y) : pen.isPointInPath(path, x, y))
    const found = root.data.strips.find(({ ring }) => ring && hit(ringPath(self.view, ring)))
    pen.restore()
    return found || null
  }

  function click(x, y) {
    const row = rowAt(self, x, y)
    const strip = stripAt(x, y, true) || (row < 0 && stripAt(x, y, false))
    if (strip) say("strip", strip.name)
    if (row < 0 || strip) return open(-1)
    const number = self.tiles.seats.of[row]
    const { rows } = self.tiles.places[number]
    if (rows.length > 1 && gapOf(self, number) < APART) {
      open(number)
      say("gathered", encoded(rows))
      return
    }
    hover(-1)
    root.data.query = row
    for (const model of root.data.models) model.hits = []
    redraw()
    say("picked", row)
  }

  function startBox(x, y) {
    const [lat, lon] = self.view.unpoint(x, y)
    self.drag = { lat, lon, turn: lon, last: lon }
  }

  function growBox(x, y) {
    const [lat, lon] = self.view.unpoint(x, y)
    const { drag } = self
    // Around a pole the way that the pointer went tells on which side the box lies.
    drag.turn = self.view.kind === "global" ? lon : drag.turn + wrap(lon - drag.last)
    drag.last = lon
    const [start, end] = [Math.min(drag.lon, drag.turn), Math.max(drag.lon, drag.turn)]
    const [south, north] = [within(Math.min(drag.lat, lat), -90, 90), within(Math.max(drag.lat, lat), -90, 90)]
    drag.found = [start, south, end, north]
    const east = (turn) => ((turn % 360) + 360) % 360
    self.box = end - start >= 360 ? [0, south, 360, north] : [east(start), south, east(end), north]
    redraw()
  }

  function place(event) {
    const { left, top } = box.getBoundingClientRect()
    return [event.clientX - left, event.clientY - top]
  }

  over.addEventListener("pointerdown", (event) => {
    if (event.button) return
    over.setPointerCapture(event.pointerId)
    const [x, y] = place(event)
    self.down = { x, y, moved: false, boxing: self.mode === "box" || event.shiftKey }
    if (self.down.boxing) startBox(x, y)
  })
  over.addEventListener("pointermove", (event) => {
    const [x, y] = place(event)
    if (!self.down) return hover(rowAt(self, x, y))
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
    if (down.boxing && drag.found) say("boxed", drag.found)
  })
  over.addEventListener("pointercancel", () => (self.down = self.drag = self.box = null))
  over.addEventListener("pointerleave", () => self.down || hover(-1))
  over.addEventListener("wheel", (event) => {
    event.preventDefault()
    self.view.zoom(Math.exp(-within(event.deltaY, -120, 120) / 420), ...place(event))
    redraw()
  }, { passive: false })
  over.addEventListener("dblclick", (event) => {
    if (rowAt(self, ...place(event)) >= 0) return
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
    else return
    event.preventDefault()
    const [lat, lon] = self.view.unpoint(x, y)
    box.querySelector(".said").textContent = `${latitude(lat)}, ${longitude(lon, root.data.west)}`
    redraw()
  })

  // What the cross in the middle is nearest to, for who has no pointer.
  function nearestTo(x, y) {
    let [best, found] = [24, null]
    for (let row = 0; row < self.tiles.seats.of.length; row += 1) {
      const point = spot(self, row)
      const away = point ? Math.hypot(point[0] - x, point[1] - y) : Infinity
      if (away < best) [best, found] = [away, point]
    }
    if (found) click(...found)
  }

  new ResizeObserver(fit).observe(box)
  return Object.assign(self, {
    redraw,
    fit,
    open,
    show(data, before) {
      if (!before || before.shape !== data.shape) {
        self.tiles = seated(data)
        self.opened = -1
      }
      if (self.view.kind !== data.view) {
        self.view = makeView(data.view)
        self.view.size(...self.size)
      }
      if (!before || before.box !== data.box) self.box = null
      box.style.setProperty("--aspect", data.view === "global" ? "2" : "1")
      fit()
      const framed = data.frame ? data.frame.id : null
      if (framed && self.framed !== `${framed} ${data.view}`) {
        self.view.fit(data.frame.places)
        say && setTimeout(redraw)
      }
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
      const made = document.createElement("canvas")
      ;[made.width, made.height] = [under.width, under.height]
      for (const layer of [under, over]) made.getContext("2d").drawImage(layer, 0, 0)
      return made
    },
    spot: (row) => spot(self, row),
  })
}

function tools(root) {
  const bar = make("div", "tools")
  bar.setAttribute("role", "toolbar")
  bar.setAttribute("aria-label", "Tools of the map")
  const choose = (name) => {
    root.map.mode = name
    root.querySelector(".plot").dataset.mode = name
    for (const one of bar.querySelectorAll("[aria-pressed]")) one.setAttribute("aria-pressed", one.dataset.tool === name)
  }
  for (const [name, about] of [["pan", "Move the map"], ["box", "Draw a box (or hold Shift): its tiles are chosen"]]) {
    const button = tool(name, SHAPES[name], about, () => choose(name))
    button.setAttribute("aria-pressed", name === root.map.mode)
    bar.append(button)
  }
  bar.append(tool("closer", SHAPES.closer, "Closer", () => root.map.middle(1.6)))
  bar.append(tool("farther", SHAPES.farther, "Farther", () => root.map.middle(1 / 1.6)))
  bar.append(tool("whole", SHAPES.whole, "Show the whole map", () => root.map.whole()))
  bar.append(tool("save", SHAPES.save, "Save the map as a picture", () => save(root)))
  return bar
}

function save(root) {
  root.map.picture().toBlob((blob) => {
    const link = make("a")
    link.href = URL.createObjectURL(blob)
    link.download = `mars-${root.data.view}.png`
    link.click()
    URL.revokeObjectURL(link.href)
  })
}

function layers(root) {
  const box = make("div", "layers")
  box.setAttribute("role", "group")
  box.setAttribute("aria-label", "Layers of the map")
  for (const [name, title, about] of LAYERS) {
    const button = make("button", "layer", title)
    button.type = "button"
    button.title = about
    button.dataset.layer = name
    button.setAttribute("aria-pressed", root.layers[name])
    button.onclick = () => {
      root.layers[name] = !root.layers[name]
      button.setAttribute("aria-pressed", root.layers[name])
      root.map.redraw()
    }
    box.append(button)
  }
  return box
}

function marks({ models, query, kept, heat }) {
  const box = make("div", "marks")
  for (const { title, colour, hits } of models) {
    const one = make("span", "model")
    const ring = make("i")
    ring.style.setProperty("--c", colour)
    one.append(ring, title, make("small", "", hits.length))
    box.append(one)
  }
  if (query >= 0) box.append(make("span", "query", "Query"))
  if (kept.length) box.append(make("span", "kept", "In the collection"))
  if (heat) {
    const one = make("span", "heat")
    one.append(make("i"), heat.title)
    box.append(one)
  }
  return box
}

function built(root, say) {
  const box = make("div", "plot")
  const [under, over] = [make("canvas"), make("canvas", "over")]
  over.tabIndex = 0
  over.setAttribute("role", "application")
  const said = make("p", "said")
  said.setAttribute("aria-live", "polite")
  box.append(under, over, make("p", "tag"), said)
  root.replaceChildren(make("div", "head"), box, make("div", "foot"))
  root.layers = { ...SHOWN }
  root.veiled = new Set()
  root.map = map(root, box, say)
  root.card = card(root, (row) => {
    const number = root.map.tiles.seats.of[row]
    return number < 0 ? [row] : [row, ...root.map.tiles.places[number].rows.filter((one) => one !== row).slice(0, 7)]
  })
  root.onkeydown = (event) => {
    if (event.key !== "Escape") return
    if (root.map.opened >= 0) return root.map.open(-1)
    root.map.box = null
    say("boxed", "none")
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root")
  const found = read(data)
  if (!found) {
    setTriggerValue("missed", true)
    return
  }
  if (!root.map) built(root, (name, value) => setTriggerValue(name, value))
  const before = root.data
  if (!before || before.shape !== found.shape) root.veiled = new Set()
  root.data = found
  // Outlines are shown at first where there are some.
  if (!before) root.layers.strips = found.strips.some((strip) => strip.ring)
  root.chosen = found.chosen ? new Set(found.chosen) : null
  const head = root.querySelector(".head")
  head.replaceChildren(tools(root), layers(root), marks(found))
  root.querySelector(".foot").replaceChildren(legend(root, () => root.map.redraw()))
  root.querySelector(".tag").textContent = found.tag
  root.querySelector("canvas.over").setAttribute("aria-label", found.about)
  root.map.show(found, before)
  root.dataset.drawn = found.id
  const dark = window.matchMedia("(prefers-color-scheme: dark)")
  dark.onchange = () => setTimeout(root.map.redraw, 120)
}
