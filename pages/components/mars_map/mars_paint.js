// Painting of the map: the basemap on one canvas, tiles and labels on another.

const EXAMPLES = { plus: ["+", "#0f7d6e"], minus: ["-", "#8d2f1b"] }

function kmPerPixel({ view, size: [w, h] }) {
  return kilometres(view.unpoint(w / 2 - 30, h / 2), view.unpoint(w / 2 + 30, h / 2)) / 60
}

function pens(box, size) {
  const scale = window.devicePixelRatio || 1
  return [...box.querySelectorAll("canvas")].map((canvas) => {
    const [w, h] = size.map((one) => Math.round(one * scale))
    if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h]
    const pen = canvas.getContext("2d")
    pen.setTransform(scale, 0, 0, scale, 0, 0)
    pen.clearRect(0, 0, ...size)
    return pen
  })
}

function paintMap(root, map, box, again) {
  const { data, layers } = root
  const [pen, top] = pens(box, map.size)
  const theme = themeOf(root)
  box.dataset.sheet = paintGround(pen, root, map, theme, again) ? data.view : ""
  locate(map)
  if (layers.lines && layers.results) drawLines(top, map, data)
  if (layers.strips) drawOutlines(top, map, data.strips, theme)
  drawRegion(top, map, data.region, true)
  drawRegion(top, map, map.box || data.box, false)
  const points = map.points
  for (const copy of [...atEdges(map), points]) {
    map.points = copy
    if (layers.tiles) paintTiles(top, root, map, theme)
    paintMarks(top, root, map, theme)
  }
  drawPin(top, map, data.pin, theme)
  scaleBar(top, map.view, map.size, kmPerPixel(map), theme)
  if (box.querySelector("canvas.over").matches(":focus-visible")) drawCross(top, map.size, theme)
  if (data.crowd) root.crowd.want(map)
  sightNote(root, map, theme)
  similarityLegend(root, theme)
  box.dataset.painted = data.id
}

// A location cut by the edge of the global map is also drawn at the opposite edge.
function atEdges({ view, points, size: [w] }) {
  const turn = view.kind === "global" ? 360 * view.scale() : Infinity
  if (turn > w + 2 * BORDER) return []
  const moved = (near, by) => points.map((point) => (point && near(point[0]) ? [point[0] + by, point[1]] : null))
  return [moved((x) => x < BORDER, turn), moved((x) => x > w - BORDER, -turn)]
}

function paintGround(pen, root, map, theme, again) {
  const { data, layers } = root
  pen.fillStyle = theme.ground
  pen.fillRect(0, 0, ...map.size)
  const picture = sheet(data.view, arrays.get(data.pictures[data.view]), theme.name, again)
  if (picture) spread(pen, map.view, picture, map.size)
  root.images.want(map)
  root.images.paint(pen, map)
  if (data.heat) {
    const key = `${data.heat.name} ${data.view} ${theme.name}`
    if (map.heatKey !== key) [map.heatKey, map.heat] = [key, heatSheet(map.view, data.heat, theme.name)]
    spread(pen, map.view, map.heat, map.size)
  }
  paintSimilarity(pen, root, map, theme)
  if (data.crowd && layers.tiles) paintDensity(pen, root, map, theme)
  const taken = graticule(pen, map.view, map.size, data.west, theme)
  if (layers.names) featureNames(pen, map.view, map.size, data.features, kmPerPixel(map), theme, taken)
  return picture
}

function paintTiles(pen, root, map, theme) {
  const { data, chosen, veiled } = root
  const passes = (row) => (!data.open || data.open[row]) && !veiled.has(data.codes[row])
  const bright = (row) => passes(row) && (!chosen || chosen.has(row))
  const all = map.points
  drawDots(pen, map, data, bright, theme)
  if (map.opened < 0 || !all[map.opened]) return
  drawOpened(pen, map, theme)
  map.points = all.map((point, number) => (number === map.opened ? point : null))
  drawDots(pen, map, data, bright, theme)
  map.points = all
}

function paintMarks(pen, { data, layers }, map, theme) {
  const at = (row) => (row >= 0 ? spot(map, row) : null)
  const taken = []
  for (const row of data.kept) if (at(row)) drawKept(pen, at(row), theme)
  if (layers.results) drawHits(pen, map, data, theme, taken)
  if (layers.strips) drawCounts(pen, map, data.strips, theme, taken)
  for (const [rows, [sign, colour]] of Object.entries(EXAMPLES)) {
    for (const row of data[rows]) if (at(row)) drawSign(pen, at(row), sign, colour)
  }
  if (at(data.query)) drawStar(pen, at(data.query), STAR)
}

// The crosshair in the middle of the view, for keyboard users.
function drawCross(pen, size, theme) {
  const [x, y] = size.map((one) => one / 2)
  pen.strokeStyle = theme.text
  pen.lineWidth = 1.4
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
    pen.beginPath()
    pen.moveTo(x + 5 * dx, y + 5 * dy)
    pen.lineTo(x + 15 * dx, y + 15 * dy)
    pen.stroke()
  }
}
