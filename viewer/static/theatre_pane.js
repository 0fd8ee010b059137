// The theatre as Panel mounts it. The bundle itself comes by a script in the head of the page
// (viewer/app.py): there the browser reads it while Panel starts, and Panel's module shim does not
// parse it once more.

const bundle = () =>
  globalThis.theatrum ??
  new Promise((come) => {
    addEventListener("theatrum", () => come(globalThis.theatrum), { once: true })
  })

export async function render({ model, el }) {
  const { open } = await bundle()
  const theatre = open(el, { send: (message) => model.send_msg(message), scene: model.scene })
  model.on("scene", () => theatre.setScene(model.scene))
  model.on("msg:custom", (event) => theatre.receive(event?.data ?? event))
  model.on("remove", () => theatre.dispose())
}
