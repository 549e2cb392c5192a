// Projections side by side: tools, legend, hover card and selection. A single projection is drawn by
// space_plot.js, which precedes this file.

const AROUND = 8

let library = null
function loaded(text) {
  const address = () => URL.createObjectURL(new Blob([text], { type: "text/javascript" }))
  library = library || import(address()).then((module) => module.default)
  return library
}

function passes({ open }, { codes }, hidden, row) {
  return (!open || open[row]) && !hidden.has(codes[row])
}

// Rows drawn in colour: those that pass filters and legend and are selected.
function shades(data, map, hidden, chosen) {
  const { codes } = map
  const z = new Uint16Array(codes.length)
  const w = new Uint8Array(codes.length)
  for (let row = 0; row < codes.length; row += 1) {
    const bright = passes(data, map, hidden, row) && (!chosen || chosen.has(row))
    z[row] = bright ? codes[row] + 1 : 0
    w[row] = bright ? 1 : 0
  }
  return { z, w }
}

function nearest(map, row) {
  if (map.x.length > MANY) return [row]
  const rows = []
  for (let other = 0; other < map.x.length; other += 1) {
    const far = (map.x[other] - map.x[row]) ** 2 + (map.y[other] - map.y[row]) ** 2
    if (rows.length > AROUND && far >= rows[AROUND][0]) continue
    rows.push([far, other])
    rows.sort((a, b) => a[0] - b[0])
    rows.length = Math.min(rows.length, AROUND + 1)
  }
  return rows.map(([, other]) => other)
}

const ICONS = {
  pan: "M12 3v18M3 12h18M12 3l-3 3M12 3l3 3M12 21l-3-3M12 21l3-3M3 12l3-3M3 12l3 3M21 12l-3-3M21 12l-3 3",
  lasso: "M12 5c5 0 9 2.400 9 5.500S17 16 12 16 3 13.600 3 10.500 7 5 12 5M7 15c-2 1-2 4 .5 4S9 22 6 22",
  box: "M4 4h4M11 4h2M16 4h4v4M20 11v2M20 16v4h-4M13 20h-2M8 20H4v-4M4 13v-2M4 8V4",
  whole: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  save: "M12 4v11M7 11l5 5 5-5M4 20h16",
}

function tools(root) {
  const bar = make("div", "tools")
  bar.setAttribute("role", "toolbar")
  bar.setAttribute("aria-label", "Projection tools")
  const choose = (name) => {
    root.mode = name
    for (const one of bar.querySelectorAll("[aria-pressed]")) {
      one.setAttribute("aria-pressed", one.dataset.tool === name)
    }
    for (const one of root.plots) one.mode(name)
  }
  for (const [name, about] of [
    ["pan", "Pan and zoom"],
    ["lasso", "Lasso tiles (or hold Shift)"],
    ["box", "Select tiles with a box"],
  ]) {
    const button = tool(name, ICONS[name], about, () => choose(name))
    button.setAttribute("aria-pressed", name === "pan")
    bar.append(button)
  }
  bar.append(tool("whole", ICONS.whole, "Reset view", () => root.plots.forEach((one) => one.whole())))
  bar.append(tool("save", ICONS.save, "Save projections as images", () => save(root)))
  return bar
}

function save(root) {
  root.plots.forEach((one, side) => {
    one.picture().toBlob((blob) => {
      const link = make("a")
      link.href = URL.createObjectURL(blob)
      link.download = `hash-space-${side + 1}.png`
      link.click()
      URL.revokeObjectURL(link.href)
    })
  })
}

// Positions arrive as two rows of 16-bit numbers; a missing point is drawn far outside of the view.
function placed(values) {
  const half = values.length / 2
  const far = (value) => (value === 65535 ? 9 : value / 32767 - 1)
  return { x: Float32Array.from(values.subarray(0, half), far), y: Float32Array.from(values.subarray(half), far) }
}

