// Shared by maps: elements, hover cards, icon buttons.

const peek = (window.mirsPeek = window.mirsPeek || { cards: new Map(), request: null, received: null })

function make(tag, className, text) {
  const made = document.createElement(tag)
  if (className) made.className = className
  if (text !== undefined) made.textContent = text
  return made
}

// The mark of the query.
function drawStar(pen, [x, y], colour) {
  pen.beginPath()
  for (let corner = 0; corner < 10; corner += 1) {
    const [angle, reach] = [(Math.PI / 5) * corner - Math.PI / 2, corner % 2 ? 4.8 : 11]
    pen.lineTo(x + reach * Math.cos(angle), y + reach * Math.sin(angle))
  }
  pen.closePath()
  pen.fillStyle = colour
  pen.strokeStyle = "#fff"
  pen.lineWidth = 1.6
  pen.fill()
  pen.stroke()
}

// The hover card beside the pointer. ``near`` returns the rows that are fetched with it.
function card(root, near) {
  const box = make("div", "card")
  root.append(box)
  let row = -1
  let timer = 0
  let pointer = [0, 0]
  let around = []
  const cardOf = (id) => peek.cards.get(`${root.data.subject}/${id}`)
  function place() {
    const [wide, high] = [box.offsetWidth, box.offsetHeight]
    const [x, y] = pointer
    box.style.left = `${x + 22 + wide < innerWidth ? x + 22 : Math.max(4, x - 22 - wide)}px`
    box.style.top = `${Math.max(4, Math.min(y - high / 2, innerHeight - high - 4))}px`
  }
  function fill() {
    const content = cardOf(row)
    if (!content) return
    const picture = make("img")
    picture.decoding = "sync"
    picture.src = content.picture
    picture.alt = ""
    const title = make("p", "title")
    const dot = make("i")
    dot.style.setProperty("--c", content.colour || "transparent")
    title.append(dot, content.title)
    box.replaceChildren(picture, title, ...content.lines.map((line) => make("p", "", line)))
    box.dataset.row = row
    place()
    box.classList.add("shown")
  }
  peek.received = fill
  root.addEventListener("pointermove", (event) => {
    pointer = [event.clientX, event.clientY]
    if (box.classList.contains("shown")) place()
  })
  return {
    show(next, map) {
      row = next
      clearTimeout(timer)
      if (row < 0) return box.classList.remove("shown")
      if (cardOf(row)) return fill()
      box.classList.remove("shown")
      around = near(row, map)
      timer = setTimeout(() => {
        const missing = around.filter((one) => !cardOf(one))
        if (peek.request && missing.length) peek.request(missing)
      }, 40)
    },
  }
}

function tool(name, icon, about, act) {
  const button = make("button", "tool")
  button.type = "button"
  button.dataset.tool = name
  button.title = about
  button.setAttribute("aria-label", about)
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  shape.setAttribute("viewBox", "0 0 24 24")
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path")
  path.setAttribute("d", icon)
  shape.append(path)
  button.append(shape)
  button.onclick = act
  return button
}

// A click hides a category, a double click hides all others.
function legend(root, redraw) {
  const data = root.data
  const box = make("div", "legend")
  if (data.ramp) {
    const scale = make("span", "ramp")
    scale.style.background = `linear-gradient(90deg, ${data.palette.join(", ")})`
    box.append(make("span", "", data.ramp.low), scale, make("span", "", data.ramp.high))
    box.append(make("span", "what", data.ramp.title))
    return box
  }
  const toggle = (code, alone) => {
    const all = data.names.map((_, other) => other)
    if (alone) {
      const others = all.filter((other) => other !== code)
      const isAlone = others.every((other) => root.veiled.has(other)) && !root.veiled.has(code)
      root.veiled = new Set(isAlone ? [] : others)
    } else if (!root.veiled.delete(code)) root.veiled.add(code)
    box.querySelectorAll("button").forEach((button, other) => {
      button.setAttribute("aria-pressed", !root.veiled.has(other))
    })
    redraw()
  }
  data.names.forEach((name, code) => {
    const button = make("button", "group")
    button.type = "button"
    button.title = "Click to show or hide, double-click to show only this one"
    button.setAttribute("aria-pressed", !root.veiled.has(code))
    const dot = make("i")
    dot.style.setProperty("--c", data.palette[code])
    button.append(dot, make("span", "", name), make("small", "", data.counts[code]))
    let timer = 0
    button.onclick = () => {
      clearTimeout(timer)
      timer = setTimeout(() => toggle(code, false), 220)
    }
    button.ondblclick = () => {
      clearTimeout(timer)
      toggle(code, true)
    }
    box.append(button)
  })
  return box
}
