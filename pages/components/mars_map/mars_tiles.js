// The tiles on the map. Many share a location, the centre of their strip: they are fanned out around
// it like the seeds of a sunflower, wider when zoomed in, and widest when opened.

const STAR = "#d3542b"
const GOLDEN = Math.PI * (3 - Math.sqrt(5))
const WIDE = 11
// From this spacing on, a dot can be distinguished from its neighbour and clicked.
const APART = 7
// Distance in pixels from the edge of the global map within which a location is cut by it.
const BORDER = 40
const MOST_LABELS = 80

// Tiles by location: the locations, and for each row its location and its position around it.
function seated({ lat, lon, codes }) {
  const byPlace = new Map()
  for (let row = 0; row < lat.length; row += 1) {
    if (lat[row] > 90) continue
    const key = `${lat[row]} ${lon[row]}`
    if (!byPlace.has(key)) byPlace.set(key, { lat: lat[row], lon: lon[row], rows: [] })
    byPlace.get(key).rows.push(row)
  }
  const places = [...byPlace.values()]
  const seats = { of: new Int32Array(lat.length).fill(-1), x: new Float32Array(lat.length), y: new Float32Array(lat.length) }
  places.forEach((place, number) => {
    place.rows.sort((a, b) => codes[a] - codes[b] || a - b)
    place.rows.forEach((row, seat) => {
      const reach = place.rows.length > 1 ? Math.sqrt(seat + 0.35) : 0
      seats.of[row] = number
      seats.x[row] = reach * Math.cos(seat * GOLDEN)
      seats.y[row] = reach * Math.sin(seat * GOLDEN)
    })
  })
  return { places, seats }
}

// Spacing of the dots at a location: smaller if there are many, larger when zoomed in.
function gap(map) {
  // Dots of a crowd keep apart, so that they do not cover one another.
  if (map.spacing) return within(map.spacing * pixelsPerDegree(map.view), 1.2, 10)
  const least = within(2.4 * (2500 / map.count) ** 0.22, 1.5, 2.4)
  // Eight times closer, they separate.
  const power = Math.log(APART / least) / Math.log(8)
  return within(least * map.view.at.zoom ** power, least, 10)
}

function gapOf(map, number) {
  return map.opened === number ? WIDE : gap(map)
}

// The screen point of a row's dot; nothing if it is out of view or has no coordinates.
function spot(map, row) {
  const number = map.tiles.seats.of[row]
  const middle = number < 0 ? null : map.points[number]
  if (!middle) return null
  const wide = gapOf(map, number)
  return [middle[0] + wide * map.tiles.seats.x[row], middle[1] + wide * map.tiles.seats.y[row]]
}

function radius(map, number) {
  const alone = map.tiles.places[number].rows.length === 1
  return within((map.spacing ? 0.62 : 0.5) * gapOf(map, number), alone && !map.spacing ? 2.2 : 0.9, 4.8)
}

function reachOf(map, number) {
  const count = map.tiles.places[number].rows.length
  return count > 1 ? gapOf(map, number) * Math.sqrt(count) + radius(map, number) : radius(map, number)
}

function inView([x, y], [w, h], room = 30) {
  return x > -room && y > -room && x < w + room && y < h + room
}

// The screen points of all locations, once per drawing.
function locate(map) {
  map.points = map.tiles.places.map(({ lat, lon }) => {
    const point = map.view.point(lat, lon)
    return point && inView(point, map.size, 120) ? point : null
  })
  const opened = map.opened >= 0 ? map.points[map.opened] : null
  if (!opened) return
  // An opened location is shifted until all of it is visible.
  const room = reachOf(map, map.opened) + 12
  map.points[map.opened] = opened.map((value, axis) => within(value, Math.min(room, map.size[axis] / 2), Math.max(map.size[axis] - room, map.size[axis] / 2)))
}

function drawDots(pen, map, data, bright, theme) {
  const groups = new Map()
  const { places } = map.tiles
  map.points.forEach((point, number) => {
    if (!point) return
    const size = radius(map, number)
    for (const row of places[number].rows) {
      const code = bright(row) ? data.codes[row] : -1
      if (!groups.has(code)) groups.set(code, new Path2D())
      const [x, y] = spot(map, row)
      // The smallest dots are squares, which look the same and draw three times as fast.
      if (size < 1.3) groups.get(code).rect(x - size, y - size, 2 * size, 2 * size)
      else {
        groups.get(code).moveTo(x + size, y)
        groups.get(code).arc(x, y, size, 0, 2 * Math.PI)
      }
    }
  })
  const far = gap(map)
  pen.lineWidth = far < 3.4 ? 0.4 : 0.8
  pen.strokeStyle = theme.name === "dark" ? "rgba(10,7,5,0.75)" : "rgba(46,30,22,0.62)"
  const grey = groups.get(-1)
  if (grey) {
    pen.fillStyle = theme.name === "dark" ? "rgba(150,140,132,0.34)" : "rgba(104,94,86,0.32)"
    pen.fill(grey)
  }
  for (const [code, path] of groups) {
    if (code < 0) continue
    pen.fillStyle = data.palette[code]
    pen.fill(path)
    if (far > 2) pen.stroke(path)
  }
}

