// The few icons that no font can be trusted to have, drawn in the colour of the text. Their buttons carry the words.
import { svg } from "./dom";

const PATHS = {
  screen: "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4",
  shrink: "M6 2v4H2M14 6h-4V2M10 14v-4h4M2 10h4v4",
  enlarge: "M9 2h5v5M14 2 9 7M7 14H2V9M2 14l5-5",
  reduce: "M14 7H9V2M9 7l5-5M2 9h5v5M7 9l-5 5",
  up: "M3 10l5-5 5 5",
  down: "M3 6l5 5 5-5",
} as const;

export type IconName = keyof typeof PATHS;

export function icon(name: IconName): SVGSVGElement {
  const path = svg("path", { d: PATHS[name], fill: "none", stroke: "currentColor", "stroke-width": 1.6, "stroke-linecap": "round", "stroke-linejoin": "round" });
  return svg("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true", "data-icon": name }, path);
}

/** Gives a button an icon, and the words for who does not see it or wonders. */
export function iconButton(button: HTMLButtonElement, name: IconName, words: string): void {
  if (button.firstElementChild?.getAttribute("data-icon") !== name) button.replaceChildren(icon(name));
  button.title = words;
  button.setAttribute("aria-label", words);
}
