// Hover cards, fetched when the pointer rests on a point; see space_map.js.

const peek = (window.mirsPeek = window.mirsPeek || { cards: new Map(), ask: null, told: null })

export default function ({ data, setTriggerValue }) {
  for (const one of data.cards) peek.cards.set(`${data.subject}/${one.row}`, one)
  peek.ask = (rows) => setTriggerValue("asked", rows)
  if (data.cards.length && peek.told) peek.told()
}
