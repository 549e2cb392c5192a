// The layers below the tiles: the basemap in the page's colours, densities, the graticule, the
// names of features and the scale bar.

const TURNS = [1, 2, 5, 10, 15, 30, 45, 90]
const STEPS = [30, 15, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01]
const PAPER = { light: [[164, 143, 125], [249, 243, 235]], dark: [[22, 18, 15], [132, 108, 92]] }
const HEAT = { light: [194, 69, 31], dark: [255, 150, 92] }

function themeOf(root) {
  const [r, g, b] = getComputedStyle(document.querySelector(".stApp")).backgroundColor.match(/[\d.]+/g).map(Number)
  const style = getComputedStyle(root)
  return {
    name: r + g + b < 380 ? "dark" : "light",
    ground: `rgb(${r},${g},${b})`,
    text: style.color,
    sans: style.fontFamily,
    serif: style.getPropertyValue("--st-heading-font") || "serif",
  }
}

// Grey basemaps are tinted with the page's colours, to stay calm under dots in both themes.
async function tinted(address, [low, high]) {
  const picture = new Image()
  picture.src = address
  await picture.decode()
  const made = document.createElement("canvas")
  ;[made.width, made.height] = [picture.naturalWidth, picture.naturalHeight]
  const pen = made.getContext("2d", { willReadFrequently: true })
  pen.drawImage(picture, 0, 0)
  const pixels = pen.getImageData(0, 0, made.width, made.height)
  const { data } = pixels
  const table = Array.from({ length: 256 }, (_, grey) => within((grey - 45) / 130, 0, 1) ** 0.9)
  for (let at = 0; at < data.length; at += 4) {
    const share = table[data[at]]
    for (let part = 0; part < 3; part += 1) data[at + part] = low[part] + share * (high[part] - low[part])
  }
  pen.putImageData(pixels, 0, 0)
  return made
}

const sheets = new Map()
function sheet(kind, address, name, ready) {
  const key = `${kind} ${name}`
  if (!sheets.has(key)) {
    sheets.set(key, null)
    tinted(address, PAPER[name]).then((made) => {
      sheets.set(key, made)
      ready()
    })
  }
  return sheets.get(key)
}

// Image of a density grid: used unchanged on the global map, resampled on a polar disc.
function heatSheet(view, { grid, rows, columns }, name) {
  const side = view.kind === "global" ? [columns, rows] : [320, 320]
  const made = document.createElement("canvas")
  ;[made.width, made.height] = side
  const pen = made.getContext("2d")
  const pixels = pen.createImageData(...side)
  const whole = view.kind === "global" ? null : disc(view.kind)
  if (whole) whole.size(side[0] + 52, side[1] + 52)
  const value = (lat, lon) => {
    const row = within(((90 - lat) / 180) * rows - 0.5, 0, rows - 1)
    const column = ((((lon / 360) * columns - 0.5) % columns) + columns) % columns
    const [r, c] = [Math.floor(row), Math.floor(column)]
    const cell = (i, j) => grid[Math.min(i, rows - 1) * columns + (j % columns)]
    const [u, v] = [row - r, column - c]
    return (1 - u) * ((1 - v) * cell(r, c) + v * cell(r, c + 1)) + u * ((1 - v) * cell(r + 1, c) + v * cell(r + 1, c + 1))
  }
  for (let y = 0; y < side[1]; y += 1) {
    for (let x = 0; x < side[0]; x += 1) {
      const share = (whole ? value(...whole.unpoint(x + 26.5, y + 26.5)) : grid[y * columns + x]) / 255
      pixels.data.set([...HEAT[name], 210 * share ** 0.7], 4 * (y * side[0] + x))
    }
  }
  pen.putImageData(pixels, 0, 0)
  return made
}

