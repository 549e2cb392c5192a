// Sets with too many tiles to send: the app counts them by cell for the part of the map in view,
// which is drawn as a density, and sends single tiles where they are few. See mars_sight.py.

const sightline = (window.mirsSight = window.mirsSight || { request: null, received: null })
// The smallest cell in pixels; cells are drawn up to twice as wide, or wider on a very large map.
const CELL = 1.5
const MOST_CELLS = 400000
const RADIUS_CELLS = 64
const PAUSE = 130
const REMEMBERED = 24
// Lightness (OKLab), chroma and hue of the lowest, middle and highest density.
const INKS = {
  light: [[0.83, 0.1, 82], [0.58, 0.17, 38], [0.27, 0.11, 330]],
  dark: [[0.4, 0.12, 315], [0.66, 0.18, 25], [0.94, 0.11, 95]],
}
const OPAQUE = [0.74, 0.96]

// sRGB of a colour in OKLCH.
function inked([light, chroma, hue]) {
  const [a, b] = [chroma * Math.cos(hue * RAD), chroma * Math.sin(hue * RAD)]
  const [l, m, s] = [
    (light + 0.3963377774 * a + 0.2158037573 * b) ** 3,
    (light - 0.1055613458 * a - 0.0638541728 * b) ** 3,
    (light - 0.0894841775 * a - 1.291485548 * b) ** 3,
  ]
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ]
  return linear.map((one) => 255 * within(one <= 0.0031308 ? 12.92 * one : 1.055 * one ** (1 / 2.4) - 0.055, 0, 1))
}

// 256 colours of equal steps in lightness: red, green, blue, opacity.
const inkTables = new Map()
function inksOf(name) {
  if (inkTables.has(name)) return inkTables.get(name)
  const [low, middle, high] = INKS[name]
  // The hue turns through red, never through green.
  const turned = (from, to) => from.map((value, part) => (part === 2 ? from[2] + wrap(to[2] - from[2]) : to[part]))
  const table = Array.from({ length: 256 }, (_, step) => {
    const share = step / 255
    const [from, to, part] = share < 0.5 ? [low, middle, 2 * share] : [middle, high, 2 * share - 1]
    const end = turned(from, to)
    const mixed = from.map((value, axis) => value + part * (end[axis] - value))
    mixed[0] = low[0] + share * (high[0] - low[0])
    return [...inked(mixed), 255 * (OPAQUE[0] + share * (OPAQUE[1] - OPAQUE[0]))].map(Math.round)
  })
  inkTables.set(name, table)
  return table
}

// Where the cells of a view are on the screen: the corner of the first, the side of one at level 0,
// and the distance after which columns repeat.
function cellFrame({ view, size: [w, h] }) {
  const scale = view.scale()
  if (view.kind === "global") {
    return { x: w / 2 - view.at.lon * scale, y: h / 2 - (90 - view.at.lat) * scale, unit: scale, columns: 360, rows: 180, turn: 360 * scale }
  }
  const count = 2 * RADIUS_CELLS
  return { x: w / 2 - (1 + view.at.x) * scale, y: h / 2 - (1 - view.at.y) * scale, unit: scale / RADIUS_CELLS, columns: count, rows: count, turn: 0 }
}

// The screen rectangle of an area of cells, and its copies beside it.
function rectsOf(map, { level, left, top, right, bottom }) {
  const { x, y, unit, turn } = cellFrame(map)
  const cell = unit / 2 ** level
  const rect = { x: x + left * cell, y: y + top * cell, w: (right - left) * cell, h: (bottom - top) * cell }
  const copies = turn ? [-2, -1, 0, 1, 2].map((by) => ({ ...rect, x: rect.x + by * turn })) : [rect]
  return copies.filter((one) => one.x < map.size[0] && one.x + one.w > 0)
}

// The cells that the view needs, with some beyond its edges.
function areaOf(map, levels) {
  const frame = cellFrame(map)
  const [least, most] = levels[map.view.kind]
  let level = within(Math.floor(Math.log2(frame.unit / CELL)), least, most)
  let area = areaAt(map, frame, level)
  while (level > least && (area.right - area.left) * (area.bottom - area.top) > MOST_CELLS) {
    level -= 1
    area = areaAt(map, frame, level)
  }
  return area
}

