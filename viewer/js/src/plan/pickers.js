/** What is planned and with what: procedure, device, delivery, profile, and what this twin lacks. */

import { h, say, show } from "../dom.js";
import { devicePicture, contactWords } from "./device_picture.js";
import { field, fill, fold } from "./fold.js";
import { fixed } from "./format.js";
import { rows } from "./rows.js";

const select = (name, onchange) =>
  h("select", {
    class: "th-select pl-wide",
    "data-pick": name,
    onchange: (event) => onchange(event.target.value),
  });

/** "✓ Vessels", "✗ Sulci: missing" */
const hasWords = ({ title, present }) =>
  `${present ? "✓" : "✗"} ${title}${present ? "" : ": missing"}`;

/** "vessels, skull and lesion" */
const listed = (words) =>
  words.length > 1 ? `${words.slice(0, -1).join(", ")} and ${words.at(-1)}` : words.join("");

/** @param {any} theatre */
export function pickers(theatre) {
  const book = () => theatre.book;
  const pick = (name) => (value) => book().want({ [name]: value });
  const procedure = select("procedure", pick("procedure"));
  const device = select("device", pick("device"));
  const delivery = select("delivery", pick("delivery"));
  const profile = select("profile", pick("profile"));
  const lesson = h("p", { class: "pl-note" });
  const needs = h("ul", { class: "pl-needs", "aria-label": "What the procedure needs" });
  const lacks = h("p", { class: "pl-note pl-caution" });
  const picture = devicePicture();
  const deviceWords = h("p", { class: "pl-note" });
  const deliveryWords = h("p", { class: "pl-note" });
  const profileWords = h("p", { class: "pl-note" });
  const refusedWords = h("summary", {});
  const refused = h("ul", { class: "pl-reasons" });
  const notOffered = h("details", { class: "pl-details" }, refusedWords, refused);
  const source = h("p", { class: "pl-note pl-source" });
  const section = fold(
    "pickers",
    "Procedure and device",
    field("Procedure", procedure),
    lesson,
    needs,
    lacks,
    notOffered,
    field("Device", device),
    picture.element,
    deviceWords,
    field("Delivery", delivery),
    deliveryWords,
    field("Profile", profile),
    h(
      "details",
      { class: "pl-details" },
      h("summary", {}, "Weights and sources"),
      profileWords,
      source,
    ),
  );
  const showNeeds = rows(
    needs,
    () => {
      const element = h("li", {});
      const update = (one) => {
        say(element, hasWords(one));
        element.className = one.present ? "pl-has" : one.needed ? "pl-lacks" : "pl-without";
      };
      return { element, update };
    },
    (one) => one.word,
  );
  const showRefused = rows(
    refused,
    (one) => ({
      element: h("li", {}, h("strong", {}, one.title), `: ${one.reason}`),
      update: () => {},
    }),
    (one) => one.id,
  );

  const update = () => {
    const { catalogue, choice } = book();
    if (!catalogue) return;
    const offers = catalogue.procedures;
    const asked = book().procedure(choice.procedure);
    const tool = book().device(choice.device);
    const way = catalogue.deliveries.find((one) => one.id === choice.delivery);
    const weighed = catalogue.profiles.find((one) => one.id === choice.profile);
    const option = ({ id, title }) => ({ value: id, words: title });
    fill(procedure, [
      ...(asked ? [] : [{ value: "", words: "None can be judged on this twin", disabled: true }]),
      ...offers.map((one) => ({ ...option(one), disabled: !one.offered })),
    ]);
    procedure.value = choice.procedure ?? "";
    fill(
      device,
      (asked?.devices ?? []).map((id) => option(book().device(id))),
    );
    device.value = choice.device ?? "";
    fill(delivery, catalogue.deliveries.map(option));
    delivery.value = choice.delivery;
    fill(profile, catalogue.profiles.map(option));
    profile.value = choice.profile;
    say(lesson, asked?.lesson ?? "");
    showNeeds([
      ...(asked?.needs ?? []).map((one) => ({ ...one, needed: true })),
      ...(asked?.wants ?? []),
    ]);
    const lost = (asked?.needs ?? []).filter((one) => !one.present);
    say(
      lacks,
      `Without ${listed(lost.map((one) => one.title.toLowerCase()))} a plan stays incomplete.`,
    );
    show(lacks, lost.length > 0);
    const without = offers.filter((one) => !one.offered);
    show(notOffered, without.length > 0);
    say(refusedWords, `Not offered here: ${without.length} of ${offers.length}, with the reason`);
    showRefused(without);
    picture.update(tool);
    say(deviceWords, tool ? words(tool) : "");
    say(deliveryWords, way ? spread(way) : "");
    say(profileWords, [weighed?.sentence, weightWords(weighed)].filter(Boolean).join(" "));
    say(
      source,
      [tool?.source, way?.source, ...(asked?.references ?? [])].filter(Boolean).join(" · "),
    );
    section.brief([asked?.title, tool?.title].filter(Boolean).join(" · "));
  };
  return { ...section, update };
}

/** "Weights of its own: vessel clearance 6, ventricle clearance 2." */
function weightWords(profile) {
  const own = Object.entries(profile?.weights ?? {}).map(
    ([metric, weight]) => `${metric.replaceAll("_", " ")} ${weight}`,
  );
  return own.length ? `Weights of its own: ${own.join(", ")}.` : "";
}

/** "2.1 mm thick, 250 mm long; 4 contacts …" */
function words(device) {
  const thick = 2 * Math.max(...device.segments.map((one) => one.radius_mm));
  return `${fixed(thick, 2)} mm thick, ${Math.round(device.length_mm)} mm long; ${contactWords(device)}.`;
}

function spread({ sigma_entry_mm, sigma_target_mm }) {
  return (
    `Misses along each axis: σ ${fixed(sigma_entry_mm, 2)} mm at the entry, ` +
    `${fixed(sigma_target_mm, 2)} mm at the target.`
  );
}
