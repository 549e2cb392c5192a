// The pixels of image strips, zoomed in: asked for the part in view, with some room around it, and
// drawn where they are until others arrive.

const imageline = (window.mirsImages = window.mirsImages || { request: null, received: null })
// Strips narrower than so many pixels on the screen are no picture yet.
const NARROWEST = 28
const IMAGE_PIXELS = 700000
const IMAGE_SIDE = 1600
const IMAGE_ROOM = 0.15
const IMAGE_PAUSE = 220

// The view's rectangle: degrees on the global map, radii of the disc in polar views.
function edgesInView({ view, size: [w, h] }, room) {
  const [dx, dy] = [room * w, room * h]
  if (view.kind === "global") {
    const [north, west] = view.unpoint(-dx, -dy)
    const [south, east] = view.unpoint(w + dx, h + dy)
    return [west, Math.min(north, 90), east, Math.max(south, -90)]
  }
  const [x, y] = view.line(90 * view.sign, 0)
  return [-dx - x, -dy - y, w + dx - x, h + dy - y].map((one) => one / view.scale())
}

// Whether an outline in view is large enough on the screen.
function hasPicture(map, strips) {
  const degree = pixelsPerDegree(map.view)
  return outlinesInView(map, strips).some((strip) => {
    const { south, north, span } = boundsOf(strip)
    const wide = span * Math.cos(((south + north) / 2) * RAD) * degree
    return Math.min(wide, (north - south) * degree) >= NARROWEST
  })
}

function stripImages(root, redraw) {
  let [timer, asked] = [0, ""]
  const self = { current: null }
  const keyOf = (part) => JSON.stringify(part)

  imageline.received = (subject, { window: part, picture }) => {
    if (!root.data || subject !== root.data.images || keyOf(part) !== asked) return
    if (!picture) {
      self.current = { part, image: null, view: part.view }
      return redraw()
    }
    const image = new Image()
    image.onload = () => {
      if (keyOf(part) !== asked) return
      self.current = { part, image, view: part.view }
      redraw()
    }
    image.src = picture
  }

  // Whether the present picture serves the view: it covers it, neither too coarse nor too fine.
  function serves(map, edges) {
    const { current } = self
    if (!current || current.view !== map.view.kind) return false
    const [left, top, right, bottom] = current.part.edges
    const [x0, y0, x1, y1] = edges
    const turned = map.view.kind === "global" ? 360 * Math.round((x0 - left) / 360) : 0
    const down = map.view.kind === "global" ? -1 : 1
    const covers = left + turned <= x0 && right + turned >= x1 && down * top <= down * y0 && down * bottom >= down * y1
    const finer = (right - left) / (x1 - x0)
    return covers && finer < 1.9
  }

  return Object.assign(self, {
    want(map) {
      const { images, strips } = root.data
      if (!images || !root.layers.images || !hasPicture(map, strips)) {
        clearTimeout(timer)
        asked = ""
        self.current = null
        return
      }
      if (serves(map, edgesInView(map, 0))) return
      const [w, h] = map.size.map((one) => one * (1 + 2 * IMAGE_ROOM) * (window.devicePixelRatio || 1))
      const less = Math.min(1, Math.sqrt(IMAGE_PIXELS / (w * h)), IMAGE_SIDE / Math.max(w, h))
      const part = { view: map.view.kind, edges: edgesInView(map, IMAGE_ROOM), size: [Math.round(w * less), Math.round(h * less)] }
      if (keyOf(part) === asked) return
      asked = keyOf(part)
      clearTimeout(timer)
      timer = setTimeout(() => imageline.request && imageline.request(part), IMAGE_PAUSE)
    },
    paint(pen, { view, size: [w] }) {
      const { current } = self
      if (!current || !current.image || current.view !== view.kind || !root.layers.images) return
      const [left, top, right, bottom] = current.part.edges
      if (view.kind !== "global") {
        const [x, y] = view.line(90 * view.sign, 0)
        const scale = view.scale()
        pen.drawImage(current.image, x + left * scale, y + top * scale, (right - left) * scale, (bottom - top) * scale)
        return
      }
      for (const turn of [-720, -360, 0, 360, 720]) {
        const [x, y] = view.line(top, left + turn)
        const [u, v] = view.line(bottom, right + turn)
        if (x < w && u > 0) pen.drawImage(current.image, x, y, u - x, v - y)
      }
    },
  })
}
