/**
 * Development page: opens the theatre on scene files of its own folder and plays the server's part
 * in the conversation. `?scene=a` opens a/scene.json; without it the theatre is empty.
 */

import { open } from "./theatre.js";
import { Answers } from "./answers.js";

const said = [];
const answers = new Answers();
let theatre;

const send = (message) => {
  said.push(message);
  answers.reply(message).then((reply) => reply && theatre.receive(reply));
};

/** A scene with its addresses made relative to this page. */
async function read(name) {
  if (!name) return {};
  const scene = await (await fetch(`${name}/scene.json`)).json();
  const move = (file) => file && (file.url = `${name}/${file.url}`);
  move(scene.volume);
  move(scene.labels);
  for (const structure of scene.structures) structure.meshes.forEach(move);
  return scene;
}

async function show(name) {
  const scene = await read(name);
  answers.scene = scene;
  globalThis.shownAt = performance.now();
  theatre.setScene(scene);
}

theatre = open(document.getElementById("theatre"), { send, scene: {} });
Object.assign(globalThis, { theatre, said, show, answers, readScene: read });
const wanted = new URLSearchParams(location.search).get("scene");
if (wanted) await show(wanted);
