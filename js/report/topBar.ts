// Above the explorer: what this file is and what it leaves out, light or dark, and the way to the method and settings below.
import { type Disposer, h } from "../shared/dom";
import type { StoredModel } from "./storedModel";

const THEMES = [
  ["", "as the system"],
  ["true", "light"],
  ["false", "dark"],
];

export interface Contents {
  notes: string[];
  pictures: number;
  images: number;
  leftOut: boolean;
}

export function topBar(browser: StoredModel, contents: Contents, disposer: Disposer): HTMLElement {
  const theme = h("select", { class: "ec-select", "aria-label": "theme", "data-testid": "theme" }, ...THEMES.map(([value, words]) => h("option", { value }, words)));
  disposer.listen(theme, "change", () => {
    // The mark that the widgets know from JupyterLab's body.
    if (theme.value === "") delete document.body.dataset.jpThemeLight;
    else document.body.dataset.jpThemeLight = theme.value;
  });
  const bar = h(
    "header",
    { class: "rp-bar" },
    h("strong", {}, "EmoCAM report"),
    h("span", { class: "ec-muted rp-notes", "data-testid": "notes", title: contents.notes.join(" ") }, contents.notes.join(" ")),
    contents.leftOut ? onlyPictures(browser, disposer) : null,
    h("span", { class: "rp-end" },
      h("a", { class: "ec-button", href: "#settings" }, "Method and settings"),
      h("label", { class: "ec-field" }, h("span", {}, "theme"), theme)),
  );
  return bar;
}

function onlyPictures(browser: StoredModel, disposer: Disposer): HTMLElement {
  const box = h("input", { type: "checkbox", "data-testid": "only-pictures" });
  box.checked = browser.get<boolean>("only_pictures");
  disposer.listen(box, "change", () => browser.set("only_pictures", box.checked));
  const words = h("span", { "data-testid": "pictured" });
  const update = (): void => {
    const [pictured, of] = browser.get<[number, number] | undefined>("pictured") ?? [0, 0];
    words.textContent = `list only images with a picture: ${pictured.toLocaleString("en")} of these ${of.toLocaleString("en")}`;
  };
  disposer.watch(browser, "pictured", update);
  update();
  return h("label", { class: "ec-field rp-only", title: "The others are counted, and listed without a picture when this is off" }, box, words);
}
