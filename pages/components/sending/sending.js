// Arrays that are sent once, and encoding of replies; see sending.py.

const arrays = (window.mirsArrays = window.mirsArrays || new Map())

function decoded(text, Kind) {
  if (Uint8Array.fromBase64) return new Kind(Uint8Array.fromBase64(text).buffer)
  const letters = atob(text)
  const bytes = new Uint8Array(letters.length)
  for (let at = 0; at < letters.length; at += 1) bytes[at] = letters.charCodeAt(at)
  return new Kind(bytes.buffer)
}

function encoded(rows) {
  const bytes = new Uint8Array(Uint32Array.from(rows).buffer)
  let text = ""
  for (let at = 0; at < bytes.length; at += 32768) {
    text += String.fromCharCode(...bytes.subarray(at, at + 32768))
  }
  return btoa(text)
}
