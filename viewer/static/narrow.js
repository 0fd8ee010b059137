// Tells the page whether its window leaves the theatre room beside an open drawer.

const ROOM = "(max-width: 1199px)"

export function render({ model, el }) {
  el.style.display = "none"
  const query = window.matchMedia(ROOM)
  const follow = () => {
    model.narrow = query.matches
  }
  query.addEventListener("change", follow)
  model.on("remove", () => query.removeEventListener("change", follow))
  follow()
}
