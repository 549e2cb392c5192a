// The three views of Mars: the global map, and each pole as a disc down to 55 degrees.
// A view converts locations (degrees north, degrees east) to screen points and back.

const RADIUS = 3396.19
const EDGE = 55
const RAD = Math.PI / 180
// At the closest zoom, a tile of 1 km or 100 m is a few pixels wide.
const MOST = { global: 6000, north: 40, south: 40 }

// Degrees in -180..180.
function wrap(turn) {
  return ((((turn + 180) % 360) + 360) % 360) - 180
}

function kilometres([lat, lon], [north, turn]) {
  const flat = Math.cos(lat * RAD) * Math.cos(north * RAD)
  const near = Math.sin(((north - lat) / 2) * RAD) ** 2 + flat * Math.sin(((turn - lon) / 2) * RAD) ** 2
  return 2 * RADIUS * Math.asin(Math.min(1, Math.sqrt(near)))
}

function within(value, low, high) {
  return Math.min(Math.max(value, low), high)
}

function plate() {
  const at = { lat: 0, lon: 180, zoom: 1 }
  let [w, h] = [1, 1]
  const scale = () => Math.max(w / 360, h / 180) * at.zoom
  function keep() {
    at.zoom = within(at.zoom, 1, MOST.global)
    const half = h / 2 / scale()
    at.lat = within(at.lat, -90 + half, 90 - half)
    at.lon = ((at.lon % 360) + 360) % 360
  }
  return {
    kind: "global",
    at,
    scale,
    size: (width, height) => {
      ;[w, h] = [width, height]
      keep()
    },
    point: (lat, lon) => [w / 2 + wrap(lon - at.lon) * scale(), h / 2 - (lat - at.lat) * scale()],
    // Of outlines, whose longitudes are continuous.
    line: (lat, lon) => [w / 2 + (lon - at.lon) * scale(), h / 2 - (lat - at.lat) * scale()],
    // The longitude continues beyond 360, so that a box may cross the 0 meridian.
    unpoint: (x, y) => [at.lat - (y - h / 2) / scale(), at.lon + (x - w / 2) / scale()],
    pan: (dx, dy) => {
      at.lon -= dx / scale()
      at.lat += dy / scale()
      keep()
    },
    whole: () => {
      Object.assign(at, { lat: 0, lon: 180, zoom: 1 })
      keep()
    },
    fit: (places) => {
      const from = places[0][1]
      const turns = places.map(([, lon]) => wrap(lon - from))
      const norths = places.map(([lat]) => lat)
      const [west, east] = [Math.min(...turns), Math.max(...turns)]
      const [south, north] = [Math.min(...norths), Math.max(...norths)]
      at.zoom = 1
      // Around a single location, its surroundings show where it is.
      const [margin, most] = places.length > 1 ? [0.002, MOST.global] : [3, 9]
      const room = Math.min(w / (east - west + margin), h / (north - south + margin))
      at.zoom = within((0.6 * room) / scale(), 1, most)
      at.lon = from + (west + east) / 2
      at.lat = (south + north) / 2
      keep()
    },
    keep,
  }
}