function spread(pen, view, picture, [w, h]) {
  pen.imageSmoothingQuality = "high"
  if (view.kind === "global") {
    const scale = view.scale()
    const [x, y] = [w / 2 - view.at.lon * scale, h / 2 - (90 - view.at.lat) * scale]
    const { width, height } = picture
    const [wide, high] = [(360 * scale) / width, (180 * scale) / height]
    // Only the visible part: zoomed in, the whole sheet is millions of pixels wide.
    const part = (start, size, length, most) => {
      const from = within(Math.floor(-start / size) - 2, 0, most)
      return [from, within(Math.ceil((length - start) / size) + 2, 0, most) - from]
    }
    const [row, rows] = part(y, high, h, height)
    for (const turn of [-360, 0, 360]) {
      const left = x + turn * scale
      if (left >= w || left + 360 * scale <= 0) continue
      const [column, columns] = part(left, wide, w, width)
      // Sheets overlap slightly, or the seam would be visible.
      pen.drawImage(picture, column, row, columns, rows, left + column * wide, y + row * high, columns * wide + 0.6, rows * high)
    }
    return
  }
  const [x, y] = view.point(90 * view.sign, 0)
  const reach = view.scale()
  pen.save()
  pen.beginPath()
  pen.arc(x, y, reach, 0, 2 * Math.PI)
  pen.clip()
  pen.drawImage(picture, x - reach, y - reach, 2 * reach, 2 * reach)
  pen.restore()
}

function longitude(lon, west, digits = 1) {
  // In whole parts of a degree: fractions would leave trailing digits.
  const parts = 10 ** digits
  const turn = 360 * parts
  const turned = ((Math.round((west ? -lon : lon) * parts) % turn) + turn) % turn
  return `${turned / parts}° ${west ? "W" : "E"}`
}

function latitude(lat, digits = 1) {
  const parts = 10 ** digits
  const value = Math.abs(Math.round(lat * parts) / parts)
  return value ? `${value}° ${lat < 0 ? "S" : "N"}` : "0°"
}

function halo(pen, text, x, y, theme, width = 3) {
  pen.lineJoin = "round"
  pen.lineWidth = width
  pen.strokeStyle = theme.ground
  pen.globalAlpha = 0.82
  pen.strokeText(text, x, y)
  pen.globalAlpha = 1
  pen.fillText(text, x, y)
}

// Meridians and parallels with their degrees; returns the positions of the labels.
function graticule(pen, view, [w, h], west, theme) {
  const perDegree = view.kind === "global" ? view.scale() : view.scale() / 35
  // Polar discs have a lower maximum zoom.
  const finest = view.kind === "global" ? 0 : 0.5
  const step = STEPS.filter((one) => one >= finest && one * perDegree >= 58).pop() || 30
  const digits = step < 0.1 ? 2 : 1
  const lines = new Path2D()
  const marks = []
  if (view.kind === "global") {
    const [north, left] = view.unpoint(0, 0)
    const [south, right] = view.unpoint(w, h)
    for (let lon = Math.ceil(left / step) * step; lon <= right; lon += step) {
      const x = (lon - left) * view.scale()
      lines.moveTo(x, 0)
      lines.lineTo(x, h)
      if (x > 34 && x < w - 26) marks.push([longitude(lon, west, digits), x, h - 9, "center"])
    }
    for (let lat = Math.ceil(south / step) * step; lat <= north; lat += step) {
      const [, y] = view.point(lat, 0)
      lines.moveTo(0, y)
      lines.lineTo(w, y)
      if (y > 16 && y < h - 24) marks.push([latitude(lat, digits), 8, y - 5, "left"])
    }
  } else {
    const [x, y] = view.point(90 * view.sign, 0)
    const [middle] = view.unpoint(w / 2, h / 2)
    const around = view.at.zoom > 1.5 ? view.sign * within(Math.round(Math.abs(middle) / step) * step, EDGE, 88) : view.sign * EDGE
    // Spacing of the meridians, as wide as their labels require.
    const [one, other] = [view.point(around, 0), view.point(around, 1)]
    const turn = TURNS.find((degrees) => degrees * Math.hypot(one[0] - other[0], one[1] - other[1]) >= 74) || 30
    for (let lon = 0; lon < 360; lon += turn) {
      const [from, to] = [view.point(view.sign * (lon % 30 ? 86 : 90), lon), view.point(view.sign * EDGE, lon)]
      lines.moveTo(...from)
      lines.lineTo(...to)
      const place = view.point(around, lon)
      const out = view.at.zoom > 1.5 ? 1 : 1 + 14 / view.scale()
      marks.push([longitude(lon, west), x + (place[0] - x) * out, y + (place[1] - y) * out + 4, "center"])
    }
    for (let lat = EDGE; lat < 90; lat += lat === EDGE ? ((Math.ceil((EDGE + 0.01) / step) * step) - EDGE) : step) {
      const reach = y - view.point(view.sign * lat, view.sign > 0 ? 180 : 0)[1]
      lines.moveTo(x + reach, y)
      lines.arc(x, y, reach, 0, 2 * Math.PI)
      if (lat > EDGE) marks.push([latitude(view.sign * lat), x + 3, y - reach - 3, "left"])
    }
  }
  pen.strokeStyle = theme.name === "dark" ? "rgba(255,240,228,0.15)" : "rgba(60,42,30,0.17)"
  pen.lineWidth = 1
  pen.stroke(lines)
  pen.font = `500 11px ${theme.sans}`
  pen.fillStyle = theme.text
  const taken = []
  for (const [text, u, v, align] of marks) {
    pen.textAlign = align
    halo(pen, text, u, v, theme, 2.5)
    const half = pen.measureText(text).width / 2
    taken.push([align === "left" ? u + half : u, v, half])
  }
  pen.textAlign = "left"
  return taken
}

