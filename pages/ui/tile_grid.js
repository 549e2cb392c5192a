// Columns of tiles that are real buttons. Every value from outside is set as text or as a property,
// never as markup.

function element(tag, className, text) {
  const made = document.createElement(tag)
  if (className) made.className = className
  if (text !== undefined) made.textContent = text
  return made
}

function head(column) {
  const box = element("header", "head")
  box.append(element("h3", "", column.title))
  const score = element("div", "score")
  if (column.score) {
    score.append(element("small", "", column.score_name), column.score)
    score.title = column.score_help
  }
  box.append(score, element("p", "", column.note))
  if (column.caution) box.append(element("p", "caution", column.caution))
  return box
}

function tile(entry, image, pick, card) {
  const item = element("li")
  const button = element("button", entry.relevant ? "relevant" : "")
  button.type = "button"
  button.dataset.id = entry.id
  button.setAttribute("aria-label", entry.label)
  button.style.setProperty("--c", entry.colour)
  const picture = element("span", "picture")
  const img = element("img")
  img.src = image || ""
  img.alt = ""
  img.decoding = "async"
  picture.append(img)
  if (entry.rank) picture.append(element("span", "rank", entry.rank))
  if (entry.value) picture.append(element("span", "value", entry.value))
  if (entry.shared) picture.append(element("span", "shared", entry.shared))
  const caption = element("span", "caption")
  caption.append(element("i"), element("span", "", entry.name))
  button.append(picture, caption)
  button.onclick = () => pick(entry.id)
  for (const event of ["pointerenter", "focus"]) {
    button.addEventListener(event, () => card.show(button, entry, image))
  }
  for (const event of ["pointerleave", "blur"]) {
    button.addEventListener(event, () => card.hide())
  }
  item.append(button)
  return item
}

function hoverCard(root) {
  const box = element("div", "card")
  const links = (id, on) => {
    for (const other of root.querySelectorAll("button")) {
      other.classList.toggle("linked", on && other.dataset.id === id)
    }
  }
  return {
    box,
    show(button, entry, image) {
      const img = element("img")
      img.src = image || ""
      img.alt = ""
      box.replaceChildren(img, ...entry.lines.map((line) => element("p", "", line)))
      const at = button.getBoundingClientRect()
      const right = at.right + 12 + 260 < window.innerWidth
      box.style.left = `${Math.max(8, right ? at.right + 12 : at.left - 250)}px`
      const top = Math.min(at.top, window.innerHeight - box.offsetHeight - 10)
      box.style.top = `${Math.max(8, top)}px`
      box.classList.add("shown")
      links(entry.id, true)
    },
    hide() {
      box.classList.remove("shown")
      links("", false)
    },
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root")
  const card = hoverCard(root)
  const pick = (id) => {
    card.hide()
    setTriggerValue("picked", id)
  }
  const columns = element("div", "columns")
  columns.style.setProperty("--tile", data.tile)
  columns.style.setProperty("--columns", data.columns.length)
  for (const column of data.columns) {
    const section = element("section")
    if (column.title) section.append(head(column))
    if (column.empty) section.append(element("p", "empty", column.empty))
    const list = element("ul", "tiles")
    list.append(...column.tiles.map((entry) => tile(entry, data.images[entry.id], pick, card)))
    section.append(list)
    columns.append(section)
  }
  root.replaceChildren(columns, card.box)
}
