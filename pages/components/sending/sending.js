// Arrays that are sent once, and encoding of replies; see sending.py.

const arrays = (window.mirsArrays = window.mirsArrays || new Map())

function decoded(text, Kind) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
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
