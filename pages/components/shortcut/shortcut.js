// Presses a button of the page on a key that Streamlit's own shortcuts do not know, such as "?".
const TYPED = "input, textarea, select, [contenteditable='true']"

export default ({ data }) => {
  const press = (event) => {
    if (event.key !== data.key || event.ctrlKey || event.metaKey || event.altKey) return
    if (event.composedPath()[0]?.closest?.(TYPED) || document.querySelector("[role=dialog]")) return
    document.querySelector(`.st-key-${data.button} button`)?.click()
  }
  document.addEventListener("keydown", press)
  return () => document.removeEventListener("keydown", press)
}