function ringAt(pen, [x, y], reach, colour, theme, width = 2) {
  for (const [ink, wide] of [[theme.ground, width + 2], [colour, width]]) {
    pen.beginPath()
    pen.arc(x, y, reach, 0, 2 * Math.PI)
    pen.strokeStyle = ink
    pen.lineWidth = wide
    pen.globalAlpha = ink === theme.ground ? 0.7 : 1
    pen.stroke()
  }
  pen.globalAlpha = 1
}

function label(pen, text, x, y, colour, theme, taken) {
  const half = pen.measureText(text).width / 2 + 2
  if (taken.some(([u, v, reach]) => Math.abs(u - x - half) < half + reach && Math.abs(v - y) < 12)) return
  taken.push([x + half, y, half])
  pen.fillStyle = colour
  halo(pen, text, x, y + 4, theme)
}

// Rings in the colour of each model: around a dot if dots are separate, else around their location.
// Ranks are beside the outermost ring, one line per model.
function drawHits(pen, map, data, theme, taken) {
  const marked = new Map()
  data.models.forEach(({ hits }, model) => {
    hits.forEach((row, rank) => {
      const number = map.tiles.seats.of[row]
      if (number < 0 || !map.points[number]) return
      const apart = map.tiles.places[number].rows.length === 1 || gapOf(map, number) >= APART
      const key = apart ? `row ${row}` : `place ${number}`
      if (!marked.has(key)) {
        const at = apart ? spot(map, row) : map.points[number]
        marked.set(key, { at, reach: apart ? radius(map, number) + 2 : reachOf(map, number) + 2, of: new Map() })
      }
      const { of } = marked.get(key)
      of.set(model, [...(of.get(model) || []), rank + 1])
    })
  })
  const written = []
  for (const { at, reach, of } of marked.values()) {
    let outer = reach
    for (const model of of.keys()) {
      ringAt(pen, at, outer, data.models[model].colour, theme, 1.8)
      outer += 3.2
    }
    // Ranks are drawn once, inside the map.
    if (!inView(at, map.size, 8)) continue
    let line = -6 * (of.size - 1)
    for (const [model, ranks] of of) {
      const text = ranks.length > 1 ? `${ranks[0]} +${ranks.length - 1}` : `${ranks[0]}`
      const wide = 7 * text.length + 6
      const side = at[0] + outer + wide < map.size[0] ? outer + 1 : -outer - wide
      written.push([text, at[0] + side, at[1] + line, data.models[model].colour, ranks[0]])
      line += 12
    }
  }
  pen.font = `700 11px ${theme.sans}`
  // A model's colour alone is too faint for digits on either background.
  const ink = (colour) => `color-mix(in srgb, ${colour} ${theme.name === "dark" ? 65 : 70}%, ${theme.text})`
  for (const [text, x, y, colour] of written.sort((a, b) => a[4] - b[4])) label(pen, text, x, y, ink(colour), theme, taken)
}

function drawLines(pen, map, data) {
  const from = map.tiles.seats.of[data.query]
  if (!(from >= 0)) return
  const start = map.tiles.places[from]
  pen.lineWidth = 1.2
  for (const { hits, colour } of data.models) {
    const path = new Path2D()
    for (const number of new Set(hits.map((row) => map.tiles.seats.of[row]))) {
      if (number < 0) continue
      const end = map.tiles.places[number]
      let before = null
      for (const place of arc([start.lat, start.lon], [end.lat, end.lon], 48)) {
        const point = map.view.point(...place)
        if (point && before && Math.abs(point[0] - before[0]) < map.size[0] / 2) path.lineTo(...point)
        else if (point) path.moveTo(...point)
        before = point
      }
    }
    pen.strokeStyle = colour
    pen.globalAlpha = 0.6
    pen.stroke(path)
    pen.globalAlpha = 1
  }
}

// A sign on a disc marks examples of the query.
function drawSign(pen, [x, y], sign, colour) {
  pen.beginPath()
  pen.arc(x, y, 7, 0, 2 * Math.PI)
  pen.fillStyle = colour
  pen.strokeStyle = "#fff"
  pen.lineWidth = 1.4
  pen.fill()
  pen.stroke()
  pen.beginPath()
  pen.moveTo(x - 3.4, y)
  pen.lineTo(x + 3.4, y)
  if (sign === "+") {
    pen.moveTo(x, y - 3.4)
    pen.lineTo(x, y + 3.4)
  }
  pen.stroke()
}

function drawKept(pen, [x, y], theme) {
  pen.beginPath()
  pen.rect(x - 6.5, y - 6.5, 13, 13)
  for (const [ink, wide] of [[theme.ground, 3.6], [theme.text, 1.8]]) {
    pen.strokeStyle = ink
    pen.lineWidth = wide
    pen.stroke()
  }
}