// Names by size, the widest feature first, each where no other label is.
function featureNames(pen, view, [w, h], features, kmPerPixel, theme, taken) {
  const most = Math.round(4 + w / 110 + 9 * Math.log2(view.at.zoom))
  let written = 0
  const sorted = features.sorted || (features.sorted = [...features].sort((a, b) => b[4] - a[4]))
  pen.textAlign = "center"
  for (const [name, kind, lat, lon, diameter] of sorted) {
    if (written >= most) break
    const across = diameter / kmPerPixel
    if (across < (kind === "crater" ? 26 : 34)) continue
    const place = view.point(lat, lon)
    if (!place || place[0] < 0 || place[1] < 12 || place[0] > w || place[1] > h - 26) continue
    const large = ["terra", "planitia", "planum", "vastitas"].includes(kind)
    const size = large ? within(10 + across / 90, 11.5, 15) : 11.5
    pen.font = `${large ? "italic 600" : "italic 400"} ${size}px ${theme.serif}`
    pen.letterSpacing = large ? "0.06em" : "0px"
    const half = pen.measureText(name).width / 2 + 5
    const [x, y] = [within(place[0], half + 44, w - half - 4), place[1] + 4]
    if (Math.abs(x - place[0]) > 60) continue
    if (taken.some(([u, v, reach]) => Math.abs(u - x) < half + reach && Math.abs(v - y) < 17)) continue
    taken.push([x, y, half])
    pen.fillStyle = theme.name === "dark" ? "rgba(240,228,216,0.92)" : "rgba(58,40,30,0.94)"
    halo(pen, name, x, y, theme, 3)
    written += 1
  }
  pen.letterSpacing = "0px"
  pen.textAlign = "left"
}

function scaleBar(pen, view, [w, h], kmPerPixel, theme) {
  const longest = Math.min(150, w / 4) * kmPerPixel
  const power = 10 ** Math.floor(Math.log10(longest))
  const length = [5, 2, 1].map((one) => one * power).find((one) => one <= longest)
  const wide = length / kmPerPixel
  const [x, y] = [w - wide - 16, h - (view.kind === "global" ? 34 : 16)]
  const [north] = view.unpoint(w / 2, h / 2)
  pen.font = `600 11px ${theme.sans}`
  pen.fillStyle = theme.text
  pen.textAlign = "right"
  const where = view.kind === "global" && Math.abs(north) >= 5 ? ` at ${latitude(Math.round(north))}` : ""
  halo(pen, `${length.toLocaleString("en")} km${where}`, x + wide, y - 7, theme)
  pen.textAlign = "left"
  for (const [colour, width] of [[theme.ground, 5], [theme.text, 2]]) {
    pen.strokeStyle = colour
    pen.lineWidth = width
    pen.beginPath()
    pen.moveTo(x, y - 4)
    pen.lineTo(x, y)
    pen.lineTo(x + wide, y)
    pen.lineTo(x + wide, y - 4)
    pen.stroke()
  }
}
