// Streamlit remembers a chosen theme for the address of one page; here all pages remember it.
const keyOf = (path) => `stActiveTheme-${path}-v2`

export default ({ data }) => {
  const share = () => {
    const theme = localStorage.getItem(keyOf(location.pathname))
    if (theme) for (const path of data.paths) localStorage.setItem(keyOf(path), theme)
  }
  // It is stored after the click.
  const later = (event) => {
    if (event.target.closest?.("[data-testid^='stMainMenuItem-theme']")) setTimeout(share, 200)
  }
  document.addEventListener("click", later, true)
  return () => document.removeEventListener("click", later, true)
}
