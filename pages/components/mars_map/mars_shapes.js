// Boxes, circles and polygons: their outlines in each view, and drawing them with the pointer or at
// the crosshair. Sides of polygons are straight in longitude and latitude.

// A side is divided, since it is a curve on a polar disc.
const SIDE = 2
const RIM = 90
// A click so near to the first corner closes a polygon.
const CLOSING = 11

// Corners (lon, lat) of a ring and points between them, for the view; longitudes may go beyond 360.
function along(view, ring) {
  if (view.kind === "global") return ring
  const all = []
  ring.forEach(([lon, lat], at) => {
    const [end, north] = ring[(at + 1) % ring.length]
    const parts = Math.max(1, Math.ceil(Math.abs(end - lon) / SIDE))
    for (let part = 0; part < parts; part += 1) {
      all.push([lon + ((end - lon) * part) / parts, lat + ((north - lat) * part) / parts])
    }
  })
  return all
}

// The path of rings; without the lines to a pole and along it, which close rings round the planet.
function shapePath(view, rings, isOutline) {
  const path = new Path2D()
  const turns = view.kind === "global" ? [-720, -360, 0, 360, 720] : [0]
  const isPole = ([, lat]) => Math.abs(lat) >= 90
  for (const ring of rings) {
    const corners = along(view, ring)
    for (const turn of turns) {
      corners.forEach(([lon, lat], at) => {
        const before = corners[(at + corners.length - 1) % corners.length]
        const hidden = isOutline && (isPole([lon, lat]) || isPole(before))
        const point = view.line(lat, lon + turn)
        if (at === 0 || hidden) path.moveTo(...point)
        else path.lineTo(...point)
      })
      if (!isOutline || !(isPole(corners[0]) || isPole(corners[corners.length - 1]))) path.closePath()
    }
  }
  return path
}

// The places at a distance from a centre, anticlockwise, with continuous longitudes; a rim around a
// pole is closed along it.
function rimOf(lat, lon, km) {
  const [here, reach] = [lat * RAD, km / RADIUS]
  const ring = []
  for (let step = 0; step < RIM; step += 1) {
    const turn = (-2 * Math.PI * step) / RIM
    const sine = Math.sin(here) * Math.cos(reach) + Math.cos(here) * Math.sin(reach) * Math.cos(turn)
    const away = Math.atan2(Math.sin(turn) * Math.sin(reach) * Math.cos(here), Math.cos(reach) - Math.sin(here) * sine)
    const east = lon + away / RAD
    const last = ring.length ? ring[ring.length - 1][0] : east
    ring.push([last + wrap(east - last), Math.asin(within(sine, -1, 1)) / RAD])
  }
  const end = ring[RIM - 1][0] + wrap(ring[0][0] - ring[RIM - 1][0])
  if (Math.abs(end - ring[0][0]) < 180) return ring
  const pole = reach / RAD > 90 - lat ? 90 : -90
  return [...ring, [end, ring[0][1]], [end, pole], [ring[0][0], pole]]
}