function areaAt(map, frame, level) {
  const cell = frame.unit / 2 ** level
  const [columns, rows] = [frame.columns * 2 ** level, frame.rows * 2 ** level]
  const span = (start, length, most, open) => {
    const [low, high] = [-start / cell, (length - start) / cell]
    const room = 0.12 * (high - low)
    const [from, to] = [16 * Math.floor((low - room) / 16), 16 * Math.ceil((high + room) / 16)]
    if (open && to - from < most) return [((from % most) + most) % most, (((from % most) + most) % most) + to - from]
    const ends = [within(from, 0, most), within(to, 0, most)]
    return open || ends[0] === ends[1] ? [0, most] : ends
  }
  const [left, right] = span(frame.x, map.size[0], columns, frame.turn > 0)
  const [top, bottom] = span(frame.y, map.size[1], rows, false)
  return { view: map.view.kind, level, left, top, right, bottom }
}

// Whether a sight shows all that the view needs; its cells may be finer by one level.
function covers(map, sight, wanted) {
  const { area } = sight
  if (area.view !== wanted.view) return false
  if (!sight.rows && area.level !== wanted.level && area.level !== wanted.level + 1) return false
  const { x, y, unit, rows, columns, turn } = cellFrame(map)
  const [w, h] = map.size
  const [x0, x1] = turn ? [0, w] : [Math.max(0, x), Math.min(w, x + columns * unit)]
  const [y0, y1] = [Math.max(0, y), Math.min(h, y + rows * unit)]
  if (turn && area.right - area.left >= columns * 2 ** area.level) return fitsDown(rectsOf(map, area), y0, y1)
  return rectsOf(map, area).some((rect) => rect.x <= x0 + 0.5 && rect.x + rect.w >= x1 - 0.5 && fitsDown([rect], y0, y1))
}

function fitsDown(rects, y0, y1) {
  return rects.some((rect) => rect.y <= y0 + 0.5 && rect.y + rect.h >= y1 - 0.5)
}

// The area of a cell in square kilometres.
function cellKm2({ view, level, left, top }, row, column) {
  const side = 2 ** -level
  if (view === "global") {
    const north = (90 - (top + row) * side) * RAD
    return RADIUS ** 2 * side * RAD * (Math.sin(north) - Math.sin(north - side * RAD))
  }
  const edge = Math.tan(((90 - EDGE) / 2) * RAD)
  const step = side / RADIUS_CELLS
  const [x, y] = [(left + column + 0.5) * step - 1, 1 - (top + row + 0.5) * step]
  return ((2 * RADIUS * edge * step) / (1 + (edge * Math.hypot(x, y)) ** 2)) ** 2
}

// Densities (tiles per square kilometre) of a sight's cells, and their range.
function densities(sight) {
  if (sight.dense) return sight.dense
  const { area, counts } = sight
  const [wide, tall] = [area.right - area.left, area.bottom - area.top]
  const values = new Float32Array(counts.length)
  let most = 0
  for (let row = 0; row < tall; row += 1) {
    const along = area.view === "global" ? cellKm2(area, row, 0) : 0
    for (let column = 0; column < wide; column += 1) {
      const at = row * wide + column
      if (!counts[at]) continue
      values[at] = counts[at] / (along || cellKm2(area, row, column))
      if (values[at] > most) most = values[at]
    }
  }
  // One tile in the widest cell is the least that there can be.
  const side = area.view === "global" ? RADIUS * RAD * 2 ** -area.level : Math.sqrt(cellKm2({ view: area.view, level: area.level, left: 0, top: 0 }, RADIUS_CELLS * 2 ** area.level, 0))
  const least = 1 / side ** 2
  sight.dense = { values, least, most: Math.max(most, 4 * least) }
  return sight.dense
}