// An opened location is drawn on a separate sheet.
function drawOpened(pen, map, theme) {
  const point = map.opened >= 0 ? map.points[map.opened] : null
  if (!point) return
  pen.beginPath()
  pen.arc(...point, reachOf(map, map.opened) + 9, 0, 2 * Math.PI)
  pen.globalAlpha = 0.88
  pen.fillStyle = theme.ground
  pen.fill()
  pen.globalAlpha = 0.3
  pen.strokeStyle = theme.text
  pen.lineWidth = 1
  pen.stroke()
  pen.globalAlpha = 1
}

function ringPath(view, ring) {
  const path = new Path2D()
  let before = null
  for (const [lon, lat] of ring) {
    const point = view.point(lat, lon)
    // Not across the global map, where the ring continues at the opposite edge.
    if (point && before && Math.hypot(point[0] - before[0], point[1] - before[1]) < 160 * view.scale()) path.lineTo(...point)
    else if (point) path.moveTo(...point)
    before = point
  }
  return path
}

// The least and the greatest latitude of an outline, and of its longitudes counted from its first.
function boundsOf(strip) {
  if (strip.bounds) return strip.bounds
  const from = strip.ring[0][0]
  const [turns, norths] = [strip.ring.map(([lon]) => wrap(lon - from)), strip.ring.map(([, lat]) => lat)]
  strip.bounds = { south: Math.min(...norths), north: Math.max(...norths), west: from + Math.min(...turns), span: Math.max(...turns) - Math.min(...turns) }
  return strip.bounds
}

// The strips with an outline that may be in view.
function outlinesInView({ view, size: [w, h] }, strips) {
  const ringed = strips.filter(({ ring }) => ring)
  if (view.kind !== "global" || ringed.length < 100) return ringed
  const [north, left] = view.unpoint(0, 0)
  const [south, right] = view.unpoint(w, h)
  return ringed.filter((strip) => {
    const bounds = boundsOf(strip)
    if (bounds.north < south || bounds.south > north) return false
    const start = (((bounds.west - left) % 360) + 360) % 360
    return right - left >= 360 || start <= right - left || start + bounds.span >= 360
  })
}

function drawOutlines(pen, map, strips, theme) {
  pen.strokeStyle = theme.name === "dark" ? "rgba(255,226,200,0.8)" : "rgba(86,44,26,0.8)"
  const visible = outlinesInView(map, strips)
  pen.lineWidth = visible.length > 600 ? 0.6 : 1.1
  const all = new Path2D()
  for (const { ring } of visible) all.addPath(ringPath(map.view, ring))
  pen.stroke(all)
}

// The number of tiles in a strip, at its centre, where no other label is; the largest strips first.
function drawCounts(pen, map, strips, theme, taken) {
  pen.font = `600 10.5px ${theme.sans}`
  const sorted = strips.sorted || (strips.sorted = strips.length > MOST_LABELS ? [...strips].sort((a, b) => b.count - a.count) : strips)
  let written = 0
  for (const strip of sorted) {
    if (written >= MOST_LABELS) break
    const point = map.view.point(strip.lat, strip.lon)
    if (!point || !inView(point, map.size, 0)) continue
    const isApart = strip.ring || map.spacing || map.isDense
    const away = isApart ? 0 : gap(map) * Math.sqrt(strip.count) + 5
    label(pen, strip.count.toLocaleString("en"), point[0] + away, point[1], theme.text, theme, taken)
    written += 1
  }
}

// Offset at which a location cut by one edge of the global map reappears at the other.
function copiesAt({ view, size: [w] }, x) {
  const turn = view.kind === "global" ? 360 * view.scale() : Infinity
  if (turn > w + 2 * BORDER) return []
  return [...(x < BORDER ? [-turn] : []), ...(x > w - BORDER ? [turn] : [])]
}

// The dot at a screen point, and its offset there.
function rowAt(map, x, y) {
  for (const by of [0, ...copiesAt(map, x)]) {
    const row = nearestDot(map, x - by, y)
    if (row >= 0) return [row, by]
  }
  return [-1, 0]
}

// The nearest dot; dots of the opened location take precedence.
function nearestDot(map, x, y) {
  let [best, nearest] = [Infinity, -1]
  map.points.forEach((point, number) => {
    if (!point) return
    const reach = reachOf(map, number) + 6
    if (Math.abs(point[0] - x) > reach || Math.abs(point[1] - y) > reach) return
    for (const row of map.tiles.places[number].rows) {
      const [u, v] = spot(map, row)
      const away = Math.hypot(u - x, v - y) - (map.opened === number ? 60 : 0)
      if (away < best && Math.hypot(u - x, v - y) <= radius(map, number) + 5) [best, nearest] = [away, row]
    }
  })
  return nearest
}
