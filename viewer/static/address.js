// The address follows the open case, so that loading the page again opens it again.

export function render({ model, el }) {
  el.style.display = "none"
  const follow = () => {
    const address = new URL(window.location.href)
    if (model.case === "") return
    address.searchParams.set("case", model.case)
    window.history.replaceState(null, "", address)
    document.title = `${model.case} · Theatrum`
  }
  model.on("case", follow)
  follow()
}
