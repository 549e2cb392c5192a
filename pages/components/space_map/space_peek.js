// Hover cards, fetched when the pointer rests on a point; see space_map.js.

const peek = (window.mirsPeek = window.mirsPeek || { cards: new Map(), request: null, received: null })

export default function ({ data, setTriggerValue }) {
  for (const card of data.cards) peek.cards.set(`${data.subject}/${card.row}`, card)
  peek.request = (rows) => setTriggerValue("asked", rows)
  if (data.cards.length && peek.received) peek.received()
}
