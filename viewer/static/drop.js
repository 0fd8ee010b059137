// A place to drop or choose one file: streamed to the server, with progress and a way to stop.

const STYLE = `
  :host { display: block; }
  .zone { border: 1px dashed #4a5a68; border-radius: 6px; padding: 12px; text-align: center;
    font: 13px/1.4 Roboto, system-ui, sans-serif; color: #b9c6d0; cursor: pointer;
    background: #10161c; transition: border-color .15s, background .15s; }
  .zone:hover, .zone:focus-visible, .zone.over { border-color: #7fc4dd; background: #14202a;
    outline: none; }
  .zone.done { border-style: solid; border-color: #4f7f63; color: #cfe6d8; }
  .name { overflow-wrap: anywhere; }
  .bar { height: 4px; margin-top: 8px; background: #25313b; border-radius: 2px; overflow: hidden; }
  .bar i { display: block; height: 100%; width: 0; background: #7fc4dd; }
  button { margin-top: 6px; border: 0; background: none; color: #9fd3e6; cursor: pointer;
    font: inherit; text-decoration: underline; }
`

export function render({ model, el }) {
  const style = document.createElement("style")
  style.textContent = STYLE
  const zone = document.createElement("div")
  zone.className = "zone"
  zone.tabIndex = 0
  zone.setAttribute("role", "button")
  const words = document.createElement("div")
  words.className = "name"
  const bar = document.createElement("div")
  bar.className = "bar"
  const level = document.createElement("i")
  bar.append(level)
  const stop = document.createElement("button")
  stop.textContent = "Stop"
  const input = document.createElement("input")
  input.type = "file"
  input.accept = model.accept
  input.hidden = true
  zone.append(words, bar, stop)
  el.append(style, zone, input)

  let request = null

  const show = () => {
    bar.hidden = stop.hidden = request === null
    if (request === null) words.textContent = model.done || model.hint
    zone.classList.toggle("done", request === null && model.done !== "")
    zone.setAttribute("aria-label", words.textContent)
  }

  const fail = (sentence) => {
    request = null
    model.send_msg({ type: "failed", sentence })
    show()
  }

  const send = (file) => {
    request?.abort()
    const mine = (request = new XMLHttpRequest())
    mine.open("POST", `upload?name=${encodeURIComponent(file.name)}`)
    mine.upload.onprogress = (event) => {
      const part = event.total ? event.loaded / event.total : 0
      level.style.width = `${(100 * part).toFixed(1)}%`
      words.textContent = `${file.name}: ${(event.loaded / 1e6).toFixed(1)} of ` +
        `${(event.total / 1e6).toFixed(1)} MB`
    }
    mine.onload = () => {
      let answer = {}
      try { answer = JSON.parse(mine.responseText) } catch { answer = {} }
      if (mine.status !== 200) {
        return fail(answer.message || `${file.name} was not taken (answer ${mine.status}).`)
      }
      request = null
      model.send_msg({ type: "arrived", ticket: answer.ticket, name: answer.name })
      show()
    }
    mine.onerror = () => fail(`${file.name} could not be sent: the server did not take it all.`)
    mine.onabort = () => { if (request === mine) fail(`Sending ${file.name} was stopped.`) }
    level.style.width = "0"
    words.textContent = file.name
    show()
    mine.send(file)
  }

  zone.onclick = (event) => { if (event.target !== stop) input.click() }
  zone.onkeydown = (event) => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); input.click() }
  }
  stop.onclick = () => request?.abort()
  input.onchange = () => { if (input.files[0]) send(input.files[0]); input.value = "" }
  zone.ondragover = (event) => { event.preventDefault(); zone.classList.add("over") }
  zone.ondragleave = () => zone.classList.remove("over")
  zone.ondrop = (event) => {
    event.preventDefault()
    zone.classList.remove("over")
    if (event.dataTransfer.files[0]) send(event.dataTransfer.files[0])
  }
  model.on("done", show)
  model.on("hint", show)
  model.on("remove", () => { request = null })
  show()
}
