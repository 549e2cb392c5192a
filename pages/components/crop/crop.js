// Selection of a square in an image: drag it, drag its corner, or use the keys.

const CLAMP = (value, low, high) => Math.min(Math.max(value, low), high)

function element(tag, className) {
  const node = document.createElement(tag)
  if (className) node.className = className
  return node
}

function build(root) {
  const stage = element("div", "stage")
  const image = element("img")
  image.alt = ""
  image.draggable = false
  const box = element("div", "box")
  box.tabIndex = 0
  box.setAttribute("role", "application")
  const corner = element("span", "corner")
  const status = element("p", "status")
  status.setAttribute("aria-live", "polite")
  box.append(corner)
  stage.append(image, box)
  root.replaceChildren(stage, status)
  return { stage, image, box, corner, status }
}

function sizeOf(side, metres) {
  if (!metres) return `${side} × ${side} pixels`
  const length = side * metres
  const text = length >= 1000 ? `${(length / 1000).toFixed(2)} km` : `${Math.round(length)} m`
  return `${side} × ${side} pixels, ${text} across`
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".root")
  const parts = root.mirs || (root.mirs = build(root))
  const { stage, image, box, corner, status } = parts
  const least = Math.min(data.least, data.width, data.height)
  const most = Math.min(data.most, data.width, data.height)
  if (root.dataset.subject !== data.subject) {
    root.dataset.subject = data.subject
    image.src = data.image
    parts.square = { ...data.start }
  }
  box.setAttribute("aria-label", `${data.label}. Arrow keys move it, plus and minus resize it.`)
  const square = parts.square
  const draw = () => {
    square.side = Math.round(CLAMP(square.side, least, most))
    square.x = Math.round(CLAMP(square.x, 0, data.width - square.side))
    square.y = Math.round(CLAMP(square.y, 0, data.height - square.side))
    box.style.left = `${(100 * square.x) / data.width}%`
    box.style.top = `${(100 * square.y) / data.height}%`
    box.style.width = `${(100 * square.side) / data.width}%`
    status.textContent = sizeOf(square.side, data.metres)
  }
  const send = () => setStateValue("square", { ...square })
  const sendLater = () => {
    clearTimeout(parts.timer)
    parts.timer = setTimeout(send, 300)
  }
  const drag = (event, move) => {
    event.preventDefault()
    event.stopPropagation()
    const scale = data.width / stage.getBoundingClientRect().width
    const from = { ...square, left: event.clientX, top: event.clientY }
    const target = event.currentTarget
    target.setPointerCapture(event.pointerId)
    target.onpointermove = (at) => {
      move(from, (at.clientX - from.left) * scale, (at.clientY - from.top) * scale)
      draw()
    }
    target.onpointerup = target.onpointercancel = () => {
      target.onpointermove = target.onpointerup = target.onpointercancel = null
      send()
    }
    box.focus()
  }
  box.onpointerdown = (event) =>
    drag(event, (from, dx, dy) => Object.assign(square, { x: from.x + dx, y: from.y + dy }))
  corner.onpointerdown = (event) =>
    drag(event, (from, dx, dy) => {
      const room = Math.min(data.width - from.x, data.height - from.y)
      square.side = CLAMP(from.side + Math.max(dx, dy), least, Math.min(most, room))
    })
  const resize = (factor) => {
    const before = square.side
    square.side = CLAMP(Math.round(before * factor), least, most)
    square.x += (before - square.side) / 2
    square.y += (before - square.side) / 2
    draw()
    sendLater()
  }
  box.onkeydown = (event) => {
    const step = Math.max(1, Math.round(data.width * (event.shiftKey ? 0.05 : 0.01)))
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step],
      ArrowDown: [0, step] }
    if (moves[event.key]) {
      square.x += moves[event.key][0]
      square.y += moves[event.key][1]
      draw()
      sendLater()
    } else if (event.key === "+" || event.key === "=") resize(1.1)
    else if (event.key === "-") resize(1 / 1.1)
    else return
    event.preventDefault()
  }
  box.onwheel = (event) => {
    event.preventDefault()
    resize(event.deltaY < 0 ? 1.06 : 1 / 1.06)
  }
  draw()
}
