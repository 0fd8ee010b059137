/** The bundle's door: `open`, for a page that imports it and for the pane that Panel mounts. */

import { open } from "./theatre.js";

globalThis.theatrum = { open };
dispatchEvent(new Event("theatrum"));

export { open };