function disc(kind) {
  const sign = kind === "north" ? 1 : -1
  const edge = Math.tan(((90 - EDGE) / 2) * RAD)
  const at = { x: 0, y: 0, zoom: 1 }
  let [w, h] = [1, 1]
  const scale = () => (Math.min(w, h) / 2 - 26) * at.zoom
  const onto = (lat, lon) => {
    const reach = Math.tan(((90 - sign * lat) / 2) * RAD) / edge
    return [reach * Math.sin(lon * RAD), -sign * reach * Math.cos(lon * RAD)]
  }
  function keep() {
    at.zoom = within(at.zoom, 1, MOST[kind])
    const room = at.zoom === 1 ? 0 : 1
    ;[at.x, at.y] = [within(at.x, -room, room), within(at.y, -room, room)]
  }
  return {
    kind,
    at,
    scale,
    sign,
    size: (width, height) => ([w, h] = [width, height]),
    // Nothing beyond the edge, though a line may end there.
    point: (lat, lon) => {
      if (sign * lat < EDGE - 1e-9) return null
      const [x, y] = onto(lat, lon)
      return [w / 2 + (x - at.x) * scale(), h / 2 - (y - at.y) * scale()]
    },
    // Of outlines, which go on beyond the edge of the disc, but not to the other pole.
    line: (lat, lon) => {
      const [x, y] = onto(sign * Math.max(sign * lat, -60), lon)
      return [w / 2 + (x - at.x) * scale(), h / 2 - (y - at.y) * scale()]
    },
    unpoint: (px, py) => {
      const [x, y] = [at.x + (px - w / 2) / scale(), at.y - (py - h / 2) / scale()]
      const away = (2 * Math.atan(Math.hypot(x, y) * edge)) / RAD
      return [sign * (90 - away), Math.atan2(x, -sign * y) / RAD]
    },
    pan: (dx, dy) => {
      at.x -= dx / scale()
      at.y += dy / scale()
      keep()
    },
    whole: () => Object.assign(at, { x: 0, y: 0, zoom: 1 }),
    fit: (places) => {
      const there = places.filter(([lat]) => sign * lat >= EDGE).map((place) => onto(...place))
      if (!there.length) return
      const [xs, ys] = [there.map(([x]) => x), there.map(([, y]) => y)]
      const span = Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys))
      const [margin, most] = places.length > 1 ? [0.002, MOST[kind]] : [0.08, 12]
      at.zoom = within(1.2 / (span + margin), 1, most)
      at.x = (Math.max(...xs) + Math.min(...xs)) / 2
      at.y = (Math.max(...ys) + Math.min(...ys)) / 2
      keep()
    },
    keep,
  }
}

// Pixels per degree of latitude; on a disc, at its pole.
function pixelsPerDegree(view) {
  return view.kind === "global" ? view.scale() : view.scale() * ((0.5 * RAD) / Math.tan(((90 - EDGE) / 2) * RAD))
}

function makeView(kind) {
  const view = kind === "global" ? plate() : disc(kind)
  view.zoom = (factor, x, y) => {
    const before = view.point(...view.unpoint(x, y))
    const [lat, lon] = view.unpoint(x, y)
    view.at.zoom *= factor
    view.keep()
    const after = view.point(lat, lon)
    if (before && after) view.pan(before[0] - after[0], before[1] - after[1])
  }
  return view
}

// Path of a box: a rectangle on the global map, a sector of a ring on a polar disc.
function boxPath(view, [west, south, east, north]) {
  const path = new Path2D()
  const span = west === 0 && east === 360 ? 360 : east < west ? east + 360 - west : east - west
  if (view.kind === "global") {
    const [x, y] = view.point(north, west)
    const [high, wide] = [(north - south) * view.scale(), span * view.scale()]
    for (const turn of [-360, 0, 360]) path.rect(x + turn * view.scale(), y, wide, high)
    return path
  }
  const { sign } = view
  const [inner, outer] = sign > 0 ? [north, south] : [south, north]
  if (sign * inner < EDGE) return path
  const reach = (lat) => {
    const [pole, rim] = [view.point(90 * sign, 0), view.point(sign * Math.max(EDGE, sign * lat), 0)]
    return Math.hypot(rim[0] - pole[0], rim[1] - pole[1])
  }
  const [x, y] = view.point(90 * sign, 0)
  // The angle of a meridian on the screen, with y pointing down.
  const angle = (lon) => (sign > 0 ? 90 - lon : lon - 90) * RAD
  path.arc(x, y, reach(outer), angle(west), angle(west + span), sign > 0)
  path.arc(x, y, reach(inner), angle(west + span), angle(west), sign < 0)
  path.closePath()
  return path
}

// Points of the great circle between two locations, ends included.
function arc([lat, lon], [north, turn], steps) {
  const vector = (a, b) => [Math.cos(a * RAD) * Math.cos(b * RAD), Math.cos(a * RAD) * Math.sin(b * RAD), Math.sin(a * RAD)]
  const [p, q] = [vector(lat, lon), vector(north, turn)]
  const angle = kilometres([lat, lon], [north, turn]) / RADIUS
  if (angle < 1e-6) return []
  const points = []
  for (let step = 0; step <= steps; step += 1) {
    const [a, b] = [Math.sin((1 - step / steps) * angle), Math.sin((step / steps) * angle)]
    const [x, y, z] = p.map((value, axis) => a * value + b * q[axis])
    points.push([Math.atan2(z, Math.hypot(x, y)) / RAD, Math.atan2(y, x) / RAD])
  }
  return points
}
