// Carries requests for what is in view to the app, and the answers back; see mars_crowd.js.

const sightline = (window.mirsSight = window.mirsSight || { request: null, received: null })

export default function ({ data, setTriggerValue }) {
  sightline.request = (part) => setTriggerValue("asked", part)
  if (data.sight && sightline.received) sightline.received(data.subject, data.sight)
}
