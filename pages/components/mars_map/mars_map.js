// The map of Mars: data from the app, tools, layers and legend. Drawing and interaction are in the
// files that precede it (mars_view.js, mars_ground.js, mars_tiles.js, mars_paint.js, mars_stage.js).

const SHAPES = {
  pan: "M12 3v18M3 12h18M12 3l-3 3M12 3l3 3M12 21l-3-3M12 21l3-3M3 12l3-3M3 12l3 3M21 12l-3-3M21 12l-3 3",
  box: "M4 4h4M11 4h2M16 4h4v4M20 11v2M20 16v4h-4M13 20h-2M8 20H4v-4M4 13v-2M4 8V4",
  circle: "M12 3a9 9 0 1 0 .01 0M12 12h.01M12 12l6 -6",
  polygon: "M5 6l10 -2 5 9 -8 7 -8 -6z",
  closer: "M12 5v14M5 12h14",
  farther: "M5 12h14",
  whole: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  save: "M12 4v11M7 11l5 5 5-5M4 20h16",
}
const MODES = [
  ["pan", "Pan"],
  ["box", "Select tiles with a box (or hold Shift)"],
  ["circle", "Select tiles with a circle: drag from its centre"],
  ["polygon", "Select tiles with a polygon: click its corners, double-click to close it"],
]
const LAYERS = [
  ["tiles", "Tiles", "All tiles, coloured by landform class"],
  ["results", "Results", "Results of each model, with rings and ranks"],
  ["lines", "Lines", "Great circles from the query to its results"],
  ["strips", "Strips", "Strip outlines where known, with their number of tiles"],
  ["images", "Images", "Pixels of image strips, where they are zoomed in"],
  ["names", "Names", "Names of Martian surface features"],
]
const SHOWN = { tiles: true, results: true, lines: false, strips: false, images: true, names: true }
const KINDS = { points: Float32Array, codes: Uint16Array, open: Uint8Array, chosen: Uint32Array, rows: Uint32Array }

function read(data) {
  for (const [name, text] of Object.entries(data.arrays)) arrays.set(name, text)
  const texts = [data.features, data.strips, data.crowd && data.crowd.sight, ...Object.values(data.pictures)]
  const names = [...Object.keys(KINDS).map((key) => data[key]), ...texts, data.heat && data.heat.grid, data.similarity && data.similarity.grid]
  if (names.some((name) => name && !arrays.has(name))) return null
  const once = (name, make) => {
    const text = arrays.get(name)
    if (typeof text === "string") arrays.set(name, make(text))
    return arrays.get(name)
  }
  const content = { ...data }
  for (const [key, Kind] of Object.entries(KINDS)) content[key] = data[key] ? once(data[key], (text) => decoded(text, Kind)) : null
  for (const key of ["features", "strips"]) content[key] = once(data[key], JSON.parse)
  if (data.heat) content.heat = { ...data.heat, name: data.heat.grid, grid: once(data.heat.grid, (text) => decoded(text, Uint8Array)) }
  if (data.similarity) content.similarity = { ...data.similarity, name: data.similarity.grid, grid: once(data.similarity.grid, (text) => decoded(text, Uint8Array)) }
  const half = content.points.length / 2
  ;[content.lat, content.lon] = [content.points.subarray(0, half), content.points.subarray(half)]
  content.shape = `${data.points} ${data.codes}`
  content.tiles = data.crowd ? data.crowd.tiles : data.points
  if (data.crowd) content.whole = once(data.crowd.sight, (text) => sightOf(JSON.parse(text)))
  return content
}

function tools(root) {
  const bar = make("div", "tools")
  bar.setAttribute("role", "toolbar")
  bar.setAttribute("aria-label", "Map tools")
  const choose = (name) => {
    if (root.map.mode !== name && root.map.sketching()) root.map.leaveBox()
    root.map.mode = name
    root.querySelector(".plot").dataset.mode = name
    for (const one of bar.querySelectorAll("[aria-pressed]")) one.setAttribute("aria-pressed", one.dataset.tool === name)
  }
  for (const [name, about] of MODES) {
    const button = tool(name, SHAPES[name], about, () => choose(name))
    button.setAttribute("aria-pressed", name === root.map.mode)
    bar.append(button)
  }
  bar.append(tool("closer", SHAPES.closer, "Zoom in", () => root.map.middle(1.6)))
  bar.append(tool("farther", SHAPES.farther, "Zoom out", () => root.map.middle(1 / 1.6)))
  bar.append(tool("whole", SHAPES.whole, "Reset view", () => root.map.whole()))
  bar.append(tool("save", SHAPES.save, "Save map as image", () => save(root)))
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
  box.setAttribute("aria-label", "Map layers")
  for (const [name, title, about] of LAYERS.filter(([name]) => name !== "images" || root.data.images)) {
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

function settle(root) {
  root.data = settled(root.raw, root.crowd.current)
  root.chosen = root.data.chosen ? new Set(root.data.chosen) : null
}

function built(root, say) {
  const box = make("div", "plot")
  const [under, over] = [make("canvas"), make("canvas", "over")]
  over.tabIndex = 0
  over.setAttribute("role", "application")
  const status = make("p", "status")
  status.setAttribute("aria-live", "polite")
  const count = make("p", "count")
  count.hidden = true
  const ring = make("i", "ring")
  ring.hidden = true
  box.append(under, over, ring, make("p", "where"), make("p", "tag"), count, status)
  root.replaceChildren(make("div", "head"), box, make("div", "similar"), make("div", "sight"), make("div", "foot"))
  root.layers = { ...SHOWN }
  root.veiled = new Set()
  root.map = stage(root, box, say)
  root.crowd = crowd(root, () => {
    settle(root)
    root.map.show(root.data, root.data)
  })
  root.images = stripImages(root, root.map.redraw)
  root.idOf = (row) => (root.data.rows ? root.data.rows[row] : row)
  root.card = card(root, (id) => {
    const row = root.map.over
    const number = row >= 0 ? root.map.tiles.seats.of[row] : -1
    if (number < 0) return [id]
    return [id, ...root.map.tiles.places[number].rows.filter((one) => one !== row).slice(0, 7).map(root.idOf)]
  })
  root.onkeydown = (event) => {
    if (event.key !== "Escape") return
    if (root.map.sketching()) return root.map.leaveBox()
    if (root.map.opened >= 0) return root.map.open(-1)
    root.map.leaveBox()
    say("boxed", "none")
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root")
  const content = read(data)
  if (!content) {
    setTriggerValue("missed", true)
    return
  }
  if (!root.map) built(root, (name, value) => setTriggerValue(name, value))
  const before = root.data
  if (!before || before.tiles !== content.tiles) root.veiled = new Set()
  root.raw = content
  if (content.crowd) root.crowd.begin(content.whole)
  settle(root)
  // Outlines are shown by default if there are any.
  if (!before) root.layers.strips = content.strips.some((strip) => strip.ring)
  // Tiles would hide the similarity map.
  if (Boolean(content.similarity) !== Boolean(before && before.similarity)) root.layers.tiles = !content.similarity
  const head = root.querySelector(".head")
  head.replaceChildren(tools(root), layers(root), marks(content))
  root.querySelector(".foot").replaceChildren(legend(root, () => root.map.redraw()))
  root.querySelector(".tag").textContent = content.tag
  root.querySelector("canvas.over").setAttribute("aria-label", content.about)
  root.map.show(root.data, before)
  root.dataset.drawn = content.id
  const dark = window.matchMedia("(prefers-color-scheme: dark)")
  dark.onchange = () => setTimeout(root.map.redraw, 120)
}
