// The server no longer answers: say so over the whole page, and offer to load it again.

(() => {
  window.dispatchEvent(new CustomEvent("theatrum:offline"))
  if (document.getElementById("theatrum-offline")) return
  const over = document.createElement("div")
  over.id = "theatrum-offline"
  over.setAttribute("role", "alertdialog")
  over.style.cssText = "position:fixed;inset:0;z-index:99999;display:flex;align-items:center;" +
    "justify-content:center;background:rgba(6,9,12,.82);color:#e6edf2;" +
    "font:16px/1.5 Roboto,system-ui,sans-serif"
  const box = document.createElement("div")
  box.style.cssText = "max-width:440px;padding:28px 32px;border:1px solid #33424e;" +
    "border-radius:8px;background:#121920"
  const head = document.createElement("div")
  head.style.cssText = "font-size:20px;margin-bottom:8px"
  head.textContent = "The connection to Theatrum is lost"
  const words = document.createElement("div")
  words.textContent = "The server was stopped or cannot be reached. What you see is no longer " +
    "answered: points are not placed and nothing is saved. Imports that were running go on " +
    "if the server runs."
  const again = document.createElement("button")
  again.textContent = "Load the page again"
  again.style.cssText = "margin-top:18px;padding:8px 16px;border:1px solid #7fc4dd;" +
    "border-radius:4px;background:none;color:#9fd3e6;font:inherit;cursor:pointer"
  again.onclick = () => window.location.reload()
  const state = document.createElement("div")
  state.style.cssText = "margin-top:12px;font-size:13px;color:#8fa1ae"
  box.append(head, words, again, state)
  over.append(box)
  document.body.append(over)
  again.focus()
  const look = async () => {
    try {
      const answer = await fetch("healthz", { cache: "no-store" })
      state.textContent = answer.ok ? "The server answers again." : ""
    } catch {
      state.textContent = "The server does not answer yet."
    }
    setTimeout(look, 2000)
  }
  look()
})()
