// The similarity map: cells in the colours of the density, the nearest strongest, and their legend.

// Longest side of the picture of a polar view, in pixels.
const POLAR_SIDE = 800

// The value of a cell; null where no tile is.
function similarityAt(layer, lat, lon) {
  const column = Math.floor(((((lon - layer.west) % 360) + 360) % 360) / layer.step)
  const row = Math.min(Math.floor((layer.north - lat) / layer.step), layer.rows - 1)
  if (row < 0 || layer.north - lat > layer.rows * layer.step + 1e-9 || column >= layer.columns) return null
  const level = layer.grid[row * layer.columns + column]
  return level ? layer.low + (level - 1) * layer.per : null
}

function inkOf(layer, value, table) {
  const span = layer.high - layer.low
  return table[Math.round(255 * within(span ? 1 - (value - layer.low) / span : 1, 0, 1))]
}

// The cells as a picture, and where it is: degrees on the global map, radii on a polar disc.
function similaritySheet(view, layer, name) {
  const place = view.kind === "global" ? null : discPlace(view, layer)
  const [wide, tall] = place ? place.size : [layer.columns, layer.rows]
  const picture = document.createElement("canvas")
  ;[picture.width, picture.height] = [wide, tall]
  const pen = picture.getContext("2d")
  const pixels = pen.createImageData(wide, tall)
  const table = inksOf(name)
  for (let y = 0; y < tall; y += 1) {
    for (let x = 0; x < wide; x += 1) {
      const value = place
        ? similarityAt(layer, ...place.degrees(x + 0.5, y + 0.5))
        : similarityAt(layer, layer.north - (y + 0.5) * layer.step, layer.west + (x + 0.5) * layer.step)
      if (value !== null) pixels.data.set(inkOf(layer, value, table), 4 * (y * wide + x))
    }
  }
  pen.putImageData(pixels, 0, 0)
  return { picture, place }
}

// The part of a polar disc that the cells cover, as pixels of a picture.
function discPlace(view, { west, north, step, rows, columns }) {
  const whole = disc(view.kind)
  whole.size(2 * 1026, 2 * 1026)
  const radius = whole.scale()
  const spots = []
  for (let part = 0; part <= 64; part += 1) {
    for (const lat of [north, north - rows * step, north - (rows * step * part) / 64]) {
      for (const lon of [west, west + columns * step, west + (columns * step * part) / 64]) {
        if (view.sign * lat >= EDGE) spots.push(whole.point(lat, lon))
      }
    }
  }
  const reach = (axis) => [Math.min(...spots.map((at) => at[axis])), Math.max(...spots.map((at) => at[axis]))]
  // Most of the planet: the whole disc. A corner of the disc may be between two spots.
  const isWide = columns * step > 90 || !spots.length
  const [[x0, x1], [y0, y1]] = isWide ? [[1026 - radius, 1026 + radius], [1026 - radius, 1026 + radius]] : [reach(0), reach(1)]
  const scale = POLAR_SIDE / Math.max(x1 - x0, y1 - y0, 1e-6)
  const size = [x1 - x0, y1 - y0].map((one) => within(Math.ceil(one * scale), 1, POLAR_SIDE))
  return {
    size,
    box: [(x0 - 1026) / radius, (y0 - 1026) / radius, (x1 - x0) / radius, (y1 - y0) / radius],
    degrees: (x, y) => {
      const [lat, lon] = whole.unpoint(x0 + x / scale, y0 + y / scale)
      return view.sign * lat >= EDGE ? [lat, lon] : [-999, lon]
    },
  }
}

function paintSimilarity(pen, root, map, theme) {
  const { similarity } = root.data
  if (!similarity) return
  const key = `${similarity.name} ${map.view.kind} ${theme.name} ${similarity.west} ${similarity.step} ${similarity.low}`
  if (map.similarityKey !== key) [map.similarityKey, map.similarity] = [key, similaritySheet(map.view, similarity, theme.name)]
  const { picture, place } = map.similarity
  const { view, size: [w, h] } = map
  pen.save()
  pen.imageSmoothingEnabled = false
  if (place) {
    const [x, y] = view.point(90 * view.sign, 0)
    const radius = view.scale()
    const [left, top, wide, tall] = place.box
    pen.drawImage(picture, x + left * radius, y + top * radius, wide * radius, tall * radius)
  } else {
    const cell = similarity.step * view.scale()
    for (const turn of [-720, -360, 0, 360]) {
      const [x, y] = view.line(similarity.north, similarity.west + turn)
      if (x >= w || x + similarity.columns * cell <= 0) continue
      // Only what is in view: zoomed in, a cell is thousands of pixels wide.
      const part = (start, length, most) => {
        const from = within(Math.floor(-start / cell), 0, most)
        return [from, within(Math.ceil((length - start) / cell), from, most) - from]
      }
      const [[column, columns], [row, rows]] = [part(x, w, similarity.columns), part(y, h, similarity.rows)]
      if (!columns || !rows) continue
      pen.drawImage(picture, column, row, columns, rows, x + column * cell, y + row * cell, columns * cell, rows * cell)
    }
  }
  pen.restore()
}

function written({ unit, isWhole }, value) {
  const text = isWhole ? value.toLocaleString("en", { maximumFractionDigits: 1 }) : value.toPrecision(3)
  return unit ? `${text} ${unit}` : text
}

// The value below the pointer.
function similarityNote(root, map, x, y) {
  const { similarity } = root.data
  if (!similarity) return ""
  const [lat, lon] = map.view.unpoint(x, y)
  const value = similarityAt(similarity, lat, lon)
  return value === null ? "" : `${similarity.cell}: ${written(similarity, value)}`
}

// Colours from the farthest to the nearest, with numbers.
function similarityLegend(root, theme) {
  const box = root.querySelector(".similar")
  const { similarity } = root.data
  const key = similarity ? `${similarity.title} ${similarity.low} ${similarity.high} ${theme.name}` : ""
  if (box.dataset.key === key) return
  box.dataset.key = key
  if (!similarity) return box.replaceChildren()
  if (!(similarity.high >= similarity.low)) return box.replaceChildren(make("p", "", `${similarity.title}: no tile passes the filters`))
  const scale = make("div", "scale")
  const whole = make("span", "bar")
  const bar = make("i")
  const table = inksOf(theme.name)
  const stops = Array.from({ length: 17 }, (_, step) => table[Math.round(255 * (1 - step / 16))])
  bar.style.background = `linear-gradient(90deg, ${stops.map(([r, g, b]) => `rgb(${r},${g},${b})`).join(", ")})`
  const ticks = make("span", "marks-of-scale")
  const span = similarity.high - similarity.low
  const power = 10 ** Math.floor(Math.log10(span / 4 || 1))
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => span / one <= 6)
  const values = span ? [] : [similarity.low]
  for (let at = Math.ceil(similarity.low / step) * step; span && at <= similarity.high + 1e-9; at += step) values.push(at)
  for (const value of values) {
    const mark = make("b", "", value.toLocaleString("en", { maximumFractionDigits: 3 }))
    mark.style.left = `${span ? (100 * (value - similarity.low)) / span : 0}%`
    ticks.append(mark)
  }
  whole.append(bar, ticks)
  scale.append(make("span", "unit", similarity.title), whole)
  box.replaceChildren(scale, make("p", "", similarity.note))
}