// What is drawn at present: a box [west, south, east, north], or rings.
function sketch(self, say, redraw) {
  let draft = null

  function show() {
    self.box = draft && draft.shape
    self.corners = draft && draft.kind === "polygon" ? draft.ring : []
    redraw()
  }

  const draw = { box: growBox, circle: growCircle, polygon: growPolygon }

  function growBox(lat, lon) {
    // Around a pole, the path of the pointer decides on which side the box lies; keys move the map
    // below the crosshair, also past a full turn.
    draft.turn = self.view.kind === "global" && !draft.keyed ? lon : draft.turn + wrap(lon - draft.last)
    draft.last = lon
    const [start, end] = [Math.min(draft.lon, draft.turn), Math.max(draft.lon, draft.turn)]
    const [south, north] = [within(Math.min(draft.lat, lat), -90, 90), within(Math.max(draft.lat, lat), -90, 90)]
    draft.message = ["boxed", [start, south, end, north]]
    const east = (turn) => ((turn % 360) + 360) % 360
    draft.shape = end - start >= 360 ? [0, south, 360, north] : [east(start), south, east(end), north]
  }

  function growCircle(lat, lon) {
    const km = kilometres([draft.lat, draft.lon], [within(lat, -90, 90), lon])
    if (!(km > 0)) return
    draft.message = ["shaped", { circle: [draft.lat, draft.lon, km] }]
    draft.shape = { rings: [rimOf(draft.lat, draft.lon, km)] }
  }

  // Continuous longitudes: as on the screen, also where the map was moved meanwhile; around a pole
  // by the shorter way.
  function unwrapped(lon) {
    const [last] = draft.ring[draft.ring.length - 1]
    if (self.view.kind !== "global") return last + wrap(lon - last)
    draft.centre += wrap(self.view.at.lon - draft.seen)
    draft.seen = self.view.at.lon
    return draft.centre + lon - self.view.at.lon
  }

  // Sides of more than half a turn would be taken the other way by others.
  function divided(ring) {
    if (self.view.kind !== "global") return ring
    return ring.flatMap(([lon, lat], at) => {
      const [end, north] = ring[(at + 1) % ring.length]
      return Math.abs(end - lon) < 170 ? [[lon, lat]] : [[lon, lat], [(lon + end) / 2, (lat + north) / 2]]
    })
  }

  function growPolygon(lat, lon) {
    const next = [unwrapped(lon), within(lat, -90, 90)]
    draft.shape = { rings: [[...draft.ring, next]], isOpen: true }
  }

  function start(kind, x, y, keyed) {
    const [lat, lon] = self.view.unpoint(x, y)
    const north = within(lat, -90, 90)
    draft = { kind, keyed, lat: north, lon, turn: lon, last: lon, ring: [[lon, north]], message: null, shape: null }
    draft.centre = draft.seen = self.view.at.lon
  }

  function send() {
    const { message } = draft
    draft = null
    if (message) say(...message)
  }

  return {
    get kind() {
      return draft ? draft.kind : null
    },
    start,
    grow(x, y) {
      if (!draft) return
      draw[draft.kind](...self.view.unpoint(x, y))
      show()
    },
    // The end of a drag.
    finish() {
      if (draft && draft.kind !== "polygon") send()
    },
    cancel() {
      draft = null
      show()
    },
    // A corner of a polygon; at its first corner, its end.
    corner(x, y, keyed) {
      if (!draft || draft.kind !== "polygon") {
        start("polygon", x, y, keyed)
        return show()
      }
      const [lon, lat] = draft.ring[0]
      const first = self.view.point(lat, lon)
      if (!keyed && first && Math.hypot(first[0] - x, first[1] - y) < CLOSING) return this.close()
      growPolygon(...self.view.unpoint(x, y))
      draft.ring = draft.shape.rings[0]
      show()
    },
    // Ends a polygon of at least three corners.
    close() {
      if (!draft || draft.kind !== "polygon" || draft.ring.length < 3) return
      draft.message = ["shaped", { polygon: divided(draft.ring) }]
      draft.shape = { rings: [draft.ring] }
      show()
      send()
      self.corners = []
    },
    // Forgets the last corner of a polygon.
    back() {
      if (!draft || draft.kind !== "polygon") return
      draft.ring = draft.ring.slice(0, -1)
      if (!draft.ring.length) return this.cancel()
      draft.shape = { rings: [draft.ring], isOpen: true }
      show()
    },
    // At the crosshair: the first and then the second point of a box or a circle.
    keyed(kind, x, y) {
      if (draft && draft.kind === kind) return send()
      start(kind, x, y, true)
    },
  }
}

// Outline and area of a region, and the corners of a polygon that is being drawn.
function drawRegion(pen, map, region, filters) {
  if (!region) return
  const { view } = map
  pen.save()
  if (view.kind !== "global") {
    const pole = view.line(90 * view.sign, 0)
    pen.beginPath()
    pen.arc(...pole, view.scale(), 0, 2 * Math.PI)
    pen.clip()
  }
  pen.lineWidth = filters ? 2 : 1.6
  pen.strokeStyle = STAR
  pen.fillStyle = filters ? "rgba(0,0,0,0)" : "rgba(211,84,43,0.12)"
  if (!filters) pen.setLineDash([6, 4])
  const isBox = Array.isArray(region)
  pen.fill(isBox ? boxPath(view, region) : shapePath(view, region.rings, false), "evenodd")
  pen.stroke(isBox ? boxPath(view, region) : shapePath(view, region.rings, true))
  pen.setLineDash([])
  pen.fillStyle = STAR
  for (const [lon, lat] of filters ? [] : map.corners || []) {
    const point = view.point(lat, lon)
    if (!point) continue
    pen.beginPath()
    pen.arc(...point, 3.5, 0, 2 * Math.PI)
    pen.fill()
  }
  pen.restore()
}

// A place that was asked for by its name or its coordinates.
function drawPin(pen, { view, size }, pin, theme) {
  const point = pin && view.point(pin.lat, pin.lon)
  if (!point || !inView(point, size, 20)) return
  const [x, y] = point
  for (const [colour, width] of [[theme.ground, 4], [STAR, 2]]) {
    pen.strokeStyle = colour
    pen.lineWidth = width
    pen.beginPath()
    pen.arc(x, y, 9, 0, 2 * Math.PI)
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      pen.moveTo(x + 5 * dx, y + 5 * dy)
      pen.lineTo(x + 15 * dx, y + 15 * dy)
    }
    pen.stroke()
  }
  pen.font = `600 12px ${theme.sans}`
  pen.fillStyle = theme.text
  halo(pen, pin.name, x + 18, y + 4, theme)
}

// Degrees with as many digits as a pixel needs, of the place below the pointer.
function placeText({ view }, x, y, west) {
  const [lat, lon] = view.unpoint(x, y)
  if (Math.abs(lat) > 90 || (view.kind !== "global" && view.sign * lat < EDGE)) return ""
  const digits = within(Math.ceil(Math.log10(pixelsPerDegree(view))), 1, 5)
  const parts = 10 ** digits
  const turn = 360 * parts
  const east = ((Math.round((west ? -lon : lon) * parts) % turn) + turn) % turn
  const north = Math.round(lat * parts) / parts
  return `${Math.abs(north).toFixed(digits)}° ${north < 0 ? "S" : "N"}, ${(east / parts).toFixed(digits)}° ${west ? "W" : "E"}`
}
