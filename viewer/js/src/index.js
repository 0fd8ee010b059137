/** The bundle's door: `render` for Panel, `open` for any page. */

import { open } from "./theatre.js";

/**
 * @param {{model: any, el: HTMLElement}} component  model.scene, model.on, model.send_msg
 */
export function render({ model, el }) {
  const theatre = open(el, { send: (message) => model.send_msg(message), scene: model.scene });
  model.on("scene", () => theatre.setScene(model.scene));
  model.on("msg:custom", (event) => theatre.receive(event?.data ?? event));
  model.on("remove", () => theatre.dispose());
}

export { open };
