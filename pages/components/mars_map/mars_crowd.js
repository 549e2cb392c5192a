// What is in view of a set with too many tiles to send: asks the app for it, and makes of it the
// tiles that are drawn. See mars_density.js and mars_sight.py.

const COUNTS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array }

function sightOf(plain) {
  const sight = { ...plain, counts: null, rows: null }
  if (plain.counts) sight.counts = decoded(plain.counts, COUNTS[plain.kind])
  else {
    sight.rows = decoded(plain.rows, Uint32Array)
    const places = decoded(plain.points, Float32Array)
    ;[sight.lat, sight.lon] = [places.subarray(0, sight.rows.length), places.subarray(sight.rows.length)]
    sight.codes = decoded(plain.codes, Uint16Array)
    sight.chosen = decoded(plain.chosen, Uint8Array)
  }
  return sight
}

// The tiles that are drawn singly: those that are always drawn, and those of a sight with few.
function settled(content, sight) {
  if (!content.crowd) return content
  const of = new Map()
  content.rows.forEach((row, number) => of.set(row, number))
  const more = sight.rows ? [...sight.rows.keys()].filter((number) => !of.has(sight.rows[number])) : []
  const joined = (first, other, Kind) => {
    const all = new Kind(first.length + more.length)
    all.set(first)
    more.forEach((number, at) => (all[first.length + at] = other[number]))
    return all
  }
  more.forEach((number, at) => of.set(sight.rows[number], content.rows.length + at))
  const at = (row) => of.get(row) ?? -1
  const all = (rows) => rows.map(at).filter((number) => number >= 0)
  const empty = []
  const local = {
    ...content,
    rows: joined(content.rows, sight.rows || empty, Uint32Array),
    lat: joined(content.lat, sight.lat || empty, Float32Array),
    lon: joined(content.lon, sight.lon || empty, Float32Array),
    codes: joined(content.codes, sight.codes || empty, Uint16Array),
    open: null,
    models: content.models.map((model) => ({ ...model, hits: all(model.hits) })),
    query: at(content.query),
    plus: all(content.plus),
    minus: all(content.minus),
    kept: all(content.kept),
    shape: `${content.points} ${sight.key}`,
  }
  if (content.open) {
    local.open = new Uint8Array(local.rows.length).fill(1)
    local.open.set(content.open)
  }
  if (content.chosen) {
    const chosen = new Set(all([...content.chosen]))
    more.forEach((number) => sight.chosen && sight.chosen[number] && chosen.add(at(sight.rows[number])))
    local.chosen = [...chosen]
  }
  return local
}

// Asks for what the view needs, after a pause, and keeps the answers.
function crowd(root, settle) {
  const answers = new Map()
  let [timer, asked] = [0, ""]
  const hidden = () => [...root.veiled].sort((a, b) => a - b)
  const keyOf = ({ view, level, left, top, right, bottom }) =>
    `${root.raw.crowd.subject}/${hidden()}/${[view, level, left, top, right, bottom]}`
  const self = { current: null, whole: null }
  function use(sight) {
    if (sight === self.current) return
    self.current = sight
    settle()
  }
  function ask(area, key) {
    clearTimeout(timer)
    asked = key
    timer = setTimeout(() => sightline.request && sightline.request({ cells: area, hidden: hidden() }), PAUSE)
  }
  sightline.received = (subject, plain) => {
    if (!root.raw || !root.raw.crowd || subject !== root.raw.crowd.subject) return
    const key = `${subject}/${plain.hidden}/${Object.values(plain.area)}`
    const sight = { ...sightOf(plain), key }
    answers.set(key, sight)
    if (answers.size > REMEMBERED) answers.delete(answers.keys().next().value)
    if (key === asked) use(sight)
  }
  return Object.assign(self, {
    // The sight of the whole view comes with the map.
    begin(sight) {
      const key = `${root.raw.crowd.subject}//${Object.values(sight.area)}`
      self.whole = sight.key === key ? sight : Object.assign(sight, { key })
      if (!self.current || self.current.area.view !== sight.area.view) self.current = sight
      asked = ""
    },
    want(map) {
      if (!self.current) return
      const area = areaOf(map, root.raw.crowd.levels)
      const fresh = (sight) => sight.key.startsWith(`${root.raw.crowd.subject}/${hidden()}/`)
      const serves = (sight) => sight && fresh(sight) && covers(map, sight, area)
      if (serves(self.current)) return clearTimeout(timer)
      const key = keyOf(area)
      const kept = answers.get(key) || [self.whole, ...answers.values()].find(serves)
      if (kept) {
        clearTimeout(timer)
        asked = key
        return use(kept)
      }
      if (key !== asked) ask(area, key)
    },
    // The densities at the ends of the colours; nothing where single tiles are drawn.
    range() {
      const sight = self.current && self.current.counts ? self.current : self.whole
      return sight && sight.counts ? densities(sight) : null
    },
  })
}