function densitySheet(sight, { least, most }, name) {
  const key = `${least} ${most} ${name}`
  if (sight.sheetKey === key) return sight.sheet
  const { area } = sight
  const sheet = make("canvas")
  ;[sheet.width, sheet.height] = [area.right - area.left, area.bottom - area.top]
  const pen = sheet.getContext("2d")
  const pixels = pen.createImageData(sheet.width, sheet.height)
  const { values } = densities(sight)
  const table = inksOf(name)
  const steps = 255 / Math.log(most / least)
  for (let at = 0; at < values.length; at += 1) {
    if (values[at]) pixels.data.set(table[Math.round(within(Math.log(values[at] / least) * steps, 0, 255))], 4 * at)
  }
  pen.putImageData(pixels, 0, 0)
  ;[sight.sheet, sight.sheetKey] = [sheet, key]
  return sheet
}

// The density of the newest sight, and around it that of the whole view.
function paintDensity(pen, root, map, theme) {
  const { current, whole } = root.crowd
  const range = root.crowd.range()
  if (!range) return
  const inside = rectsOf(map, current.area)
  const [w, h] = map.size
  const draw = (sight) => {
    const sheet = densitySheet(sight, range, theme.name)
    for (const { x, y, w: wide, h: high } of rectsOf(map, sight.area)) pen.drawImage(sheet, x, y, wide, high)
  }
  pen.save()
  pen.imageSmoothingEnabled = false
  if (map.view.kind !== "global") {
    pen.beginPath()
    pen.arc(...map.view.point(90 * map.view.sign, 0), map.view.scale(), 0, 2 * Math.PI)
    pen.clip()
  }
  const isCovered = inside.some((rect) => rect.x <= 0 && rect.y <= 0 && rect.x + rect.w >= w && rect.y + rect.h >= h)
  if (!isCovered && whole !== current && whole.counts && whole.area.view === map.view.kind) {
    pen.save()
    pen.beginPath()
    pen.rect(0, 0, w, h)
    for (const rect of inside) pen.rect(rect.x, rect.y, rect.w, rect.h)
    pen.clip("evenodd")
    draw(whole)
    pen.restore()
  }
  if (current.counts) draw(current)
  pen.restore()
}

// The number of tiles in the cell at a screen point, and the cell's sides in kilometres.
function cellAt(root, map, x, y) {
  const sight = root.raw.crowd ? root.crowd.current : null
  if (!sight || !sight.counts || sight.area.view !== map.view.kind) return null
  const { area } = sight
  const rect = rectsOf(map, area).find((one) => x >= one.x && x < one.x + one.w && y >= one.y && y < one.y + one.h)
  if (!rect) return null
  const [wide, tall] = [area.right - area.left, area.bottom - area.top]
  const [row, column] = [Math.floor(((y - rect.y) / rect.h) * tall), Math.floor(((x - rect.x) / rect.w) * wide)]
  const count = sight.counts[row * wide + column]
  return count ? { count, km2: cellKm2(area, row, column) } : null
}

// How many tiles the view shows; of cells that it cuts, all.
function inSight(root, map) {
  const { current } = root.crowd
  const [w, h] = map.size
  if (!current.counts) {
    let count = 0
    for (let number = 0; number < current.rows.length; number += 1) {
      const point = map.view.point(current.lat[number], current.lon[number])
      if (point && inView(point, map.size, 0)) count += 1
    }
    return count
  }
  const { area, counts } = current
  const [wide, tall] = [area.right - area.left, area.bottom - area.top]
  let sum = 0
  const seen = new Uint8Array(wide)
  for (const rect of rectsOf(map, area)) {
    for (let column = 0; column < wide; column += 1) {
      const [x, end] = [rect.x + (column / wide) * rect.w, rect.x + ((column + 1) / wide) * rect.w]
      if (end > 0 && x < w) seen[column] = 1
    }
  }
  const { y, h: high } = rectsOf(map, area)[0] || { y: h, h: 1 }
  for (let row = 0; row < tall; row += 1) {
    if (y + ((row + 1) / tall) * high <= 0 || y + (row / tall) * high >= h) continue
    for (let column = 0; column < wide; column += 1) if (seen[column]) sum += counts[row * wide + column]
  }
  return sum
}
