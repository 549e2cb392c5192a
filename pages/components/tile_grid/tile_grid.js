// Columns of tiles, which are real buttons. External values are set as text or properties, never as
// markup.

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

function element(tag, className, text) {
  const made = document.createElement(tag)
  if (className) made.className = className
  if (text !== undefined) made.textContent = text
  return made
}

function help(name, text, className, floating) {
  const button = element("button", className, name)
  button.type = "button"
  button.setAttribute("aria-label", `${name}. ${text}`)
  floating.attach(button, () => [element("p", "plain", text)])
  return button
}

function head(column, floating) {
  const box = element("header", "head")
  box.append(element("h2", "", column.title))
  if (column.score) {
    const score = help(column.score, column.score_help, "score", floating)
    score.prepend(element("small", "", column.score_name))
    box.append(score)
  }
  const about = element("p", "about")
  about.append(help(column.about, column.about_help, "method", floating))
  if (column.caution) {
    const [short, ...rest] = column.caution.split(": ")
    about.append(help(short, rest.join(": ") || short, "caution", floating))
  }
  box.append(about)
  if (column.tiles.some((entry) => entry.colour)) box.append(barcode(column))
  box.append(element("p", "note", column.note))
  return box
}

// One bar per rank in the colour of its class; relevant results have taller bars.
function barcode(column) {
  const box = element("div", "barcode")
  box.setAttribute("role", "img")
  box.setAttribute("aria-label", `Landform classes by rank: ${column.note}`)
  for (const entry of column.tiles) {
    const bar = element("i", entry.relevant ? "tall" : "")
    bar.style.setProperty("--c", entry.colour)
    bar.dataset.of = entry.id
    box.append(bar)
  }
  return box
}

// Images by name, for all grids of the page: the server sends each once.
const pictures = (window.mirsPictures = window.mirsPictures || new Map())

function keep(images) {
  for (const [name, uri] of Object.entries(images)) {
    if (pictures.has(name)) continue
    const comma = uri.indexOf(",")
    const kind = uri.slice(5, uri.indexOf(";", 5))
    if (!uri.startsWith("data:image/jpeg;base64,")) pictures.set(name, uri)
    else {
      const bytes = Uint8Array.from(atob(uri.slice(comma + 1)), (letter) => letter.charCodeAt(0))
      pictures.set(name, URL.createObjectURL(new Blob([bytes], { type: kind })))
    }
  }
}

// What is wrong with the file of a tile: a mark on its picture, and a sentence.
function tile(entry, image, [mark, about], act) {
  const item = element("li", entry.step ? "step" : "")
  const button = element("button", entry.relevant ? "tile relevant" : "tile")
  button.type = "button"
  button.dataset.id = entry.id
  button.setAttribute("aria-label", about ? `${entry.label} ${about}.` : entry.label)
  if (entry.current) button.setAttribute("aria-current", "true")
  button.style.setProperty("--c", entry.colour)
  const picture = element("span", "picture")
  const img = element("img")
  img.decoding = "sync" // decoded before it is painted: a new list does not flicker
  img.src = image || ""
  img.alt = ""
  picture.append(img)
  if (entry.rank) {
    const rank = element("span", "rank", entry.rank)
    if (entry.shift) rank.append(element("small", "", entry.shift))
    picture.append(rank)
  }
  if (entry.far !== null) {
    const far = element("span", "far")
    far.style.setProperty("--far", entry.far)
    picture.append(far)
  }
  if (entry.mark) picture.append(element("span", `mark ${entry.mark === "+" ? "plus" : "minus"}`))
  if (mark) picture.append(element("span", "state", mark))
  if (entry.value) picture.append(element("span", "value", entry.value))
  if (entry.shared) picture.append(element("span", "shared", entry.shared))
  button.append(picture)
  if (entry.name) {
    const caption = element("span", "caption")
    if (entry.colour) caption.append(element("i"))
    caption.append(element("span", "", entry.name))
    button.append(caption)
  }
  button.onclick = () => act.pick(button, entry.id)
  act.floating.attach(button, () => preview(entry, image, about), (on) => act.link(on && entry.id))
  button.onkeydown = (event) => {
    const sign = { "+": "+", "=": "+", "-": "-" }[event.key]
    if (sign && act.mark) act.mark(entry.id, sign)
    else if (event.key === "i" && act.open) act.open(entry.id)
    else return
    event.preventDefault()
  }
  item.append(button)
  if (act.open || act.mark) {
    // Three buttons per tile add up: they are created on hover or focus, or without a pointer.
    const near = () => item.children.length > 1 || item.append(acts(entry, act))
    if (window.matchMedia("(hover: none)").matches) near()
    else item.onpointerenter = item.onfocusin = near
    button.onfocus = near
  }
  return item
}

