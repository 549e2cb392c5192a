// One projection of a hash space: points by regl-scatterplot, with labels and lines on top.

const GREY = "#8c837b"
const INK = "#d3542b"
const MANY = 30000
function ground() {
  const app = document.querySelector(".stApp")
  const [r, g, b] = getComputedStyle(app).backgroundColor.match(/[\d.]+/g).map(Number)
  return { css: `rgb(${r},${g},${b})`, rgba: [r / 255, g / 255, b / 255, 1] }
}

// The colour of excluded points: between background and grey, so that they recede in both themes.
function faded({ rgba }) {
  const grey = [140, 131, 123].map((value) => value / 255)
  return [...grey.map((value, i) => 0.42 * value + 0.58 * rgba[i]), 1]
}

function plot(createScatterplot, box, act) {
  const canvas = box.querySelector("canvas.points")
  const over = box.querySelector("canvas.over")
  let scatter = null
  let state = null
  let linked = -1
  let waiting = null
  let running = null
  let size = [0, 0]

  function at(row) {
    return row >= 0 && row < state.x.length ? scatter.getScreenPosition(row) : undefined
  }

  function inside([x, y]) {
    return x >= 0 && y >= 0 && x <= size[0] && y <= size[1]
  }

  function names(pen) {
    // The star of the query hides no name.
    const star = at(state.query)
    const taken = star ? [[star[0], star[1] - 4, 12]] : []
    pen.font = "600 12px " + getComputedStyle(box).fontFamily
    pen.textAlign = "center"
    pen.lineWidth = 3.5
    pen.lineJoin = "round"
    for (const { row, text } of state.labels) {
      const place = at(row)
      if (!place || !inside(place)) continue
      const half = pen.measureText(text).width / 2 + 3
      for (const shift of [-12, 20, -27, 35]) {
        const x = Math.max(half, Math.min(size[0] - half, place[0]))
        const y = place[1] + shift
        const free = taken.every(([u, v, w]) => Math.abs(u - x) > half + w || Math.abs(v - y) > 15)
        if (!free) continue
        taken.push([x, y, half])
        pen.strokeStyle = state.ground.css
        pen.strokeText(text, x, y)
        pen.fillStyle = getComputedStyle(box).color
        pen.fillText(text, x, y)
        break
      }
    }
  }

  function ring(pen, [x, y], radius, colour) {
    pen.beginPath()
    pen.arc(x, y, radius, 0, 2 * Math.PI)
    pen.strokeStyle = colour
    pen.lineWidth = 2
    pen.stroke()
  }

  function annotate() {
    if (!state || !scatter || !scatter.get("isPointsDrawn")) return
    const scale = window.devicePixelRatio || 1
    if (over.width !== size[0] * scale) [over.width, over.height] = size.map((one) => one * scale)
    const pen = over.getContext("2d")
    pen.setTransform(scale, 0, 0, scale, 0, 0)
    pen.clearRect(0, 0, ...size)
    const query = at(state.query)
    if (query) {
      pen.strokeStyle = INK
      pen.globalAlpha = 0.5
      pen.beginPath()
      for (const hit of state.hits) {
        const place = at(hit)
        if (place) {
          pen.moveTo(...query)
          pen.lineTo(...place)
        }
      }
      pen.stroke()
      pen.globalAlpha = 1
    }
    names(pen)
    if (query) drawStar(pen, query, INK)
    const other = at(linked)
    if (other) ring(pen, other, 9, getComputedStyle(box).color)
  }

  function build() {
    scatter = createScatterplot({
      canvas,
      pointSizeSelected: 0,
      pointOutlineWidth: 1,
      pointColorHover: INK,
      deselectOnDblClick: false,
      deselectOnEscape: false,
      lassoColor: INK,
      opacityByDensityFill: 0.25,
      lassoMinDist: 4,
      pointColorActive: INK,
      keyMap: { shift: "lasso" },
    })
    scatter.subscribe("pointOver", (row) => act.over(row))
    scatter.subscribe("pointOut", () => act.over(-1))
    scatter.subscribe("view", annotate)
    // A click is a selection of one point; a lasso may also catch just one. A lasso that ends
    // where it began is followed by a browser click that the user did not make.
    let circled = false
    let ended = 0
    scatter.subscribe("lassoStart", () => (circled = true))
    scatter.subscribe("lassoEnd", () => ([circled, ended] = [false, performance.now()]))
    scatter.subscribe("select", ({ points }) => {
      const rows = [...points]
      setTimeout(() => scatter.deselect({ preventEvent: true }))
      if (circled) act.circled(rows)
      else if (rows.length === 1 && performance.now() - ended > 150) act.clicked(rows[0])
    })
    new ResizeObserver(fit).observe(box)
  }

  function fit() {
    const { width, height } = box.getBoundingClientRect()
    if (!width || (width === size[0] && height === size[1])) return
    size = [width, height]
    scatter.set({ width, height }).then(annotate, () => {})
    requestAnimationFrame(annotate)
  }

  // A drawing in progress is finished first; of those waiting, only the latest is drawn.
  function show(next) {
    waiting = next
    running = running || drain()
    return running
  }

  async function drain() {
    while (waiting) {
      const next = waiting
      waiting = null
      await paint(next)
    }
    running = null
  }

  async function paint(next) {
    const fresh = !state || state.x !== next.x
    const same = state && state.look === next.look
    state = next
    if (!scatter) build()
    fit()
    // A new query moves the star and its rays; the points are not redrawn.
    if (same) return annotate()
    const n = next.x.length
    const many = n > MANY
    await scatter.set({
      backgroundColor: next.ground.rgba,
      pointColor: [faded(next.ground), ...next.palette],
      colorBy: "valueZ",
      opacityBy: many ? "density" : "valueW",
      opacity: many ? 1 : [0.55, 0.92],
      pointSize: many ? 2 : n > 4000 ? 4 : 6,
    })
    if (fresh) next.index.value = undefined
    const values = { x: next.x, y: next.y, z: next.z, w: next.w }
    const spatialIndex = next.index.value
    await scatter.draw(values, { zDataType: "categorical", wDataType: "categorical", spatialIndex })
    next.index.value = scatter.get("spatialIndex")
    box.dataset.bright = next.w.reduce((sum, one) => sum + one, 0)
    annotate()
  }

  return {
    show,
    annotate,
    link: (row) => {
      linked = row
      annotate()
    },
    mode: (name) => {
      if (!scatter) build()
      const circle = name !== "pan"
      scatter.set({ mouseMode: circle ? "lasso" : "panZoom" })
      if (circle) scatter.set({ lassoType: name === "box" ? "rectangle" : "freeform" })
    },
    whole: () => scatter.reset(),
    picture: () => {
      const made = document.createElement("canvas")
      ;[made.width, made.height] = [over.width, over.height]
      const pen = made.getContext("2d")
      pen.fillStyle = state.ground.css
      pen.fillRect(0, 0, made.width, made.height)
      for (const layer of [canvas, over]) pen.drawImage(layer, 0, 0, made.width, made.height)
      return made
    },
    place: at,
    look: () => state && !waiting && state.look,
    destroy: () => scatter && scatter.destroy(),
  }
}
