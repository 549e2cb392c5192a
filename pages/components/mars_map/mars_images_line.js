// Carries requests for the pixels of strips in view to the app, and the answers back; see
// mars_images.js.

const imageline = (window.mirsImages = window.mirsImages || { request: null, received: null })

export default function ({ data, setTriggerValue }) {
  imageline.request = (part) => setTriggerValue("asked", part)
  if (data.answer && imageline.received) imageline.received(data.subject, data.answer)
}