function joined(first, second, Kind) {
  const both = new Kind(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}

// The decoded points of a map: kept with the array that was sent, so that equal points are equal
// objects, which are not drawn again.
function pointsOf(map, once) {
  const steady = once(map.points, Uint16Array)
  steady.split = steady.split || { ...placed(steady), index: {} }
  if (!map.more) return steady.split
  if (!steady.longer || steady.longer.name !== map.more.points) {
    const { x, y } = placed(once(map.more.points, Uint16Array))
    const longer = { x: joined(steady.split.x, x, Float32Array), y: joined(steady.split.y, y, Float32Array) }
    steady.longer = { ...longer, index: {}, name: map.more.points }
  }
  return steady.longer
}

function read(data) {
  const lists = { open: Uint8Array, chosen: Uint32Array }
  const sent = (map) => [map.points, map.codes, ...(map.more ? [map.more.points, map.more.codes] : [])]
  const names = [data.library, ...Object.keys(lists).map((key) => data[key]), ...data.maps.flatMap(sent)]
  for (const [name, text] of Object.entries(data.arrays)) arrays.set(name, text)
  if (names.some((name) => name && !arrays.has(name))) return null
  const content = { ...data }
  const once = (name, Kind) => {
    const text = arrays.get(name)
    if (typeof text === "string") arrays.set(name, decoded(text, Kind))
    return arrays.get(name)
  }
  const Codes = data.wide ? Uint16Array : Uint8Array
  for (const [key, Kind] of Object.entries(lists)) content[key] = data[key] ? once(data[key], Kind) : null
  content.maps = data.maps.map((map) => {
    const { x, y, index } = pointsOf(map, once)
    const first = once(map.codes, Codes)
    const codes = map.more ? joined(first, once(map.more.codes, Codes), Codes) : first
    return { ...map, x, y, index, codes, names: sent(map) }
  })
  content.openName = data.open
  return content
}

function section(map) {
  const made = make("section")
  const box = make("div", "plot")
  const points = make("canvas", "points")
  points.setAttribute("role", "img")
  points.setAttribute("aria-label", map.about)
  box.append(points, make("canvas", "over"))
  made.append(make("h3", "", map.title), box, make("p", "note", map.note))
  return made
}

// Identifies a set of rows (FNV-1a).
function mark(rows) {
  if (!rows) return ""
  let sum = 2166136261
  for (const row of rows) sum = Math.imul(sum ^ row, 16777619) >>> 0
  return `${rows.length} ${sum}`
}

async function draw(root) {
  const { data } = root
  const chosen = data.chosen ? new Set(data.chosen) : null
  const theme = ground()
  const shared = [data.palette, data.openName, mark(data.chosen), [...root.veiled], theme.css]
  for (const [side, map] of data.maps.entries()) {
    const { palette, query } = data
    const look = JSON.stringify([map.names, ...shared])
    const same = root.plots[side].look() === look
    const { z, w } = same ? {} : shades(data, map, root.veiled, chosen)
    const labels = map.labels.filter(({ row }) => !root.veiled.has(map.codes[row]))
    await root.plots[side].show({ ...map, z, w, palette, query, labels, ground: theme, look })
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root")
  const content = read(data)
  if (!content) {
    setTriggerValue("missed", true)
    return
  }
  const before = root.data
  root.data = content
  if (!before || before.colour !== content.colour) root.veiled = new Set()
  const redraw = () => draw(root)
  const shape = content.maps.map((map) => map.id).join()
  loaded(arrays.get(data.library)).then(async (createScatterplot) => {
    if (root.dataset.shape !== shape) {
      root.dataset.shape = shape
      for (const one of root.plots || []) one.destroy()
      const sections = content.maps.map(section)
      const maps = make("div", "maps")
      maps.append(...sections)
      root.replaceChildren(make("div", "head"), maps)
      root.card = card(root, (row, map) => nearest(map, row))
      const say = (name, value) => setTriggerValue(name, value)
      root.plots = sections.map((one, side) =>
        plot(createScatterplot, one.querySelector(".plot"), {
          over: (row) => {
            root.card.show(row, root.data.maps[side])
            root.plots.forEach((other, place) => place !== side && other.link(row))
          },
          clicked: (row) => {
            root.data.query = row
            root.data.maps.forEach((map) => (map.hits = []))
            root.card.show(-1)
            draw(root)
            say("picked", row)
          },
          circled: (rows) => {
            const open = rows.filter((row) => passes(root.data, root.data.maps[side], root.veiled, row))
            root.data.chosen = open.length ? Uint32Array.from(open) : null
            draw(root)
            say("chosen", encoded(open))
          },
        }),
      )
      root.onkeydown = (event) => {
        if (event.key === "Escape") say("chosen", "")
      }
    }
    root.querySelector(".head").replaceChildren(tools(root), legend(root, redraw))
    content.maps.forEach((map, side) => {
      const one = root.querySelectorAll("section")[side]
      one.querySelector("h3").textContent = map.title
      one.querySelector(".note").textContent = map.note
      one.querySelector("canvas").setAttribute("aria-label", map.about)
    })
    root.querySelector(`[data-tool=${root.mode || "pan"}]`).click()
    await redraw()
    root.dataset.drawn = content.state
  })
  const dark = window.matchMedia("(prefers-color-scheme: dark)")
  dark.onchange = () => setTimeout(redraw, 100)
  return () => {
    setTimeout(() => root.isConnected || (root.plots || []).forEach((one) => one.destroy()))
  }
}