// Small buttons over a tile, shown on hover and focus, and always on touch screens.
function acts(entry, act) {
  const box = element("span", "acts")
  const add = (sign, text, work) => {
    const button = element("button", "", sign)
    button.type = "button"
    button.title = text
    button.setAttribute("aria-label", `${text}: ${entry.name || entry.label}`)
    button.onclick = work
    box.append(button)
  }
  if (act.mark) {
    add("+", "More like this", () => act.mark(entry.id, "+"))
    add("\u2212", "Less like this", () => act.mark(entry.id, "-"))
  }
  if (act.open) add("i", "Details", () => act.open(entry.id))
  return box
}

function preview(entry, image, about) {
  const img = element("img")
  img.decoding = "sync"
  img.src = image || ""
  img.alt = ""
  const [name, ...facts] = entry.lines
  const title = element("p", "title")
  title.style.setProperty("--c", entry.colour)
  if (entry.colour) title.append(element("i"))
  title.append(element("span", "", name))
  const state = about ? [element("p", "warning", about)] : []
  return [img, title, ...state, ...facts.map((line) => element("p", "", line))]
}

// One hover card for the whole grid; it never comes between the pointer and a tile.
function floatingCard() {
  const box = element("div", "card")
  const place = (at) => {
    const right = at.right + 12 + box.offsetWidth < window.innerWidth - 8
    const left = right ? at.right + 12 : at.left - box.offsetWidth - 12
    const lowest = window.innerHeight - box.offsetHeight - 10
    box.style.left = `${Math.max(8, Math.min(left, window.innerWidth - box.offsetWidth - 8))}px`
    box.style.top = `${Math.max(8, Math.min(at.top, lowest))}px`
  }
  const hide = () => box.classList.remove("shown")
  const attach = (target, content, also = () => {}) => {
    const show = (event) => {
      if (event.type === "focus" && !target.matches(":focus-visible")) return
      box.replaceChildren(...content())
      box.classList.toggle("wide", !box.querySelector("img"))
      place(target.getBoundingClientRect())
      box.classList.add("shown")
      also(true)
    }
    for (const event of ["pointerenter", "focus"]) target.addEventListener(event, show)
    for (const event of ["pointerleave", "blur"]) {
      target.addEventListener(event, () => (hide(), also(false)))
    }
  }
  return { box, attach, hide }
}

// Arrow keys move to the nearest tile in their direction, across columns too.
function move(root, event) {
  const from = root.getRootNode().activeElement
  const [x, y] = ARROWS[event.key] || [0, 0]
  if ((!x && !y) || !from || !from.matches("button.tile")) return
  event.preventDefault()
  const here = from.getBoundingClientRect()
  let best = null
  let least = Infinity
  for (const other of root.querySelectorAll("button.tile")) {
    const there = other.getBoundingClientRect()
    const [dx, dy] = [there.left - here.left, there.top - here.top]
    const along = dx * x + dy * y
    const aside = Math.abs(dx * y) + Math.abs(dy * x)
    if (along > 4 && along + 3 * aside < least) [best, least] = [other, along + 3 * aside]
  }
  if (best) best.focus()
}

function toTop(root, subject) {
  const before = root.dataset.subject
  root.dataset.subject = subject
  const page = document.querySelector("[data-testid=stMain]")
  if (!before || before === subject || !page || page.scrollTop < 240) return
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches
  page.scrollTo({ top: 0, behavior: still ? "instant" : "smooth" })
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root")
  keep(data.images)
  const wanted = Object.values(data.names)
  if (wanted.some((name) => !pictures.has(name))) setTriggerValue("missed", true)
  const floating = floatingCard()
  const link = (id) => {
    for (const other of root.querySelectorAll(".linked")) other.classList.remove("linked")
    if (!id) return
    const name = CSS.escape(id)
    for (const other of root.querySelectorAll(`[data-id="${name}"], [data-of="${name}"]`)) {
      other.classList.add("linked")
    }
  }
  const say = (name, value) => {
    floating.hide()
    link("")
    root.classList.add("busy")
    setTimeout(() => root.classList.remove("busy"), 4000)
    setTriggerValue(name, value)
  }
  const pick = (button, id) => {
    button.classList.add("chosen")
    say("picked", id)
  }
  const open = data.opens && ((id) => say("opened", id))
  const mark = data.marks && ((id, sign) => say("marked", sign + id))
  const columns = element("div", "columns")
  columns.style.setProperty("--tile", data.tile)
  columns.style.setProperty("--columns", data.columns.length)
  for (const column of data.columns) {
    const section = element("section")
    if (column.title) section.append(head(column, floating))
    if (column.empty) section.append(element("p", "empty", column.empty))
    const list = element("ul", "tiles")
    const act = { pick, open, mark, link, floating }
    list.append(
      ...column.tiles.map((entry) =>
        tile(entry, pictures.get(data.names[entry.id]), data.states[entry.id] || [], act),
      ),
    )
    section.append(list)
    if (column.end) section.append(element("p", "end", column.end))
    columns.append(section)
  }
  root.onkeydown = (event) => move(root, event)
  root.classList.remove("busy")
  root.replaceChildren(columns, floating.box)
  toTop(root, data.subject)
}