// The usual distance in degrees between a point and the one next to it; 0 if most share their place.
function spacingOf({ lat, lon }, places) {
  if (places.length < 0.6 * lat.length || lat.length < 50) return 0
  const step = Math.max(1, Math.floor(lat.length / 120))
  const nearest = []
  for (let one = 0; one < lat.length; one += step) {
    const flat = Math.cos(lat[one] * RAD)
    let best = Infinity
    for (let other = 0; other < lat.length; other += 1) {
      const away = (lat[other] - lat[one]) ** 2 + (flat * wrap(lon[other] - lon[one])) ** 2
      if (away > 0 && away < best) best = away
    }
    nearest.push(Math.sqrt(best))
  }
  return nearest.sort((a, b) => a - b)[nearest.length >> 1]
}

function rounded(value) {
  return value.toLocaleString("en", { maximumSignificantDigits: 3 })
}

// The legend of the density: its colours with numbers, and what the map shows.
function sightNote(root, map, theme) {
  const note = root.querySelector(".sight")
  if (!root.raw.crowd || !root.layers.tiles) {
    note.dataset.key = ""
    return note.replaceChildren()
  }
  const { current, range } = root.crowd
  const shown = inSight(root, map)
  const isDense = Boolean(current.counts)
  const text = isDense
    ? `${shown.toLocaleString("en")} tiles in view as density; zoom in to see single tiles`
    : `${shown.toLocaleString("en")} tiles in view as points`
  const { least, most } = range() || { least: 1, most: 1 }
  const key = `${text} ${least} ${most} ${theme.name} ${isDense}`
  if (note.dataset.key === key) return
  note.dataset.key = key
  note.dataset.kind = isDense ? "density" : "points"
  note.replaceChildren(...(isDense ? [scaleOf(least, most, theme)] : []), make("p", "", text))
}

// Colours from the lowest to the highest density, with numbers of tiles in a round area.
function scaleOf(least, most, theme) {
  const area = 10 ** Math.ceil(-Math.log10(least) - 1e-9)
  const [low, high] = [least * area, most * area]
  const box = make("div", "scale")
  const bar = make("i")
  const table = inksOf(theme.name)
  const stops = Array.from({ length: 17 }, (_, step) => table[Math.round((255 * step) / 16)])
  bar.style.background = `linear-gradient(90deg, ${stops.map(([r, g, b]) => `rgb(${r},${g},${b})`).join(", ")})`
  const decades = Math.log10(high / low)
  const steps = decades > 4 ? [1] : decades > 1.6 ? [1, 3] : [1, 2, 5]
  const marks = make("span", "marks-of-scale")
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += decades > 5 ? 2 : 1) {
    for (const step of steps) {
      const value = step * 10 ** power
      if (value < low || value > high) continue
      const mark = make("b", "", rounded(value))
      mark.style.left = `${(100 * Math.log(value / low)) / Math.log(high / low)}%`
      marks.append(mark)
    }
  }
  const whole = make("span", "bar")
  whole.append(bar, marks)
  box.append(make("span", "unit", "Tiles per"), make("span", "unit", `${area.toLocaleString("en")} km²`), whole)
  box.setAttribute("aria-label", `Tiles per ${area.toLocaleString("en")} km², from ${rounded(low)} to ${rounded(high)}`)
  return box
}
